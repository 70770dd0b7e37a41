"""The robot: what it carries, what it refuses and with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm.hardware.inventory import ElementKind
from rsm_smc.cdb import (
    ExchangeMedium,
    InvertOrder,
    MoveMedium,
    PositionToElement,
    PreventAllow,
    ReadElementStatus,
)
from rsm_smc.sense import decode as decode_sense

if TYPE_CHECKING:
    from collections.abc import Callable

    from rsm_mock.simulation import Simulation
    from tests.rsm_mock.conftest import Host

    Make = Callable[..., tuple[Simulation, Host]]

SLOT, PORT, DRIVE, ROBOT = 0x400, 0x300, 0x001, 0x2F0
"""First addresses of the generic personality."""


def test_a_move_carries_the_medium_and_its_tag(library: Make) -> None:
    """After a move the source is empty and the destination holds the same bar code, with its source."""
    _, host = library()
    host.good(MoveMedium(SLOT, SLOT + 15))
    slots = host.elements(2)
    assert not slots[SLOT].full
    assert slots[SLOT + 15].volume_tag == "RSM001L9"
    assert slots[SLOT + 15].source == SLOT


@pytest.mark.parametrize(
    ("source", "destination", "told", "pointer"),
    [
        (SLOT, SLOT + 1, (5, 0x3B, 0x0D), None),
        (SLOT + 15, SLOT + 16, (5, 0x3B, 0x0E), None),
        (0x999, SLOT + 15, (5, 0x21, 0x01), 4),
        (SLOT, 0x999, (5, 0x21, 0x01), 6),
        (SLOT, ROBOT, (5, 0x21, 0x01), 6),
        (SLOT, SLOT, (5, 0x3B, 0x0D), None),
    ],
)
def test_impossible_moves_are_refused(
    library: Make, source: int, destination: int, told: tuple[int, int, int], pointer: int | None
) -> None:
    """A full destination, an empty source and an unknown element each have their sense, and nothing moves."""
    simulation, host = library()
    before = host.elements()
    sense = host.check(MoveMedium(source, destination))
    assert (sense.key, sense.asc, sense.ascq) == told
    assert sense.field_pointer == pointer
    assert host.elements() == before
    assert simulation.world.moves == 0


def test_an_unknown_transport_is_refused(library: Make) -> None:
    """A transport address that is none is 05/21/01 with field pointer 2; 0 and the real one are taken."""
    _, host = library()
    assert host.check(MoveMedium(SLOT, SLOT + 15, transport=0x55)).field_pointer == 2
    host.good(MoveMedium(SLOT, SLOT + 15, transport=ROBOT))
    host.good(MoveMedium(SLOT + 15, SLOT))


def test_exchange_swaps_three_elements(library: Make) -> None:
    """EXCHANGE puts the source's medium into the first destination and that one's into the second."""
    _, host = library()
    host.good(ExchangeMedium(SLOT, SLOT + 1, SLOT + 15))
    slots = host.elements(2)
    assert slots[SLOT].volume_tag is None
    assert slots[SLOT + 1].volume_tag == "RSM001L9"
    assert slots[SLOT + 15].volume_tag == "RSM002L9"


def test_exchange_may_swap_two_elements(library: Make) -> None:
    """The second destination may be the source: a plain swap, even in a full library."""
    _, host = library(slots=2, media=2)
    host.good(ExchangeMedium(SLOT, SLOT + 1, SLOT))
    slots = host.elements(2)
    assert [slots[SLOT].volume_tag, slots[SLOT + 1].volume_tag] == ["RSM002L9", "RSM001L9"]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (SLOT + 15, SLOT + 16, (5, 0x3B, 0x0E)),
        (SLOT + 1, SLOT + 2, (5, 0x3B, 0x0D)),
        (0x999, SLOT + 15, (5, 0x21, 0x01)),
    ],
)
def test_impossible_exchanges_are_refused(
    library: Make, first: int, second: int, told: tuple[int, int, int]
) -> None:
    """An exchange with nothing in the first or something in the second destination changes nothing."""
    _, host = library()
    before = host.elements()
    assert host.refused(ExchangeMedium(SLOT, first, second)) == told
    assert host.elements() == before


def test_a_loaded_drive_is_unloaded_by_the_library(library: Make, drive: Callable[..., Host]) -> None:
    """The generic library takes a medium out of a drive that has not ejected; Access tells before."""
    simulation, host = library()
    host.good(MoveMedium(SLOT, DRIVE))
    assert host.elements(4)[DRIVE].access is False
    host.good(MoveMedium(DRIVE, SLOT))
    assert host.elements(4)[DRIVE].access is True
    assert drive(simulation).refused(bytes(6)) == (2, 0x3A, 0x00)


@pytest.mark.parametrize(
    ("personality", "told"),
    [
        ("autoloader", (5, 0x3A, 0x00)),
        ("quantum-scalar", (5, 0x53, 0x01)),
        ("exabyte", (5, 0x3B, 0x90)),
        ("ibm-ts3400", (5, 0x3B, 0x83)),
    ],
)
def test_libraries_that_want_an_eject_first_say_so(
    library: Make, drive: Callable[..., Host], personality: str, told: tuple[int, int, int]
) -> None:
    """A move out of a loaded drive is refused in the vendor's words, and works after an unload."""
    simulation, host = library(personality)
    slot = simulation.world.of_kind(ElementKind.STORAGE)[0].address
    bay = simulation.machine.bays()[0].address
    host.good(MoveMedium(slot, bay))
    assert host.refused(MoveMedium(bay, slot)) == told
    drive(simulation).good(bytes.fromhex("1b0000000000"))
    host.good(MoveMedium(bay, slot))


