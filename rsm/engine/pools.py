"""Media pools: the tree, its policies, and media moving between pools (ntms.md §3.2, §5.1)."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from rsm.engine import names
from rsm.errors import (
    AlreadyExists,
    Busy,
    InvalidMediaPool,
    InvalidRequest,
    MediaIncompatible,
    NotEmpty,
    ObjectNotFound,
    Refused,
    UnknownPool,
)
from rsm.model import transitions
from rsm.model.states import SYSTEM_POOL_NAMES, PoolKind, SideState
from rsm.store import rows

if TYPE_CHECKING:
    from rsm.engine.context import Context
    from rsm.model.objects import Medium, Pool, Side
    from rsm.store.sqlite import Reader, Writer

_STATE_ON_ENTRY = {
    PoolKind.FREE: SideState.AVAILABLE,
    PoolKind.APPLICATION: SideState.AVAILABLE,
    PoolKind.IMPORT: SideState.IMPORT,
    PoolKind.UNRECOGNIZED: SideState.UNRECOGNIZED,
}


def system_path(kind: PoolKind, media_type: str) -> str:
    """Give the path of a system pool: `Free/LTO-9`."""
    return f"{SYSTEM_POOL_NAMES[kind]}/{media_type}"


def system_pool(context: Context, writer: Writer, kind: PoolKind, media_type: str) -> str:
    """Give the id of a system pool of that type.

    With the first medium of a type all three system pools of it are made, as AddNtmsMediaType does.
    """
    row = writer.one("pool.system", kind=kind, media_type=media_type)
    if row is not None:
        return str(row["id"])
    made = {}
    for each in SYSTEM_POOL_NAMES:
        root = writer.one("pool.root", kind=each)
        assert root is not None  # noqa: S101 - the first migration made the three, and nothing removes them
        made[each] = _add(
            context, writer, system_path(each, media_type), each, parent=root["id"], media_type=media_type
        )
    return made[kind]


def create(
    context: Context,
    writer: Writer,
    path: str,
    *,
    media_type: str | None,
    draws_from_free: bool,
    returns_to_free: bool,
    max_allocates: int,
) -> Pool:
    """Make an application pool; its parents must exist and hold pools.

    Raises `AlreadyExists`, `UnknownPool` (parent), `InvalidMediaPool` (parent holds media or is a system
    pool), `ObjectNotFound` (media type) or `InvalidRequest`.
    """
    parts = names.pool_path(path)
    clean = "/".join(parts)
    if writer.one("pool.by_path", path=clean):
        raise AlreadyExists(f"there is already a media pool {clean}")
    parent = _parent(writer, parts, clean)
    if media_type is None and (draws_from_free or returns_to_free or max_allocates):
        raise InvalidRequest(
            f"pool {clean} is to hold pools, so it has no policy of its own",
            hint="give --type to make it hold media",
        )
    if media_type is not None:
        media_type = _type(writer, media_type)
    _check_limit(max_allocates)
    identity = _add(
        context,
        writer,
        clean,
        PoolKind.APPLICATION,
        parent=None if parent is None else str(parent.id),
        media_type=media_type,
        draws_from_free=draws_from_free,
        returns_to_free=returns_to_free,
        max_allocates=max_allocates,
    )
    context.event(
        writer, "pool created", f"pool {clean} created" + (f" for {media_type}" if media_type else "")
    )
    return _pool(writer, identity)


def change(
    context: Context,
    writer: Writer,
    path: str,
    *,
    new_name: str | None,
    draws_from_free: bool | None,
    returns_to_free: bool | None,
    max_allocates: int | None,
) -> Pool:
    """Change an application pool's policy or its own name (the last part of its path)."""
    pool = _application(writer, path)
    if new_name is not None:
        parts = names.pool_path(pool.path)
        renamed = names.pool_path("/".join((*parts[:-1], new_name)))
        if len(renamed) != len(parts):
            raise InvalidRequest(f"{new_name!r} is a path, and only a pool's own name can be changed")
        target = "/".join(renamed)
        if target != pool.path:
            if writer.one("pool.by_path", path=target):
                raise AlreadyExists(f"there is already a media pool {target}")
            writer.run("pool.rename", path=target, old=pool.path)
    policy = (draws_from_free, returns_to_free, max_allocates)
    if any(each is not None for each in policy):
        if not pool.is_leaf:
            raise InvalidMediaPool(f"pool {pool.path} holds pools, not media, and has no policy of its own")
        _check_limit(max_allocates or 0)
        writer.run(
            "pool.change",
            id=str(pool.id),
            draws_from_free=pool.draws_from_free if draws_from_free is None else draws_from_free,
            returns_to_free=pool.returns_to_free if returns_to_free is None else returns_to_free,
            max_allocates=pool.max_allocates if max_allocates is None else max_allocates,
        )
    changed = _pool(writer, str(pool.id))
    context.event(
        writer, "pool changed", f"pool {pool.path} changed" + (f", now {changed.path}" if new_name else "")
    )
    return changed


