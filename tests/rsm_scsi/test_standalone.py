"""A stand-alone drive as a changer whose robot is a person."""

from __future__ import annotations

import pytest

from rsm.hardware.faults import DeviceGone, MoveRefused, NotSupported, OperatorNeeded
from rsm.hardware.inventory import ElementKind
from rsm_mock.simulation import Simulation
from rsm_scsi.standalone import DRIVE, PORT, StandaloneDrive


@pytest.fixture
def simulation() -> Simulation:
    """A drive on a desk."""
    return Simulation("standalone-drive")


@pytest.fixture
def drive(simulation: Simulation) -> StandaloneDrive:
    """The driver on it."""
    return StandaloneDrive(simulation.transport(), node="/dev/nst0", clock=simulation.clock)


def test_elements(drive: StandaloneDrive) -> None:
    """There is one drive and one port, no slot and no robot."""
    port, bay = drive.inventory().elements
    assert (port.address, port.kind, port.full) == (PORT, ElementKind.IMPORT_EXPORT, False)
    assert (bay.address, bay.kind, bay.full) == (DRIVE, ElementKind.DATA_TRANSFER, False)
    assert bay.drive_serial == drive.identity.serial != ""
    assert not drive.capabilities.moves


def test_medium_put_in_by_hand(simulation: Simulation, drive: StandaloneDrive) -> None:
    """A medium that somebody puts in is seen, with the bar code from its chip, and makes things stale before."""
    drive.inventory()
    simulation.operator.insert("RSM007L9", at="drive:0")
    drive.wait_ready(600)
    assert drive.stale
    bay = drive.look([DRIVE])[0]
    assert (bay.full, bay.volume_tag) == (True, "RSM007L9")
    assert drive.stale  # a look does not end it
    drive.inventory()
    assert not drive.stale


def test_moves_ask_a_person(simulation: Simulation, drive: StandaloneDrive) -> None:
    """A move says what to put in or take out, and shows the elements as they are."""
    with pytest.raises(OperatorNeeded, match=r"put the medium into the drive /dev/nst0 by hand") as caught:
        drive.move(PORT, DRIVE)
    assert [item.full for item in caught.value.seen] == [False, False]
    simulation.operator.insert("RSM007L9", at="drive:0")
    with pytest.raises(OperatorNeeded, match=r"take medium RSM007L9 out of the drive /dev/nst0 by hand"):
        drive.move(DRIVE, PORT)


def test_moves_that_make_no_sense(simulation: Simulation, drive: StandaloneDrive) -> None:
    """A full drive takes no medium, an empty one gives none, and there are no other elements."""
    with pytest.raises(MoveRefused, match="no medium"):
        drive.move(DRIVE, PORT)
    simulation.operator.insert("RSM007L9", at="drive:0")
    with pytest.raises(MoveRefused, match="already"):
        drive.move(PORT, DRIVE)
    with pytest.raises(NotSupported):
        drive.move(PORT, PORT)


def test_drive_behind_it(simulation: Simulation, drive: StandaloneDrive) -> None:
    """Its drive is itself, and closing that leaves the changer open."""
    simulation.operator.insert("RSM007L9", at="drive:0")
    with drive.drive(DRIVE) as inner:
        inner.wait_ready(600)
        assert (inner.node, inner.matched_by) == ("/dev/nst0", "itself")
        inner.unload(600)
    assert drive.look([DRIVE])[0].full is False
    with pytest.raises(DeviceGone):
        drive.drive(PORT)


def test_no_robot(drive: StandaloneDrive) -> None:
    """What needs a robot is not supported."""
    for ask in (
        lambda: drive.exchange(PORT, DRIVE, PORT),
        drive.initialise,
        lambda: drive.position(DRIVE),
        lambda: drive.lock(True),
        lambda: drive.open_port(PORT, opened=True),
    ):
        with pytest.raises(NotSupported, match="no robot"):
            ask()


def test_changer_is_no_drive() -> None:
    """A changer is refused."""
    simulation = Simulation("generic")
    with pytest.raises(NotSupported, match="not a tape drive"):
        StandaloneDrive(simulation.transport(), node="/dev/nst0", clock=simulation.clock)
