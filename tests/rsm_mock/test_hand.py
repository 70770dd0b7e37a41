"""The operator's hand: what it can reach, and what the library notices of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm.errors import AmbiguousName, InvalidName, InvalidState, ObjectNotFound
from rsm.hardware.inventory import MediumKind
from rsm_smc.cdb import (
    InitializeElementStatus,
    MoveMedium,
    OpenCloseImportExport,
    PreventAllow,
    TestUnitReady,
)
from rsm_smc.logpage import decode_tape_alert

if TYPE_CHECKING:
    from collections.abc import Callable

    from rsm_mock.simulation import Simulation
    from tests.rsm_mock.conftest import Host

    Make = Callable[..., tuple[Simulation, Host]]

SLOT, PORT, DRIVE = 0x400, 0x300, 0x001


def test_a_medium_put_into_a_port_is_noticed(library: Make) -> None:
    """The port is full with ImpExp set, and the changer says 28/01 once."""
    simulation, host = library()
    simulation.operator.insert("NEW001L9")
    assert host.settle() == [(0x28, 0x01)]
    port = host.elements(3)[PORT]
    assert (port.full, port.imported, port.volume_tag) == (True, True, "NEW001L9")


def test_a_medium_moved_to_a_port_by_the_robot_is_not_imported(library: Make) -> None:
    """ImpExp tells who put the medium there."""
    _, host = library()
    host.good(MoveMedium(SLOT, PORT))
    assert not host.elements(3)[PORT].imported


def test_what_is_removed_lies_on_the_shelf_and_comes_back_the_same(library: Make) -> None:
    """A medium taken out and put in again is the same medium, not a new one of that name."""
    simulation, host = library()
    host.good(MoveMedium(SLOT, PORT))
    medium = simulation.operator.remove("RSM001L9")
    assert [m.barcode for m in simulation.world.shelf] == ["RSM001L9"]
    element = simulation.operator.insert("RSM001L9")
    assert element.medium is medium
    assert not simulation.world.shelf


def test_an_open_door_makes_the_changer_not_ready(library: Make) -> None:
    """02/04/18 while it is open, 28/00 when it is closed, and what the hand did is then seen."""
    simulation, host = library()
    simulation.operator.open_door()
    assert host.refused(TestUnitReady()) == (2, 0x04, 0x18)
    assert host.refused(MoveMedium(SLOT, SLOT + 15)) == (2, 0x04, 0x18)
    simulation.operator.swap("RSM001L9", "RSM002L9")
    simulation.operator.close_door()
    assert host.settle() == [(0x28, 0x00)]
    assert host.elements(2)[SLOT].volume_tag == "RSM002L9"


def test_slots_are_behind_the_door(library: Make) -> None:
    """A slot cannot be reached with the door closed, except by force."""
    simulation, _ = library()
    with pytest.raises(InvalidState, match="behind a closed door"):
        simulation.operator.remove("RSM001L9")
    assert simulation.operator.remove("RSM001L9", force=True).barcode == "RSM001L9"


def test_what_happens_behind_closed_doors_is_not_noticed(library: Make) -> None:
    """After a forced swap the library reports the old bar codes until it looks again."""
    simulation, host = library()
    simulation.operator.swap("RSM001L9", "RSM002L9", force=True)
    assert host.elements(2)[SLOT].volume_tag == "RSM001L9"
    host.good(InitializeElementStatus())
    assert host.elements(2)[SLOT].volume_tag == "RSM002L9"


def test_labels_can_be_swapped_torn_off_and_spoilt(library: Make) -> None:
    """A label is not the medium: both can go different ways."""
    simulation, host = library()
    hand = simulation.operator
    hand.open_door()
    hand.swap_labels("RSM001L9", "RSM002L9")
    hand.relabel("RSM003L9", None)
    hand.relabel("RSM004L9", "RSM004L9", readable=False)
    hand.close_door()
    host.settle()
    slots = host.elements(2)
    tags = [slots[SLOT + n].volume_tag for n in range(4)]
    assert tags == ["RSM002L9", "RSM001L9", None, None]
    assert slots[SLOT + 2].exception is None
    assert slots[SLOT + 3].exception == (0x83, 0x00)
    assert simulation.world.elements[SLOT].medium.id == "M000001"  # type: ignore[union-attr]


def test_two_media_may_have_one_bar_code(library: Make) -> None:
    """`new` makes a second medium of the same label, both are reported, and the name is ambiguous."""
    simulation, host = library()
    simulation.operator.insert("RSM001L9", new=True)
    host.settle()
    assert [e.volume_tag for e in host.elements().values()].count("RSM001L9") == 2
    with pytest.raises(AmbiguousName, match="2 media have the bar code RSM001L9"):
        simulation.operator.find("RSM001L9")


@pytest.mark.parametrize("barcode", ["X" * 33, "", " A", "A\n", "ÄB"])
def test_bar_codes_that_cannot_be_are_refused(library: Make, barcode: str) -> None:
    """33 characters, nothing, blanks at the end and control characters are no label; nothing changes."""
    simulation, _ = library()
    count = len(list(simulation.world.media()))
    with pytest.raises(InvalidName):
        simulation.operator.insert(barcode)
    assert len(list(simulation.world.media())) == count


def test_a_pulled_magazine_takes_its_media_along(library: Make) -> None:
    """Its elements read absent with their addresses, moves to them are refused, and it comes back whole."""
    simulation, host = library("hpe-msl", media=14)
    hand = simulation.operator
    assert len(hand.pull_magazine(0)) == 12
    assert host.settle() == [(0x3B, 0x12)]
    slots = host.elements(2)
    assert len(slots) == 24
    assert slots[0x20].exception == (0x3B, 0x12)
    assert not slots[0x20].full
    assert slots[0x2C].full
    assert host.refused(MoveMedium(0x20, 0x2F)) == (5, 0x3B, 0x12)
    hand.insert_magazine(0)
    assert host.settle() == [(0x3B, 0x13)]
    assert host.elements(2)[0x20].volume_tag == "RSM001L9"


def test_a_magazine_is_filled_outside(library: Make) -> None:
    """Media put into a pulled magazine are seen when it is pushed in."""
    simulation, host = library("hpe-msl", media=0)
    hand = simulation.operator
    hand.pull_magazine(1)
    hand.insert("OUT001L9", at="slot:13")
    hand.insert_magazine(1)
    host.settle()
    assert host.elements(2)[0x2C].volume_tag == "OUT001L9"


def test_absent_elements_may_be_83_02(library: Make) -> None:
    """An Exabyte reports the slots of a pulled magazine as 83/02 and a missing drive as 83/04."""
    simulation, host = library("exabyte")
    simulation.operator.pull_magazine(0)
    simulation.operator.install_drive(0, installed=False)
    host.settle()
    assert host.elements(2)[0x1000].exception == (0x83, 0x02)
    assert host.elements(4)[0x100].exception == (0x83, 0x04)
    assert simulation.drive_transport(0).execute(bytes(6)).host_status == 1


def test_a_library_may_wait_to_be_told_to_look(library: Make) -> None:
    """After the door was open a SuperLoader's slots read 83/00 without tags until 07h."""
    simulation, host = library("superloader")
    simulation.operator.open_door()
    simulation.operator.close_door()
    host.settle()
    slots = host.elements(2)
    assert {slot.exception for slot in slots.values()} == {(0x83, 0x00)}
    assert slots[1].volume_tag is None
    host.good(InitializeElementStatus())
    assert host.elements(2)[1].volume_tag == "RSM001L4"


