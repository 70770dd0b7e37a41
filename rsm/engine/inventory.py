"""Take an inventory: look, compare with what is recorded, and record what was seen in one transaction."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rsm.engine import pools
from rsm.engine.compare import PLACE_OF, Findings, KnownMedium, KnownPlace, Put, Recorded, compare
from rsm.engine.identify import STATE_IN_POOL
from rsm.model.outcome import InventoryOutcome
from rsm.model.states import BarcodeState, DriveState, Identity, MediumState, PlaceKind
from rsm.store import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.engine.context import Context
    from rsm.hardware.inventory import ElementReport, Inventory
    from rsm.model.objects import Library
    from rsm.model.outcome import Change
    from rsm.store.sqlite import Reader, Row, Writer


def preview(context: Context, library: Library, seen: Inventory) -> InventoryOutcome:
    """Give what recording this inventory would change; nothing is written."""
    with context.store.reading() as reader:
        findings = compare(recorded(reader, library), seen.elements, context.fresh)
    return _outcome(library, seen, findings, applied=False)


def record(
    context: Context, library: Library, seen: Inventory, *, device: str, revision: str
) -> InventoryOutcome:
    """Record a full inventory and give what changed."""
    with context.store.writing() as writer:
        findings = compare(recorded(writer, library), seen.elements, context.fresh)
        _apply(context, writer, library, findings, complete=True)
        writer.run(
            "library.set_inventoried", id=str(library.id), at=context.now_ms, device=device, revision=revision
        )
        media = _media(findings)
        context.event(
            writer,
            "inventory",
            f"inventory of {library.name}: {len(seen.elements)} elements, {media} media, {len(findings.changes)} changes",
            library=str(library.id),
        )
    return _outcome(library, seen, findings, applied=True)


def observe(
    context: Context,
    writer: Writer,
    library: Library,
    seen: Sequence[ElementReport],
    *,
    followed: tuple[int, int] | None = None,
) -> tuple[Change, ...]:
    """Record some elements as they were just seen, within a transaction of the caller's; gives the changes."""
    findings = compare(recorded(writer, library, seen), seen, context.fresh, partial=True, followed=followed)
    _apply(context, writer, library, findings, complete=False)
    return tuple(findings.changes)


def recorded(reader: Reader, library: Library, seen: Sequence[ElementReport] | None = None) -> Recorded:
    """Give what the store holds of a library: all of it, or what concerns the elements seen."""
    identity = str(library.id)
    places = {
        (place.kind, place.address): place
        for place in map(_place, reader.all("library.places", library=identity))
    }
    if seen is None:
        media = map(_medium, reader.all("medium.brief_of_library", library=identity))
        at = {medium.place: medium for medium in media if medium.place}
    else:
        looked = [places[key] for key in ((PLACE_OF[r.kind], r.address) for r in seen) if key in places]
        rows_at = (row for place in looked for row in reader.all("medium.brief_at", place=place.id))
        at = {medium.place: medium for medium in map(_medium, rows_at) if medium.place}
    absent: dict[str, list[KnownMedium]] = {}
    for medium in map(_medium, reader.all("medium.brief_absent_at_home", library=identity)):
        absent.setdefault(medium.home or "", []).append(medium)

    @cache
    def bearing(tag: str) -> list[KnownMedium]:
        return [_medium(row) for row in reader.all("medium.brief_by_barcode", barcode=tag)]

    return Recorded(
        library=library,
        library_id=identity,
        places=places,
        at=at,
        absent_at_home=absent,
        bearing=bearing,
        types={row["name"] for row in reader.all("pool.types")},
        pool_name=pools.system_path,
    )


def _apply(context: Context, writer: Writer, library: Library, findings: Findings, *, complete: bool) -> None:
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
                "at": at,
            }
            for put in puts
        ),
    )
    _apply_found(context, writer, identity, findings, at)
    writer.run("library.dismount_emptied", library=identity)
    _rank(
        writer,
        identity,
        inside=[put.medium.id for put in puts] + [found.id for found in findings.found],
        gone=[medium.id for medium in findings.missing],
        places_changed=any(finding.changed for finding in findings.places),
    )
    writer.many(
        "journal.event",
        (
            {
                "at": at,
                "kind": change.kind.value,
                "library": identity,
                "medium": str(change.medium) if change.medium else None,
                "text": f"{library.name}: {change.text}",
                "actor": context.actor,
            }
            for change in findings.changes
        ),
    )


def _differs(put: Put, library: str) -> bool:
    """Tell whether recording a medium again would change anything but the time it was seen."""
    known = put.medium
    return (known.library, known.place, known.home, known.barcode, known.barcode_state, known.identity) != (
        library,
        put.place.id,
        put.home,
        put.barcode,
        put.barcode_state,
        put.identity,
    )


_MANY = 100
"""Media from which ranking a whole library in one statement is cheaper than ranking each."""


def _rank(writer: Writer, library: str, *, inside: list[str], gone: list[str], places_changed: bool) -> None:
    """Keep the ranking columns of sides in step with what was written about media and places."""
    if places_changed or len(inside) > _MANY:
        writer.run("medium.rank_library", library=library)
        inside = []
    writer.many("medium.rank", ({"medium": medium} for medium in (*inside, *gone)))


def _apply_places(writer: Writer, library: str, findings: Findings) -> None:
    def values(place: KnownPlace) -> dict[str, object]:
        return {
            "id": place.id,
            "present": place.present,
            "accessible": place.accessible,
            "full_seen": place.full,
            "condition": place.condition,
            "inverted": place.inverted,
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
    owner = rows.library(_shelf(writer)).id if complete else library
    writer.many(
        "medium.lose", ({"id": medium.id, "library": str(owner), "at": at} for medium in findings.missing)
    )
    if not complete:
        writer.run("library.set_stale", id=library, stale=1)


def _shelf(reader: Reader) -> Row:
    row = reader.one("library.shelf")
    assert row is not None  # noqa: S101 - the first migration made it, and nothing removes it
    return row


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


def _place(row: Row) -> KnownPlace:
    return KnownPlace(
        row["id"],
        PlaceKind(row["kind"]),
        row["address"],
        row["number"],
        bool(row["present"]),
        None if row["full_seen"] is None else bool(row["full_seen"]),
        None if row["accessible"] is None else bool(row["accessible"]),
        row["condition"],
        bool(row["inverted"]),
        row["serial"],
    )


def _medium(row: Row) -> KnownMedium:
    return KnownMedium(
        row["id"],
        row["barcode"],
        BarcodeState(row["barcode_state"]),
        Identity(row["identity"]),
        row["library"],
        row["place"],
        row["home"],
    )


def _media(findings: Findings) -> int:
    return len(findings.puts) + len(findings.found)


def _outcome(library: Library, seen: Inventory, findings: Findings, *, applied: bool) -> InventoryOutcome:
    return InventoryOutcome(
        library=library.name,
        changes=tuple(findings.changes),
        warnings=seen.warnings,
        applied=applied,
        elements=len(seen.elements),
        media=_media(findings),
    )
