"""Take an inventory: look, compare with what is recorded, and record what was seen in one transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from rsm.engine import names, pools
from rsm.engine.compare import PLACE_OF, Findings, Flight, KnownMedium, KnownPlace, Put, Recorded, compare
from rsm.engine.identify import STATE_IN_POOL
from rsm.hardware.faults import BadReply, NotSupported
from rsm.model import transitions
from rsm.model.outcome import ChangeKind, InventoryOutcome
from rsm.model.states import BarcodeState, DriveState, Identity, MediumState, PlaceKind, PoolKind, SideState
from rsm.store import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.engine.context import Context
    from rsm.engine.identify import Sorted
    from rsm.hardware.contract import Changer
    from rsm.hardware.inventory import ElementReport, Inventory
    from rsm.model.objects import Library
    from rsm.model.outcome import Change
    from rsm.store.sqlite import Reader, Row, Writer


def take(context: Context, changer: Changer, *, initialise: bool = True) -> Inventory:
    """Give every element of a library as it is now.

    A library that says of some elements that it has not looked at them, as some do after their door was
    open, is told to (INITIALIZE ELEMENT STATUS) unless `initialise` is False; that moves its arm, no medium,
    and may take an hour. Elements are read one type after the other, so a medium that somebody else's move
    carries meanwhile can be seen in two places; a second look at those two tells it from two media with one
    label.
    """
    seen = changer.inventory()
    unknown = sum(report.full is None for report in seen.elements)
    if unknown and initialise and changer.capabilities.initialises:
        context.progress(f"the library has not looked at {unknown} element(s) yet; telling it to")
        try:
            changer.initialise()
        except NotSupported:
            return seen
        seen = changer.inventory()
    counts = Counter(report.volume_tag for report in seen.elements if report.volume_tag)
    doubled = [each.address for each in seen.elements if each.volume_tag and counts[each.volume_tag] > 1]
    if not doubled:
        return seen
    again = {report.address: report for report in changer.look(doubled)}
    return replace(seen, elements=tuple(again.get(report.address, report) for report in seen.elements))


def preview(context: Context, changer: Changer, library: Library, seen: Inventory) -> InventoryOutcome:
    """Give what recording this inventory would change; nothing is written."""
    library = _as_it_is(library, changer)
    with context.store.reading() as reader:
        known = recorded(reader, library)
        _check_whole(known, seen)
        findings = compare(known, seen.elements, context.fresh, flight=_flight(reader, library))
    return _outcome(library, seen, findings, applied=False)


def record(context: Context, changer: Changer, library: Library, seen: Inventory) -> InventoryOutcome:
    """Record a full inventory and give what changed.

    Raises `BadReply` when a whole kind of element is missing from it: that is a broken reply, not an empty
    library, and nothing is recorded then.
    """
    # Asked before the gate is entered. The reader and the robot's turning may have been learnt by looking.
    library, device, revision = _as_it_is(library, changer), changer.device, changer.identity.revision
    with context.store.writing() as writer:
        known = recorded(writer, library)
        _check_whole(known, seen)
        findings = compare(known, seen.elements, context.fresh, flight=_flight(writer, library))
        _apply(context, writer, library, findings, complete=True)
        writer.run(
            "library.set_inventoried",
            id=str(library.id),
            at=context.now_ms,
            device=device,
            revision=revision,
            reads_volume_tags=library.reads_volume_tags,
            rotates=library.rotates,
        )
        context.event(
            writer,
            "inventory",
            f"inventory of {library.name}: {len(seen.elements)} elements, {_media(findings)} media,"
            f" {len(findings.changes)} changes",
            library=str(library.id),
        )
    return _outcome(library, seen, findings, applied=True)


def observe(
    context: Context,
    writer: Writer,
    library: Library,
    seen: Sequence[ElementReport],
    *,
    flight: Flight | None = None,
) -> tuple[Change, ...]:
    """Record some elements as they were just seen, within a transaction of the caller's; gives the changes."""
    findings = compare(recorded(writer, library, seen), seen, context.fresh, partial=True, flight=flight)
    _apply(context, writer, library, findings, complete=False)
    if findings.leaves_doubt or findings.missing:
        writer.run("library.set_stale", id=str(library.id), stale=1)
    return tuple(findings.changes)


