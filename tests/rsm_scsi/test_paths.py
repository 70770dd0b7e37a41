"""Devices by serial number: found whatever their node is called, and found again when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm.hardware.faults import DeviceGone, InventoryStale, OutcomeUnknown
from rsm.testing.changer_suite import scratch_of
from rsm_mock.simulation import Simulation
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.driver import ScsiDriver
from rsm_scsi.paths import FollowedTransport, SerialPaths
from rsm_scsi.sgio import LIMIT
from rsm_scsi.sysfs import attached_devices, serial_of
from rsm_scsi.transport import HostStatus, Reply, Status
from rsm_scsi.wrappers import Wrapper

if TYPE_CHECKING:
    from rsm.hardware.contract import Changer
    from rsm.hardware.faults import DeviceFault
    from tests.rsm_scsi.conftest import FakeMachine

MOVE = 0xA5
TUR = bytes(6)


class Path(Wrapper):
    """A path to a simulated library, which can break in the ways that nodes break."""

    def __init__(self, cabling: Cabling, number: int) -> None:
        super().__init__(cabling.simulation.transport())
        self._cabling = cabling
        self._number = number

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Carry the command, unless the path is broken."""
        self._cabling.sent.append((self._number, cdb[0]))
        broken = self._cabling.broken.get(self._number)
        if isinstance(broken, OutcomeUnknown):
            super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
        if isinstance(broken, Exception):
            raise broken
        if broken is not None:
            return Reply(0, host_status=broken)
        return super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)

    def close(self) -> None:
        """Note."""
        self._cabling.closed.append(self._number)
        super().close()


class Cabling:
    """Opens any sg node as a path to one simulated library, and remembers what went where."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.broken: dict[int, DeviceFault | HostStatus] = {}
        """Paths that fail, and how; one whose outcome is unknown carries the command out first."""
        self.locked: set[int] = set()
        """Nodes that cannot be opened."""
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.sent: list[tuple[int, int]] = []

    def __call__(self, device: str) -> Path:
        """Open /dev/sgN."""
        number = int(device.rpartition("sg")[2])
        if number in self.locked:
            raise DeviceGone(f"{device} is held by another program", hint="wait")
        self.opened.append(number)
        return Path(self, number)


@pytest.fixture
def simulation() -> Simulation:
    """A generic library."""
    return Simulation("generic")


@pytest.fixture
def cabling(simulation: Simulation) -> Cabling:
    """Its paths."""
    return Cabling(simulation)


@pytest.fixture
def serial(simulation: Simulation) -> str:
    """Its serial number."""
    with simulation.open_changer() as changer:
        return changer.identity.serial


def paths(machine: FakeMachine, serial: str, cabling: Cabling) -> SerialPaths:
    """Give the paths to a serial number."""
    return SerialPaths(serial, sysfs=machine.sysfs, devices=machine.devices, opener=cabling)


def opened(machine: FakeMachine, serial: str, cabling: Cabling, *, way: str = "") -> Changer:
    """Open a changer by its serial number."""
    driver = ScsiDriver(sysfs=machine.sysfs, devices=machine.devices, opener=cabling, sgio_opener=cabling)
    assert driver.accepts(f"{way}scsi:{serial}")
    return driver.open_changer(f"{way}scsi:{serial}", cabling.simulation.clock)


# By serial number


def test_found_whatever_its_name(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """`scsi:SERIAL` opens the changer that bears it, keeps that name, and finds its drives."""
    machine.attach(0, kind=8, serial="ANOTHER001")
    machine.attach(12, kind=8, serial=serial)
    with opened(machine, serial, cabling) as changer:
        assert changer.device == f"scsi:{serial}"
        assert changer.identity.serial == serial
        assert changer.inventory().elements
    assert cabling.opened == [12]


def test_by_the_other_transport(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """`sgio:scsi:SERIAL` is the same changer through cython-sgio, with that package's limits."""
    machine.attach(4, kind=8, serial=serial)
    with opened(machine, serial, cabling, way="sgio:") as changer:
        assert changer.device == f"sgio:scsi:{serial}"
        assert changer.move_limit >= LIMIT


def test_nothing_bears_it(machine: FakeMachine, cabling: Cabling) -> None:
    """A number that nothing bears is refused, and those that are there are named."""
    machine.attach(3, kind=8, serial="LIBRARY001")
    machine.attach(4, serial="DRIVE00001")
    with pytest.raises(DeviceGone, match="NOT-HERE") as caught:
        opened(machine, "NOT-HERE", cabling)
    assert caught.value.hint == "serial numbers here: LIBRARY001 (sg3), DRIVE00001 (sg4)"
    with pytest.raises(DeviceGone, match="no serial number was given"):
        opened(machine, " ", cabling)
    assert not cabling.opened


