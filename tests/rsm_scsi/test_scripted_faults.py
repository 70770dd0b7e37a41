"""What the driver makes of a library in which things go wrong: the fault raised, what was seen, what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from rsm.hardware.contract import Changer
from rsm.hardware.faults import (
    BadReply,
    DeviceFault,
    HardwareFailed,
    InventoryStale,
    MoveRefused,
    NotReadyYet,
    NotSupported,
    OperatorNeeded,
    OutcomeUnknown,
    ReservedElsewhere,
)
from rsm.hardware.inventory import ElementAddress, ElementKind
from rsm.testing.changer_suite import scratch_of
from rsm_mock.faults import Carried
from rsm_mock.simulation import Simulation
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.transport import HostStatus, Reply, Status
from rsm_scsi.wrappers import Wrapper

MOVE = 0xA5


class Counting(Wrapper):
    """A transport that remembers which operation codes went through it."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation.transport())
        self.sent: list[int] = []

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Note and hand on."""
        self.sent.append(cdb[0])
        return super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)


class Scene(NamedTuple):
    """A library, its driver, and what a move is tried with."""

    simulation: Simulation
    wire: Counting
    changer: Changer
    full: ElementAddress
    empty: ElementAddress

    def move(self) -> DeviceFault:
        """Try the move and give the fault that it meets."""
        with pytest.raises(DeviceFault) as caught:
            self.changer.move(self.full, self.empty)
        return caught.value

    def moves_sent(self) -> int:
        """Count MOVE MEDIUM on the wire."""
        return self.wire.sent.count(MOVE)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A generic library that has been looked at once."""
    simulation = Simulation("generic")
    wire = Counting(simulation)
    with ScsiChanger(wire, clock=simulation.clock) as changer:
        scratch = scratch_of(changer.inventory())
        assert scratch is not None
        wire.sent.clear()
        yield Scene(simulation, wire, changer, scratch.full, scratch.empty)


def _fullness(fault: DeviceFault) -> dict[int, bool | None]:
    return {item.address: item.full for item in fault.seen}


@pytest.mark.parametrize("carried", [Carried.OUT, Carried.NOT])
def test_timeout_is_an_unknown_outcome_seen_by_looking(scene: Scene, carried: Carried) -> None:
    """A move that times out is sent once, and the fault shows what the elements look like afterwards."""
    scene.simulation.faults.timeout(carried)
    fault = scene.move()
    assert isinstance(fault, OutcomeUnknown)
    assert fault.executed is None
    assert _fullness(fault)[scene.empty] is (carried is Carried.OUT)
    assert _fullness(fault)[scene.full] is (carried is Carried.NOT)
    assert scene.moves_sent() == 1


@pytest.mark.parametrize("status", [HostStatus.RESET, HostStatus.NO_CONNECT, HostStatus.ERROR])
def test_lost_path_during_a_move_is_an_unknown_outcome(scene: Scene, status: HostStatus) -> None:
    """Any transport error on a move leaves its outcome unknown, and nothing is sent again."""
    scene.simulation.faults.host(status, on="move", carried=Carried.OUT)
    fault = scene.move()
    assert isinstance(fault, OutcomeUnknown)
    assert _fullness(fault)[scene.empty]
    assert scene.moves_sent() == 1


def test_attention_before_a_move_stops_it(scene: Scene) -> None:
    """A unit attention that makes the inventory doubtful stops a move before anything is sent."""
    scene.simulation.operator.insert("NEW001L9")
    fault = scene.move()
    assert isinstance(fault, InventoryStale)
    assert fault.executed is False
    assert scene.moves_sent() == 0
    assert scene.changer.stale
    assert isinstance(scene.move(), InventoryStale)  # until somebody looks
    inventory = scene.changer.inventory()
    assert "NEW001L9" in {item.volume_tag for item in inventory.elements}
    assert not scene.changer.stale
    scene.changer.move(scene.full, scene.empty)


def test_attention_on_the_move_itself(scene: Scene) -> None:
    """A unit attention that answers the move proves that it was not executed; it is not sent again."""
    scene.simulation.faults.sense((6, 0x28, 0x00), on="move")
    fault = scene.move()
    assert isinstance(fault, InventoryStale)
    assert fault.executed is False
    assert _fullness(fault)[scene.full]
    assert scene.moves_sent() == 1
    assert scene.changer.stale


