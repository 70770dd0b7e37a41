"""Write down what a look found: places, media, their order of preference, and the history, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.engine import names, pools
from rsm.engine.identify import STATE_IN_POOL
from rsm.model import transitions
from rsm.model.outcome import ChangeKind
from rsm.model.states import DriveState, MediumState, PlaceKind, PoolKind, SideState

if TYPE_CHECKING:
    from rsm.engine.context import Context
    from rsm.engine.findings import Findings, KnownPlace, Put
    from rsm.engine.identify import Sorted
    from rsm.model.objects import Library
    from rsm.model.outcome import Change
    from rsm.store.sqlite import Writer


def apply(context: Context, writer: Writer, library: Library, findings: Findings, *, complete: bool) -> None:
    """Write the findings; media are lifted off their places first, so that two can change places."""
    identity, at = str(library.id), context.now_ms
    puts = [put for put in findings.puts if _differs(put, identity)]
    _apply_places(writer, identity, findings)
    _apply_missing(writer, identity, findings, at, complete=complete)
    writer.many("medium.lift", ({"id": put.medium.id} for put in puts if put.medium.place != put.place.id))
    writer.many(
        "medium.put",
        (
            {
                "id": put.medium.id,
                "library": identity,
                "place": put.place.id,
                "home": put.home,
                "state": _state(put.place),
                "barcode": put.barcode,
                "barcode_state": put.barcode_state,
                "identity": put.identity.value,
                "turned": put.turned,
                "at": at,
            }
            for put in puts
        ),
    )
    _apply_found(context, writer, identity, findings, at)
    for put in puts:
        if put.sorted is not None:
            _sort_anew(context, writer, put.medium.id, put.sorted)
    writer.run("library.dismount_emptied", library=identity)
    # A medium that came into a drive by hand is not the one that was being dismounted there.
    arrived = [put.place.id for put in puts if put.medium.place != put.place.id]
    arrived += [found.place.id for found in findings.found]
    writer.many("library.set_kept", ({"id": place} for place in arrived))
    _rank(
        writer,
        identity,
        inside=[put.medium.id for put in puts] + [found.id for found in findings.found],
        gone=[medium.id for medium in findings.missing],
    )
    new = {found.place.address: found.id for found in findings.found}
    writer.many(
        "journal.event",
        (
            {
                "at": at,
                "kind": change.kind.value,
                "library": identity,
                "medium": str(change.medium) if change.medium else _entered(change, new),
                "text": f"{library.name}: {change.text}",
                "actor": context.actor,
            }
            for change in findings.changes
        ),
    )


def _entered(change: Change, new: dict[int, str]) -> str | None:
    """Give the id of the medium whose first appearance a change tells of."""
    about_medium = change.kind in {ChangeKind.MEDIUM_FOUND, ChangeKind.DUPLICATE}
    return new.get(change.address) if about_medium and change.address is not None else None


def _differs(put: Put, library: str) -> bool:
    """Tell whether recording a medium again would change anything but the time it was seen."""
    known = put.medium
    return (
        known.library,
        known.place,
        known.home,
        known.barcode,
        known.barcode_state,
        known.identity,
        known.turned,
    ) != (library, put.place.id, put.home, put.barcode, put.barcode_state, put.identity, put.turned)


_MANY = 100
"""Media from which ranking a whole library in one statement is cheaper than ranking each."""


def _rank(writer: Writer, library: str, *, inside: list[str], gone: list[str]) -> None:
    """Keep the ranking columns of sides in step with what was written about media and drives."""
    if len(inside) > _MANY:
        writer.run("medium.rank_library", library=library)
        inside = []
    writer.many("medium.rank", ({"medium": medium} for medium in (*inside, *gone)))


def _sort_anew(context: Context, writer: Writer, medium: str, what: Sorted) -> None:
    """Give a medium whose label was read for the first time the type and pool that a new one would get.

    Not if an application holds a side of it, or a person has put it into a pool of theirs.
    """
    found = names.medium_by_id(writer, medium)
    pool = names.pool(writer, found.pool)
    if pool.kind is PoolKind.APPLICATION or any(side.state in transitions.HELD for side in found.sides):
        return
    target = pools.system_pool(context, writer, what.pool, what.media_type)
    writer.run("medium.set_type", id=medium, media_type=what.media_type, pool=target)
    wanted = next(row["sides"] for row in writer.all("pool.types") if row["name"] == what.media_type)
    for side in found.sides:
        if side.number > wanted:
            writer.run("medium.remove_side", id=str(side.id))
        elif side.state is not SideState.DECOMMISSIONED:
            pools.set_state(writer, found, side, STATE_IN_POOL[what.pool])
    for number in range(len(found.sides) + 1, wanted + 1):
        writer.run(
            "medium.add_side",
            id=context.fresh(),
            medium=medium,
            number=number,
            state=STATE_IN_POOL[what.pool],
            pool=target,
            barcode=found.barcode or "",
        )


def _apply_places(writer: Writer, library: str, findings: Findings) -> None:
    def values(place: KnownPlace) -> dict[str, object]:
        return {
            "id": place.id,
            "present": place.present,
            "accessible": place.accessible,
            "full_seen": place.full,
            "condition": place.condition,
            "disputed": place.disputed,
            "serial": place.serial,
        }

    writer.many(
        "library.add_place",
        (
            values(place)
            | {
                "library": library,
                "kind": place.kind,
                "address": place.address,
                "number": place.number,
                "state": DriveState.DISMOUNTED if place.kind is PlaceKind.DRIVE else None,
            }
            for place, new, _ in findings.places
            if new
        ),
    )
    writer.many(
        "library.set_place",
        (values(place) for place, new, changed in findings.places if changed and not new),
    )


def _apply_missing(writer: Writer, library: str, findings: Findings, at: int, *, complete: bool) -> None:
    """Take missing media off their places: after a full inventory they are on the shelf.

    After a look at some elements they are still somewhere in the library; only its next inventory can tell.
    """
    if not findings.missing:
        return
    owner = names.shelf(writer) if complete else library
    writer.many("medium.lose", ({"id": medium.id, "library": owner, "at": at} for medium in findings.missing))


def _apply_found(context: Context, writer: Writer, library: str, findings: Findings, at: int) -> None:
    if not findings.found:
        return
    sides = {row["name"]: row["sides"] for row in writer.all("pool.types")}
    homes = {
        key: pools.system_pool(context, writer, *key)
        for key in {(each.sorted.pool, each.sorted.media_type) for each in findings.found}
    }
    media, faces = [], []
    for each in findings.found:
        pool = homes[each.sorted.pool, each.sorted.media_type]
        media.append(
            {
                "id": each.id,
                "barcode": each.barcode,
                "barcode_state": each.sorted.barcode_state,
                "identity": each.sorted.identity.value,
                "media_type": each.sorted.media_type,
                "pool": pool,
                "library": library,
                "place": each.place.id,
                "home": each.home,
                "state": _state(each.place),
                "turned": each.turned,
                "at": at,
            }
        )
        # The pick's last resort is the id: sorted ones make side 1 come before side 2.
        identities = sorted(context.fresh() for _ in range(sides[each.sorted.media_type]))
        faces += [
            {
                "id": identity,
                "medium": each.id,
                "number": number,
                "state": STATE_IN_POOL[each.sorted.pool],
                "pool": pool,
                "barcode": each.barcode or "",
            }
            for number, identity in enumerate(identities, start=1)
        ]
    writer.many("medium.add", media)
    writer.many("medium.add_side", faces)


def _state(place: KnownPlace) -> MediumState:
    return MediumState.LOADED if place.kind is PlaceKind.DRIVE else MediumState.IDLE
