"""The one door: every verb of the manager, typed values in, typed values out.

Importing this module, opening a session and streaming a listing load neither model, engine nor drivers: a
listing goes from the store to text. The verbs that decide import the engine when they are called, which is
why imports stand inside functions here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rsm.clock import Clock
    from rsm.engine.context import Context
    from rsm.model.objects import Library, Medium, Pool
    from rsm.model.outcome import Allocation, Dismounted, Exclusion, InventoryOutcome, LibraryView, Mounted
    from rsm.model.states import NewMedia
    from rsm.store.listing import Listing

    Progress = Callable[[str], None]
    """Told in a few words what is being done now, before each step that can take more than a moment."""


class Session:
    """A way to one store, for one caller; holds nothing open between two verbs."""

    def __init__(
        self,
        store: Path | str | None = None,
        *,
        clock: Clock | None = None,
        application: str = "rsm",
        progress: Progress | None = None,
    ) -> None:
        """Bind to the store at that path, or to the default one (`rsm.store.location`)."""
        self._path = None if store is None else os.fspath(store)
        self._clock = clock
        self._application = application
        self._progress = progress

    def __enter__(self) -> Self:
        """Give the session itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Leave; nothing is held open."""

    @property
    def store_path(self) -> str:
        """The path of the store in use."""
        from rsm.store.location import default_path

        return self._path or default_path()

    # -- listings ----------------------------------------------------------------------------------------------
    def listing(self, name: str, **filters: str | int | None) -> Listing:
        """Give the listing `libraries`, `drives`, `media`, `pools`, `events` or `types`.

        A `Listing` has `.columns` (names) and iterates, inside its `with` block, over rows (tuples of str,
        int, float, bool or None) without holding more than one of them. Filters that are None are left out:
        media: library, pool, state, type; drives: library; events: library, medium, since, last.
        Raises `UnknownLibrary`, `UnknownPool` or `UnknownMedium` for a filter that names nothing.
        """
        from rsm.store.listing import Listing
        from rsm.store.sqlite import SqliteStore

        store = SqliteStore(self.store_path)
        given = {key: value for key, value in filters.items() if value is not None}
        if given.keys() & {"library", "pool", "medium", "type"}:
            # Only a filter by name costs the engine's import: the names must mean what they mean elsewhere.
            from rsm.engine import names, pools

            with store.reading() as reader:
                if "library" in given:
                    given["library"] = names.library(reader, str(given["library"])).name
                if "pool" in given:
                    given["pool"] = pools.leaf(reader, str(given["pool"])).path
                if "type" in given:
                    given["type"] = pools.media_type(reader, str(given["type"]))
                if "medium" in given:
                    given["medium"] = str(names.medium(reader, str(given["medium"])).id)
        return Listing(store, name, given)

    # -- libraries ---------------------------------------------------------------------------------------------
    def add_library(
        self,
        device: str,
        *,
        name: str | None = None,
        new_media: NewMedia | None = None,
        media_type: str | None = None,
    ) -> Library:
        """Take the changer (or stand-alone drive) at `device` into management; moves and records no media.

        Raises `AlreadyExists`, `InvalidName`, `ObjectNotFound` (media type) and the device's faults.
        """
        from rsm.engine import libraries
        from rsm.hardware import registry
        from rsm.model.states import NewMedia

        context = self._context()
        if name is not None:
            libraries.check_name(name)
        context.progress(f"opening {device}")
        with registry.open_changer(device, context.clock) as changer:
            # Asked before the store's gate is entered: a device may take its time, other writers must not wait.
            found = changer.device, changer.identity, changer.capabilities
        with context.store.writing() as writer:
            return libraries.add(
                context,
                writer,
                *found,
                name=name,
                new_media=new_media or NewMedia.IMPORT,
                media_type=media_type,
            )

    def library(self, name: str) -> LibraryView:
        """Give a library with all its places and who is where, as last seen."""
        from rsm.engine import libraries

        with self._context().store.reading() as reader:
            return libraries.view(reader, name)

    def inventory(self, library: str, *, preview: bool = False) -> InventoryOutcome:
        """Look at every element of a library and record what is seen; with `preview` only tell.

        Nothing is moved and nothing is deleted: media that are gone are kept, on the shelf.
        """
        from dataclasses import replace

        from rsm.engine import inventory, moves, names, robot

        context = self._context()
        with context.store.reading() as reader:
            found = names.library(reader, library)
        context.progress(f"opening {found.device}")
        with robot.opened(context, found) as changer, robot.leased(context, changer, found):
            pending = () if preview else moves.settle_if_possible(context, changer, found)
            context.progress(f"reading the elements of {found.name}")
            seen = inventory.take(context, changer, found, initialise=not preview)
            seen = replace(seen, warnings=(*pending, *seen.warnings))
            if preview:
                return inventory.preview(context, changer, found, seen)
            context.progress(f"recording {len(seen.elements)} elements")
            return inventory.record(context, changer, found, seen)

    def remove_library(self, name: str) -> Library:
        """Let a library go; its media stay known, on the shelf."""
        from rsm.engine import libraries

        context = self._context()
        with context.store.writing(create=False) as writer:
            return libraries.remove(context, writer, name)

    # -- media and pools ---------------------------------------------------------------------------------------
    def medium(self, name: str) -> Medium:
        """Give the medium of that bar code, id, or unique beginning of an id."""
        from rsm.engine import names

        with self._context().store.reading() as reader:
            return names.medium(reader, name)

    def where(self, barcode: str) -> tuple[Medium, ...]:
        """Give all media that bear a bar code, or the one of that id; raises `UnknownMedium` if there is none."""
        from rsm.engine import names

        with self._context().store.reading() as reader:
            return names.bearing_or_called(reader, barcode)

    def move_medium(self, medium: str, pool: str) -> Medium:
        """Move a medium to another pool; the robot does nothing."""
        from rsm.engine import names, pools

        context = self._context()
        with context.store.writing(create=False) as writer:
            return pools.move_medium(context, writer, names.medium(writer, medium), names.pool(writer, pool))

    def pool(self, path: str) -> Pool:
        """Give the media pool of that path or id."""
        from rsm.engine import names

        with self._context().store.reading() as reader:
            return names.pool(reader, path)

    def create_pool(
        self,
        path: str,
        *,
        media_type: str | None = None,
        draws_from_free: bool = False,
        returns_to_free: bool = False,
        max_allocates: int = 0,
    ) -> Pool:
        """Make an application pool: one that holds media of `media_type`, or pools when that is None."""
        from rsm.engine import pools

        context = self._context()
        with context.store.writing() as writer:
            return pools.create(
                context,
                writer,
                path,
                media_type=media_type,
                draws_from_free=draws_from_free,
                returns_to_free=returns_to_free,
                max_allocates=max_allocates,
            )

    def change_pool(
        self,
        path: str,
        *,
        new_name: str | None = None,
        draws_from_free: bool | None = None,
        returns_to_free: bool | None = None,
        max_allocates: int | None = None,
    ) -> Pool:
        """Change an application pool's name or policy; None leaves a thing as it is."""
        from rsm.engine import pools

        context = self._context()
        with context.store.writing(create=False) as writer:
            return pools.change(
                context,
                writer,
                path,
                new_name=new_name,
                draws_from_free=draws_from_free,
                returns_to_free=returns_to_free,
                max_allocates=max_allocates,
            )

    def delete_pool(self, path: str) -> Pool:
        """Remove an empty application pool and give what it was."""
        from rsm.engine import pools

        context = self._context()
        with context.store.writing(create=False) as writer:
            return pools.delete(context, writer, path)

    # -- allocation --------------------------------------------------------------------------------------------
    def allocate(
        self,
        pool: str,
        *,
        side: str | None = None,
        new: bool = False,
        next_of: str | None = None,
        error_if_unavailable: bool = False,
    ) -> Allocation:
        """Give a side of a medium in an application pool to this session's application.

        Raises `MediaUnavailable` when nothing is to be had and `error_if_unavailable` is set, `TimedOut` when
        it is not, since nothing is waited for; both carry the reasons, group by group.
        """
        from rsm.engine import allocate

        context = self._context()
        with context.store.writing(create=False) as writer:
            given = allocate.allocate(context, writer, pool, side=side, new=new, next_of=next_of)
        if given is None:
            with context.store.reading() as reader:
                raise allocate.unavailable(reader, pool, error_if_unavailable=error_if_unavailable)
        return given

    def explain(self, pool: str) -> tuple[Exclusion, ...]:
        """Give, per group of sides that an allocation would look at, why they would or would not be taken."""
        from rsm.engine import allocate

        with self._context().store.reading() as reader:
            return allocate.explain(reader, pool)

    def deallocate(self, logical_medium: str) -> Medium:
        """Give an allocated side back and show its medium as it is then."""
        from rsm.engine import allocate

        context = self._context()
        with context.store.writing(create=False) as writer:
            return allocate.deallocate(context, writer, logical_medium)

    # -- mounts ------------------------------------------------------------------------------------------------
    def mount(self, what: str, *, drive: int | None = None) -> Mounted:
        """Bring a logical medium, side or medium into a drive and give the node that an application opens."""
        from rsm.engine import mounts

        return mounts.mount(self._context(), what, drive=drive)

    def using(self, mounted: Mounted, by: str) -> AbstractContextManager[None]:
        """Keep what is mounted from being dismounted inside a `with` block; `by` is what others are told."""
        from rsm.engine import uses

        assert mounted.medium.place is not None  # noqa: S101 - it is in a drive
        return uses.used(self._context(), mounted.medium.place, by)

    def is_used(self, mounted: Mounted) -> bool:
        """Tell whether a program uses what is mounted now."""
        from rsm.engine import uses

        return mounted.medium.place is not None and uses.is_used(self._context(), mounted.medium.place)

    def dismount(self, what: str) -> Dismounted:
        """Put the medium in a drive back into its slot; raises `LeaseHeld` while a program uses it."""
        from rsm.engine import mounts

        return mounts.dismount(self._context(), what)

    def _context(self) -> Context:
        import pwd
        from uuid import uuid4

        from rsm.clock import SystemClock
        from rsm.engine.context import Context
        from rsm.store.sqlite import SqliteStore

        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:  # a container's uid without a name
            user = f"uid {os.getuid()}"
        return Context(
            store=SqliteStore(self.store_path),
            clock=self._clock or SystemClock(),
            new_id=uuid4,
            actor=f"{user}: {self._application} [{os.getpid()}]",
            application=self._application,
            progress=self._progress or (lambda _: None),
        )
