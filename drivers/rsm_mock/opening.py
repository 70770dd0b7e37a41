"""From a kept machine to the shipping SCSI driver on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.hardware.faults import DeviceGone
from rsm_mock.transport import SimulatedTransport
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.drive import ScsiDrive
from rsm_scsi.standalone import StandaloneDrive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.clock import Clock
    from rsm.hardware.contract import Changer
    from rsm_mock.transport import Keeper
    from rsm_scsi.finding import DriveElement


class SimulatedDrives:
    """Finds the drive behind an element: it is the one that was built there; a `DriveFinder`."""

    def __init__(self, keeper: Keeper, *, device: str, clock: Clock) -> None:
        self._keeper = keeper
        self._device = device
        self._clock = clock

    def __call__(self, element: DriveElement, all_elements: Sequence[DriveElement]) -> ScsiDrive:  # noqa: ARG002 - the contract's
        """Open the drive in `element`; raises `DeviceGone` if none is installed there."""
        with self._keeper.hold() as machine:
            addresses = [bay.address for bay in machine.bays() if machine.world.present(bay)]
            numbers = [bay.address for bay in machine.bays()]
        if element.address not in addresses:
            raise DeviceGone(
                f"{self._device} has no drive in element {element.address}", element=element.address
            )
        number = numbers.index(element.address)
        node = drive_node(self._device, number)
        transport = SimulatedTransport(self._keeper, device=node, clock=self._clock, number=number)
        return ScsiDrive(transport, node=node, matched_by="simulated", clock=self._clock)


def drive_node(device: str, number: int) -> str:
    """Give the name of a drive of a simulated library, counted from 0 by element address."""
    return f"{device}#{number}"


def open_library(keeper: Keeper, *, device: str, clock: Clock) -> Changer:
    """Open a kept machine as a changer; a personality that is a stand-alone drive as one of those."""
    with keeper.hold() as machine:
        stand_alone = machine.personality.stand_alone
    transport = SimulatedTransport(keeper, device=device, clock=clock)
    if stand_alone:
        return StandaloneDrive(transport, node=drive_node(device, 0), clock=clock)
    drives = SimulatedDrives(keeper, device=device, clock=clock)
    return ScsiChanger(transport, clock=clock, drives=drives)