def test_power_cycle_before_a_move(scene: Scene) -> None:
    """A library that was switched off in between is looked at before anything moves."""
    scene.simulation.faults.power(on="ready")
    assert isinstance(scene.move(), InventoryStale)
    assert scene.moves_sent() == 0
    scene.changer.inventory()
    scene.changer.move(scene.full, scene.empty)


def test_power_cycle_loses_the_lock_and_gets_it_back() -> None:
    """PREVENT is asserted again after a reset, when the library is next looked at."""
    simulation = Simulation("quantum-scalar")
    wire = Counting(simulation)
    with ScsiChanger(wire, clock=simulation.clock) as changer:
        changer.inventory()
        changer.lock(True)
        simulation.faults.power(on="ready")
        wire.sent.clear()
        changer.inventory()
        assert 0x1E in wire.sent
        wire.sent.clear()
        changer.inventory()
        assert 0x1E not in wire.sent


def test_good_but_elsewhere_is_seen(scene: Scene) -> None:
    """A medium that the library put elsewhere with GOOD status is not reported at its destination."""
    scene.simulation.faults.elsewhere()
    report = scene.changer.move(scene.full, scene.empty)
    seen = {item.address: item.full for item in report.seen}
    assert seen[scene.full] is False
    assert seen[scene.empty] is False
    assert report.warnings
    assert scene.changer.stale
    tags = {item.volume_tag for item in scene.changer.inventory().elements if item.full}
    assert "RSM001L9" in tags


def test_stuck_in_the_hand_is_seen(scene: Scene) -> None:
    """A medium left on the transport shows there after the fault."""
    scene.simulation.faults.stuck()
    fault = scene.move()
    assert isinstance(fault, HardwareFailed)
    assert fault.executed is None
    robots = [item for item in fault.seen if item.kind is ElementKind.TRANSPORT]
    assert [item.full for item in robots] == [True]
    assert scene.moves_sent() == 1


def test_busy_answer_to_a_move(scene: Scene) -> None:
    """BUSY proves that a move was not executed; the driver leaves trying again to the engine."""
    scene.simulation.faults.status(Status.BUSY, on="move")
    fault = scene.move()
    assert isinstance(fault, NotReadyYet)
    assert fault.executed is False
    assert fault.retryable
    assert scene.moves_sent() == 1


def test_busy_is_waited_for_when_looking(scene: Scene) -> None:
    """BUSY on a command that moves nothing is waited for, and that command sent again."""
    scene.simulation.faults.status(Status.BUSY, on="elements", times=5)
    began = scene.simulation.clock.monotonic()
    assert scene.changer.inventory().elements
    assert scene.simulation.clock.monotonic() - began >= 5


def test_busy_for_ever_ends(scene: Scene) -> None:
    """A device that is busy for ever is given up with a fault that says so."""
    scene.simulation.faults.status(Status.BUSY, on="elements", times=0)
    with pytest.raises(NotReadyYet, match="busy"):
        scene.changer.inventory()


def test_reservation_conflict(scene: Scene) -> None:
    """A reservation of another host is told as such."""
    scene.simulation.faults.status(Status.RESERVATION_CONFLICT, on="elements")
    with pytest.raises(ReservedElsewhere, match="another host"):
        scene.changer.inventory()


def test_becoming_ready_is_waited_for(scene: Scene) -> None:
    """A library that scans its inventory is waited for, when looking and before moving."""
    scene.simulation.faults.sense((2, 4, 1), on="elements", times=30)
    assert scene.changer.inventory().elements
    scene.simulation.faults.sense((2, 4, 1), on="ready", times=30)
    scene.changer.move(scene.full, scene.empty)


def test_becoming_ready_for_ever_ends(scene: Scene) -> None:
    """Waiting has a bound, and the fault says how long it was."""
    scene.simulation.faults.sense((2, 4, 1), on="ready", times=0)
    with pytest.raises(NotReadyYet, match="120 s"):
        scene.changer.wait_ready(120)


def test_open_door_asks_for_an_operator_at_once(scene: Scene) -> None:
    """A door that is open is not waited for."""
    scene.simulation.operator.open_door()
    began = scene.simulation.clock.monotonic()
    with pytest.raises(OperatorNeeded, match="door"):
        scene.changer.wait_ready(3600)
    assert scene.simulation.clock.monotonic() - began < 5
    assert isinstance(scene.move(), OperatorNeeded)
    assert scene.moves_sent() == 0


