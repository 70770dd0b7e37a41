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
from rsm_scsi.identify import introduce
from rsm_scsi.quirks import Quirks, quirks_of
from rsm_scsi.resending import doubted
from rsm_scsi.survey import Survey
from rsm_scsi.transport import UNCONSTRAINED
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
    from rsm_scsi.pages import ModePages
    from rsm_scsi.transport import Constraints, Transport
    from rsm_scsi.unit import Command
    from rsm_smc.sense import Sense

_LOG = logging.getLogger(__name__)

_INVALID_OPERATION_CODE = 0x20
_ROUNDS = 3
"""Readings of the whole inventory, if attentions keep coming in between."""


class ScsiChanger:
    """A medium changer; fills `rsm.hardware.contract.Changer`.

    Takes over the transport and closes it. `drives` opens the drive behind a data transfer element,
    `constraints` says what the transport cannot do. Raises `NotSupported` if the device is no changer.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock,
        drives: DriveFinder | None = None,
        constraints: Constraints = UNCONSTRAINED,
    ) -> None:
        self._constraints = constraints
        self._clock = clock
        self._drives = drives
        self._unit = LogicalUnit(transport, clock=clock, on_attention=self._attend)
        self._stale = False
        self._locked = False
        self._lock_lost = False
        self._works: set[int] = set()
        self._survey = Survey(self._unit, Quirks(), attached=False)  # attentions may come from the start on
        introduction = introduce(self._unit)
        inquiry = introduction.inquiry
        self._identity = introduction.identity
        if inquiry.device_type != CHANGER and not inquiry.attached_changer:
            raise NotSupported(f"{self.device} is not a medium changer ({inquiry.vendor} {inquiry.product})")
        self._attached = inquiry.device_type != CHANGER
        self._reader_bit = inquiry.barcode_reader
        self._quirks = quirks_of(inquiry.vendor, inquiry.product)
        self._survey = Survey(self._unit, self._quirks, attached=self._attached)

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
        """Seconds after which a motion command counts as lost, the wait before it is sent included."""
        return timeouts.SETTLED + max(self._quirks.move_limit, self._constraints.command_limit)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: from its mode pages, from what is known of the model, and from what it refused."""
        pages = self._survey.pages()
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
        if self._survey.tags_refused:
            return False
        if self._survey.tags_seen:
            return True
        if pages.capabilities is not None and pages.capabilities.s2c:
            return pages.capabilities.volume_tag_reader
        return self._reader_bit is not False

    # Unit attentions

    def _attend(self, sense: Sense) -> None:
        """Note what a unit attention, or a deferred error, says about what is known."""
        _LOG.info("%s: unit attention %s", self.device, sense)
        if unsettles(sense):
            self._stale = True
        if shows_new_pages(sense):
            self._survey.forget_pages()
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
            inventory = self._read_afresh()
            if not self._stale:
                break
        self._lock_again()
        return inventory

    def _read_afresh(self) -> Inventory:
        """Read everything; what was stale before stays so if that fails."""
        before, self._stale = self._stale, False
        try:
            return self._survey.read()
        except BaseException:
            self._stale |= before
            raise

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        """Give the named elements as they are now, in address order; unknown addresses are left out."""
        return self._survey.look(addresses)

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
        if self._survey.pages().capabilities is not None and not self.capabilities.exchanges:
            raise NotSupported(f"{self.device} cannot {doing}: mode page 1Fh names no exchange")
        return self._carry_out(command, doing, (source, first, second))

    def _carry_out(self, command: Command, doing: str, touched: Iterable[int]) -> MoveReport:
        """Drain, send once, look."""
        self._settle(command, doing)
        touched, robots = tuple(touched), self._survey.robots()
        addresses = {ElementAddress(address) for address in (*touched, *robots)}
        before: tuple[ElementReport, ...] = ()
        if self._constraints.resends:
            before = self.look(addresses)
            self._settle(command, doing)
        fault = self._unit.move_once(command, doing, timeout=self._quirks.move_limit)
        self._note(command, fault)
        if fault is None:
            return self._confirmed(doing, addresses)
        if fault.executed is None or self._constraints.resends:
            self._unit.wait_idle(self._quirks.move_limit)
        try:
            fault.seen = self.look(addresses)
        except DeviceFault as failure:
            _LOG.warning("%s could not be looked at after a failed move: %s", self.device, failure)
        fault = self._unknown_element(fault, touched) or fault
        raise doubted(fault, before) if self._constraints.resends else fault

    def _unknown_element(self, fault: DeviceFault, addresses: Iterable[int]) -> DeviceFault | None:
        """Say which element does not exist; devices say 05/21/01, tgt 05/24/00, and neither which."""
        if not isinstance(fault, NotSupported) or not fault.seen:
            return None
        present = {item.address for item in fault.seen}
        missing = next((address for address in addresses if address not in present), None)
        if missing is None:
            return None
        named = NotSupported(f"{self.device} has no element {missing}", sense=fault.sense, element=missing)
        named.seen = fault.seen
        return named

    def _settle(self, command: Command, doing: str) -> None:
        """Make sure that the command can be sent, and that what it rests on still holds; sends only TUR."""
        try:
            command.encode()
        except EncodeError as error:
            raise NotSupported(f"{self.device} cannot {doing}: {error}") from error
        self.wait_ready(timeouts.SETTLED)
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
        if not self._lock_lost:
            return
        try:
            self.lock(locked=True)
        except DeviceFault as fault:
            _LOG.warning("%s could not be locked again: %s", self.device, fault)

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
        elements = self._survey.drives()
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


def _says_no_such_command(fault: DeviceFault) -> bool:
    return sense_data.decode(fault.sense).asc == _INVALID_OPERATION_CODE


def _pairs(
    moves: Iterable[tuple[element_status.ElementKind, element_status.ElementKind]],
) -> frozenset[tuple[ElementKind, ElementKind]]:
    return frozenset((ElementKind(source), ElementKind(destination)) for source, destination in moves)