def recorded(reader: Reader, library: Library, seen: Sequence[ElementReport] | None = None) -> Recorded:
    """Give what the store holds of a library: all of it, or what concerns the elements seen.

    Raises `UnknownLibrary` if it was removed meanwhile.
    """
    identity = str(library.id)
    row = names.library_row(reader, library)
    placeless: list[KnownMedium] = []
    if seen is None:
        places = [_place(each) for each in reader.all("library.places", library=identity)]
        media = [_medium(each) for each in reader.all("medium.brief_of_library", library=identity)]
        placeless = [medium for medium in media if not medium.place]
        numbers = Counter(place.kind for place in places)
        lost = [_medium(each) for each in reader.all("medium.brief_astray", library=identity)]
    else:
        found = (_only_kind(reader, identity, report) for report in seen)
        places = [_place(each) for each in found if each is not None]
        media = [_medium(e) for place in places for e in reader.all("medium.brief_at", place=place.id)]
        numbers = Counter(
            {PlaceKind(e["kind"]): e["places"] for e in reader.all("library.numbers", library=identity)}
        )
        lost = [
            _medium(e) for place in places for e in reader.all("medium.brief_astray_from", place=place.id)
        ]
    astray: dict[str, list[KnownMedium]] = {}
    for medium in lost:
        astray.setdefault(medium.home or "", []).append(medium)

    @cache
    def bearing(tag: str) -> list[KnownMedium]:
        return [_medium(row) for row in reader.all("medium.brief_by_barcode", barcode=tag)]

    return Recorded(
        library=library,
        library_id=identity,
        inventoried=row["inventoried"],
        places={(place.kind, place.address): place for place in places},
        numbers=numbers,
        at={medium.place: medium for medium in media if medium.place},
        placeless=placeless,
        astray=astray,
        bearing=bearing,
        types={each["name"] for each in reader.all("pool.types")},
        pool_name=pools.system_path,
    )


def _only_kind(reader: Reader, library: str, report: ElementReport) -> Row | None:
    return reader.one("library.place_at", library=library, kind=PLACE_OF[report.kind], address=report.address)


def _as_it_is(library: Library, changer: Changer) -> Library:
    capabilities = changer.capabilities
    return replace(library, reads_volume_tags=capabilities.reads_volume_tags, rotates=capabilities.rotates)


def _flight(reader: Reader, library: Library) -> Flight | None:
    """Give the move of this library that was sent and not settled, if there is one."""
    row = reader.one("journal.open_intent", library=str(library.id))
    return None if row is None else flight_of(row, still_open=True)


def flight_of(row: Row, *, still_open: bool) -> Flight:
    """Give an intent as the comparison needs it."""
    return Flight(row["medium"], row["source"], row["destination"], bool(row["inverted"]), still_open)


def _check_whole(known: Recorded, seen: Inventory) -> None:
    """Refuse an inventory in which a kind of element that the library had is not there at all."""
    had = Counter(place.kind for place in known.places.values() if place.present)
    has = {PLACE_OF[report.kind] for report in seen.elements}
    for kind, count in had.items():
        if kind is not PlaceKind.CHANGER and kind not in has:
            raise BadReply(
                f"library {known.library.name} reports no {kind.name.lower()} at all, and {count} are recorded;"
                " nothing was changed",
                hint=f"look again; if it is true: rsm library remove {known.library.name}, and add it anew",
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
    writer.many("library.set_exchanged", ({"id": place} for place in arrived))
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
            state = transitions.side(side.state, STATE_IN_POOL[what.pool], f"{found.name}:{side.number}")
            writer.run("medium.set_side_state", id=str(side.id), state=state)
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
    owner = rows.library(_shelf(writer)).id if complete else library
    writer.many(
        "medium.lose", ({"id": medium.id, "library": str(owner), "at": at} for medium in findings.missing)
    )


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
        row["disputed"],
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
        bool(row["turned"]),
        row["inventoried"],
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
