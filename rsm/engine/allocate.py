"""Allocate and give back: the plain cases of AllocateNtmsMedia (ntms.md §4.1).

Order of the pick, documented and stable: a medium that stands idle in a drive, then the side least often
allocated, then the one longest unused, then by bar code. Own pool first; then the free pool of the same
type, if the pool's policy draws from it. Media on line in an enabled library only. Nothing here waits: when
nothing can be had the caller is told so, and why.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from rsm.engine import moves, names, pools
from rsm.errors import (
    Busy,
    InvalidRequest,
    InvalidState,
    MediaIncompatible,
    MediaOffline,
    MediaUnavailable,
    ResourceDisabled,
    TimedOut,
    UnknownMedium,
)
from rsm.model import transitions
from rsm.model.outcome import Allocation, Exclusion
from rsm.model.states import BarcodeState, PlaceKind, PoolKind, SideState
from rsm.store import rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from rsm.engine.context import Context
    from rsm.model.objects import Medium, Pool, Side
    from rsm.store.sqlite import Reader, Writer

_WHY_STATE = {
    SideState.UNKNOWN: "not identified yet",
    SideState.UNPREPARED: "not labelled yet",
    SideState.INCOMPATIBLE: "incompatible",
    SideState.DECOMMISSIONED: "decommissioned",
    SideState.ALLOCATED: "already allocated",
    SideState.COMPLETE: "allocated and complete",
    SideState.UNRECOGNIZED: "unrecognized",
    SideState.IMPORT: "waiting to be imported",
    SideState.RESERVED: "reserved for whoever holds the other side",
}


def allocate(
    context: Context,
    writer: Writer,
    path: str,
    *,
    side: str | None = None,
    new: bool = False,
    next_of: str | None = None,
) -> Allocation | None:
    """Give a side of a medium to the caller's application; None when there is none to be had.

    `side` names the very side wanted. `new` sets the other sides of the medium aside for the same owner,
    `next_of` takes the next of those by the logical medium that holds the first. Why there is none
    `unavailable` tells, from a reading: a large pool is not gone through while other writers wait.
    """
    if new and next_of is not None:
        raise InvalidRequest("--new and --next exclude each other")
    pool = pools.usable_by_applications(writer, path)
    if next_of is not None:
        medium, chosen = _next(writer, pool, next_of, side)
    elif side is not None:
        medium, chosen = _given(writer, pool, side)
    else:
        picked = _picked(writer, pool, new=new)
        if picked is None:
            return None
        medium, chosen = picked
    came_from = medium.pool
    if came_from != pool.path:
        # The flip side of an imported medium stays IMPORT until it is imported itself (ntms.md §4.1 step 4).
        writer.run("medium.set_pool", id=str(medium.id), pool=str(pool.id))
    logical = _take(context, writer, pool, medium, chosen, whole=new)
    context.event(
        writer,
        "allocated",
        f"{medium.name} side {chosen.number} allocated to {context.application} from pool {came_from}",
        medium=str(medium.id),
    )
    return Allocation(
        logical_medium=logical,
        medium=names.medium_by_id(writer, str(medium.id)),
        side=chosen.number,
        pool=pool.path,
        allocated_from=came_from,
        explanation=_chosen_because(medium, chosen, pool, came_from, asked=side is not None, next_of=next_of),
    )


def deallocate(context: Context, writer: Writer, name: str) -> Medium:
    """Give an allocated side back: AVAILABLE, or DECOMMISSIONED at its pool's maximum.

    Siblings that were set aside become available with it once no side is held any more; then the medium
    goes back to the free pool, if its pool's policy says so. Raises `UnknownMedium`, or `Busy` while the
    side is mounted.
    """
    logical = names.logical_medium(writer, name)
    if logical is None:
        raise UnknownMedium(
            f"{name!r} is no logical medium",
            hint="what rsm allocate printed, or its beginning; rsm media show MEDIUM tells it",
        )
    side_row = writer.one("medium.side_by_id", id=str(logical.side))
    assert side_row is not None  # noqa: S101 - a foreign key
    side = rows.side(side_row)
    medium = names.medium_by_id(writer, str(side.medium))
    _check_idle(writer, medium, side)
    pool = names.pool(writer, medium.pool)
    worn = 0 < pool.max_allocates <= side.allocate_count
    state = SideState.DECOMMISSIONED if worn else SideState.AVAILABLE
    writer.run("medium.remove_logical", id=str(logical.id))
    pools.set_state(writer, medium, side, state)
    context.event(
        writer,
        "deallocated",
        f"{medium.name} side {side.number} given back: {transitions.word(state)}",
        medium=str(medium.id),
    )
    medium = names.medium_by_id(writer, str(medium.id))
    if not any(each.state in {SideState.ALLOCATED, SideState.COMPLETE} for each in medium.sides):
        medium = _release(context, writer, medium, pool)
    return medium


def _check_idle(reader: Reader, medium: Medium, side: Side) -> None:
    """Raise `Busy` while a side is mounted or its medium is on its way."""
    if medium.place is not None and medium.place.mounted_side == side.id:
        raise Busy(f"side {side.number} of {medium.name} is mounted", hint=f"rsm dismount {medium.name}")
    if moves.is_in_flight(reader, medium):
        raise Busy(
            f"medium {medium.name} is being moved",
            hint="try again in a moment; rsm events tells what is under way",
        )


def explain(reader: Reader, path: str) -> tuple[Exclusion, ...]:
    """Give, per group of sides that an allocation from this pool would look at, why they would not be taken.

    Groups that would be taken have the reason `can be allocated`.
    """
    pool = pools.usable_by_applications(reader, path)
    found = _exclusions(reader, pool)
    free = reader.one("pool.system", kind=PoolKind.FREE, media_type=pool.media_type)
    if free is not None:
        groups = _exclusions(reader, rows.pool(free))
        if pool.draws_from_free:
            found += groups
        elif groups:
            count = sum(each.count for each in groups)
            reason = f"pool {pool.path} does not draw from the free pool (rsm pool set {quote(pool.path)} --draw-from-free)"
            found.append(Exclusion(where=free["path"], count=count, reason=reason))
    waiting = reader.one("pool.system", kind=PoolKind.IMPORT, media_type=pool.media_type)
    if waiting is not None:
        found += [
            Exclusion(
                where=each.where, count=each.count, reason="in the import pool: rsm media move MEDIUM POOL"
            )
            for each in _exclusions(reader, rows.pool(waiting))
        ]
    return tuple(found)


def _exclusions(reader: Reader, pool: Pool) -> list[Exclusion]:
    return [
        Exclusion(
            where=pool.path,
            count=row["sides"],
            reason=row["reason"] or _WHY_STATE[SideState(row["state"])],
        )
        for row in reader.all("pool.why_not", pool=str(pool.id))
    ]


def _picked(writer: Writer, pool: Pool, *, new: bool) -> tuple[Medium, Side] | None:
    statement = "pool.pick_whole" if new else "pool.pick"
    row = writer.one(statement, pool=str(pool.id))
    if row is None and pool.draws_from_free:
        free = writer.one("pool.system", kind=PoolKind.FREE, media_type=pool.media_type)
        if free is not None:
            row = writer.one(statement, pool=free["id"])
    if row is None:
        return None
    medium = names.medium_by_id(writer, row["medium"])
    return medium, next(each for each in medium.sides if str(each.id) == row["id"])


def unavailable(reader: Reader, path: str, *, error_if_unavailable: bool) -> MediaUnavailable | TimedOut:
    """Give the error that says why nothing could be allocated from a pool, group by group.

    Timeout 0 does not wait: TIMEOUT, unless MEDIA_UNAVAILABLE was asked for (ntms.md §4.3 #1).
    """
    pool, groups = pools.usable_by_applications(reader, path), explain(reader, path)
    return (MediaUnavailable if error_if_unavailable else TimedOut)(
        f"no medium can be allocated from pool {pool.path}: {_in_words(groups)}",
        hint=_way_out(pool, groups),
    )


def _in_words(groups: Sequence[Exclusion]) -> str:
    if not groups:
        return "neither it nor the free pool holds any"
    return "; ".join(f"{each.count} in {each.where}: {each.reason}" for each in groups)


def _way_out(pool: Pool, groups: Sequence[Exclusion]) -> str:
    if any("does not draw" in each.reason for each in groups):
        return f"let it draw from free: rsm pool set {quote(pool.path)} --draw-from-free"
    if any("import pool" in each.reason for each in groups):
        return f"rsm media list --pool {quote(pools.system_path(PoolKind.IMPORT, pool.media_type or ''))} shows media to move here"
    return f"put {pool.media_type} media into a library and take its inventory: rsm library inventory NAME"


def _given(writer: Writer, pool: Pool, name: str) -> tuple[Medium, Side]:
    """Check the very side asked for; each unsuitable one gets its own reason (ntms.md §4.1 step 4)."""
    medium, side = names.side(writer, name)
    called = f"{medium.name}:{side.number}" if len(medium.sides) > 1 else medium.name
    if side.state not in {SideState.AVAILABLE, SideState.IMPORT}:
        raise InvalidState(f"side {called} cannot be allocated: {_WHY_STATE[side.state]}")
    if medium.media_type != pool.media_type:
        raise MediaIncompatible(
            f"{called} is {medium.media_type}, and pool {pool.path} holds {pool.media_type}"
        )
    if not medium.enabled:
        raise ResourceDisabled(f"medium {medium.name} is disabled")
    if medium.barcode_state is BarcodeState.DUPLICATE:
        raise InvalidState(
            f"another medium bears the bar code {medium.barcode} too", hint="relabel one of them"
        )
    library = names.library(writer, medium.library)
    if medium.place is None:
        raise MediaOffline(f"medium {medium.name} is off line: {names.whereabouts(medium)}")
    if not library.enabled:
        raise ResourceDisabled(f"library {library.name}, which holds {medium.name}, is disabled")
    _check_idle(writer, medium, side)
    if medium.pool != pool.path:
        source = names.pool(writer, medium.pool)
        pools.check_target(medium, source, pool)
        others = [each for each in medium.sides if each.state in transitions.HELD]
        if others:
            raise InvalidState(
                f"another side of {medium.name} is {transitions.word(others[0].state)} in pool {medium.pool}"
            )
    return medium, side


def _next(writer: Writer, pool: Pool, next_of: str, side: str | None) -> tuple[Medium, Side]:
    """Take the next set-aside side of the same medium; never another medium (ntms.md §4.1 step 3)."""
    logical = names.logical_medium(writer, next_of)
    if logical is None:
        raise UnknownMedium(f"{next_of!r} is no logical medium", hint="what rsm allocate --new printed")
    row = writer.one("medium.side_by_id", id=str(logical.side))
    assert row is not None  # noqa: S101 - a foreign key
    medium = names.medium_by_id(writer, row["medium"])
    if side is not None and names.side(writer, side)[0].id != medium.id:
        raise UnknownMedium(f"side {side} is not on medium {medium.name}, which {next_of} is on")
    if medium.pool != pool.path:
        raise InvalidState(f"medium {medium.name} is in pool {medium.pool}, not in {pool.path}")
    for each in medium.sides:
        if each.state is SideState.RESERVED:
            return medium, each
    raise MediaUnavailable(
        f"medium {medium.name} has no side left that was set aside",
        hint="only a medium allocated with --new has one; allocate without --next",
    )


def _take(context: Context, writer: Writer, pool: Pool, medium: Medium, chosen: Side, *, whole: bool) -> UUID:
    transitions.side(chosen.state, SideState.ALLOCATED, f"{medium.name}:{chosen.number}")
    logical = context.new_id()
    at = context.now_ms
    writer.run("medium.set_allocated", id=str(chosen.id), at=at)
    writer.run(
        "medium.add_logical",
        id=str(logical),
        side=str(chosen.id),
        pool=str(pool.id),
        application=context.application,
        at=at,
    )
    if whole:
        for side in medium.sides:
            if side.id != chosen.id and side.state is SideState.AVAILABLE:
                pools.set_state(writer, medium, side, SideState.RESERVED)
    writer.run("medium.rank", medium=str(medium.id))
    return logical


def _release(context: Context, writer: Writer, medium: Medium, pool: Pool) -> Medium:
    """Free what was set aside, and send the medium to the free pool if its pool says so."""
    for side in medium.sides:
        if side.state is SideState.RESERVED:
            pools.set_state(writer, medium, side, SideState.AVAILABLE)
    medium = names.medium_by_id(writer, str(medium.id))
    # A side that is still to be imported keeps its medium here: Free would make its data look disposable.
    if pool.returns_to_free and all(side.state is SideState.AVAILABLE for side in medium.sides):
        free = pools.system_pool(context, writer, PoolKind.FREE, medium.media_type)
        target = writer.one("pool.by_id", id=free)
        assert target is not None  # noqa: S101 - made or found above
        pools.enter(writer, medium, rows.pool(target), SideState.AVAILABLE)
        context.event(
            writer,
            "medium moved to pool",
            f"{medium.name} returned to pool {target['path']}",
            medium=str(medium.id),
        )
    return names.medium_by_id(writer, str(medium.id))


def _chosen_because(
    medium: Medium, chosen: Side, pool: Pool, came_from: str, *, asked: bool, next_of: str | None
) -> tuple[str, ...]:
    name = f"{medium.name} side {chosen.number}"
    if next_of is not None:
        return (f"{name}: the next side set aside with {next_of}",)
    if asked:
        return (f"{name}: asked for by name",)
    place = medium.place
    idle = place is not None and place.kind is PlaceKind.DRIVE and place.mounted_side is None
    why = (
        "idle in a drive" if idle else f"in {place.kind.name.lower()} {place.number}" if place else "on line"
    )
    origin = "its own pool" if came_from == pool.path else f"{came_from}, since {pool.path} had none"
    return (
        f"{name}: {why}, allocated {chosen.allocate_count} time(s) before, from {origin}",
        "order: idle in a drive, least allocated, longest unused, bar code",
    )
