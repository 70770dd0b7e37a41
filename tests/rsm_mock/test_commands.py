"""The less usual commands: search by tag, element information, reservations, logs, memory chips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm_smc import attributes, identity, report, reservations, volume_tags
from rsm_smc.cdb import (
    Inquiry,
    LogSense,
    ModeSense6,
    MoveMedium,
    PersistentReserveIn,
    PersistentReserveOut,
    ReadAttribute,
    ReportElementInformation,
    RequestVolumeElementAddress,
    Reserve,
    SendVolumeTag,
    TestUnitReady,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rsm_mock.simulation import Simulation
    from tests.rsm_mock.conftest import Host

    Make = Callable[..., tuple[Simulation, Host]]

SLOT, DRIVE = 0x400, 0x001


@pytest.mark.parametrize(
    ("template", "found"), [("RSM00?L9", 9), ("RSM001*", 1), ("*", 10), ("NONE", 0), ("RSM001", 0)]
)
def test_media_are_found_by_tag(library: Make, template: str, found: int) -> None:
    """SEND VOLUME TAG searches, REQUEST VOLUME ELEMENT ADDRESS tells the hits, once."""
    _, host = library()
    data = volume_tags.SearchTemplate(template).encode()
    host.good(SendVolumeTag(), data_out=data)
    answer = volume_tags.decode(host.good(RequestVolumeElementAddress()))
    assert (answer.action, len(answer.status.elements)) == (5, found)
    assert volume_tags.decode(host.good(RequestVolumeElementAddress())).status.elements == ()


def test_a_search_without_its_list_is_refused(library: Make) -> None:
    """A list that is too short is 05/1A/00, another action 05/24/00."""
    _, host = library()
    assert host.refused(SendVolumeTag(), data_out=bytes(4)) == (5, 0x1A, 0x00)
    assert host.refused(SendVolumeTag(action=8), data_out=bytes(40)) == (5, 0x24, 0x00)


def test_element_information_tells_states(library: Make) -> None:
    """Page 03h agrees with element status; an unknown page is refused."""
    simulation, host = library()
    simulation.operator.insert("A00001L9")
    host.settle()
    page = report.decode(host.good(ReportElementInformation(report.STATE)))
    states = {state.address: state for state in page.states}
    assert states[SLOT].volume == report.Presence.PRESENT
    assert states[SLOT + 15].volume == report.Presence.ABSENT
    assert states[0x300].imported_by == report.ImportedBy.OPERATOR
    ranges = report.decode(host.good(ReportElementInformation(report.STATIC))).ranges
    assert {(one.first, one.elements) for one in ranges} >= {(SLOT, 20), (DRIVE, 2)}
    assert report.decode(host.good(ReportElementInformation(report.SUPPORTED))).supported == (0, 2, 3)
    assert host.refused(ReportElementInformation(0x55)) == (5, 0x24, 0x00)


def test_another_hosts_reservation_is_a_conflict(library: Make) -> None:
    """Status 18h without sense for all but INQUIRY and REQUEST SENSE, until it is released."""
    simulation, host = library()
    simulation.operator.reserve_elsewhere(reserved=True)
    reply = host.send(TestUnitReady())
    assert (reply.status, reply.sense) == (0x18, b"")
    host.good(Inquiry())
    simulation.operator.reserve_elsewhere(reserved=False)
    host.good(TestUnitReady())
    host.good(Reserve())


def test_persistent_reservations_need_the_registered_key(library: Make) -> None:
    """Register, reserve, read back, refuse another key, clear."""
    _, host = library()

    def out(action: int, key: int, new: int = 0, type_: int = 0) -> int:
        data = reservations.OutList(key, new).encode()
        return host.send(PersistentReserveOut(action, type=type_), data_out=data).status

    assert out(1, 0, type_=3) == 0x18
    assert out(0, 0, new=0xABC) == 0
    assert out(1, 0xABC, type_=3) == 0
    assert reservations.decode_keys(host.good(PersistentReserveIn(0))).keys == (0xABC,)
    held = reservations.decode_reservation(host.good(PersistentReserveIn(1)))
    assert (held.key, held.type) == (0xABC, 3)
    assert reservations.decode_full_status(host.good(PersistentReserveIn(3))).registrations[0].holder
    reservations.decode_capabilities(host.good(PersistentReserveIn(2)))
    assert out(2, 0xDEF, type_=3) == 0x18
    assert out(2, 0xABC, type_=3) == 0
    assert out(3, 0xABC) == 0
    assert reservations.decode_keys(host.good(PersistentReserveIn(0))).keys == ()
    assert out(6, 0xDEF, new=5) == 0


def test_a_drives_memory_chip_names_its_medium(library: Make, drive: Callable[..., Host]) -> None:
    """With a medium loaded READ ATTRIBUTE gives bar code, serial and load count; without one 02/3A/00."""
    simulation, host = library()
    inside = drive(simulation)
    assert inside.refused(ReadAttribute()) == (2, 0x3A, 0x00)
    host.good(MoveMedium(SLOT, DRIVE))
    inside.settle()
    chip = {one.id: one for one in attributes.decode(inside.good(ReadAttribute()))}
    assert chip[attributes.BARCODE].text == "RSM001L9"
    assert chip[attributes.MEDIUM_SERIAL].text == "M000001"
    assert chip[attributes.LOAD_COUNT].number == 1
    assert attributes.BARCODE in attributes.decode_list(inside.good(ReadAttribute(action=1)))
    assert [one.id for one in attributes.decode(inside.good(ReadAttribute(first=0x0806)))] == [0x0806]
    simulation.world.elements[DRIVE].medium.barcode = None  # type: ignore[union-attr]
    sense = inside.check(ReadAttribute(first=0x0806))
    assert (sense.asc, sense.field_pointer) == (0x24, 8)


def test_a_drive_says_who_it_is(library: Make, drive: Callable[..., Host]) -> None:
    """Standard data, serial number, names and a mode header, each as the codec reads them."""
    simulation, _ = library()
    inside = drive(simulation, 1)
    assert identity.decode_standard(inside.good(Inquiry())).device_type == identity.TAPE
    assert identity.decode_serial(inside.good(Inquiry(page=0x80))) == "10WT010002"
    assert 0x83 in identity.decode_pages(inside.good(Inquiry(page=0)))
    names = identity.decode_designators(inside.good(Inquiry(page=0x83)))
    assert names[1].data == simulation.machine.bays()[1].bay.name.to_bytes(8, "big")  # type: ignore[union-attr]
    assert inside.good(ModeSense6(0x10))[0] == 19
    assert inside.refused(ModeSense6(0x1D)) == (5, 0x24, 0x00)
    assert inside.refused(MoveMedium(1, 2)) == (5, 0x20, 0x00)


def test_logs_list_their_pages(library: Make) -> None:
    """LOG SENSE page 0 lists the TapeAlert pages; others are refused."""
    _, host = library()
    assert host.good(LogSense(0)) == bytes((0, 0, 0, 3, 0, 0x12, 0x2E))
    assert host.refused(LogSense(0x31)) == (5, 0x24, 0x00)


@pytest.mark.parametrize("block", [b"", b"\xb8", b"\xa5\x00", bytes.fromhex("1b0003000200")])
def test_blocks_that_are_no_command_are_refused(library: Make, block: bytes) -> None:
    """A cut command block, or an impossible action, is an illegal request and not an accident."""
    _, host = library()
    assert host.check(block).key == 5
