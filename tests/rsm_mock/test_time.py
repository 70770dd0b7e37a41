"""Time: what takes how long, and what others meet meanwhile."""

from __future__ import annotations

import pytest

from rsm.clock import JumpingClock
from rsm.hardware.inventory import ElementKind
from rsm_mock.simulation import Simulation
from rsm_mock.world import Timer
from rsm_scsi.transport import HostStatus, Status, Transport
from rsm_smc import elements, sense
from rsm_smc.cdb import (
    InitializeElementStatus,
    Inquiry,
    LoadUnload,
    MoveMedium,
    ReadElementStatus,
    TestUnitReady,
)


class Meddling(JumpingClock):
    """A clock that lets somebody act in the middle of the first sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.act: object = None

    def sleep(self, seconds: float) -> None:
        """Sleep half, act, sleep the rest."""
        act, self.act = self.act, None
        if callable(act):
            super().sleep(seconds / 2)
            act()
            super().sleep(seconds / 2)
        else:
            super().sleep(seconds)


def ready(transport: Transport) -> tuple[int | None, int | None, int | None] | None:
    """Give what TEST UNIT READY says: None for ready."""
    reply = transport.execute(TestUnitReady().encode())
    if reply.status == Status.GOOD:
        return None
    told = sense.decode(reply.sense)
    return told.key, told.asc, told.ascq


def test_a_move_takes_the_time_of_its_library() -> None:
    """At pace 1 a TS4500 moves in 3 s and a small autoloader in 45 s (field.md §5.2), at pace 0 in none."""
    for name, pace, seconds in (
        ("ibm-ts4500", 1.0, 3.0),
        ("autoloader", 1.0, 45.0),
        ("autoloader", 0.0, 0.0),
    ):
        simulation = Simulation(name, pace=pace)
        slots = simulation.world.of_kind(ElementKind.STORAGE)
        transport = simulation.transport()
        ready(transport)
        reply = transport.execute(MoveMedium(slots[0].address, slots[-1].address).encode(), timeout=900)
        assert reply.status == Status.GOOD
        assert reply.duration == pytest.approx(seconds)


def test_a_drive_becomes_ready_after_its_load_time() -> None:
    """02/04/01 until the load time has passed, 02/04/00 while it unloads, then empty."""
    simulation = Simulation(pace=1.0)
    changer, drive = simulation.transport(), simulation.drive_transport(0)
    ready(changer)
    ready(drive)
    changer.execute(MoveMedium(0x400, 1).encode(), timeout=900)
    assert ready(drive) == (6, 0x28, 0x00)
    assert ready(drive) == (2, 0x04, 0x01)
    simulation.clock.sleep(16)
    assert ready(drive) is None
    drive.execute(LoadUnload(load=False, immediate=True).encode())
    assert ready(drive) == (2, 0x04, 0x00)
    simulation.clock.sleep(16)
    assert ready(drive) == (2, 0x3A, 0x00)


def test_a_changer_becomes_ready_after_power_on() -> None:
    """02/04/01 while it starts, for TEST UNIT READY and element status; INQUIRY works."""
    simulation = Simulation(pace=1.0)
    transport = simulation.transport()
    ready(transport)
    simulation.operator.power_cycle()
    assert ready(transport) == (6, 0x29, 0x00)
    assert ready(transport) == (2, 0x04, 0x01)
    assert transport.execute(ReadElementStatus().encode(), reply_length=65535).status == 2
    assert transport.execute(Inquiry().encode(), reply_length=255).status == 0
    simulation.clock.sleep(121)
    assert ready(transport) is None


def test_a_limit_below_the_move_time_is_a_timeout_and_the_move_goes_on() -> None:
    """The host gives up after its limit with host status 3; the medium arrives all the same."""
    simulation = Simulation(pace=1.0)
    transport = simulation.transport()
    ready(transport)
    reply = transport.execute(MoveMedium(0x400, 0x40F).encode(), timeout=2)
    assert reply.host_status == HostStatus.TIME_OUT
    assert simulation.world.elements[0x400].medium is not None
    assert ready(transport) is None  # it waited for the robot
    assert simulation.world.elements[0x40F].medium is not None


@pytest.mark.parametrize(
    ("name", "status", "waits"),
    [("quantum-scalar", 8, False), ("generic", 0, True), ("ibm-ts4500", 0, False)],
)
def test_others_meet_a_library_under_way(name: str, status: int, waits: bool) -> None:
    """While the robot moves, element status is BUSY, waits for the end, or comes from before the move."""
    clock = Meddling()
    simulation = Simulation(name, clock=clock, pace=1.0)
    slots = simulation.world.of_kind(ElementKind.STORAGE)
    source, destination = slots[0].address, slots[-1].address
    transport, other = simulation.transport(), simulation.transport()
    ready(transport)
    seen = []

    def look() -> None:
        reply = other.execute(ReadElementStatus(kind=2).encode(), reply_length=65535)
        seen.append(reply)

    clock.act = look
    assert transport.execute(MoveMedium(source, destination).encode(), timeout=900).status == 0
    assert seen[0].status == status
    assert (seen[0].duration > 1) is waits
    if not status:
        full = {e.address: e.full for e in elements.decode(seen[0].data).elements}
        assert full[destination] is waits


def test_a_second_move_waits_for_the_first() -> None:
    """Two moves sent at once are done one after the other, even by a library that answers from a cache."""
    clock = Meddling()
    simulation = Simulation("ibm-ts4500", clock=clock, pace=1.0)
    transport, other = simulation.transport(), simulation.transport()
    ready(transport)
    clock.act = lambda: other.execute(MoveMedium(0x401, 0x420).encode(), timeout=900)
    transport.execute(MoveMedium(0x400, 0x421).encode(), timeout=900)
    assert simulation.world.moves == 2
    assert simulation.world.elements[0x421].medium is not None


def test_an_inventory_takes_time_for_each_element() -> None:
    """07h looks at every element; a library of 25 at one second each takes 25 s."""
    simulation = Simulation(pace=1.0)
    transport = simulation.transport()
    ready(transport)
    assert transport.execute(InitializeElementStatus().encode(), timeout=3600).duration == pytest.approx(25)


def test_a_door_opened_in_the_way_stops_the_robot() -> None:
    """If the door is opened while the robot is under way, the move fails and the medium stays where it was."""
    clock = Meddling()
    simulation = Simulation(clock=clock, pace=1.0)
    transport = simulation.transport()
    ready(transport)
    clock.act = simulation.operator.open_door
    reply = transport.execute(MoveMedium(0x400, 0x40F).encode(), timeout=900)
    assert sense.decode(reply.sense)[:3] == (2, 0x04, 0x18)
    assert simulation.world.elements[0x400].medium is not None
    assert simulation.world.moves == 0


def test_a_medium_taken_from_under_the_robot_fails_the_move() -> None:
    """What a hand took away meanwhile cannot be carried: 04/15/01, and 28/00 follows."""
    clock = Meddling()
    simulation = Simulation(clock=clock, pace=1.0)
    transport = simulation.transport()
    ready(transport)
    clock.act = lambda: simulation.operator.remove("RSM001L9", force=True)
    reply = transport.execute(MoveMedium(0x400, 0x40F).encode(), timeout=900)
    assert sense.decode(reply.sense)[:3] == (4, 0x15, 0x01)
    assert ready(transport) == (6, 0x28, 0x00)
    assert [medium.barcode for medium in simulation.world.shelf] == ["RSM001L9"]


def test_a_power_cut_in_a_move_leaves_the_outcome_unknown() -> None:
    """The host sees a reset, then 29/00; the medium is still in one place."""
    clock = Meddling()
    simulation = Simulation(clock=clock, pace=1.0)
    transport = simulation.transport()
    ready(transport)
    clock.act = simulation.operator.power_cycle
    reply = transport.execute(MoveMedium(0x400, 0x40F).encode(), timeout=900)
    assert reply.host_status == HostStatus.RESET
    assert ready(transport) == (6, 0x29, 0x00)
    assert simulation.world.elements[0x400].medium is not None


def test_a_timer_from_the_future_is_over() -> None:
    """A library that was used with a jumping clock is not busy for years under a real one."""
    assert Timer(1000.0, 10.0).left(1004.0) == 6.0
    assert Timer(1000.0, 10.0).left(1010.0) == 0.0
    assert Timer(1000.0, 10.0).left(900.0) == 0.0
