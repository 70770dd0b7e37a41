"""Compare what a look saw with what is recorded: a pure function from both to a list of findings.

The theory. A medium is known by its bar code, not by where it stands; a slot is only a hint. So the tags
that were seen are given out first: each to the record that bears it, wherever that record says it was. A
medium without a readable tag is followed by continuity instead: it is still where it was, or it is where we
have just moved it, or the library names the element it came from and that element is now empty, or it is
back in the home from which it vanished. What none of this explains is new. A recorded medium that no
element accounts for is missing; it is kept, never deleted.

Two media bearing one tag cannot be told apart. The record that stands where it was recorded keeps it; every
other bearer becomes a record of its own, marked, in Unrecognized, and not usable until a person acts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from rsm.engine.identify import Sorted, sort
from rsm.hardware.inventory import ElementKind
from rsm.model.outcome import Change, ChangeKind
from rsm.model.states import BarcodeState, Identity, PlaceKind, PoolKind

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from rsm.hardware.inventory import ElementReport
    from rsm.model.objects import Library

PLACE_OF = {
    ElementKind.TRANSPORT: PlaceKind.CHANGER,
    ElementKind.STORAGE: PlaceKind.SLOT,
    ElementKind.IMPORT_EXPORT: PlaceKind.PORT,
    ElementKind.DATA_TRANSFER: PlaceKind.DRIVE,
}
"""What NTMS calls each SMC-3 element type."""


class KnownPlace(NamedTuple):
    """A place as recorded."""

    id: str
    kind: PlaceKind
    address: int
    number: int
    present: bool
    full: bool | None
    accessible: bool | None
    condition: str | None
    inverted: bool
    serial: str | None
    """Of the drive, if it is one and the library ever said."""

    @property
    def name(self) -> str:
        """`slot 4`, `drive 0`."""
        return f"{self.kind.name.lower()} {self.number}"


class KnownMedium(NamedTuple):
    """A medium as recorded, as far as comparing needs it."""

    id: str
    barcode: str | None
    barcode_state: BarcodeState
    identity: Identity
    library: str
    place: str | None
    home: str | None

    @property
    def name(self) -> str:
        """Its bar code, else the beginning of its id."""
        return self.barcode or self.id[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the store holds of one library, and how to ask it for media elsewhere."""

    library: Library
    library_id: str
    places: dict[tuple[PlaceKind, int], KnownPlace]
    at: dict[str, KnownMedium]
    """Media by the id of the place they are recorded in; of the looked-at places at least."""
    absent_at_home: dict[str, list[KnownMedium]]
    """Unlabelled media that vanished, by the id of their home."""
    bearing: Callable[[str], list[KnownMedium]]
    """All media, anywhere, that bear a tag."""
    types: Container[str]
    pool_name: Callable[[PoolKind, str], str]


class PlaceFinding(NamedTuple):
    """A place and what it looked like; `new` when it was not recorded before."""

    place: KnownPlace
    new: bool
    changed: bool


class Put(NamedTuple):
    """A recorded medium that was seen, and how it is to be recorded now."""

    medium: KnownMedium
    place: KnownPlace
    home: str | None
    barcode: str | None
    barcode_state: BarcodeState
    identity: Identity


class Found(NamedTuple):
    """A medium seen for the first time."""

    id: str
    place: KnownPlace
    home: str | None
    barcode: str | None
    sorted: Sorted


@dataclass(slots=True)
class Findings:
    """All that is to be recorded; `changes` tells people of the part that differs from the record."""

    places: list[PlaceFinding] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    missing: list[KnownMedium] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def compare(
    recorded: Recorded,
    seen: Sequence[ElementReport],
    new_id: Callable[[], str],
    *,
    partial: bool = False,
    followed: tuple[int, int] | None = None,
) -> Findings:
    """Give what differs between the record and what was seen.

    `partial` says that `seen` is only some elements, so that the others are left as they are. `followed`
    is the (source, destination) of a move just made, along which an unlabelled medium is followed.
    """
    return _Comparison(recorded, seen, new_id, partial=partial, followed=followed).run()