def test_a_drive_that_prevents_removal_keeps_its_medium(library: Make, drive: Callable[..., Host]) -> None:
    """PREVENT on the drive refuses unload and move with 53/02 and 53/03 until it is allowed again."""
    simulation, host = library()
    host.good(MoveMedium(SLOT, DRIVE))
    inside = drive(simulation)
    inside.good(PreventAllow(prevent=True))
    assert inside.refused(bytes.fromhex("1b0000000000")) == (5, 0x53, 0x02)
    assert host.refused(MoveMedium(DRIVE, SLOT)) == (5, 0x53, 0x03)
    inside.good(PreventAllow(prevent=False))
    host.good(MoveMedium(DRIVE, SLOT))


def test_prevent_blocks_moves_to_ports_only(library: Make) -> None:
    """While the changer is told to prevent removal, a port takes nothing (05/53/02) and a slot does."""
    _, host = library()
    host.good(PreventAllow(prevent=True))
    assert host.refused(MoveMedium(SLOT, PORT)) == (5, 0x53, 0x02)
    host.good(MoveMedium(SLOT, SLOT + 15))
    host.good(PreventAllow(prevent=False))
    host.good(MoveMedium(SLOT + 1, PORT))


def test_invert_turns_a_two_sided_medium_over(library: Make, drive: Callable[..., Host]) -> None:
    """INVERT puts the second side up, the descriptor says so, and the way back with INVERT undoes it."""
    simulation, host = library("optical-jukebox", media=0, two_sided=1)
    slot, bay = 0x00B, 0x001
    host.good(MoveMedium(slot, bay, invert=True))
    assert host.elements(4)[bay].inverted
    assert b"-B" in drive(simulation).good(bytes.fromhex("8c000000000000000000000040000000"))
    host.good(MoveMedium(bay, slot, invert=True))
    assert not host.elements(2)[slot].inverted
    assert simulation.world.elements[slot].medium.up == 0  # type: ignore[union-attr]


def test_a_medium_put_back_unturned_lies_wrong_side_up(library: Make) -> None:
    """Without INVERT on the way back the slot's Invert bit says that the medium lies turned over."""
    _, host = library("optical-jukebox", media=0, two_sided=1)
    host.good(MoveMedium(0x00B, 0x001, invert=True))
    host.good(MoveMedium(0x001, 0x00B))
    assert host.elements(2)[0x00B].inverted


def test_a_library_that_cannot_rotate_refuses_invert(library: Make) -> None:
    """INVERT without ROTATE is 05/24/00 with the field pointer at its bit."""
    _, host = library()
    sense = host.check(MoveMedium(SLOT, SLOT + 15, invert=True))
    assert (sense.asc, sense.field_pointer, sense.bit_pointer) == (0x24, 10, 0)


@pytest.mark.parametrize(("order", "turned"), [(InvertOrder.SCSI2, 0), (InvertOrder.SMC3, 1)])
def test_exchange_reads_its_invert_bits_in_scsi2_order(
    library: Make, order: InvertOrder, turned: int
) -> None:
    """A jukebox takes bit 0 for the first medium, so a host with the SMC-3 order turns the wrong one."""
    simulation, host = library("optical-jukebox", media=0, two_sided=2)
    host.good(ExchangeMedium(0x00B, 0x00C, 0x00B, invert_first=True, order=order))
    up = {medium.barcode: medium.up for medium in simulation.world.media()}
    assert up == {"RSM001": 1 - turned, "RSM002": turned}


def test_position_needs_an_element(library: Make) -> None:
    """POSITION TO ELEMENT is taken for an element and refused for none."""
    _, host = library()
    host.good(PositionToElement(SLOT))
    assert host.refused(PositionToElement(0x999)) == (5, 0x21, 0x01)


def test_sense_may_come_in_descriptor_format(library: Make) -> None:
    """A personality with descriptor sense answers 72h, with the same meaning."""
    _, host = library("pedantic")
    reply = host.send(MoveMedium(0x1000, 0x9999))
    assert reply.sense[0] == 0x72
    assert decode_sense(reply.sense).field_pointer == 6


def test_with_two_transports_one_stuck_medium_does_not_stop_the_library(library: Make) -> None:
    """A TS4500 with a medium on one accessor still moves; a library with one robot does not."""
    for personality, works in (("ibm-ts4500", True), ("generic", False)):
        simulation, host = library(personality)
        simulation.faults.stuck()
        assert host.refused(MoveMedium(SLOT, SLOT + 30 if works else SLOT + 15))[0] == 4
        second = MoveMedium(SLOT + 1, SLOT + 31 if works else SLOT + 16)
        if works:
            host.good(second)
        else:
            assert host.refused(second) == (4, 0x3B, 0x16)
        robot = simulation.world.of_kind(ElementKind.TRANSPORT)[0].address
        host.good(MoveMedium(robot, SLOT))
        assert host.elements(2)[SLOT].volume_tag == "RSM001L9"


def test_opcodes_a_personality_lacks_are_refused(library: Make) -> None:
    """What scsi.md §1.18 does not give a device, and what nobody has, is 05/20/00."""
    _, host = library("tgt")
    for block in (
        ExchangeMedium(1, 2, 3),
        PositionToElement(1),
        PreventAllow(prevent=True),
        bytes([0xF0] * 6),
    ):
        assert host.refused(block) == (5, 0x20, 0x00)
    host.good(ReadElementStatus(kind=2))
