"""Mount and dismount one medium.

A medium in a slot has side 1 up; a jukebox turns it over on the way (INVERT) for side 2, and back again on
the way home, so that what is in the slots stays side 1 up.

Every step begins under the lease with finding out anew what is meant and looking whether it is there. A
drive is waited for without the lease: while its medium is being put out it is marked DISMOUNTABLE, and
nobody mounts it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from rsm.engine import identify, moves, names, pools, robot, uses
from rsm.errors import (
    Busy,
    InvalidState,
    LibraryFull,
    MediaOffline,
    ObjectNotFound,
    ResourceDisabled,
    RsmError,
    Unavailable,
)
from rsm.hardware.faults import DeviceGone
from rsm.hardware.inventory import ElementAddress
from rsm.model.outcome import Dismounted, Mounted
from rsm.model.states import BarcodeState, DriveState, LibraryKind, PlaceKind
from rsm.store import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.engine.context import Context
    from rsm.hardware.contract import Changer, Drive
    from rsm.model.objects import Library, Medium, Place, Side
    from rsm.store.sqlite import Reader, Row, Writer

DRIVE_READY_LIMIT = 600.0
"""Seconds for a loaded drive to become ready (scsi.md §2.4, PBS)."""

FIRST_LOAD_LIMIT = 7500.0
"""Seconds for the first load of a medium that is optimised then: two hours for LTO-9 (scsi.md §2.4)."""

_OPTIMISED = ("LTO-9", "LTO-10")

UNLOAD_LIMIT = 1200.0
"""Seconds for a drive to give its medium up (scsi.md §1.17: 18 minutes in the worst case)."""


def mount(context: Context, what: str, *, drive: int | None = None) -> Mounted:
    """Bring a side into a drive and give the device node that an application opens.

    `what` is a logical medium, a side or a medium; `drive` asks for a drive by its number. A medium that
    stands in a drive already, right side up and unused, is taken where it is. Raises `MediaOffline`,
    `ResourceDisabled`, `InvalidState`, `Busy` when no drive is free, and the faults of the hardware.
    """
    with context.store.reading() as reader:
        library = _home_of(reader, what)
    with robot.opened(context, library) as changer:
        with robot.leased(context, changer, library):
            loaded = moves.planned(
                context, changer, library, lambda now: _load(context, changer, now, what, drive)
            )
        return _ready(context, changer, library, *loaded)


def dismount(context: Context, what: str) -> Dismounted:
    """Unload the drive that holds a medium and put the medium into its home slot, or another empty one.

    Raises `InvalidState` when it is in no drive, `LibraryFull`, and the faults of the hardware.
    """
    with context.store.reading() as reader:
        library = names.library(reader, _in_a_drive(reader, what)[0].library)
    with robot.opened(context, library) as changer, ExitStack() as unused:
        with robot.leased(context, changer, library):
            medium, drive = moves.planned(
                context, changer, library, lambda now: _release(context, changer, now, what, unused)
            )
        with _kept_mounted_on_failure(context, medium, drive):
            warnings = _unload(context, changer, drive)
        if not changer.capabilities.moves:
            return _given_to_hand(context, library, medium, drive, warnings)
        with robot.leased(context, changer, library):
            target = moves.planned(
                context, changer, library, lambda now: _put_away(context, changer, now, medium, drive)
            )
    with context.store.reading() as reader:
        medium = names.medium_by_id(reader, str(medium.id))
        return Dismounted(
            medium=medium, library=library.name, place=medium.place or target, warnings=warnings
        )


# -- mounting --------------------------------------------------------------------------------------------------


def _home_of(reader: Reader, what: str) -> Library:
    medium, _ = names.side(reader, what)
    library = names.library(reader, medium.library)
    _check_mountable(reader, medium, library)
    return library


def _check_mountable(reader: Reader, medium: Medium, library: Library) -> None:
    if not pools.is_for_data(reader, medium.media_type):
        raise InvalidState(f"medium {medium.name} is not for data: its type is {medium.media_type}")
    if not medium.enabled:
        raise ResourceDisabled(f"medium {medium.name} is disabled")
    if library.kind is LibraryKind.OFFLINE or medium.place is None:
        raise MediaOffline(
            f"medium {medium.name} is off line: {names.whereabouts(medium)}",
            hint="put it into a library and take that library's inventory: rsm library inventory NAME",
        )
    if medium.barcode_state is BarcodeState.DUPLICATE:
        raise InvalidState(
            f"another medium bears the bar code {medium.barcode} too", hint="relabel one of them"
        )


def _load(
    context: Context, changer: Changer, library: Library, what: str, wanted: int | None
) -> tuple[str, Side, int, bool]:
    """Bring a side into a drive; give the medium's id, the side, the drive's address, and if it was there."""
    with context.store.reading() as reader:
        medium, side = names.side(reader, what)
        _check_mountable(reader, medium, names.library(reader, medium.library))
        drives = reader.all("library.drives", library=str(library.id))
    if medium.library != library.name:
        raise moves.MediumElsewhere(f"medium {medium.name} is {names.whereabouts(medium)} now")
    place = medium.place
    if place is not None and place.kind is PlaceKind.DRIVE:
        changer.drive(ElementAddress(place.address)).close()  # nobody could open it without a node
        medium = moves.confirm(context, changer, library, medium)
        return str(medium.id), side, place.address, _claim(context, library, medium, side, wanted)
    if not changer.capabilities.moves:
        raise Unavailable(
            f"{library.name} is a stand-alone drive, and {medium.name} is not in it",
            hint=f"insert {medium.name}, then: rsm library inventory {library.name}",
        )
    target = _drive_for(changer, drives, library, wanted)
    context.progress(f"moving {medium.name} to drive {target.number} of {library.name}")

    def record(writer: Writer) -> None:
        _record_mounted(context, writer, library, medium, side, target)

    moves.carry(
        context,
        changer,
        library,
        medium,
        target,
        side_up=side.number,
        reason=f"mount {medium.name}",
        at_once=record,
    )
    return str(medium.id), side, target.address, False


def _claim(context: Context, library: Library, medium: Medium, side: Side, wanted: int | None) -> bool:
    """Take a medium that stands in a drive already; tell whether this very side was mounted before."""
    place = medium.place
    assert place is not None  # noqa: S101 - the caller has just looked
    where = f"drive {place.number} of {library.name}"
    if place.state is DriveState.DISMOUNTABLE:
        raise Busy(f"medium {medium.name} in {where} is being dismounted", hint=f"rsm dismount {medium.name}")
    if wanted is not None and wanted != place.number:
        raise Busy(
            f"medium {medium.name} is in {where}, not in drive {wanted}", hint=f"rsm dismount {medium.name}"
        )
    if place.mounted_side == side.id:
        return True
    up = 2 if medium.turned else 1
    if place.mounted_side is not None or (len(medium.sides) > 1 and up != side.number):
        raise Busy(
            f"side {up} of {medium.name} is in {where}",
            hint=f"rsm dismount {medium.name}, then mount side {side.number}",
        )
    with context.store.writing() as writer:
        _record_mounted(context, writer, library, medium, side, place)
    return False


def _drive_for(changer: Changer, drives: list[Row], library: Library, wanted: int | None) -> Place:
    """Choose the empty drive that has mounted least, so that wear is spread; or the very one asked for.

    A drive that this host has no node for is passed over: nobody could open what is mounted there.
    """
    if wanted is not None:
        drives = [row for row in drives if row["number"] == wanted]
        if not drives:
            raise ObjectNotFound(f"library {library.name} has no drive {wanted}", hint="rsm drive list")
    usable = [row for row in drives if row["present"] and row["enabled"]]
    empty = [row for row in usable if row["medium"] is None and row["full_seen"] == 0]
    free = [rows.place(row) for row in empty if row["condition"] is None]
    unreachable: DeviceGone | None = None
    for place in free:
        try:
            changer.drive(ElementAddress(place.address)).close()
        except DeviceGone as fault:
            unreachable = unreachable or fault
        else:
            return place
    if unreachable is not None:
        raise unreachable
    states = ", ".join(
        f"drive {row['number']} {_busy_with(row)}"
        for row in sorted(drives, key=lambda row: int(row["number"]))
    )
    raise Busy(
        f"no drive of {library.name} is free: {states or 'it has none'}", hint="rsm dismount MEDIUM frees one"
    )


def _busy_with(row: Row) -> str:
    if not row["present"]:
        return "is absent"
    if not row["enabled"]:
        return "is disabled"
    if row["medium"] is None and row["full_seen"] == 0:
        return f"is out of order: {row['condition']}"
    if row["medium"] is None:
        return "holds a medium that is not recorded" if row["full_seen"] else "cannot be seen into"
    return f"holds {row['medium_barcode'] or row['medium'][:8]}"


def _record_mounted(
    context: Context, writer: Writer, library: Library, medium: Medium, side: Side, drive: Place
) -> None:
    writer.run("library.set_mounted", id=str(drive.id), side=str(side.id), state=DriveState.MOUNTED)
    writer.run("medium.set_used", id=str(side.id), at=context.now_ms)
    writer.run("medium.rank", medium=str(medium.id))
    number = f" side {side.number}" if len(medium.sides) > 1 else ""
    context.event(
        writer,
        "mounted",
        f"{medium.name}{number} mounted in drive {drive.number} of {library.name}",
        library=str(library.id),
        medium=str(medium.id),
    )


def _ready(
    context: Context,
    changer: Changer,
    library: Library,
    medium: str,
    side: Side,
    address: int,
    already: bool,  # noqa: FBT001 - what _load gives
) -> Mounted:
    """Wait for the loaded drive, outside the lease, and remember the node that it turned out to be."""
    with changer.drive(ElementAddress(address)) as drive:
        context.progress(f"waiting for {drive.node} to become ready")
        try:
            drive.wait_ready(_ready_limit(context, medium, side))
            # What somebody uses already is not asked again: its drive may be in the middle of a write.
            chip = None if already else identify.chip_serial(drive)
            with context.store.reading() as reader:
                identify.check_chip(names.medium_by_id(reader, medium), chip)
        except RsmError as error:
            if not already:
                _unmark(context, library, medium, side, error)
            raise
        node, matched_by = drive.node, drive.matched_by
    with context.store.writing() as writer:
        found = names.medium_by_id(writer, medium)
        if found.place is None or found.place.mounted_side != side.id:
            raise InvalidState(f"medium {found.name} was taken away while it was being mounted")
        identify.learn_chip(context, writer, found, chip)
        if found.place.node != node:
            writer.run("library.set_node", id=str(found.place.id), node=node)
    sides = {each.id: each for each in found.sides}
    return Mounted(
        logical_medium=sides[side.id].logical_medium,
        medium=found,
        side=side.number,
        library=library.name,
        drive=found.place.number,
        node=node,
        matched_by=matched_by,
        already=already,
    )


def _ready_limit(context: Context, medium: str, side: Side) -> float:
    with context.store.reading() as reader:
        media_type = names.medium_by_id(reader, medium).media_type
    first = side.mount_count == 0 and media_type.startswith(_OPTIMISED)
    return FIRST_LOAD_LIMIT if first else DRIVE_READY_LIMIT


def _unmark(context: Context, library: Library, medium: str, side: Side, error: RsmError) -> None:
    """Take the mark of a mount away from a medium that cannot be used in its drive; it stays there."""
    with context.store.writing() as writer:
        found = names.medium_by_id(writer, medium)
        place = found.place
        if place is None or place.mounted_side != side.id:
            return
        writer.run("library.set_unmounted", id=str(place.id))
        writer.run("medium.rank", medium=medium)
        context.event(
            writer,
            "mount failed",
            f"{found.name} cannot be used in drive {place.number} of {library.name}: {error}",
            library=str(library.id),
            medium=medium,
        )
        error.hint = error.hint or f"it is still in drive {place.number}: rsm dismount {found.name}"


# -- dismounting -----------------------------------------------------------------------------------------------


def _in_a_drive(reader: Reader, what: str) -> tuple[Medium, Place]:
    medium = names.side(reader, what)[0] if ":" in what else names.medium(reader, what)
    place = medium.place
    if place is None or place.kind is not PlaceKind.DRIVE:
        raise InvalidState(f"medium {medium.name} is in no drive: {names.whereabouts(medium)}")
    return medium, place


def _release(
    context: Context, changer: Changer, library: Library, what: str, unused: ExitStack
) -> tuple[Medium, Place]:
    """Find the medium, make sure that nobody uses it and that it has somewhere to go, and mark the drive."""
    with context.store.reading() as reader:
        medium, place = _in_a_drive(reader, what)
    unused.close()
    unused.enter_context(uses.nobodys(context, place))
    _check_side(context, medium, what)
    medium = moves.confirm(context, changer, library, medium)
    with context.store.writing() as writer:
        medium, drive = _in_a_drive(writer, str(medium.id))
        if changer.capabilities.moves:
            _slot_for(writer, library, medium)
        writer.run("library.set_dismounting", id=str(drive.id))
        writer.run("medium.rank", medium=str(medium.id))
    return medium, drive


def _check_side(context: Context, medium: Medium, what: str) -> None:
    """Raise if one side was named and another one is what is mounted."""
    mounted = medium.place.mounted_side if medium.place else None
    if mounted is None or len(medium.sides) == 1:
        return
    with context.store.reading() as reader:
        named = names.exact_side(reader, what)
    if named is not None and named.id != mounted:
        number = next(side.number for side in medium.sides if side.id == mounted)
        raise InvalidState(
            f"side {number} of {medium.name} is what is mounted", hint=f"rsm dismount {medium.name}:{number}"
        )


@contextmanager
def _kept_mounted_on_failure(context: Context, medium: Medium, drive: Place) -> Iterator[None]:
    """Give a drive back to whoever had it mounted if it does not let its medium go."""
    try:
        yield
    except RsmError:
        with context.store.writing() as writer:
            if drive.mounted_side is None:
                writer.run("library.set_kept", id=str(drive.id))
            else:
                writer.run("library.set_mounted_again", id=str(drive.id), side=str(drive.mounted_side))
            writer.run("medium.rank", medium=str(medium.id))
        raise


def _unload(context: Context, changer: Changer, place: Place) -> tuple[str, ...]:
    """Make the drive give its medium up; a drive without a node is left to the library's own unloading."""
    context.progress(f"unloading drive {place.number}")
    try:
        drive: Drive = changer.drive(ElementAddress(place.address))
    except DeviceGone as fault:
        return (f"drive {place.number} was not unloaded first: {fault}",)
    with drive:
        drive.unload(UNLOAD_LIMIT)
    return ()