def test_initialising_command_required(scene: Scene) -> None:
    """A changer that waits for INITIALIZE ELEMENT STATUS gets it, once."""
    scene.simulation.faults.sense((2, 4, 2), on="ready", times=3)
    scene.changer.wait_ready(60)
    assert scene.wire.sent.count(0x07) == 1


@pytest.mark.parametrize("length", [9, 20, 40, 68, 200, 500])
def test_cut_reply_loses_nothing(scene: Scene, length: int) -> None:
    """A reply that is cut on the way once is completed by asking again from where it ended."""
    whole = scene.changer.inventory().elements
    scene.simulation.faults.truncate(length)
    assert scene.changer.inventory().elements == whole


@pytest.mark.parametrize("length", [0, 4, 7])
def test_reply_without_a_header(scene: Scene, length: int) -> None:
    """A reply too short to have a header is asked for again, and then is a fault, not an empty library."""
    whole = scene.changer.inventory().elements
    scene.simulation.faults.truncate(length)
    assert scene.changer.inventory().elements == whole
    scene.simulation.faults.truncate(length, times=0)
    with pytest.raises(BadReply, match="elements"):
        scene.changer.inventory()


def test_zeros_are_not_an_empty_library(scene: Scene) -> None:
    """A reply of zeros once is asked for again; for ever, it is a fault and not the loss of every medium."""
    whole = scene.changer.inventory().elements
    scene.simulation.faults.zeros(after=1)
    assert scene.changer.inventory().elements == whole
    scene.simulation.faults.zeros(times=0)
    with pytest.raises(BadReply, match="storage"):
        scene.changer.inventory()


def test_lost_path_while_looking_is_tried_again(scene: Scene) -> None:
    """A path that fails for a moment while looking is no fault."""
    scene.simulation.faults.host(HostStatus.RESET, on="elements", times=2)
    assert scene.changer.inventory().elements


def test_look_fails_after_a_good_move(scene: Scene) -> None:
    """A good move that cannot be looked at afterwards is an unknown outcome, not a success."""
    scene.simulation.faults.truncate(0, times=0)
    fault = scene.move()
    assert isinstance(fault, OutcomeUnknown)
    assert fault.seen == ()


def test_look_fails_after_a_bad_move(scene: Scene) -> None:
    """A failed move that cannot be looked at keeps its own fault."""
    scene.simulation.faults.sense((4, 0x15, 0x01), on="move")
    scene.simulation.faults.truncate(0, times=0)
    fault = scene.move()
    assert isinstance(fault, HardwareFailed)
    assert fault.seen == ()


@pytest.mark.parametrize(
    ("code", "kind", "executed"),
    [
        ((5, 0x3B, 0x0D), MoveRefused, False),
        ((5, 0x3B, 0x0E), MoveRefused, False),
        ((4, 0x3B, 0x0D), MoveRefused, False),
        ((5, 0x53, 0x01), MoveRefused, False),
        ((5, 0x3A, 0x00), MoveRefused, False),
        ((5, 0x3B, 0x18), MoveRefused, False),
        ((5, 0x53, 0x02), OperatorNeeded, False),
        ((5, 0x3B, 0x11), OperatorNeeded, False),
        ((5, 0x24, 0x00), NotSupported, False),
        ((5, 0x30, 0x00), NotSupported, False),
        ((2, 0x04, 0x18), OperatorNeeded, False),
        ((2, 0x04, 0x01), NotReadyYet, False),
        ((6, 0x29, 0x00), InventoryStale, False),
        ((6, 0x3B, 0x13), InventoryStale, False),
        ((4, 0x15, 0x01), HardwareFailed, None),
        ((4, 0x53, 0x00), HardwareFailed, None),
        ((4, 0x40, 0x01), HardwareFailed, None),
        ((3, 0x30, 0x00), HardwareFailed, None),
        ((0xB, 0x08, 0x00), OutcomeUnknown, None),
        ((0, 0x00, 0x00), OutcomeUnknown, None),
        ((9, 0x80, 0x01), HardwareFailed, None),
    ],
)
def test_each_class_of_sense(
    scene: Scene, code: tuple[int, int, int], kind: type[DeviceFault], executed: bool | None
) -> None:
    """Each class of sense on a move becomes the fault that the engine acts on, with the raw bytes kept."""
    scene.simulation.faults.sense(code, on="move")
    fault = scene.move()
    assert type(fault) is kind
    assert fault.executed is executed
    assert fault.sense
    assert fault.seen
    assert "{:02X}/{:02X}/{:02X}".format(*code) in str(fault)
    assert scene.moves_sent() == 1


