"""The script of faults: each happens where it is due, once, and leaves the media where it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm.clock import JumpingClock
from rsm.errors import InvalidRequest
from rsm_mock.faults import Carried, Effect, Fault, commands
from rsm_mock.simulation import Simulation
from rsm_scsi.transport import HostStatus, Status
from rsm_smc import elements
from rsm_smc.cdb import MoveMedium, PreventAllow, ReadElementStatus, RequestSense, TestUnitReady
from rsm_smc.errors import DecodeError
from rsm_smc.sense import decode as decode_sense

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rsm_mock.conftest import Host

    Make = Callable[..., tuple[Simulation, Host]]

SLOT, FREE, DRIVE, ROBOT = 0x400, 0x40F, 0x001, 0x2F0


def test_a_fault_waits_for_its_turn(library: Make) -> None:
    """After the second move the third fails with the given sense, the fourth works again."""
    simulation, host = library()
    simulation.faults.sense((4, 0x15, 0x01), on="move", after=2)
    host.good(MoveMedium(SLOT, FREE))
    host.good(TestUnitReady())
    host.good(MoveMedium(FREE, SLOT))
    assert host.refused(MoveMedium(SLOT, FREE)) == (4, 0x15, 0x01)
    assert host.elements(2)[SLOT].full
    host.good(MoveMedium(SLOT, FREE))
    assert not simulation.faults.entries


def test_a_unit_attention_does_not_use_a_fault_up(library: Make) -> None:
    """A move that a unit attention turned away has not met the fault."""
    simulation, host = library()
    simulation.faults.sense((4, 0x15, 0x01), on="move")
    simulation.operator.insert("A00001L9")
    assert host.refused(MoveMedium(SLOT, FREE)) == (6, 0x28, 0x01)
    assert host.refused(MoveMedium(SLOT, FREE)) == (4, 0x15, 0x01)


def test_busy_twice_and_then_not(library: Make) -> None:
    """Another SCSI status comes as often as asked, and nothing is done."""
    simulation, host = library()
    simulation.faults.status(Status.BUSY, on="move", times=2)
    assert [host.send(MoveMedium(SLOT, FREE)).status for _ in range(3)] == [8, 8, 0]


def test_a_fault_for_ever_stays(library: Make) -> None:
    """`times` 0 never ends."""
    simulation, host = library()
    simulation.faults.status(Status.BUSY, on="ready", times=0)
    assert {host.send(TestUnitReady()).status for _ in range(5)} == {8}


@pytest.mark.parametrize(("carried", "moved"), [(Carried.OUT, True), (Carried.NOT, False)])
def test_a_timeout_hides_whether_the_medium_was_moved(library: Make, carried: Carried, moved: bool) -> None:
    """Host status 3 without sense in both variants; only a look tells them apart."""
    simulation, host = library()
    simulation.faults.timeout(carried)
    reply = host.send(MoveMedium(SLOT, FREE), timeout=900)
    assert (reply.status, reply.host_status, reply.sense) == (0, HostStatus.TIME_OUT, b"")
    assert host.elements(2)[FREE].full is moved


def test_a_timeout_may_hide_a_move_that_is_still_going_on() -> None:
    """After the host gave up the robot is under way for some seconds, answering from before, then done."""
    simulation = Simulation("ibm-ts4500", clock=JumpingClock())
    transport = simulation.transport()
    transport.execute(bytes(6))
    simulation.faults.timeout(Carried.LATER, seconds=30.0)
    first, free = 0x400, 0x41F
    began = simulation.clock.now()
    assert transport.execute(MoveMedium(first, free).encode(), timeout=900).host_status == HostStatus.TIME_OUT
    reply = transport.execute(ReadElementStatus(kind=2).encode(), reply_length=65535)
    assert {e.address: e.full for e in elements.decode(reply.data).elements}[first]
    simulation.clock.sleep(31)
    reply = transport.execute(ReadElementStatus(kind=2).encode(), reply_length=65535)
    assert {e.address: e.full for e in elements.decode(reply.data).elements}[free]
    assert simulation.clock.now() - began < 100


def test_a_path_may_fail_before_or_after_the_command(library: Make) -> None:
    """A host status says nothing about what the library did."""
    simulation, host = library()
    simulation.faults.host(HostStatus.NO_CONNECT, on="move")
    simulation.faults.host(HostStatus.RESET, on="move", after=1, carried=Carried.OUT)
    assert host.send(MoveMedium(SLOT, FREE)).host_status == HostStatus.NO_CONNECT
    assert host.elements(2)[SLOT].full
    assert host.send(MoveMedium(SLOT, FREE)).host_status == HostStatus.RESET
    assert host.elements(2)[FREE].full


def test_a_sense_may_come_after_the_deed(library: Make) -> None:
    """A recovered error, or a hardware error that came too late, leaves the medium moved."""
    simulation, host = library()
    simulation.faults.sense((1, 0x5B, 0x02), on="move", carried=Carried.OUT)
    assert host.refused(MoveMedium(SLOT, FREE)) == (1, 0x5B, 0x02)
    assert host.elements(2)[FREE].full


def test_a_sense_may_be_that_of_an_earlier_command(library: Make) -> None:
    """A deferred error comes as 71h, and the command it came with was not done."""
    simulation, host = library()
    simulation.faults.sense((4, 0x15, 0x01), on="move", effect=Effect.DEFERRED)
    sense = host.check(MoveMedium(SLOT, FREE))
    assert (sense.deferred, sense.response_code) == (True, 0x71)
    assert host.elements(2)[SLOT].full


def test_sense_may_have_to_be_asked_for(library: Make) -> None:
    """CHECK CONDITION without sense is explained by REQUEST SENSE, but only if that comes next."""
    simulation, host = library()
    simulation.faults.sense((4, 0x15, 0x01), on="move", times=2, effect=Effect.SILENT)
    reply = host.send(MoveMedium(SLOT, FREE))
    assert (reply.status, reply.sense) == (Status.CHECK_CONDITION, b"")
    assert decode_sense(host.good(RequestSense()))[:3] == (4, 0x15, 0x01)
    host.send(MoveMedium(SLOT, FREE))
    host.good(TestUnitReady())
    assert decode_sense(host.good(RequestSense())).key == 0


def test_power_may_fail_before_a_command(library: Make, drive: Callable[..., Host]) -> None:
    """The command finds 29/00, and locks of changer and drives are gone."""
    simulation, host = library()
    inside = drive(simulation)
    inside.good(PreventAllow(prevent=True))
    simulation.faults.power(on="move")
    assert host.refused(MoveMedium(SLOT, FREE)) == (6, 0x29, 0x00)
    assert not simulation.machine.drives[0].prevented
    assert inside.settle() == [(0x29, 0x00)]


@pytest.mark.parametrize("length", [0, 4, 100])
def test_a_reply_may_be_cut(library: Make, length: int) -> None:
    """Exactly so many bytes come."""
    simulation, host = library()
    simulation.faults.truncate(length)
    assert len(host.good(ReadElementStatus(kind=2))) == length
    assert len(host.elements(2)) == 20


def test_a_reply_may_be_zeros(library: Make) -> None:
    """As many bytes as there should be, all of them zero, which the codec reads as no elements."""
    simulation, host = library()
    simulation.faults.zeros()
    reply = host.good(ReadElementStatus(kind=2))
    assert len(reply) == 8 + 8 + 20 * 52
    assert not any(reply)
    try:
        assert elements.decode(reply).elements == ()
    except DecodeError:
        pytest.fail("zeros are a header that counts nothing")


def test_a_medium_may_be_put_elsewhere(library: Make) -> None:
    """GOOD, the medium in another slot than asked, and 28/00 to say that something is odd (Quantum)."""
    simulation, host = library()
    simulation.faults.elsewhere(0x410)
    host.good(MoveMedium(SLOT, FREE))
    assert host.settle() == [(0x28, 0x00)]
    slots = host.elements(2)
    assert not slots[FREE].full
    assert slots[0x410].volume_tag == "RSM001L9"


def test_a_medium_may_be_put_into_any_empty_slot(library: Make) -> None:
    """Without an element the first empty slot that is neither source nor destination takes it."""
    simulation, host = library()
    simulation.faults.elsewhere()
    host.good(MoveMedium(SLOT, DRIVE))
    host.settle()
    assert not host.elements(4)[DRIVE].full
    assert host.elements(2)[SLOT + 10].volume_tag == "RSM001L9"


def test_a_medium_may_stay_on_the_transport(library: Make) -> None:
    """04/15/01, the transport is full, and a move from it rescues the medium."""
    simulation, host = library()
    simulation.faults.stuck()
    assert host.refused(MoveMedium(SLOT, FREE)) == (4, 0x15, 0x01)
    robot = host.elements(1)[ROBOT]
    assert (robot.full, robot.volume_tag, robot.source) == (True, "RSM001L9", SLOT)
    host.good(MoveMedium(ROBOT, FREE))
    assert host.elements(2)[FREE].source == SLOT


def test_faults_are_for_one_unit(library: Make, drive: Callable[..., Host]) -> None:
    """A drive's fault leaves the changer alone, and the other way round."""
    simulation, host = library()
    inside, other = drive(simulation, 0), drive(simulation, 1)
    simulation.faults.sense((3, 0x09, 0x00), on="ready", drive=0)
    host.good(TestUnitReady())
    assert other.refused(TestUnitReady()) == (2, 0x3A, 0x00)
    assert inside.refused(TestUnitReady()) == (3, 0x09, 0x00)


def test_commands_are_named_by_words_or_codes() -> None:
    """A word, or two hexadecimal digits; anything else is refused with the words there are."""
    assert 0xA5 in commands("move")
    assert commands("b8") == {0xB8}
    with pytest.raises(InvalidRequest, match="no command"):
        commands("dance")


def test_impossible_faults_are_refused(library: Make) -> None:
    """A sense fault without sense, or one that happens less than never, is not taken."""
    simulation, _ = library()
    with pytest.raises(InvalidRequest):
        simulation.faults.add(Fault(Effect.SENSE))
    with pytest.raises(InvalidRequest):
        simulation.faults.status(8, after=-1)