def _put_away(context: Context, changer: Changer, library: Library, medium: Medium, drive: Place) -> Place:
    """Move an unloaded medium from its drive to a slot; give the slot."""
    with context.store.reading() as reader:
        now, place = _in_a_drive(reader, str(medium.id))
        if place.id != drive.id or place.state is not DriveState.DISMOUNTABLE:
            raise InvalidState(
                f"medium {medium.name} was mounted anew in drive {place.number} by somebody else"
            )
        target = _slot_for(reader, library, now)
    context.progress(f"moving {now.name} to slot {target.number} of {library.name}")

    def record(writer: Writer) -> None:
        context.event(
            writer,
            "dismounted",
            f"{now.name} dismounted from drive {drive.number} of {library.name} to slot {target.number}",
            library=str(library.id),
            medium=str(now.id),
        )

    moves.carry(
        context, changer, library, now, target, side_up=1, reason=f"dismount {now.name}", at_once=record
    )
    return target


def _slot_for(reader: Reader, library: Library, medium: Medium) -> Place:
    """Give the medium's home if it is empty, else the first empty slot that is nobody's, else any."""
    free = reader.all("library.free_slots", library=str(library.id), medium=str(medium.id))
    if not free:
        raise LibraryFull(f"library {library.name} has no empty slot for {medium.name}")
    return rows.place(next((row for row in free if row["id"] == str(medium.home)), free[0]))


def _given_to_hand(
    context: Context, library: Library, medium: Medium, place: Place, warnings: tuple[str, ...]
) -> Dismounted:
    """Record that a stand-alone drive has put its medium out: whoever takes it has it on the shelf."""
    with context.store.writing() as writer:
        now = names.medium_by_id(writer, str(medium.id))
        if now.place is None or now.place.id != place.id:
            # Another library's inventory has found it already: hands are quick.
            return Dismounted(medium=now, library=library.name, place=place, warnings=warnings)
        writer.run("medium.lose", id=str(medium.id), library=names.shelf(writer), at=context.now_ms)
        writer.run("library.dismount_emptied", library=str(library.id))
        writer.run("medium.rank", medium=str(medium.id))
        context.event(
            writer,
            "dismounted",
            f"{medium.name} put out by {library.name}",
            library=str(library.id),
            medium=str(medium.id),
        )
        found = names.medium_by_id(writer, str(medium.id))
    return Dismounted(medium=found, library=library.name, place=place, warnings=warnings)