def test_recovered_error_is_success(scene: Scene) -> None:
    """Sense key 1 means that the command succeeded."""
    scene.simulation.faults.sense((1, 0x30, 0x03), on="move", carried=Carried.OUT)
    report = scene.changer.move(scene.full, scene.empty)
    assert {item.address: item.full for item in report.seen}[scene.empty]


def test_refusals_name_the_element(scene: Scene) -> None:
    """A full destination and an empty source are named by the fault."""
    scene.simulation.faults.sense((5, 0x3B, 0x0D), on="move")
    assert scene.move().element == scene.empty
    scene.simulation.faults.sense((5, 0x3B, 0x0E), on="move")
    assert scene.move().element == scene.full


def test_attentions_while_looking_are_read_again(scene: Scene) -> None:
    """An attention in the middle of an inventory makes the driver read it anew, and nothing stays stale."""
    scene.simulation.faults.sense((6, 0x28, 0x00), on="elements", after=1)
    scene.wire.sent.clear()
    assert scene.changer.inventory().elements
    assert not scene.changer.stale
    assert scene.wire.sent.count(0xB8) > 6


def test_attentions_without_end_stay_stale(scene: Scene) -> None:
    """A library that keeps changing is given up on after some rounds, and stays stale."""
    scene.simulation.faults.sense((6, 0x28, 0x00), on="elements", after=1)
    for after in (3, 8, 14, 20, 26):
        scene.simulation.faults.sense((6, 0x28, 0x00), on="elements", after=after)
    assert scene.changer.inventory().elements
    assert scene.changer.stale


def test_harmless_attention_does_not_stop_a_move(scene: Scene) -> None:
    """An attention that says nothing of elements is noted, and the move goes on."""
    scene.simulation.faults.sense((6, 0x2A, 0x02), on="ready")
    scene.changer.move(scene.full, scene.empty)
    assert not scene.changer.stale


def test_command_once_refused_is_not_sent_again(scene: Scene) -> None:
    """A command that the device does not have is remembered, and capabilities say so."""
    scene.simulation.faults.sense((5, 0x20, 0x00), on="2b")
    for _ in range(2):
        with pytest.raises(NotSupported):
            scene.changer.position(scene.empty)
    assert scene.wire.sent.count(0x2B) == 1
    assert not scene.changer.capabilities.positions


def test_initialise_is_sent_again_after_an_attention(scene: Scene) -> None:
    """INITIALIZE ELEMENT STATUS turned away by an attention is sent a second time."""
    scene.simulation.faults.sense((6, 0x28, 0x00), on="initialise")
    scene.changer.initialise()
    assert scene.wire.sent.count(0x07) == 2


def test_initialise_range(scene: Scene) -> None:
    """A range is looked at anew with whichever command for that the device has."""
    scene.changer.initialise(range(scene.full, scene.full + 3))
    assert {0x37, 0xE7} & set(scene.wire.sent)


def test_library_that_goes_on_after_the_timeout(scene: Scene) -> None:
    """After a timeout the library is given time to come to rest before it is looked at."""
    scene.simulation.faults.timeout(Carried.LATER, seconds=120)
    fault = scene.move()
    assert isinstance(fault, OutcomeUnknown)
    assert _fullness(fault)[scene.empty]
    assert scene.moves_sent() == 1


def test_failed_inventory_leaves_things_stale(scene: Scene) -> None:
    """An inventory that fails does not end the doubt that made it necessary."""
    scene.simulation.operator.insert("NEW001L9")
    scene.simulation.faults.truncate(0, times=6)
    with pytest.raises(BadReply):
        scene.changer.inventory()
    assert scene.changer.stale
    assert isinstance(scene.move(), InventoryStale)


def test_attention_on_inquiry() -> None:
    """A device that answers even INQUIRY with a unit attention can be opened."""
    simulation = Simulation("generic")
    simulation.faults.sense((6, 0x29, 0x00), on="inquiry")
    with simulation.open_changer() as changer:
        assert changer.stale
        assert changer.inventory().elements


def test_lock_that_cannot_be_had_again() -> None:
    """A lock that is refused after a reset costs no inventory."""
    simulation = Simulation("quantum-scalar")
    with simulation.open_changer() as changer:
        changer.inventory()
        changer.lock(True)
        simulation.faults.power(on="ready")
        simulation.faults.sense((5, 0x24, 0x00), on="lock")
        assert changer.inventory().elements
