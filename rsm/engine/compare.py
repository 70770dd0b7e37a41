"""Compare what a look saw with what is recorded: a pure function from both to a list of findings.

The theory. A medium is known by its bar code, not by where it stands; a slot is only a hint. So the tags
that were seen are given out first: each to the record that bears it, wherever that record says it was. A
medium without a readable tag is followed by continuity instead: it is still where it was, or it is where we
have just moved it, or the library names the element it came from and that element is now empty, or it is
back in the home from which it vanished. What none of this explains is new. A recorded medium that no
element accounts for is missing; it is kept, never deleted.

Two media bearing one tag cannot be told apart. The record that stands where it was recorded keeps it, every
other bearer is a record of its own, and none of them is used until a person acts. A tag that another library
is recorded to hold is left alone until that library's own inventory has said whether it still does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

from rsm.engine.findings import (
    PLACE_OF,
    Findings,
    Flight,
    Found,
    KnownMedium,
    KnownPlace,
    PlaceFinding,
    Put,
    Recorded,
)
from rsm.engine.identify import Sorted, sort
from rsm.model.outcome import Change, ChangeKind
from rsm.model.states import BarcodeState, Identity, PlaceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rsm.hardware.inventory import ElementReport


def compare(
    recorded: Recorded,
    seen: Sequence[ElementReport],
    new_id: Callable[[], str],
    *,
    partial: bool = False,
    flight: Flight | None = None,
) -> Findings:
    """Give what differs between the record and what was seen.

    `partial` says that `seen` is only some elements, so that the others are left as they are. `flight` is a
    move just made or not settled, along which an unlabelled medium is followed.
    """
    return _Comparison(recorded, seen, new_id, partial=partial, flight=flight).run()


class _Comparison:
    def __init__(
        self,
        recorded: Recorded,
        seen: Sequence[ElementReport],
        new_id: Callable[[], str],
        *,
        partial: bool,
        flight: Flight | None,
    ) -> None:
        self.recorded = recorded
        self.seen = seen
        self.new_id = new_id
        self.partial = partial
        self.flight = flight
        self.findings = Findings()
        self.claimed: set[str] = set()
        self.emptied: set[int] = set()
        self.place_of: dict[int, KnownPlace] = {}
        self.tag_at: dict[int, str | None] = {}
        self.slots: dict[int, KnownPlace] = {}
        self._place_by_id = {place.id: place for place in recorded.places.values()}

    def run(self) -> Findings:
        occupied = self._places()
        tagged = [(place, report) for place, report in occupied if report.volume_tag]
        counts = Counter(report.volume_tag for _, report in tagged)
        moved = [item for item in tagged if not self._stays(*item, doubled=counts[item[1].volume_tag] > 1)]
        for place, report in moved:
            self._give_tag(place, report, doubled=counts[report.volume_tag] > 1)
        for place, report in occupied:
            if not report.volume_tag and report.full is None:
                self._keep(place)
        for place, report in occupied:
            if not report.volume_tag and report.full:
                self._follow(place, report)
        self._miss()
        return self.findings

    # -- places ------------------------------------------------------------------------------------------------
    def _places(self) -> list[tuple[KnownPlace, ElementReport]]:
        """Record every place that was looked at; give those that hold, or may hold, a medium."""
        numbers = Counter(self.recorded.numbers)
        occupied = []
        for report in self.seen:
            kind = PLACE_OF[report.kind]
            known = self.recorded.places.get((kind, report.address))
            now = self._place_now(kind, report, known, numbers)
            self._tell_place(known, now)
            self.findings.places.append(PlaceFinding(now, known is None, now != known))
            self.place_of[report.address] = now
            self.tag_at[report.address] = report.volume_tag
            if kind is PlaceKind.SLOT:
                self.slots[report.address] = now
            if now.full is False:
                self.emptied.add(report.address)
            else:
                occupied.append((now, report))
        if not self.partial:
            self._unreported()
        return occupied

    def _place_now(
        self, kind: PlaceKind, report: ElementReport, known: KnownPlace | None, numbers: Counter[PlaceKind]
    ) -> KnownPlace:
        if known is None:
            # People count slots and ports from 1; drives from 0, as mtx does.
            number = numbers[kind] + (0 if kind is PlaceKind.DRIVE else 1)
            numbers[kind] += 1
        else:
            number = known.number
        absent = report.exception is not None and report.exception.absent
        return KnownPlace(
            known.id if known else self.new_id(),
            kind,
            report.address,
            number,
            not absent,
            False if absent else report.full,
            report.accessible,
            _condition(report),
            self._disputed(report),
            report.drive_serial or (known.serial if known else None),
        )

    def _disputed(self, report: ElementReport) -> str | None:
        """Give the tag seen here if the one record that bears it stands in another library."""
        if not report.volume_tag:
            return None
        bearers = self.recorded.bearing(report.volume_tag)
        elsewhere = [each for each in bearers if each.place and each.library != self.recorded.library_id]
        return report.volume_tag if elsewhere and len(bearers) == 1 else None

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
    def _stays(self, place: KnownPlace, report: ElementReport, *, doubled: bool) -> bool:
        """Give a tag to the record that bears it and stands right here, if there is one."""
        here = self.recorded.at.get(place.id)
        if here is None or here.barcode != report.volume_tag:
            return False
        self._put_tagged(here, place, report, doubled=doubled)
        return True

    def _give_tag(self, place: KnownPlace, report: ElementReport, *, doubled: bool) -> None:
        """Give a tag to the record that bears it elsewhere, to an unlabelled one, or to a new one."""
        tag = report.volume_tag or ""
        bearers = self.recorded.bearing(tag)
        if self._is_disputed(place, bearers):
            self._dispute(place, bearers[0], tag)
            return
        free = [each for each in bearers if each.id not in self.claimed and self._can_be_here(each)]
        sound = [each for each in free if each.barcode_state is not BarcodeState.DUPLICATE]
        medium = next(iter(sound or free), None)
        if medium is not None:
            self._put_tagged(medium, place, report, doubled=doubled or (len(free) > 1 and len(sound) != 1))
            return
        bare = None if bearers else self._followed(place, report)
        if bare is not None and bare.barcode is None:
            self._change(
                ChangeKind.BARCODE_READ,
                f"the medium in {place.name} turns out to bear {tag}",
                place,
                bare,
                tag,
            )
            what = sort(self.recorded.library, report, duplicate=doubled, types=self.recorded.types)
            self._put(bare, place, report, tag, what.barcode_state, what.identity, what)
            return
        self._find(place, report, duplicate=doubled or bool(bearers))

    def _can_be_here(self, medium: KnownMedium) -> bool:
        """Tell whether a bearer may be what was seen: it stands in no other library."""
        return medium.place is None or medium.library == self.recorded.library_id

    def _put_tagged(
        self, medium: KnownMedium, place: KnownPlace, report: ElementReport, *, doubled: bool
    ) -> None:
        """Record a bearer of a tag; doubled while another one is in a place too, or nobody can tell which it is."""
        tag = report.volume_tag or ""
        unsure = medium.barcode_state is BarcodeState.DUPLICATE and medium.identity is Identity.UNKNOWN
        twice = (
            doubled
            or unsure
            or any(self._stands(each) for each in self.recorded.bearing(tag) if each.id != medium.id)
        )
        state = BarcodeState.DUPLICATE if twice else BarcodeState.OK
        if twice and medium.barcode_state is not state:
            self._change(ChangeKind.DUPLICATE, f"more than one medium bears {tag}", place, medium, tag)
        # Which of two alike it is cannot be told once it has left the place where it stood.
        identity = Identity.UNKNOWN if twice and (unsure or medium.place != place.id) else Identity.BARCODE
        self._put(medium, place, report, tag, state, identity)

    def _stands(self, medium: KnownMedium) -> bool:
        """Tell whether a medium is in a place, as far as this look knows: seen, or recorded and not looked at."""
        if medium.id in self.claimed:
            return True
        if medium.place is None:
            return False
        known = self._place_by_id.get(medium.place)
        if known is None:
            return True
        now = self.place_of.get(known.address)
        return now is None or (
            now.full is not False and self.tag_at.get(known.address) in {None, medium.barcode}
        )

    def _is_disputed(self, place: KnownPlace, bearers: list[KnownMedium]) -> bool:
        """Tell whether to wait for another library's word; not if it spoke since the dispute was recorded."""
        if place.disputed is None:
            return False
        before = self._place_by_id.get(place.id)
        again = before is not None and before.disputed == place.disputed
        spoken = bearers[0].inventoried or 0
        return not (again and self.recorded.inventoried is not None and spoken >= self.recorded.inventoried)

    def _dispute(self, place: KnownPlace, medium: KnownMedium, tag: str) -> None:
        before = self._place_by_id.get(place.id)
        if before is not None and before.disputed == tag:
            return
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
        state = medium.barcode_state
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
        self._put(medium, place, report, medium.barcode, state, Identity.INFERRED)

    def _followed(self, place: KnownPlace, report: ElementReport) -> KnownMedium | None:
        """Give the record that continuity leads to from this element, if any does."""
        here = self.recorded.at.get(place.id)
        if here and here.id not in self.claimed:
            return here
        flight = self.flight
        if flight and (report.address == flight.destination or place.kind is PlaceKind.CHANGER):
            medium = self._left(flight.source)
            if medium:
                return medium
        if report.source is not None:
            medium = self._left(report.source)
            if medium:
                return medium
        astray = self.recorded.astray.get(place.id, [])
        if place.kind is PlaceKind.CHANGER:
            # A robot holds what one of its own moves has lost on the way.
            astray = [each for each in self.recorded.placeless if each.barcode is None]
        astray = [each for each in astray if each.id not in self.claimed]
        return astray[0] if len(astray) == 1 else None

    def _left(self, address: int) -> KnownMedium | None:
        """Give the medium recorded at an address that is now seen empty, if nothing else accounts for it."""
        if address not in self.emptied:
            return None
        medium = self.recorded.at.get(self.place_of[address].id)
        return medium if medium and medium.id not in self.claimed else None

    # -- results -----------------------------------------------------------------------------------------------
    def _find(self, place: KnownPlace, report: ElementReport, *, duplicate: bool) -> None:
        what = sort(self.recorded.library, report, duplicate=duplicate, types=self.recorded.types)
        home = self._home(None, place, report)
        self.findings.found.append(
            Found(self.new_id(), place, home, report.volume_tag, report.inverted, what)
        )
        name = report.volume_tag or "a medium without a readable label"
        goes = self.recorded.pool_name(what.pool, what.media_type)
        if duplicate:
            kind, text = (
                ChangeKind.DUPLICATE,
                f"another medium bears {name}, in {place.name}: goes to {goes} and is not used",
            )
        else:
            kind, text = ChangeKind.MEDIUM_FOUND, f"{name} is new, in {place.name}: goes to {goes}"
        self._change(kind, text, place, None, report.volume_tag)

    def _put(
        self,
        medium: KnownMedium,
        place: KnownPlace,
        report: ElementReport,
        barcode: str | None,
        state: BarcodeState,
        identity: Identity,
        what: Sorted | None = None,
    ) -> None:
        self.claimed.add(medium.id)
        home, turned = self._home(medium, place, report), self._turned(medium, place, report)
        self.findings.puts.append(Put(medium, place, home, barcode, state, identity, turned, what))
        if medium.place == place.id:
            return
        if medium.place is None or medium.library != self.recorded.library_id:
            self._change(ChangeKind.MEDIUM_RETURNED, f"{medium.name} is back, in {place.name}", place, medium)
            return
        origin = self._place_by_id.get(medium.place)
        if origin is None:
            # A look at a few elements found what is recorded elsewhere; whether it is really gone from
            # there, only a full inventory tells.
            self.findings.leaves_doubt = True
        came = f" from {origin.name}" if origin else ""
        self._change(ChangeKind.MEDIUM_MOVED, f"{medium.name} went{came} to {place.name}", place, medium)

    def _turned(self, medium: KnownMedium, place: KnownPlace, report: ElementReport) -> bool:
        """Tell which way up a medium lies, by an account of its moves.

        Libraries say only whether a medium was turned over since it left the element they name as its
        source (scsi.md §1.5). That is an answer where this element is the one that it was recorded in; where
        the library names another or none, what we asked for is all there is to go by.
        """
        origin = self._place_by_id.get(medium.place) if medium.place else None
        if origin is None or medium.place == place.id:
            return medium.turned
        if report.source == origin.address:
            return medium.turned != report.inverted
        flight = self.flight
        if flight and flight.medium == medium.id and place.address == flight.destination:
            return medium.turned != flight.inverted
        return medium.turned

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
        taken = {put.place.id for put in self.findings.puts} | {new.place.id for new in self.findings.found}
        for place_id, medium in self.recorded.at.items():
            if medium.id in self.claimed or (self.partial and place_id not in looked):
                continue
            if self._is_flying(medium) and place_id not in taken:
                continue
            place = self._place_by_id[place_id]
            self.findings.missing.append(medium)
            self._change(
                ChangeKind.MEDIUM_MISSING, f"{medium.name} is no longer in {place.name}", place, medium
            )
        if self.partial:
            return
        for medium in self.recorded.placeless:
            if medium.id not in self.claimed and not self._is_flying(medium):
                self.findings.missing.append(medium)
                self._change(ChangeKind.MEDIUM_MISSING, f"{medium.name} was not found", None, medium)

    def _is_flying(self, medium: KnownMedium) -> bool:
        """Tell whether a medium may be on its way: its move was sent, and how that ended is not known."""
        return self.flight is not None and self.flight.open and self.flight.medium == medium.id

    def _change(
        self,
        kind: ChangeKind,
        text: str,
        place: KnownPlace | None,
        medium: KnownMedium | None = None,
        barcode: str | None = None,
    ) -> None:
        self.findings.changes.append(
            Change(
                kind=kind,
                text=text,
                address=place.address if place else None,
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
