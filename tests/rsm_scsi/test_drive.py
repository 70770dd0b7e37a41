"""Drives: ready, unloaded, and found among the nodes of a machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rsm.clock import JumpingClock
from rsm.hardware.faults import (
    DeviceFault,
    DeviceGone,
    HardwareFailed,
    NotReadyYet,
    OperatorNeeded,
)
from rsm.hardware.inventory import ElementAddress
from rsm.testing.changer_suite import scratch_of
from rsm_mock.faults import Carried
from rsm_mock.simulation import Simulation
from rsm_scsi.drive import ScsiDrive, SysfsDrives, holders_of
from rsm_scsi.finding import DriveElement
from rsm_scsi.sysfs import ScsiPlace, place_of, tape_nodes
from rsm_scsi.transport import HostStatus, Status

if TYPE_CHECKING:
    from rsm_scsi.transport import Transport
    from tests.rsm_scsi.conftest import FakeMachine

NAA = bytes.fromhex("50014380272bd1e5")


def loaded(simulation: Simulation) -> ScsiDrive:
    """Load the first drive of a library, and open it."""
    with simulation.open_changer() as changer:
        scratch = scratch_of(changer.inventory())
        assert scratch is not None
        assert scratch.drive is not None
        changer.move(scratch.full, scratch.drive)
    return ScsiDrive(
        simulation.drive_transport(0), node="/dev/nst0", matched_by="serial", clock=simulation.clock
    )


@pytest.fixture
def simulation() -> Simulation:
    """A generic library."""
    return Simulation("generic")


@pytest.fixture
def drive(simulation: Simulation) -> ScsiDrive:
    """Its first drive, with a medium in it."""
    return loaded(simulation)


def test_ready_and_unloaded(drive: ScsiDrive) -> None:
    """A loaded drive becomes ready, unloads, and an empty one is fine to unload again."""
    drive.wait_ready(60)
    assert drive.loaded()
    drive.unload(60)
    assert not drive.loaded()
    drive.unload(60)
    assert (drive.node, drive.matched_by) == ("/dev/nst0", "serial")


def test_loading_takes_its_time() -> None:
    """A drive that is still threading its medium is waited for, and only so long."""
    simulation = Simulation("generic", pace=1.0)
    drive = loaded(simulation)
    with pytest.raises(NotReadyYet):
        drive.wait_ready(1)
    drive.wait_ready(600)


def test_drive_that_wants_load(simulation: Simulation, drive: ScsiDrive) -> None:
    """A drive that waits for LOAD (02/04/02) gets it, once."""
    simulation.faults.sense((2, 4, 2), on="ready", drive=0, times=2)
    drive.wait_ready(60)


def test_empty_drive_is_not_waited_for_long(simulation: Simulation) -> None:
    """An empty drive is not waited for as long as a first LTO-9 load may take."""
    drive = ScsiDrive(simulation.drive_transport(0), node="/dev/nst0", matched_by="x", clock=simulation.clock)
    began = simulation.clock.monotonic()
    with pytest.raises(NotReadyYet, match="no medium"):
        drive.wait_ready(7500)
    assert simulation.clock.monotonic() - began <= 90


def test_hardware_error_is_not_waited_for(simulation: Simulation, drive: ScsiDrive) -> None:
    """A drive that failed says so at once."""
    simulation.faults.sense((4, 0x40, 0x01), on="ready", drive=0)
    with pytest.raises(HardwareFailed):
        drive.wait_ready(600)


@pytest.mark.parametrize("code", [(6, 0x29, 0x00), (2, 0x04, 0x01), (6, 0x28, 0x00)])
def test_unload_is_sent_again_when_turned_away(
    simulation: Simulation, drive: ScsiDrive, code: tuple[int, int, int]
) -> None:
    """An unload that was not executed is sent again: unloading twice does no harm."""
    simulation.faults.sense(code, on="load", drive=0)
    drive.unload(600)
    assert not drive.loaded()


@pytest.mark.parametrize("carried", [Carried.OUT, Carried.NOT])
def test_unload_with_a_lost_answer(simulation: Simulation, drive: ScsiDrive, carried: Carried) -> None:
    """An unload whose answer was lost is looked after, and done if it was not."""
    simulation.faults.host(HostStatus.RESET, on="load", drive=0, carried=carried)
    drive.unload(600)
    assert not drive.loaded()


def test_unload_that_stays_busy(simulation: Simulation, drive: ScsiDrive) -> None:
    """A drive that stays busy is given up after the time allowed."""
    simulation.faults.status(Status.BUSY, on="load", drive=0, times=0)
    began = simulation.clock.monotonic()
    with pytest.raises(NotReadyYet, match="busy"):
        drive.unload(30)
    assert simulation.clock.monotonic() - began < 40


@pytest.mark.parametrize("ascq", [2, 3])
def test_prevented_removal_names_who_holds_it(
    simulation: Simulation, machine: FakeMachine, ascq: int
) -> None:
    """A drive that may not let go says which programs have its node open."""
    loaded(simulation)
    machine.run(4711, "bareos-sd", "/dev/nst0")
    machine.run(4712, "tar", "/dev/st0m")
    machine.run(4713, "dd", "/dev/nst01")
    drive = ScsiDrive(
        simulation.drive_transport(0),
        node="/dev/nst0",
        matched_by="serial",
        clock=simulation.clock,
        processes=machine.processes,
    )
    simulation.faults.sense((5, 0x53, ascq), on="load", drive=0)
    with pytest.raises(OperatorNeeded, match=r"bareos-sd \(process 4711\), tar \(process 4712\)$"):
        drive.unload(60)


def test_prevented_removal_by_nobody_known(simulation: Simulation, drive: ScsiDrive) -> None:
    """Where nobody is seen to hold it, the fault says so much."""
    simulation.faults.sense((5, 0x53, 0x02), on="load", drive=0)
    with pytest.raises(OperatorNeeded, match="removal is prevented"):
        drive.unload(60)


def test_holders_of_this_process(tmp_path: Path) -> None:
    """The real process directory is read, and what may not be seen is passed over."""
    assert holders_of(str(tmp_path / "nst99")) == []


# Finding


class Opener:
    """Opens simulated drives by their sg node's number, and remembers which."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.opened: list[str] = []

    def __call__(self, device: str) -> Transport:
        """Open /dev/sgN as drive N - 1."""
        self.opened.append(device)
        return self._simulation.drive_transport(int(device[-1]) - 1)


