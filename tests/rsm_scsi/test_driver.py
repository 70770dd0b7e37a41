"""The driver `scsi`: what lies behind a node below /dev, and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from rsm.clock import JumpingClock
from rsm.hardware.faults import BadReply, DeviceGone, NotSupported
from rsm_mock.simulation import Simulation
from rsm_scsi import DRIVER
from rsm_scsi.driver import ScsiDriver
from rsm_scsi.nodes import sg_node
from rsm_scsi.transport import Reply
from rsm_scsi.wrappers import Wrapper
from rsm_smc import identity

if TYPE_CHECKING:
    from pathlib import Path

    from rsm_scsi.transport import Transport
    from tests.rsm_scsi.conftest import FakeMachine

CLOCK = JumpingClock()


class Inquired:
    """A device that answers INQUIRY and nothing else."""

    def __init__(self, device: str, reply: bytes) -> None:
        self.device = device
        self._reply = reply
        self.closed = False

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Answer."""
        return Reply(0, self._reply[:reply_length] if not cdb[1] else b"")

    def close(self) -> None:
        """Note."""
        self.closed = True


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch, machine: FakeMachine) -> FakeMachine:
    """A machine whose device files look like character devices, sgN having number 21:N and nstN 9:128+N."""
    real_stat = os.stat

    def fake_stat(path: str, **options: bool) -> os.stat_result:
        name = str(path)
        if not name.startswith(str(machine.devices)):
            return real_stat(path, **options)
        real_stat(path)
        kind, number = ("sg", 21) if "/sg" in name else ("nst", 9)
        minor = int(name.rpartition(kind)[2]) + (128 if kind == "nst" else 0)
        fields = [stat.S_IFCHR | 0o660, *[0] * 9]
        return os.stat_result(fields, {"st_rdev": os.makedev(number, minor)})

    monkeypatch.setattr("rsm_scsi.nodes.os.stat", fake_stat)
    return machine


def plug(machine: FakeMachine, name: str, number: str, entry: str) -> str:
    """Make a device file and its entry below /sys/dev/char."""
    (machine.devices / name).touch()
    directory = machine.sysfs / "dev/char"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / number).symlink_to(machine.sysfs / entry)
    return str(machine.devices / name)


def driver(machine: FakeMachine, opener: Callable[[str], Transport]) -> ScsiDriver:
    """Give a driver on this machine."""
    return ScsiDriver(sysfs=machine.sysfs, devices=machine.devices, opener=opener)


def test_accepts_by_name_only() -> None:
    """Names below /dev and serial numbers are ours, whether they exist or not; others are not."""
    assert DRIVER.accepts("/dev/sg3")
    assert DRIVER.accepts("/dev/tape/by-id/scsi-1")
    for name in ("scsi:XYZZY_A", "sgio:/dev/sg3", "sgio:scsi:XYZZY_A"):
        assert DRIVER.accepts(name)
    for other in ("mock:/tmp/a.json", "sg3", "/tmp/dev/sg3", "", "/dev", "sgio:", "sgio:mock:/a.json"):
        assert not DRIVER.accepts(other)


def test_dead_node() -> None:
    """A node that is not there is one sentence."""
    with pytest.raises(DeviceGone, match="there is no device /dev/sg-not-there"):
        DRIVER.open_changer("/dev/sg-not-there", CLOCK)


def test_changer(nodes: FakeMachine) -> None:
    """A changer's node opens as a changer, whose drives are found on this machine."""
    simulation = Simulation("generic")
    with simulation.open_changer() as before:
        serial = next(item.drive_serial for item in before.inventory().elements if item.drive_serial)
    nodes.attach(3, kind=8)
    nodes.attach(1, serial=serial, tape=0)
    device = plug(nodes, "sg3", "21:3", "class/scsi_generic/sg3")

    def opener(path: str) -> Transport:
        return simulation.transport() if path == device else simulation.drive_transport(0)

    with driver(nodes, opener).open_changer(device, CLOCK) as changer:
        drive = next(item for item in changer.inventory().elements if item.drive_serial == serial)
        with changer.drive(drive.address) as found:
            assert (found.node, found.matched_by) == (str(nodes.devices / "nst0"), "serial")