def test_a_library_may_be_not_ready_until_initialised(library: Make) -> None:
    """An ESL answers 02/04/02 after its door was open, until 07h."""
    simulation, host = library("hp-esl")
    simulation.operator.open_door()
    simulation.operator.close_door()
    host.settle()
    assert host.refused(TestUnitReady()) == (2, 0x04, 0x02)
    host.good(InitializeElementStatus())
    host.good(TestUnitReady())


def test_a_locked_library_keeps_its_ports_and_doors_closed(library: Make) -> None:
    """While a host prevents removal a hand reaches neither ports nor, behind the door, slots."""
    simulation, host = library()
    host.good(PreventAllow(prevent=True))
    with pytest.raises(InvalidState, match="locked by a host"):
        simulation.operator.insert("A00001L9")
    with pytest.raises(InvalidState, match="locked by a host"):
        simulation.operator.open_door()


def test_an_opened_port_is_out_of_the_robots_reach(library: Make) -> None:
    """OPEN makes the port inaccessible and moves to it 05/53/81; CLOSE says 28/01."""
    _, host = library()
    host.good(OpenCloseImportExport(PORT, close=False))
    assert host.elements(3)[PORT].access is False
    assert host.refused(MoveMedium(SLOT, PORT)) == (5, 0x53, 0x81)
    host.good(OpenCloseImportExport(PORT, close=True))
    assert host.settle() == [(0x28, 0x01)]
    host.good(MoveMedium(SLOT, PORT))


