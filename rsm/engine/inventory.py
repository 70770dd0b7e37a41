"""Take an inventory: look, compare with what is recorded, and record what was seen in one transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from rsm.engine import names, pools, recording
from rsm.engine.compare import compare
from rsm.engine.findings import PLACE_OF, Findings, Flight, KnownMedium, KnownPlace, Recorded
from rsm.hardware.faults import BadReply, NotSupported
from rsm.model.outcome import InventoryOutcome
from rsm.model.states import BarcodeState, Identity, PlaceKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.engine.context import Context
    from rsm.hardware.contract import Changer
    from rsm.hardware.inventory import ElementReport, Inventory
    from rsm.model.objects import Library
    from rsm.model.outcome import Change
    from rsm.store.sqlite import Reader, Row, Writer


def take(context: Context, changer: Changer, library: Library, *, initialise: bool = True) -> Inventory:
    """Give every element of a library as it is now.

    A library that says of some elements that it has not looked at them, as some do after their door was
    open, is told to (INITIALIZE ELEMENT STATUS) unless `initialise` is False; that moves its arm, no medium,
    and may take an hour. It is told once: elements that it could not tell about the last time either do not
    count. Elements are read one type after the other, so a medium that somebody else's move
    carries meanwhile can be seen in two places; a second look at those two tells it from two media with one
    label.
    """
    seen = changer.inventory()
    with context.store.reading() as reader:
        before = {row["address"] for row in reader.all("library.unknown", library=str(library.id))}
    unknown = sum(report.full is None and report.address not in before for report in seen.elements)
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
        recording.apply(context, writer, library, findings, complete=True)
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
    recording.apply(context, writer, library, findings, complete=False)
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