def test_found_by_sysfs(machine: FakeMachine, simulation: Simulation) -> None:
    """Element, sg node and tape node are tied together by serial number and sysfs."""
    machine.attach(1, serial="DRIVE00002", tape=0)
    machine.attach(2, serial="DRIVE00001", tape=1)
    machine.attach(3, kind=8, serial="CHANGER001")
    opener = Opener(simulation)
    find = SysfsDrives(
        "sg3", clock=JumpingClock(), sysfs=machine.sysfs, devices=machine.devices, opener=opener
    )
    elements = [DriveElement(256, "DRIVE00001"), DriveElement(257, None)]
    with find(elements[0], elements) as first:
        assert (first.node, first.matched_by) == (str(machine.devices / "nst1"), "serial")
    with find(elements[1], elements) as second:
        assert (second.node, second.matched_by) == (str(machine.devices / "nst0"), "elimination")
    assert opener.opened == [str(machine.devices / "sg2"), str(machine.devices / "sg1")]


def test_not_found(machine: FakeMachine, simulation: Simulation) -> None:
    """An element without a node says what the library told of the drive, and what is attached here."""
    machine.attach(1, serial="DRIVE00009", tape=0)
    find = SysfsDrives("sg3", clock=JumpingClock(), sysfs=machine.sysfs, opener=Opener(simulation))
    element = DriveElement(256, "DRIVE00001")
    with pytest.raises(DeviceGone, match="serial DRIVE00001") as caught:
        find(element, [element])
    assert caught.value.element == 256
    assert "1 tape drive" in str(caught.value.hint)


