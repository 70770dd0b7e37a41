"""What a changer knows of its elements: read as a whole or one by one, keyed by the addresses seen.

Mode page 1Dh says where to look; what is found there counts (scsi.md §3 rows 12 to 14). Drives are read
twice, for their tags and for their identifiers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.hardware.faults import BadReply
from rsm.hardware.inventory import ElementAddress, ElementKind, ElementReport, Inventory
from rsm_scsi.finding import DriveElement
from rsm_scsi.pages import ModePages, read_pages
from rsm_scsi.reading import ElementReader, Reading
from rsm_scsi.reports import KIND_OF, report_of
from rsm_smc import elements as element_status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rsm_scsi.quirks import Quirks
    from rsm_scsi.unit import LogicalUnit
    from rsm_smc.elements import Element


class Survey:
    """The elements of one changer, as they were last seen."""

    def __init__(self, unit: LogicalUnit, quirks: Quirks, *, attached: bool) -> None:
        self._unit = unit
        self._quirks = quirks
        self._reader = ElementReader(unit, at_once=quirks.elements_at_once, attached=attached)
        self._pages: ModePages | None = None
        self._kinds: dict[int, ElementKind] = {}
        self._drives: dict[int, DriveElement] | None = None
        self._access_means = False
        self.tags_seen = False
        """Whether the last inventory had a volume tag."""

    @property
    def tags_refused(self) -> bool:
        """Whether the device refuses volume tags."""
        return self._reader.tags_refused

    def pages(self) -> ModePages:
        """Give the mode pages, read once until they are forgotten."""
        if self._pages is None:
            self._pages = read_pages(self._unit)
        return self._pages

    def forget_pages(self) -> None:
        """Read the mode pages anew when they are next needed."""
        self._pages = None

    def drives(self) -> dict[int, DriveElement]:
        """Give the drives by element address, as the last inventory found them."""
        if self._drives is None:
            self.read()
        return self._drives or {}

    def robots(self) -> range:
        """Give the addresses of the transports."""
        assignment = self.pages().assignment
        return range(0) if assignment is None else assignment.range_of(_smc(ElementKind.TRANSPORT))

    def read(self) -> Inventory:
        """Read every element."""
        assignment = self.pages().assignment
        readings = [
            (kind, assigned, self._read_type(kind, assigned))
            for kind in ElementKind
            if (assigned := None if assignment is None else assignment.range_of(_smc(kind))) is None
            or assigned
        ]
        warnings = [warning for _, _, reading in readings for warning in reading.warnings]
        if any(reading.answered for _, _, reading in readings):
            warnings += _count_warnings(readings)
        else:
            readings = [(ElementKind.STORAGE, None, self._reader.everything())]
            warnings += readings[0][2].warnings
        found = {address: item for _, _, reading in readings for address, item in reading.elements.items()}
        warnings += self._identify_drives(found)
        self._kinds = {address: KIND_OF[item.kind] for address, item in found.items()}
        self.tags_seen = any(item.volume_tag for item in found.values())
        return Inventory(self._reports(found.values()), tuple(dict.fromkeys(warnings)))

    def _read_type(self, kind: ElementKind, assigned: range | None) -> Reading:
        """Read a type; where there should be elements, an answer that there are none is asked for twice.

        Raises `BadReply` if it holds for the slots: to believe it would be to lose every medium.
        """
        start, declared = (0, None) if assigned is None else (assigned.start, len(assigned))
        reading = self._reader.type(kind, start=start, declared=declared)
        if assigned and reading.answered and not reading.elements:
            reading = self._reader.type(kind, start=start, declared=declared)
            if kind is ElementKind.STORAGE and reading.answered and not reading.elements:
                raise BadReply(
                    f"{self._unit.device} has {declared} storage elements by mode page 1Dh, and reports none of them",
                    hint="look at the library's panel; nothing of what was known before is changed",
                )
        return reading

    def _identify_drives(self, found: dict[int, Element]) -> tuple[str, ...]:
        """Read the drives a second time, for their identifiers only."""
        addresses = sorted(
            address
            for address, item in found.items()
            if item.kind is element_status.ElementKind.DATA_TRANSFER
        )
        reading = Reading({})
        if addresses:
            reading = self._reader.identifiers(
                ElementKind.DATA_TRANSFER, start=addresses[0], declared=len(addresses)
            )
        self._drives = {
            address: _drive_element(found[address], reading.elements.get(address)) for address in addresses
        }
        return reading.warnings

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        """Give the named elements as they are now, in address order; unknown addresses are left out."""
        by_kind: dict[ElementKind, list[int]] = {}
        for address in sorted(set(addresses)):
            kind = self.kind_of(address)
            if kind is not None:
                by_kind.setdefault(kind, []).append(int(address))
        found: dict[int, Element] = {}
        answered = not by_kind
        for kind, wanted in by_kind.items():
            reading = self._reader.these(kind, wanted)
            answered |= reading.answered
            found.update(reading.elements)
        if not answered:
            every = self._reader.everything().elements
            found = {address: every[address] for address in map(int, addresses) if address in every}
        return self._reports(found.values())

    def kind_of(self, address: int) -> ElementKind | None:
        """Tell the type of an element: as it was seen, else as page 1Dh assigns it."""
        if not self._kinds:
            assignment = self.pages().assignment
            if assignment is None:
                self.read()
            else:
                return next(
                    (kind for kind in ElementKind if address in assignment.range_of(_smc(kind))), None
                )
        return self._kinds.get(address)

    def _reports(self, elements: Iterable[Element]) -> tuple[ElementReport, ...]:
        drives = self._drives or {}
        ordered = sorted(elements, key=lambda item: item.address)
        self._access_means |= any(item.access for item in ordered)
        return tuple(
            report_of(
                item,
                self._quirks,
                drive_serial=_serial(drives.get(item.address)),
                access_means=self._access_means,
            )
            for item in ordered
        )


def _count_warnings(readings: Iterable[tuple[ElementKind, range | None, Reading]]) -> list[str]:
    return [
        f"mode page 1Dh counts {len(assigned)} {_noun(kind)} elements, {len(reading.elements)} were reported"
        for kind, assigned, reading in readings
        if assigned is not None and len(reading.elements) != len(assigned)
    ]


def _drive_element(plain: Element, identified: Element | None) -> DriveElement:
    identifier = identified.identifier if identified is not None else None
    serial = identifier.serial if identifier is not None else None
    return DriveElement(plain.address, serial, identifier, plain.scsi_address)


def _serial(drive: DriveElement | None) -> str | None:
    return drive.serial if drive is not None else None


def _smc(kind: ElementKind) -> element_status.ElementKind:
    return element_status.ElementKind(kind)


def _noun(kind: ElementKind) -> str:
    return kind.name.lower().replace("_", " ")