def delete(context: Context, writer: Writer, path: str) -> Pool:
    """Remove an empty application pool; raises `NotEmpty` with what it holds."""
    pool = _application(writer, path)
    children = writer.all("pool.children", parent=str(pool.id))
    if children:
        raise NotEmpty(
            f"pool {pool.path} holds {len(children)} pool(s): " + ", ".join(row["path"] for row in children)
        )
    media = writer.value("pool.media_count", pool=str(pool.id))
    if media:
        raise NotEmpty(
            f"pool {pool.path} holds {media} medi{'um' if media == 1 else 'a'}",
            hint=f"move them first: rsm media list --pool {quote(pool.path)}, rsm media move MEDIUM POOL",
        )
    writer.run("pool.remove", id=str(pool.id))
    context.event(writer, "pool deleted", f"pool {pool.path} deleted")
    return pool


def move_medium(context: Context, writer: Writer, medium: Medium, target: Pool) -> Medium:
    """Move a medium, all its sides with it, to another pool; the robot does nothing.

    Raises `InvalidMediaPool`, `MediaIncompatible`, `Busy` (mounted) or `Refused` (a side is held by an
    application), as ntms.md §3.2 says for MoveToNtmsMediaPool.
    """
    source = _by_path(writer, medium.pool)
    if source.id == target.id:
        return medium
    check_target(medium, source, target)
    held = [side for side in medium.sides if side.state in transitions.HELD]
    if held:
        states = ", ".join(f"side {side.number} is {transitions.word(side.state)}" for side in held)
        raise Refused(
            f"medium {medium.name} cannot leave pool {source.path}: {states}",
            hint="give it back first: rsm deallocate LMID",
        )
    if medium.place is not None and medium.place.mounted_side is not None:
        raise Busy(f"medium {medium.name} is mounted", hint=f"rsm dismount {medium.name}")
    if writer.one("medium.in_flight", medium=str(medium.id)):
        raise Busy(f"medium {medium.name} is being moved", hint="try again in a moment")
    enter(writer, medium, target, _STATE_ON_ENTRY[target.kind])
    context.event(
        writer,
        "medium moved to pool",
        f"{medium.name} went from pool {source.path} to {target.path}",
        medium=str(medium.id),
    )
    return names.medium_by_id(writer, str(medium.id))


def check_target(medium: Medium, source: Pool, target: Pool) -> None:
    """Raise unless a medium of `source` may ever enter `target` (ntms.md §4.3 #17)."""
    if not target.is_leaf:
        raise InvalidMediaPool(
            f"pool {target.path} holds pools, not media",
            hint=f"name one inside it: rsm pool list shows {target.path}/…",
        )
    if target.media_type != medium.media_type:
        raise MediaIncompatible(
            f"medium {medium.name} is {medium.media_type}, and pool {target.path} holds {target.media_type}"
        )
    if source.kind is PoolKind.UNRECOGNIZED and target.kind is not PoolKind.FREE:
        raise InvalidMediaPool(
            f"medium {medium.name} is unrecognized and can only go to the free pool",
            hint=f"rsm media move {medium.id} {quote(system_path(PoolKind.FREE, medium.media_type))}",
        )
    if target.kind is PoolKind.IMPORT and any(side.state is not SideState.IMPORT for side in medium.sides):
        raise InvalidMediaPool(f"only media whose every side is in state import enter pool {target.path}")


def set_state(writer: Writer, medium: Medium, side: Side, state: SideState) -> None:
    """Change a side's state; raises `InvalidState` if there is no such change (rsm.model.transitions)."""
    transitions.side(side.state, state, f"{medium.name}:{side.number}")
    writer.run("medium.set_side_state", id=str(side.id), state=state)