def test_a_disabled_element_is_refused(library: Make) -> None:
    """An element disabled at the panel reads ED with 3B/18 and takes no medium."""
    simulation, host = library()
    simulation.operator.enable("slot:16", enabled=False)
    host.settle()
    assert host.elements(2)[SLOT + 15].disabled
    assert host.refused(MoveMedium(SLOT, SLOT + 15)) == (5, 0x3B, 0x18)


def test_a_power_cycle_forgets_locks_and_sources(library: Make, drive: Callable[..., Host]) -> None:
    """Changer and drives say 29/00, PREVENT is gone, and no element knows its source any more."""
    simulation, host = library()
    host.good(MoveMedium(SLOT, DRIVE))
    host.good(PreventAllow(prevent=True))
    simulation.operator.power_cycle()
    assert host.settle() == [(0x29, 0x00)]
    assert host.elements(4)[DRIVE].source is None
    host.good(MoveMedium(DRIVE, PORT))
    assert drive(simulation, 1).settle() == []


def test_a_cleaning_medium_is_used_up(library: Make, drive: Callable[..., Host]) -> None:
    """A drive cleans and ejects by itself; after 50 uses it raises TapeAlert 16h instead."""
    simulation, host = library(media=0, cleaning=1)
    inside = drive(simulation)
    medium = simulation.world.elements[SLOT].medium
    assert medium is not None
    assert host.elements(2)[SLOT].medium_type == 2
    host.good(MoveMedium(SLOT, DRIVE))
    assert inside.settle() == [(0x28, 0x00)]
    assert inside.refused(TestUnitReady()) == (2, 0x3A, 0x00)
    assert medium.uses_left == 49
    medium.uses_left = 0
    host.good(MoveMedium(DRIVE, SLOT))
    host.good(MoveMedium(SLOT, DRIVE))
    inside.settle()
    page = inside.good(bytes.fromhex("4d006e00000000020000"))
    assert 0x16 in decode_tape_alert(page)
    assert not decode_tape_alert(inside.good(bytes.fromhex("4d006e00000000020000")))


def test_worm_and_unlabelled_media_are_what_they_are(library: Make) -> None:
    """The medium type tells WORM; a medium without a label is full and has no tag."""
    simulation, host = library()
    simulation.operator.insert("WRM001LY", kind=MediumKind.WORM)
    simulation.operator.insert(None)
    host.settle()
    ports = host.elements(3)
    assert ports[PORT].medium_type == 4
    assert ports[PORT + 1].full
    assert ports[PORT + 1].volume_tag is None


def test_a_stand_alone_drive_is_fed_by_hand(library: Make, drive: Callable[..., Host]) -> None:
    """Its only element takes a medium without any door, and gives it back once it is unloaded."""
    simulation, host = library("standalone-drive")
    simulation.operator.insert("TAPE01L9")
    assert host.settle() == [(0x28, 0x00)]
    host.good(TestUnitReady())
    with pytest.raises(InvalidState, match="holds on"):
        simulation.operator.remove("TAPE01L9")
    host.good(bytes.fromhex("1b0000000000"))
    simulation.operator.remove("TAPE01L9")
    assert drive(simulation).refused(TestUnitReady()) == (2, 0x3A, 0x00)


@pytest.mark.parametrize("what", ["slot:99", "port:0", "0x9999", "drive:7"])
def test_places_that_are_not_there_are_named(library: Make, what: str) -> None:
    """An element that does not exist is not found, with its name in the sentence."""
    simulation, _ = library()
    with pytest.raises(ObjectNotFound):
        simulation.operator.find(what)