def test_tape_node_is_a_stand_alone_drive(nodes: FakeMachine) -> None:
    """A tape node opens as a stand-alone drive, by the sg node of the same device."""
    simulation = Simulation("standalone-drive")
    nodes.attach(1, serial="DRIVE00001", tape=0)
    device = plug(nodes, "nst0", "9:128", "devices/host3/3:0:1:0/scsi_tape/nst0")
    tape = nodes.sysfs / "devices/host3/3:0:1:0/scsi_tape/nst0"
    (tape / "device").symlink_to(nodes.sysfs / "devices/host3/3:0:1:0")
    assert sg_node(device, sysfs=nodes.sysfs, devices=nodes.devices).name == "sg1"
    with driver(nodes, lambda _: simulation.transport()).open_changer(device, CLOCK) as changer:
        assert not changer.capabilities.moves
        with changer.drive(changer.inventory().elements[1].address) as drive:
            assert drive.node == device


@pytest.mark.parametrize(
    ("kind", "words"),
    [(0x00, "a disk"), (0x0C, "an array controller"), (0x05, "a CD or DVD drive"), (0x1F, "type 1Fh")],
)
def test_other_devices(nodes: FakeMachine, kind: int, words: str) -> None:
    """Any other device is refused by what it is, and given back."""
    nodes.attach(0, kind=kind)
    device = plug(nodes, "sg0", "21:0", "class/scsi_generic/sg0")
    transport = Inquired(device, identity.encode_standard(identity.StandardInquiry(kind, "ACME", "X", "1")))
    with pytest.raises(NotSupported, match=f"is .*{words}, not a changer"):
        driver(nodes, lambda _: transport).open_changer(device, CLOCK)
    assert transport.closed


def test_no_unit_behind_the_node(nodes: FakeMachine) -> None:
    """A node whose INQUIRY says that nothing is there is gone."""
    device = plug(nodes, "sg0", "21:0", "class/scsi_generic/sg0")
    reply = identity.encode_standard(identity.StandardInquiry(0x1F, "ACME", "X", "1", qualifier=3))
    with pytest.raises(DeviceGone, match="not there"):
        driver(nodes, lambda name: Inquired(name, reply)).open_changer(device, CLOCK)


def test_garbage_inquiry(nodes: FakeMachine) -> None:
    """A device that cannot say who it is is refused."""
    device = plug(nodes, "sg0", "21:0", "class/scsi_generic/sg0")
    with pytest.raises(BadReply, match="does not say who it is"):
        driver(nodes, lambda name: Inquired(name, b"\x08\x80")).open_changer(device, CLOCK)


class ClaimsChanger(Wrapper):
    """A drive that says it has a changer attached."""

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Set MChanger in the standard INQUIRY data."""
        reply = super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
        if cdb[0] == 0x12 and not cdb[1]:
            data = reply.data[:6] + bytes([reply.data[6] | 0x08]) + reply.data[7:]
            return Reply(reply.status, data, reply.sense)
        return reply


def test_attached_changer_that_is_not_there(nodes: FakeMachine) -> None:
    """A drive that claims an attached changer and has none is a stand-alone drive."""
    simulation = Simulation("standalone-drive")
    nodes.attach(1, tape=0)
    device = plug(nodes, "sg1", "21:1", "class/scsi_generic/sg1")
    opened = driver(nodes, lambda _: ClaimsChanger(simulation.transport())).open_changer(device, CLOCK)
    with opened as changer:
        assert not changer.capabilities.moves


def test_tape_without_tape_node(nodes: FakeMachine) -> None:
    """A tape drive that st does not drive says what to load."""
    simulation = Simulation("standalone-drive")
    nodes.attach(1)
    device = plug(nodes, "sg1", "21:1", "class/scsi_generic/sg1")
    with pytest.raises(DeviceGone, match="without a tape node") as caught:
        driver(nodes, lambda _: simulation.transport()).open_changer(device, CLOCK)
    assert "modprobe st" in str(caught.value.hint)


def test_directory_of_devices(tmp_path: Path) -> None:
    """A directory is no device."""
    with pytest.raises(DeviceGone, match="a directory"):
        sg_node(str(tmp_path))