def test_named_by_hand(machine: FakeMachine, simulation: Simulation) -> None:
    """A link or node that somebody named is opened and shown as `manual`; one that is no drive here is refused."""
    machine.attach(1, serial="DRIVE00001", tape=0)
    machine.attach(2, serial="DRIVE00002", tape=1)
    link = machine.devices / "drive-a"
    link.symlink_to(machine.devices / "nst1")
    element = DriveElement(256, "DRIVE00001")

    def find(manual: dict[int | str, str]) -> SysfsDrives:
        return SysfsDrives(
            "sg3",
            clock=JumpingClock(),
            sysfs=machine.sysfs,
            devices=machine.devices,
            opener=Opener(simulation),
            manual=manual,
        )

    with find({256: str(link)})(element, [element]) as drive:
        assert (drive.node, drive.matched_by) == (str(machine.devices / "nst1"), "manual")
    with pytest.raises(DeviceGone, match="said to be /dev/nst9") as caught:
        find({"DRIVE00001": "/dev/nst9"})(element, [element])
    assert caught.value.element == 256


def test_changer_that_was_renamed(machine: FakeMachine, simulation: Simulation) -> None:
    """After the changer's own node got another name, its host adapter is known by the new one."""
    machine.attach(1, tape=0)
    machine.attach(3, kind=8)
    find = SysfsDrives("sg9", clock=JumpingClock(), sysfs=machine.sysfs, opener=Opener(simulation))
    element = DriveElement(256, None)
    with pytest.raises(DeviceGone):
        find(element, [element])
    find.follow("sg3")
    with find(element, [element]) as drive:
        assert drive.matched_by == "elimination"


def test_drive_without_tape_node(machine: FakeMachine, simulation: Simulation) -> None:
    """A drive that st does not drive cannot be mounted on, and the hint says what to load."""
    machine.attach(1, serial="DRIVE00001")
    find = SysfsDrives("sg3", clock=JumpingClock(), sysfs=machine.sysfs, opener=Opener(simulation))
    element = DriveElement(256, "DRIVE00001")
    with pytest.raises(DeviceGone, match="no tape node") as caught:
        find(element, [element])
    assert "modprobe st" in str(caught.value.hint)


def test_changer_without_a_finder(simulation: Simulation) -> None:
    """An address that is no drive opens none."""
    with simulation.open_changer() as changer, pytest.raises(DeviceFault, match="not a drive"):
        changer.drive(ElementAddress(60000))


def test_tape_nodes(machine: FakeMachine) -> None:
    """Tape drives are listed with their names, in the order of their sg numbers; other devices are not."""
    machine.attach(10, serial="  PADDED01", tape=2, naa=NAA)
    machine.attach(2, tape=0, host=5)
    machine.attach(3, kind=8)
    machine.attach(4, kind=0)
    first, second = tape_nodes(machine.sysfs)
    assert (first.sg, first.nst, first.serial, first.place) == ("sg2", "nst0", "", ScsiPlace(5, 0, 2, 0))
    assert (second.sg, second.nst, second.serial) == ("sg10", "nst2", "PADDED01")
    assert second.identifiers == {NAA}


def test_damaged_sysfs(machine: FakeMachine) -> None:
    """Pages that mean nothing are left out, and a missing sysfs is an empty one."""
    machine.attach(1, tape=0)
    device = machine.sysfs / "devices/host3/3:0:1:0"
    (device / "vpd_pg80").write_bytes(b"\x01\x83\x00\x04abcd")
    (device / "vpd_pg83").write_bytes(b"")
    assert [(node.serial, node.names) for node in tape_nodes(machine.sysfs)] == [("", ())]
    assert tape_nodes(machine.sysfs / "missing") == ()
    assert place_of(machine.sysfs, "") is None