def test_several_paths(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """Of several paths the first that opens, and leads to that device, is taken; the others are given back."""
    for number in (1, 2, 3, 4):
        machine.attach(number, kind=8, serial=serial, host=number)
    cabling.locked.add(1)
    cabling.broken[2] = HostStatus.NO_CONNECT
    with opened(machine, serial, cabling):
        assert (cabling.opened, cabling.closed) == ([2, 3], [2])


def test_no_path_can_be_opened(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """If no path opens, the fault says why the first did not."""
    machine.attach(1, kind=8, serial=serial, host=1)
    machine.attach(2, kind=8, serial=serial, host=2)
    cabling.locked |= {1, 2}
    with pytest.raises(DeviceGone, match="sg1 is held by another program") as caught:
        opened(machine, serial, cabling)
    assert caught.value.hint == "wait"


def test_node_that_leads_elsewhere(machine: FakeMachine, cabling: Cabling) -> None:
    """A node whose device answers with another number than sysfs tells is not taken."""
    machine.attach(1, kind=8, serial="SWAPPED001")
    with pytest.raises(DeviceGone, match="does not answer as serial number SWAPPED001"):
        opened(machine, "SWAPPED001", cabling)
    assert cabling.closed == [1]


@pytest.mark.parametrize("how", ["two models", "two units of one target", "two world wide names"])
def test_two_devices_with_one_number(machine: FakeMachine, cabling: Cabling, serial: str, how: str) -> None:
    """A number that several devices bear opens none of them, and their nodes are named."""
    machine.attach(1, kind=8, serial=serial, target=0, lun=1, naa=bytes(7) + b"\1", host=3)
    if how == "two models":
        machine.attach(2, kind=8, serial=serial, product="OTHER", host=4)
    elif how == "two units of one target":
        machine.attach(2, kind=8, serial=serial, target=0, lun=2, host=3)
    else:
        machine.attach(2, kind=8, serial=serial, naa=bytes(7) + b"\2", host=4)
    with pytest.raises(DeviceGone, match=r"several devices .*sg1, .*sg2"):
        opened(machine, serial, cabling)
    assert not cabling.opened


def test_changer_before_its_drive(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """A drive that bears the changer's number (both in one housing) does not make it ambiguous."""
    machine.attach(1, serial=serial, target=0, lun=0, tape=0)
    machine.attach(2, kind=8, serial=serial, target=0, lun=1)
    with opened(machine, serial, cabling):
        assert cabling.opened == [2]


def test_stand_alone_drive(machine: FakeMachine) -> None:
    """A drive's number opens the drive, with its tape node."""
    simulation = Simulation("standalone-drive")
    with simulation.open_changer() as changer:
        serial = changer.identity.serial
    machine.attach(5, serial=serial, tape=2)
    with opened(machine, serial, Cabling(simulation)) as drive:
        assert not drive.capabilities.moves
        with drive.drive(drive.inventory().elements[1].address) as inner:
            assert inner.node == str(machine.devices / "nst2")


def test_vendor_in_front(machine: FakeMachine) -> None:
    """A number can be given with or without the vendor's name that Quantum puts in front."""
    machine.attach(1, kind=8, vendor="QUANTUM", serial="QUANTUM CX1234567")
    (device,) = attached_devices(machine.sysfs)
    assert device.bears("CX1234567")
    assert device.bears("QUANTUM CX1234567")
    assert not device.bears("1234567")
    assert serial_of(machine.sysfs, "sg1") == "QUANTUM CX1234567"
    assert serial_of(machine.sysfs, "") == serial_of(machine.sysfs, "sg9") == ""


# Found again


def test_comes_back_under_another_name(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """A changer whose node goes and comes under another name goes on, its inventory being doubtful first."""
    machine.attach(3, kind=8, serial=serial)
    with opened(machine, serial, cabling) as changer:
        before = changer.inventory().elements
        scratch = scratch_of(changer.inventory())
        assert scratch is not None
        cabling.broken[3] = DeviceGone("/dev/sg3 takes no command: No such device")
        machine.detach(3)
        with pytest.raises(DeviceGone, match="sg3"):
            changer.look([scratch.full])
        machine.attach(7, kind=8, serial=serial)
        assert changer.look([scratch.full])[0].full
        assert changer.stale
        with pytest.raises(InventoryStale):
            changer.move(scratch.full, scratch.empty)
        assert changer.inventory().elements == before
        changer.move(scratch.full, scratch.empty)
    assert cabling.closed == [3, 7]
    assert [number for number, opcode in cabling.sent if opcode == MOVE] == [7]


def test_goes_on_by_another_path(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """A path that is lost during a session is left for another one to the same device."""
    machine.attach(3, kind=8, serial=serial, host=3)
    machine.attach(4, kind=8, serial=serial, host=4)
    with opened(machine, serial, cabling) as changer:
        before = changer.inventory().elements
        cabling.broken[3] = HostStatus.NO_CONNECT
        assert changer.inventory().elements == before
    assert cabling.opened == [3, 3, 4]  # the path that was lost is tried first, and is still lost


def test_opened_by_its_node_and_found_again(
    machine: FakeMachine, cabling: Cabling, serial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changer that was opened as /dev/sgN is followed too, by the number that sysfs tells."""
    machine.attach(3, kind=8, serial=serial)
    device = str(machine.devices / "sg3")
    monkeypatch.setattr("rsm_scsi.driver.sg_node", lambda *_, **__: type("N", (), {"name": "sg3"}))
    driver = ScsiDriver(sysfs=machine.sysfs, devices=machine.devices, opener=cabling)
    with driver.open_changer(device, cabling.simulation.clock) as changer:
        before = changer.inventory().elements
        cabling.broken[3] = DeviceGone("gone")
        machine.detach(3)
        machine.attach(9, kind=8, serial=serial)
        assert changer.inventory().elements == before
        assert changer.device == device


@pytest.mark.parametrize(
    "broken",
    [OutcomeUnknown("went away before it answered"), DeviceGone("takes no command"), HostStatus.NO_CONNECT],
)
def test_motion_is_never_sent_by_another_path(
    machine: FakeMachine, cabling: Cabling, serial: str, broken: DeviceFault | HostStatus
) -> None:
    """A motion command that meets a lost path is not sent by another; its own answer stands."""
    machine.attach(3, kind=8, serial=serial, host=3)
    machine.attach(4, kind=8, serial=serial, host=4)
    found = paths(machine, serial, cabling)
    transport = FollowedTransport("scsi:X", found.open(), found)
    cabling.sent.clear()
    cabling.broken[3] = broken
    move = bytes([MOVE]) + bytes(11)
    if isinstance(broken, HostStatus):
        assert transport.execute(move).host_status == broken
    else:
        with pytest.raises(type(broken)):
            transport.execute(move)
    assert cabling.sent == [(3, MOVE)]


def test_node_lost_during_a_move(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """A node that goes away during a move leaves it unknown; the look finds the device again and shows it done."""
    machine.attach(3, kind=8, serial=serial, host=3)
    found = paths(machine, serial, cabling)
    transport = FollowedTransport("scsi:X", found.open(), found)
    with ScsiChanger(transport, clock=cabling.simulation.clock) as changer:
        scratch = scratch_of(changer.inventory())
        assert scratch is not None

        class Leaving(Path):
            def execute(
                self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
            ) -> Reply:
                if cdb[0] == MOVE:
                    machine.detach(3)
                    machine.attach(8, kind=8, serial=serial, host=8)
                    cabling.broken[3] = OutcomeUnknown("/dev/sg3 went away before it answered")
                return super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)

        transport._inner = Leaving(cabling, 3)
        with pytest.raises(OutcomeUnknown) as caught:
            changer.move(scratch.full, scratch.empty)
        full = {item.address: item.full for item in caught.value.seen}
        assert (full[scratch.full], full[scratch.empty]) == (False, True)
        assert changer.stale
    assert [number for number, opcode in cabling.sent if opcode == MOVE] == [3]


def test_path_just_found_owes_an_attention(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """The first command that finds the device again is answered by I_T nexus loss, the next by the device."""
    machine.attach(3, kind=8, serial=serial, host=3)
    machine.attach(4, kind=8, serial=serial, host=4)
    found = paths(machine, serial, cabling)
    names: list[str] = []
    with_callback = FollowedTransport("scsi:X", found.open(), found, on_found=names.append)
    cabling.broken[3] = HostStatus.TRANSPORT_FAILFAST
    first = with_callback.execute(TUR)
    assert (first.status, first.sense[2], first.sense[12:14]) == (Status.CHECK_CONDITION, 6, b"\x29\x07")
    assert with_callback.execute(TUR).delivered
    assert names == ["sg4"]
    with_callback.close()
    with_callback.close()
    with pytest.raises(DeviceGone, match="closed"):
        with_callback.execute(TUR)


def test_time_limit_is_no_lost_path(machine: FakeMachine, cabling: Cabling, serial: str) -> None:
    """A command that took too long is not a reason to look for another path."""
    machine.attach(3, kind=8, serial=serial, host=3)
    found = paths(machine, serial, cabling)
    transport = FollowedTransport("scsi:X", found.open(), found)
    cabling.broken[3] = HostStatus.TIME_OUT
    assert transport.execute(TUR).host_status == HostStatus.TIME_OUT
    assert cabling.opened == [3]