class _Comparison:
    def __init__(
        self,
        recorded: Recorded,
        seen: Sequence[ElementReport],
        new_id: Callable[[], str],
        *,
        partial: bool,
        followed: tuple[int, int] | None,
    ) -> None:
        self.recorded = recorded
        self.seen = seen
        self.new_id = new_id
        self.partial = partial
        self.followed = followed
        self.findings = Findings()
        self.claimed: set[str] = set()
        self.emptied: set[int] = set()
        self.place_of: dict[int, KnownPlace] = {}
        self.slots: dict[int, KnownPlace] = {}
        self._place_by_id = {place.id: place for place in recorded.places.values()}

    def run(self) -> Findings:
        occupied = self._places()
        tagged = [(place, report) for place, report in occupied if report.volume_tag]
        bare = [(place, report) for place, report in occupied if report.full and not report.volume_tag]
        counts = Counter(report.volume_tag for _, report in tagged)
        for place, report in tagged:
            self._give_tag(place, report, doubled=counts[report.volume_tag] > 1)
        unseen = [
            (place, report) for place, report in occupied if report.full is None and not report.volume_tag
        ]
        for place, _ in unseen:
            self._keep(place)
        for place, report in bare:
            self._follow(place, report)
        self._miss()
        return self.findings

    # -- places ------------------------------------------------------------------------------------------------
    def _places(self) -> list[tuple[KnownPlace, ElementReport]]:
        """Record every place that was looked at; give those that hold, or may hold, a medium."""
        numbers = Counter[PlaceKind]()
        for kind, _ in self.recorded.places:
            numbers[kind] += 1
        occupied = []
        for report in self.seen:
            kind = PLACE_OF[report.kind]
            known = self.recorded.places.get((kind, report.address))
            if known is None:
                # People count slots and ports from 1; drives from 0, as mtx does.
                number = numbers[kind] + (0 if kind is PlaceKind.DRIVE else 1)
                numbers[kind] += 1
            else:
                number = known.number
            absent = report.exception is not None and report.exception.absent
            now = KnownPlace(
                known.id if known else self.new_id(),
                kind,
                report.address,
                number,
                not absent,
                False if absent else report.full,
                report.accessible,
                _condition(report),
                report.inverted,
                report.drive_serial or (known.serial if known else None),
            )
            self._tell_place(known, now)
            self.findings.places.append(PlaceFinding(now, known is None, now != known))
            self.place_of[report.address] = now
            if kind is PlaceKind.SLOT:
                self.slots[report.address] = now
            if now.full is False:
                self.emptied.add(report.address)
            else:
                occupied.append((now, report))
        if not self.partial:
            self._unreported()
        return occupied

    def _unreported(self) -> None:
        """Mark places that a full inventory no longer reports: a shrunken partition, a drive taken out."""
        looked = {(finding.place.kind, finding.place.address) for finding in self.findings.places}
        for key, known in self.recorded.places.items():
            if key not in looked:
                gone = known._replace(
                    present=False, full=False, condition="no longer reported by the library"
                )
                self._tell_place(known, gone)
                self.findings.places.append(PlaceFinding(gone, new=False, changed=gone != known))
                self.place_of.setdefault(known.address, gone)

    def _tell_place(self, known: KnownPlace | None, now: KnownPlace) -> None:
        if known is None:
            self._change(ChangeKind.PLACE_FOUND, f"{now.name} is there", now)
            if now.condition:
                self._change(ChangeKind.PLACE_CHANGED, f"{now.name}: {now.condition}", now)
        elif known.present and not now.present:
            self._change(ChangeKind.PLACE_MISSING, f"{now.name} is gone: {now.condition}", now)
        elif now.present and not known.present:
            self._change(ChangeKind.PLACE_RETURNED, f"{now.name} is back", now)
        elif known.condition != now.condition:
            self._change(ChangeKind.PLACE_CHANGED, f"{now.name}: {now.condition or 'in order again'}", now)

    # -- media with a tag --------------------------------------------------------------------------------------
    def _give_tag(self, place: KnownPlace, report: ElementReport, *, doubled: bool) -> None:
        tag = report.volume_tag
        assert tag is not None  # noqa: S101 - callers pass tagged reports only
        here = self.recorded.at.get(place.id)
        bearers = [each for each in self.recorded.bearing(tag) if each.id not in self.claimed]
        medium = next((each for each in bearers if each.place == place.id), None)
        if medium is None and not doubled:
            medium = self._bearer_elsewhere(bearers)
            if medium and medium.place and medium.library != self.recorded.library_id:
                self._dispute(place, medium, tag)
                return
        if medium is None and not bearers and here and here.barcode is None and here.id not in self.claimed:
            self._change(
                ChangeKind.BARCODE_READ,
                f"the medium in {place.name} turns out to bear {tag}",
                place,
                here,
                tag,
            )
            medium = here
        if medium is None:
            self._find(place, report, duplicate=doubled or bool(bearers))
            return
        state = BarcodeState.DUPLICATE if doubled or len(self.recorded.bearing(tag)) > 1 else BarcodeState.OK
        if state is BarcodeState.DUPLICATE and medium.barcode_state is not state:
            self._change(ChangeKind.DUPLICATE, f"more than one medium bears {tag}", place, medium, tag)
        self._put(medium, place, report, tag, state, Identity.BARCODE)

    def _bearer_elsewhere(self, bearers: list[KnownMedium]) -> KnownMedium | None:
        """Give the one record that a tag seen once can mean; None if there is none, or no telling."""
        if len(bearers) <= 1:
            return bearers[0] if bearers else None
        sound = [each for each in bearers if each.barcode_state is not BarcodeState.DUPLICATE]
        return sound[0] if len(sound) == 1 else None

    def _dispute(self, place: KnownPlace, medium: KnownMedium, tag: str) -> None:
        """Tell of a medium that another library is recorded to hold; which of the two is wrong, only it can say."""
        self._change(
            ChangeKind.DUPLICATE,
            f"{place.name} holds {tag}, which is recorded in another library: take that library's inventory,"
            " then this one's again",
            place,
            medium,
            tag,
        )

    # -- media without -----------------------------------------------------------------------------------------
    def _keep(self, place: KnownPlace) -> None:
        """Leave alone what is recorded in a place that the library cannot tell about."""
        here = self.recorded.at.get(place.id)
        if here:
            self.claimed.add(here.id)

    def _follow(self, place: KnownPlace, report: ElementReport) -> None:
        medium = self._followed(place, report)
        if medium is None:
            self._find(place, report, duplicate=False)
            return
        state, identity = medium.barcode_state, Identity.INFERRED
        # Many drives and transports report no tag of what they hold; only a slot or port with a reader
        # that suddenly sees none is worth telling.
        readable = self.recorded.library.reads_volume_tags and place.kind in {PlaceKind.SLOT, PlaceKind.PORT}
        if medium.barcode and readable and state is BarcodeState.OK:
            state = BarcodeState.UNREADABLE
            self._change(
                ChangeKind.BARCODE_LOST,
                f"the label of {medium.name} in {place.name} cannot be read; taken for the same medium",
                place,
                medium,
                medium.barcode,
            )
        self._put(medium, place, report, medium.barcode, state, identity)

    def _followed(self, place: KnownPlace, report: ElementReport) -> KnownMedium | None:
        here = self.recorded.at.get(place.id)
        if here and here.id not in self.claimed:
            return here
        if self.followed and self.followed[1] == report.address:
            medium = self._left(self.followed[0])
            if medium:
                return medium
        if report.source is not None:
            medium = self._left(report.source)
            if medium:
                return medium
        absent = [
            each for each in self.recorded.absent_at_home.get(place.id, ()) if each.id not in self.claimed
        ]
        return absent[0] if len(absent) == 1 else None

    def _left(self, address: int) -> KnownMedium | None:
        """Give the medium recorded at an address that is now seen empty, if nothing else accounts for it."""
        if address not in self.emptied:
            return None
        medium = self.recorded.at.get(self.place_of[address].id)
        return medium if medium and medium.id not in self.claimed else None

    # -- results -----------------------------------------------------------------------------------------------
    def _find(self, place: KnownPlace, report: ElementReport, *, duplicate: bool) -> None:
        what = sort(self.recorded.library, report, duplicate=duplicate, types=self.recorded.types)
        medium = self.new_id()
        self.findings.found.append(
            Found(medium, place, self._home(None, place, report), report.volume_tag, what)
        )
        name = report.volume_tag or "a medium without a readable label"
        goes = self.recorded.pool_name(what.pool, what.media_type)
        if duplicate:
            text = f"another medium bears {name}, in {place.name}: goes to {goes} and is not used"
            self._change(ChangeKind.DUPLICATE, text, place, None, report.volume_tag)
        else:
            self._change(
                ChangeKind.MEDIUM_FOUND,
                f"{name} is new, in {place.name}: goes to {goes}",
                place,
                None,
                report.volume_tag,
            )

    def _put(
        self,
        medium: KnownMedium,
        place: KnownPlace,
        report: ElementReport,
        barcode: str | None,
        state: BarcodeState,
        identity: Identity,
    ) -> None:
        self.claimed.add(medium.id)
        self.findings.puts.append(
            Put(medium, place, self._home(medium, place, report), barcode, state, identity)
        )
        if medium.place == place.id:
            return
        if medium.place is None or medium.library != self.recorded.library_id:
            self._change(ChangeKind.MEDIUM_RETURNED, f"{medium.name} is back, in {place.name}", place, medium)
        else:
            origin = self._place_by_id[medium.place]
            self._change(
                ChangeKind.MEDIUM_MOVED,
                f"{medium.name} went from {origin.name} to {place.name}",
                place,
                medium,
            )

    def _home(self, medium: KnownMedium | None, place: KnownPlace, report: ElementReport) -> str | None:
        """Give a medium's home: the slot it stands in, else the one it had, else the slot it came from."""
        if place.kind is PlaceKind.SLOT:
            return place.id
        if medium is not None and medium.home is not None:
            return medium.home
        came_from = self.slots.get(report.source) if report.source is not None else None
        return came_from.id if came_from and came_from.full is False else None

    def _miss(self) -> None:
        looked = {finding.place.id for finding in self.findings.places}
        for place_id, medium in self.recorded.at.items():
            if medium.id in self.claimed or (self.partial and place_id not in looked):
                continue
            place = self._place_by_id[place_id]
            self.findings.missing.append(medium)
            self._change(
                ChangeKind.MEDIUM_MISSING, f"{medium.name} is no longer in {place.name}", place, medium
            )

    def _change(
        self,
        kind: ChangeKind,
        text: str,
        place: KnownPlace,
        medium: KnownMedium | None = None,
        barcode: str | None = None,
    ) -> None:
        self.findings.changes.append(
            Change(
                kind=kind,
                text=text,
                address=place.address,
                barcode=barcode or (medium.barcode if medium else None),
                medium=UUID(medium.id) if medium else None,
            )
        )


def _condition(report: ElementReport) -> str | None:
    """Give what is wrong with an element in words; None when nothing is."""
    if report.exception is not None:
        exception = report.exception
        return f"{exception.meaning} ({exception.asc:02X}/{exception.ascq:02X})"
    return "disabled by the library" if report.disabled else None