def enter(writer: Writer, medium: Medium, target: Pool, state: SideState) -> None:
    """Put a medium into a pool; every side that is not decommissioned takes `state`."""
    writer.run("medium.set_pool", id=str(medium.id), pool=str(target.id))
    for side in medium.sides:
        if side.state is not SideState.DECOMMISSIONED:
            set_state(writer, medium, side, state)
    writer.run("medium.rank", medium=str(medium.id))


def leaf(reader: Reader, path: str) -> Pool:
    """Give a pool that holds media; raises `InvalidMediaPool` naming those inside one that holds pools."""
    pool = names.pool(reader, path)
    if not pool.is_leaf:
        inside = [row["path"] for row in reader.all("pool.children", parent=str(pool.id))]
        hint = (
            "name one inside it: " + ", ".join(inside)
            if inside
            else f"rsm pool create {pool.path}/NAME --type TYPE"
        )
        raise InvalidMediaPool(f"pool {pool.path} holds pools, not media", hint=hint)
    return pool


def usable_by_applications(reader: Reader, path: str) -> Pool:
    """Give an application pool that holds media; raises `InvalidMediaPool` naming some that do."""
    pool = names.pool(reader, path)
    if pool.kind is not PoolKind.APPLICATION:
        raise InvalidMediaPool(
            f"pool {pool.path} is a system pool, and applications allocate from pools of their own",
            hint="rsm pool create PATH --type TYPE",
        )
    return leaf(reader, path)


def _application(writer: Writer, path: str) -> Pool:
    pool = names.pool(writer, path)
    if pool.kind is not PoolKind.APPLICATION:
        raise InvalidMediaPool(f"pool {pool.path} is a system pool and stays as it is")
    return pool


def _parent(writer: Writer, parts: tuple[str, ...], path: str) -> Pool | None:
    if len(parts) == 1:
        return None
    above = "/".join(parts[:-1])
    row = writer.one("pool.by_path", path=above)
    if row is None:
        raise UnknownPool(
            f"pool {path} has no parent: there is no pool {above}", hint=f"rsm pool create {above}"
        )
    parent = rows.pool(row)
    if parent.kind is not PoolKind.APPLICATION:
        raise InvalidMediaPool(f"pool {above} is a system pool, and its pools are made by rsm alone")
    if parent.is_leaf:
        raise InvalidMediaPool(f"pool {above} holds media, so it cannot hold pools too")
    return parent


def _type(reader: Reader, name: str) -> str:
    found = media_type(reader, name)
    if not is_for_data(reader, found):
        raise InvalidRequest(f"media of type {found} are not for applications")
    return found


def is_for_data(reader: Reader, media_type: str) -> bool:
    """Tell whether applications may have media of that type; cleaning and service media are not for them."""
    return not any(row["cleaning"] for row in reader.all("pool.types") if row["name"] == media_type)


def media_type(reader: Reader, name: str) -> str:
    """Give the full name of a media type typed in any case; raises `ObjectNotFound`."""
    for row in reader.all("pool.types"):
        if row["name"].lower() == name.lower():
            return str(row["name"])
    raise ObjectNotFound(
        f"there is no media type {name!r}", hint="rsm media types lists them; such as LTO-9, LTO-9 WORM"
    )


def _check_limit(max_allocates: int) -> None:
    if max_allocates < 0:
        raise InvalidRequest(
            f"a pool cannot have {max_allocates} allocations at most", hint="0 means no limit"
        )


def _add(
    context: Context,
    writer: Writer,
    path: str,
    kind: PoolKind,
    *,
    parent: str | None,
    media_type: str | None,
    draws_from_free: bool = False,
    returns_to_free: bool = False,
    max_allocates: int = 0,
) -> str:
    identity = context.fresh()
    writer.run(
        "pool.add",
        id=identity,
        parent=parent,
        path=path,
        kind=kind,
        media_type=media_type,
        draws_from_free=draws_from_free,
        returns_to_free=returns_to_free,
        max_allocates=max_allocates,
    )
    return identity


def _pool(reader: Reader, identity: str) -> Pool:
    row = reader.one("pool.by_id", id=identity)
    assert row is not None  # noqa: S101 - written in this very transaction
    return rows.pool(row)


def _by_path(reader: Reader, path: str) -> Pool:
    row = reader.one("pool.by_path", path=path)
    assert row is not None  # noqa: S101 - a medium's pool is a foreign key
    return rows.pool(row)
