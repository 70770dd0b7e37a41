"""A medium changer over a transport: the manager's contract in terms of SMC-3 commands.

What is read is decoded by `rsm_smc` and trusted as far as the codec's warnings go; what moves is sent once.
Each motion command goes three steps: unit attentions are drained first, and if one of them makes the
inventory doubtful nothing is sent; the command goes out once; the touched elements are read again, whatever
came back.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from rsm.hardware.faults import (
    BadReply,
    DeviceFault,
    DeviceGone,
    InventoryStale,
    NotSupported,
    OutcomeUnknown,
)
from rsm.hardware.inventory import (
    Capabilities,
    DeviceIdentity,
    ElementAddress,
    ElementKind,
    ElementReport,
    Inventory,
    MoveReport,
)
from rsm_scsi import timeouts
from rsm_scsi.attentions import reserves_anew, shows_new_pages, unsettles
from rsm_scsi.finding import DriveElement
from rsm_scsi.identify import introduce
from rsm_scsi.pages import ModePages, read_pages
from rsm_scsi.quirks import quirks_of
from rsm_scsi.reading import ElementReader, Reading
from rsm_scsi.reports import report_of
from rsm_scsi.unit import LogicalUnit, wants_waking
from rsm_smc import elements as element_status
from rsm_smc import sense as sense_data
from rsm_smc.cdb import (
    ExchangeMedium,
    InitializeElementStatus,
    InitializeElementStatusWithRange,
    MoveMedium,
    OpenCloseImportExport,
    PositionToElement,
    PreventAllow,
)
from rsm_smc.errors import EncodeError
from rsm_smc.identity import CHANGER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rsm.clock import Clock
    from rsm.hardware.contract import Drive
    from rsm_scsi.finding import DriveFinder
    from rsm_scsi.transport import Transport
    from rsm_scsi.unit import Command
    from rsm_smc.elements import Element
    from rsm_smc.sense import Sense

_LOG = logging.getLogger(__name__)

_INVALID_OPERATION_CODE = 0x20
_ROUNDS = 3
"""Readings of the whole inventory, if attentions keep coming in between."""


class ScsiChanger:
    """A medium changer; fills `rsm.hardware.contract.Changer`.

    Takes over the transport and closes it. `drives` opens the drive behind a data transfer element.
    Raises `NotSupported` if the device is no changer.
    """

    def __init__(self, transport: Transport, *, clock: Clock, drives: DriveFinder | None = None) -> None:
        self._clock = clock
        self._drives = drives
        self._unit = LogicalUnit(transport, clock=clock, on_attention=self._attend)
        self._stale = False
        self._locked = False
        self._lock_lost = False
        self._pages: ModePages | None = None
        self._kinds: dict[int, ElementKind] = {}
        self._drive_elements: dict[int, DriveElement] | None = None
        self._tags_seen = False
        self._access_means = False
        self._works: set[int] = set()
        introduction = introduce(self._unit)
        inquiry = introduction.inquiry
        self._identity = introduction.identity
        if inquiry.device_type != CHANGER and not inquiry.attached_changer:
            raise NotSupported(f"{self.device} is not a medium changer ({inquiry.vendor} {inquiry.product})")
        self._attached = inquiry.device_type != CHANGER
        self._reader_bit = inquiry.barcode_reader
        self._quirks = quirks_of(inquiry.vendor, inquiry.product)
        self._reader = ElementReader(
            self._unit, at_once=self._quirks.elements_at_once, attached=self._attached
        )

    # Who it is and what it can do

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._unit.device

    @property
    def identity(self) -> DeviceIdentity:
        """Vendor, product, revision and serial number."""
        return self._identity

    @property
    def stale(self) -> bool:
        """Whether a unit attention since the last inventory said that elements may have changed."""
        return self._stale

    @property
    def move_limit(self) -> float:
        """Seconds after which a motion command counts as lost."""
        return self._quirks.move_limit

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: from its mode pages, from what is known of the model, and from what it refused."""
        pages = self._read_pages()
        matrix = pages.capabilities
        quirks = self._quirks
        return Capabilities(
            reads_volume_tags=self._reads_tags(pages),
            rotates=pages.geometry is not None and any(item.rotates for item in pages.geometry.transports),
            exchanges=self._can(ExchangeMedium.OPCODE, known=matrix is not None and bool(matrix.exchanges)),
            initialises=self._can(InitializeElementStatus.OPCODE, known=True),
            positions=self._can(PositionToElement.OPCODE, known=quirks.positions),
            locks=self._can(PreventAllow.OPCODE, known=quirks.locks),
            moves_between=_pairs(matrix.moves) if matrix is not None and matrix.moves else None,
        )

    def _can(self, opcode: int, *, known: bool) -> bool:
        return opcode not in self._unit.refused and (known or opcode in self._works)

    def _reads_tags(self, pages: ModePages) -> bool:
        """Refused tags and seen tags are proof; after them the page (if S2C) and INQUIRY have a say."""
        if self._reader.tags_refused:
            return False
        if self._tags_seen:
            return True
        if pages.capabilities is not None and pages.capabilities.s2c:
            return pages.capabilities.volume_tag_reader
        return self._reader_bit is not False

    def _read_pages(self) -> ModePages:
        if self._pages is None:
            self._pages = read_pages(self._unit)
        return self._pages

    # Unit attentions

    def _attend(self, sense: Sense) -> None:
        """Note what a unit attention, or a deferred error, says about what is known."""
        _LOG.info("%s: unit attention %s", self.device, sense)
        if unsettles(sense):
            self._stale = True
        if shows_new_pages(sense):
            self._pages = None
        if reserves_anew(sense):
            self._lock_lost = self._locked

    # Looking

    def wait_ready(self, timeout: float) -> None:
        """Return once it is ready, having sent INITIALIZE ELEMENT STATUS if it waits for that (02/04/02)."""
        self._unit.wait_ready(timeout, wake=self._initialise_all)

    def inventory(self) -> Inventory:
        """Give every element as it is now, without moving anything."""
        verdict = self._unit.probe()  # takes away the attentions that tell of the time before
        if wants_waking(verdict):
            self._initialise_all()
        for _ in range(_ROUNDS):
            self._stale = False
            inventory = self._read_inventory()
            if not self._stale:
                break
        self._lock_again()
        return inventory

    def _read_inventory(self) -> Inventory:
        assignment = self._read_pages().assignment
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
        self._kinds = {address: ElementKind(item.kind) for address, item in found.items()}
        self._tags_seen = any(item.volume_tag for item in found.values())
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
                    f"{self.device} has {declared} storage elements by mode page 1Dh, and reports none of them",
                    hint="look at the library's panel; nothing of what was known before is changed",
                )
        return reading

    def _identify_drives(self, found: dict[int, Element]) -> tuple[str, ...]:
        """Read the drives a second time, for their identifiers only."""
        addresses = sorted(
            address for address, item in found.items() if item.kind is _smc(ElementKind.DATA_TRANSFER)
        )
        reading = Reading({})
        if addresses:
            reading = self._reader.identifiers(
                ElementKind.DATA_TRANSFER, start=addresses[0], declared=len(addresses)
            )
        self._drive_elements = {
            address: _drive_element(found[address], reading.elements.get(address)) for address in addresses
        }
        return reading.warnings

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        """Give the named elements as they are now, in address order; unknown addresses are left out."""
        by_kind: dict[ElementKind, list[int]] = {}
        for address in sorted(set(addresses)):
            kind = self._kind_of(address)
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

    def _kind_of(self, address: int) -> ElementKind | None:
        """Tell the type of an element: as it was seen, else as page 1Dh assigns it."""
        if not self._kinds:
            assignment = self._read_pages().assignment
            if assignment is None:
                stale = self._stale
                self._read_inventory()
                self._stale |= stale
            else:
                return next(
                    (kind for kind in ElementKind if address in assignment.range_of(_smc(kind))), None
                )
        return self._kinds.get(address)

    def _reports(self, elements: Iterable[Element]) -> tuple[ElementReport, ...]:
        drives = self._drive_elements or {}
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

    # Moving

    def move(
        self, source: ElementAddress, destination: ElementAddress, *, invert: bool = False
    ) -> MoveReport:
        """Move the medium in `source` to `destination`, turned over if `invert`; sent once."""
        command = MoveMedium(source, destination, invert=invert, attached=self._attached)
        doing = f"move the medium in element {source} to element {destination}"
        return self._carry_out(command, doing, (source, destination))

    def exchange(
        self,
        source: ElementAddress,
        first: ElementAddress,
        second: ElementAddress,
        *,
        invert_first: bool = False,
        invert_second: bool = False,
    ) -> MoveReport:
        """Put the medium of `source` into `first`, and what was there into `second`, in one command."""
        command = ExchangeMedium(
            source,
            first,
            second,
            invert_first=invert_first,
            invert_second=invert_second,
            order=self._quirks.invert_order,
        )
        doing = f"exchange the media of elements {source}, {first} and {second}"
        self._must_have(ExchangeMedium.OPCODE, doing)
        if self._read_pages().capabilities is not None and not self.capabilities.exchanges:
            raise NotSupported(f"{self.device} cannot {doing}: mode page 1Fh names no exchange")
        return self._carry_out(command, doing, (source, first, second))

    def _carry_out(self, command: Command, doing: str, touched: Iterable[int]) -> MoveReport:
        """Drain, send once, look."""
        self._settle(command, doing)
        touched, robots = tuple(touched), self._robots()
        fault = self._unit.move_once(command, doing, timeout=self.move_limit)
        self._note(command, fault)
        addresses = {ElementAddress(address) for address in (*touched, *robots)}
        if fault is None:
            return self._confirmed(doing, addresses)
        if fault.executed is None:
            self._unit.wait_idle(self.move_limit)
        try:
            fault.seen = self.look(addresses)
        except DeviceFault as failure:
            _LOG.warning("%s could not be looked at after a failed move: %s", self.device, failure)
        raise self._unknown_element(fault, touched) or fault

    def _unknown_element(self, fault: DeviceFault, addresses: Iterable[int]) -> DeviceFault | None:
        """Say which element does not exist; devices say 05/21/01, tgt 05/24/00, and neither which."""
        if not isinstance(fault, NotSupported):
            return None
        for address in addresses:
            if self._kind_of(address) is None:
                named = NotSupported(
                    f"{self.device} has no element {address}", sense=fault.sense, element=address
                )
                named.seen = fault.seen
                return named
        return None

    def _settle(self, command: Command, doing: str) -> None:
        """Make sure that the command can be sent, and that what it rests on still holds; sends only TUR."""
        try:
            command.encode()
        except EncodeError as error:
            raise NotSupported(f"{self.device} cannot {doing}: {error}") from error
        self.wait_ready(timeouts.READY)
        if self._stale:
            raise InventoryStale(
                f"{self.device} did not {doing}: its elements may have changed since they were last looked at",
                hint="take an inventory first (rsm library inventory)",
            )

    def _confirmed(self, doing: str, addresses: Collection[ElementAddress]) -> MoveReport:
        """Look at what a good move touched; the look decides, not the status."""
        try:
            seen = self.look(addresses)
        except DeviceFault as failure:
            raise OutcomeUnknown(
                f"{self.device} said that it did {doing}, but cannot be looked at: {failure}",
                hint=failure.hint,
                sense=failure.sense,
            ) from failure
        warnings = ("the library says that its elements may have changed",) if self._stale else ()
        return MoveReport(seen, warnings)

    def _robots(self) -> range:
        assignment = self._read_pages().assignment
        return assignment.range_of(_smc(ElementKind.TRANSPORT)) if assignment is not None else range(0)

    # What a changer may leave out

    def initialise(self, elements: range | None = None) -> None:
        """Make the library look at its elements anew (all, or a range of addresses); may take an hour."""
        self._unit.probe()
        if elements is None or not self._initialise_range(elements):
            self._initialise_all()

    def _initialise_all(self) -> None:
        self._try(InitializeElementStatus(), "look at its elements anew")

    def _initialise_range(self, elements: range) -> bool:
        """Send the command with a range, in the form that the device knows; False if it knows none."""
        for vendor in (self._quirks.vendor_range, not self._quirks.vendor_range):
            command = InitializeElementStatusWithRange(elements.start, len(elements), vendor=vendor)
            opcode = command.encode()[0]
            if opcode in self._unit.refused:
                continue
            try:
                self._try(command, f"look at elements {elements.start} to {elements.stop - 1} anew")
            except NotSupported:
                if opcode not in self._unit.refused:
                    raise
                continue
            return True
        return False

    def position(self, destination: ElementAddress) -> None:
        """Send the transport to stand before an element, to save time later."""
        self._unit.probe()
        self._try(PositionToElement(destination), f"position its transport before element {destination}")

    def lock(self, locked: bool) -> None:  # noqa: FBT001 - the state itself is the argument
        """Prevent, or allow again, removal of media by hand; asserted again after a reset."""
        self._try(PreventAllow(prevent=locked), "lock its doors" if locked else "unlock its doors")
        self._locked, self._lock_lost = locked, False

    def _lock_again(self) -> None:
        if self._lock_lost:
            self.lock(locked=True)

    def open_port(self, address: ElementAddress, *, opened: bool) -> None:
        """Open or close an import/export element towards the operator."""
        doing = f"{'open' if opened else 'close'} import/export element {address}"
        self._unit.probe()
        self._try(OpenCloseImportExport(address, close=not opened), doing)

    def _try(self, command: Command, doing: str) -> None:
        """Send an optional command that is harmless to send again after a unit attention."""
        try:
            opcode = command.encode()[0]
        except EncodeError as error:
            raise NotSupported(f"{self.device} cannot {doing}: {error}") from error
        self._must_have(opcode, doing)
        fault = self._unit.move_once(command, doing, timeout=timeouts.limit(opcode))
        if isinstance(fault, InventoryStale):
            fault = self._unit.move_once(command, doing, timeout=timeouts.limit(opcode))
        self._note(command, fault)
        if fault is not None:
            raise fault

    def _note(self, command: Command, fault: DeviceFault | None) -> None:
        """Remember whether the device has this command (05/20/00: it has not)."""
        opcode = command.encode()[0]
        if fault is None:
            self._works.add(opcode)
        elif isinstance(fault, NotSupported) and _says_no_such_command(fault):
            self._unit.refused.add(opcode)

    def _must_have(self, opcode: int, doing: str) -> None:
        if opcode in self._unit.refused:
            raise NotSupported(f"{self.device} cannot {doing}: it has no such command")

    # Drives and the end

    def drive(self, address: ElementAddress) -> Drive:
        """Open the drive behind a data transfer element; raises `DeviceGone` if no node is known."""
        if self._drive_elements is None:
            stale = self._stale
            self._read_inventory()
            self._stale |= stale
        elements = self._drive_elements or {}
        if address not in elements:
            raise DeviceGone(f"element {address} of {self.device} is not a drive", element=address)
        if self._drives is None:
            raise DeviceGone(f"nothing is known of the nodes of the drives of {self.device}", element=address)
        return self._drives(elements[address], [elements[key] for key in sorted(elements)])

    def close(self) -> None:
        """Give the device back; further calls raise `DeviceGone`."""
        self._unit.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()


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


def _says_no_such_command(fault: DeviceFault) -> bool:
    return sense_data.decode(fault.sense).asc == _INVALID_OPERATION_CODE


def _smc(kind: ElementKind) -> element_status.ElementKind:
    return element_status.ElementKind(kind)


def _pairs(
    moves: Iterable[tuple[element_status.ElementKind, element_status.ElementKind]],
) -> frozenset[tuple[ElementKind, ElementKind]]:
    return frozenset((ElementKind(source), ElementKind(destination)) for source, destination in moves)


def _noun(kind: ElementKind) -> str:
    return kind.name.lower().replace("_", " ")
