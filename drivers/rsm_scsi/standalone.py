"""A stand-alone drive as a changer whose robot is a person: one drive, no slots and one port.

The port (element 0) is the operator's hand: never full, the place media come from and go to. The drive
(element 1) is full when a medium is in it. Nothing moves without somebody, so `move` says what to do.
"""

# ruff: noqa: ARG002 - the contract's signatures; without a robot most of their arguments have no use

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from rsm.hardware.faults import (
    DeviceFault,
    DeviceGone,
    MoveRefused,
    NotReadyYet,
    NotSupported,
    OperatorNeeded,
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
from rsm_scsi.attentions import unsettles
from rsm_scsi.drive import ScsiDrive
from rsm_scsi.drive_reports import read_chip
from rsm_scsi.identify import introduce
from rsm_scsi.unit import LogicalUnit
from rsm_scsi.wrappers import Wrapper
from rsm_smc import attributes
from rsm_smc.cdb import ReadAttribute
from rsm_smc.identity import TAPE

if TYPE_CHECKING:
    from collections.abc import Collection

    from rsm.clock import Clock
    from rsm_scsi.transport import Transport
    from rsm_smc.sense import Sense

_LOG = logging.getLogger(__name__)

PORT = ElementAddress(0)
DRIVE = ElementAddress(1)


class _Borrowed(Wrapper):
    """A transport that stays open when its borrower closes it."""

    def close(self) -> None:
        """Leave it open."""


class StandaloneDrive:
    """A drive without a robot; fills `rsm.hardware.contract.Changer`.

    Takes over the transport and closes it. Raises `NotSupported` if the device is no tape drive.
    """

    def __init__(self, transport: Transport, *, node: str, clock: Clock) -> None:
        self._transport = transport
        self._node = node
        self._clock = clock
        self._stale = False
        self._unit = LogicalUnit(transport, clock=clock, on_attention=self._attend)
        introduction = introduce(self._unit)
        if introduction.inquiry.device_type != TAPE:
            raise NotSupported(f"{self.device} is not a tape drive")
        self._identity = introduction.identity

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._unit.device

    @property
    def identity(self) -> DeviceIdentity:
        """Vendor, product, revision and serial number of the drive."""
        return self._identity

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: tell a bar code that is written in the medium's chip, and nothing that moves."""
        return Capabilities(
            reads_volume_tags=ReadAttribute.OPCODE not in self._unit.refused,
            initialises=False,
            moves=False,
            moves_between=frozenset(),
        )

    @property
    def stale(self) -> bool:
        """Whether a unit attention since the last inventory said that the medium may have changed."""
        return self._stale

    @property
    def move_limit(self) -> float:
        """Seconds after which an unload counts as lost."""
        return timeouts.limit(0x1B)

    def _attend(self, sense: Sense) -> None:
        _LOG.info("%s: unit attention %s", self.device, sense)
        self._stale |= unsettles(sense)

    def wait_ready(self, timeout: float) -> None:
        """Return once the drive answers; whether a medium is in it does not matter."""
        if not self._unit.probe().is_code(0x02, 0x3A):
            self._unit.wait_ready(timeout, wake=lambda: None)

    def inventory(self) -> Inventory:
        """Give the drive and the hand."""
        full = self._loaded()
        self._stale = False
        port = ElementReport(address=PORT, kind=ElementKind.IMPORT_EXPORT, full=False, accessible=True)
        drive = ElementReport(
            address=DRIVE,
            kind=ElementKind.DATA_TRANSFER,
            full=full,
            accessible=not full,
            volume_tag=self._tag() if full else None,
            drive_serial=self._identity.serial or None,
        )
        return Inventory((port, drive))

    def _loaded(self) -> bool:
        """Tell whether a medium is in the drive; one that is just loading, or waits for LOAD, is."""
        verdict = self._unit.probe()
        if verdict.fault is None or isinstance(verdict.fault, NotReadyYet):
            return True
        if verdict.is_code(0x02, 0x3A):
            return False
        raise verdict.fault

    def _tag(self) -> str | None:
        """Read the bar code from the medium's chip (attribute 0806h), where there is one."""
        try:
            found = read_chip(self._unit)
        except DeviceFault as fault:
            _LOG.info("%s: the medium's chip cannot be read: %s", self.device, fault)
            return None
        barcode = found.get(attributes.BARCODE)
        return None if barcode is None else barcode.text or None

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        """Give the named elements as they are now; a look does not end `stale`."""
        stale = self._stale
        elements = self.inventory().elements
        self._stale = stale
        return tuple(item for item in elements if item.address in addresses)

    def move(
        self, source: ElementAddress, destination: ElementAddress, *, invert: bool = False
    ) -> MoveReport:
        """Raise `OperatorNeeded` saying which medium to put in or take out by hand.

        Raises `MoveRefused` if the drive is full or empty already, and `NotSupported` for other elements.
        """
        if {source, destination} != {PORT, DRIVE}:
            raise NotSupported(f"the stand-alone drive {self._node} has elements 0 (port) and 1 (drive) only")
        seen = self.look({PORT, DRIVE})
        full, tag = seen[1].full, seen[1].volume_tag
        fault: DeviceFault
        if full and source == PORT:
            fault = MoveRefused(f"there is a medium in the drive {self._node} already", element=DRIVE)
        elif not full and source == DRIVE:
            fault = MoveRefused(f"there is no medium in the drive {self._node}", element=DRIVE)
        elif source == PORT:
            side = ", the other side up" if invert else ""
            fault = OperatorNeeded(f"put the medium into the drive {self._node} by hand{side}", element=DRIVE)
        else:
            fault = OperatorNeeded(
                f"take {f'medium {tag}' if tag else 'the medium'} out of the drive {self._node} by hand",
                element=DRIVE,
            )
        fault.seen = seen
        raise fault

    def exchange(
        self,
        source: ElementAddress,
        first: ElementAddress,
        second: ElementAddress,
        *,
        invert_first: bool = False,
        invert_second: bool = False,
    ) -> MoveReport:
        """Raise `NotSupported`."""
        raise self._without_robot("exchange media")

    def initialise(self, elements: range | None = None) -> None:
        """Raise `NotSupported`."""
        raise self._without_robot("look at its elements anew")

    def position(self, destination: ElementAddress) -> None:
        """Raise `NotSupported`."""
        raise self._without_robot("position a transport")

    def lock(self, locked: bool) -> None:  # noqa: FBT001 - the state itself is the argument
        """Raise `NotSupported`: the application that uses the drive prevents removal itself."""
        raise self._without_robot("be locked")

    def open_port(self, address: ElementAddress, *, opened: bool) -> None:
        """Raise `NotSupported`."""
        raise self._without_robot("open a port")

    def _without_robot(self, doing: str) -> NotSupported:
        return NotSupported(f"the stand-alone drive {self._node} cannot {doing}: it has no robot")

    def drive(self, address: ElementAddress) -> ScsiDrive:
        """Open the drive as such; raises `DeviceGone` for any other element than 1."""
        if address != DRIVE:
            raise DeviceGone(f"element {address} of {self.device} is not a drive", element=address)
        return ScsiDrive(
            _Borrowed(self._transport),
            node=self._node,
            matched_by="itself",
            clock=self._clock,
            on_attention=self._attend,
        )

    def close(self) -> None:
        """Give the device back; further calls raise `DeviceGone`."""
        self._unit.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()
