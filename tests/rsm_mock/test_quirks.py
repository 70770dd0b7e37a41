"""Each personality answers the way its device does (scsi.md §3), read with the shipping codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm.hardware.inventory import ElementAddress, ElementKind
from rsm_mock.personalities import PERSONALITIES
from rsm_mock.simulation import Simulation
from rsm_scsi.transport import Status
from rsm_smc import elements, identity, mode
from rsm_smc.cdb import (
    Inquiry,
    LoadUnload,
    ModeSense6,
    ModeSense10,
    MoveMedium,
    ReadElementStatus,
    RequestSense,
    TestUnitReady,
)
from rsm_smc.elements import OddityKind
from rsm_smc.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rsm_mock.conftest import Encodable, Host

    Make = Callable[..., tuple[Simulation, Host]]

CHANGERS = sorted(name for name, row in PERSONALITIES.items() if not row.stand_alone)


@pytest.mark.parametrize("name", CHANGERS)
def test_the_shipping_driver_sees_every_element_of_every_personality(name: str) -> None:
    """Through all quirks the driver's inventory names each element once, and each full one as full."""
    simulation = Simulation(name, cleaning=1)
    with simulation.open_changer() as changer:
        reported = {int(element.address): element for element in changer.inventory().elements}
    hidden = not simulation.machine.personality.report.transport_reported
    there = {
        element.address: element
        for element in simulation.world.elements.values()
        if not (hidden and element.kind is ElementKind.TRANSPORT)
    }
    assert set(reported) == set(there)
    for address, element in there.items():
        assert reported[address].kind is element.kind
        assert reported[address].full == (element.medium is not None)
        if element.medium is not None and simulation.machine.personality.reader:
            assert reported[address].volume_tag == element.medium.barcode


@pytest.mark.parametrize("name", CHANGERS)
def test_the_shipping_driver_mounts_and_dismounts_on_every_personality(name: str) -> None:
    """A medium goes into a drive, the drive becomes ready, is unloaded, and the medium goes home."""
    simulation = Simulation(name, pace=1.0)
    slot = simulation.world.of_kind(ElementKind.STORAGE)[0]
    bay = simulation.machine.bays()[0]
    medium = slot.medium
    home, inside = ElementAddress(slot.address), ElementAddress(bay.address)
    with simulation.open_changer() as changer:
        changer.wait_ready(3600)
        changer.inventory()
        changer.move(home, inside)
        with changer.drive(inside) as drive:
            drive.wait_ready(600)
            drive.unload(600)
        changer.move(inside, home)
    assert slot.medium is medium
    assert medium is not None
    assert medium.loads == 1


def test_the_low_word_library_misreads_large_allocations(library: Make) -> None:
    """An allocation length of 64 KiB is read as 0 and gives nothing; 65535 gives all."""
    _, host = library("low-word")
    assert host.good(ReadElementStatus(kind=2, allocation=0x10000), room=0x10000) == b""
    assert len(elements.decode(host.good(ReadElementStatus(kind=2))).elements) == 19


def test_the_element_count_is_capped(library: Make) -> None:
    """A library that gives 19 elements at most gives the next ones from a later start."""
    _, host = library("low-word")
    assert min(host.elements(2, start=0x1000 + 19)) == 0x1000 + 19
    assert len(host.elements(2, start=0x1000 + 38)) == 10


def test_descriptors_are_whole_or_cut_as_the_device_does(library: Make) -> None:
    """A strict library stops between descriptors; mhvtl's STK stops anywhere."""
    for name, length in (("generic", 8 + 8 + 52), ("stk-l700", 100)):
        _, host = library(name)
        reply = host.good(ReadElementStatus(kind=2, allocation=100))
        assert len(reply) == length
        assert elements.decode(reply).byte_count > 100


def test_an_allocation_of_eight_tells_the_full_byte_count(library: Make) -> None:
    """The header alone says how long the reply is; asking for that much gives it."""
    _, host = library()
    header = host.good(ReadElementStatus(kind=2, allocation=8))
    count = elements.decode(header).byte_count
    assert len(host.good(ReadElementStatus(kind=2, allocation=8 + count))) == 8 + count


def test_a_pedantic_loader_wants_the_exact_length(library: Make) -> None:
    """More room than there is to send is 05/24/00 with field pointer 7."""
    _, host = library("pedantic")
    sense = host.check(ReadElementStatus(kind=2))
    assert (sense.key, sense.asc, sense.field_pointer) == (5, 0x24, 7)
    count = elements.decode(host.good(ReadElementStatus(kind=2, allocation=8))).byte_count
    assert len(host.good(ReadElementStatus(kind=2, allocation=8 + count))) == 8 + count


@pytest.mark.parametrize(
    ("name", "command", "pointer", "bit"),
    [
        ("qualstar", ReadElementStatus(kind=4, dvcid=True, voltag=False), 6, 0),
        ("autoloader", ReadElementStatus(kind=2, voltag=True), 1, 4),
        ("exabyte", ReadElementStatus(kind=2, curdata=True), 6, 1),
        ("pedantic", ReadElementStatus(kind=4, dvcid=True, voltag=True), 6, 0),
        ("all-types", ReadElementStatus(kind=2, voltag=False), 1, 3),
        ("hp-esl", ModeSense6(0x1D), 1, 3),
        ("generic", ReadElementStatus(kind=5), 1, 3),
    ],
)
def test_refused_options_are_pointed_at(
    library: Make, name: str, command: Encodable, pointer: int, bit: int
) -> None:
    """DVCID, VOLTAG, CURDATA, the type and DBD are refused with 05/24/00, byte and bit."""
    _, host = library(name)
    sense = host.check(command)
    assert (sense.key, sense.asc, sense.ascq) == (5, 0x24, 0x00)
    assert (sense.field_pointer, sense.bit_pointer) == (pointer, bit)


def test_ibm_voids_the_status_of_drives_with_dvcid(library: Make) -> None:
    """With DVCID=1 a loaded drive reads Full=0, Access=0, Except=1; without it, as it is."""
    simulation, host = library("ibm-ts4500")
    bay = simulation.machine.bays()[0].address
    host.good(MoveMedium(0x400, bay))
    assert host.elements(4)[bay].full
    void = host.elements(4, dvcid=True, voltag=False)[bay]
    assert (void.full, void.access, void.exception) == (False, False, (0, 0))
    assert void.identifier is not None
    assert void.identifier.serial == "10WT010001"


def test_ibms_access_lags_after_an_eject() -> None:
    """Access follows the eject only after some seconds."""
    simulation = Simulation("ibm-ts4500", pace=1.0)
    inside = ElementAddress(simulation.machine.bays()[0].address)
    with simulation.open_changer() as changer:
        changer.wait_ready(600)
        changer.inventory()
        changer.move(ElementAddress(0x400), inside)
        with changer.drive(inside) as drive:
            drive.wait_ready(60)
            drive.unload(60)
        at_once = changer.look([inside])[0].accessible
        simulation.clock.sleep(4)
        later = changer.look([inside])[0].accessible
    assert (at_once, later) == (False, True)


def test_hpe_claims_alternate_tags_that_are_not_there(library: Make) -> None:
    """AVolTag is set with DVCID=1 and the codec finds serial numbers all the same."""
    _, host = library("hpe-msl")
    reply = host.good(ReadElementStatus(kind=4, dvcid=True))
    assert reply[9] == 0xC0
    status = elements.decode(reply)
    assert [e.identifier.serial for e in status.elements if e.identifier] == ["HU19010001", "HU19010002"]
    assert OddityKind.ALTERNATE_TAG_MISSING in {warning.kind for warning in status.warnings}


def test_spectra_puts_the_identifier_where_it_claims_a_tag(library: Make) -> None:
    """The identifier is exactly as long as the alternate tag that AVolTag claims, with or without VOLTAG."""
    _, host = library("spectra")
    for voltag in (False, True):
        reply = host.good(ReadElementStatus(kind=4, dvcid=True, voltag=voltag))
        assert reply[9] & 0x40
        assert int.from_bytes(reply[10:12], "big") == 12 + 36 + 36 * voltag
        identifiers = [element.identifier for element in elements.decode(reply).elements]
        assert all(one is not None and one.names(f"10WT01000{n}") for n, one in enumerate(identifiers, 1))


def test_spectra_keeps_access_and_names_the_last_drive(library: Make) -> None:
    """Access stays 1 on a loaded drive, and the source of a medium is the drive it was in last."""
    _, host = library("spectra")
    host.good(MoveMedium(0x1000, 0x100))
    assert host.elements(4)[0x100].access
    host.good(MoveMedium(0x100, 0x1000))
    assert host.elements(2)[0x1000].source == 0x100
    host.good(MoveMedium(0x1000, 0x101D))
    assert host.elements(2)[0x101D].source == 0x100


@pytest.mark.parametrize(("voltag", "declared", "real"), [(False, 48, 50), (True, 84, 86)])
def test_adic_declares_its_descriptors_too_short(
    library: Make, voltag: bool, declared: int, real: int
) -> None:
    """The page header says two bytes less than each descriptor has; the serial numbers survive decoding."""
    _, host = library("adic-short")
    reply = host.good(ReadElementStatus(kind=4, dvcid=True, voltag=voltag))
    assert int.from_bytes(reply[10:12], "big") == declared
    assert int.from_bytes(reply[13:16], "big") == 2 * real
    found = elements.decode(reply).elements
    assert [e.identifier.serial for e in found if e.identifier] == ["1310010001", "1310010002"]


def test_adic_dat_counts_no_bytes_and_has_short_descriptors(library: Make) -> None:
    """Page byte count 0 and descriptors of 12 bytes, and no mode page 1Dh."""
    _, host = library("adic-dat")
    reply = host.good(ReadElementStatus(kind=2, voltag=False))
    assert reply[10:16] == bytes((0, 12, 0, 0, 0, 0))
    assert len(elements.decode(reply).elements) == 12
    assert host.refused(ModeSense6(0x1D)) == (5, 0x24, 0x00)


@pytest.mark.parametrize(
    ("name", "room"), [("quantum-scalar", 64), ("oracle-sl150", 32), ("superloader", 16)]
)
def test_identifier_fields_are_padded(library: Make, name: str, room: int) -> None:
    """The identifier's field is longer than the identifier, which keeps its own length."""
    simulation, host = library(name)
    reply = host.good(ReadElementStatus(kind=4, dvcid=True, voltag=False))
    tail = len(simulation.machine.personality.report.tail)
    assert int.from_bytes(reply[10:12], "big") == 12 + 4 + room + tail
    first = elements.decode(reply).elements[0]
    assert first.identifier is not None
    assert first.identifier.serial == simulation.machine.bays()[0].bay.serial  # type: ignore[union-attr]


def test_quantum_fills_the_upper_bits_of_the_identifier_header(library: Make) -> None:
    """Protocol, PIV and association stand in the identifier header; type and code set must be masked."""
    _, host = library("quantum-scalar")
    reply = host.good(ReadElementStatus(kind=4, dvcid=True))
    header = reply[16 + 48 : 16 + 50]
    assert header == bytes((0x62, 0x91))
    assert elements.decode(reply).elements[0].identifier is not None


def test_oracle_adds_vendor_bytes_to_every_descriptor(library: Make) -> None:
    """A storage descriptor with a tag has 56 bytes, the last four the vendor's."""
    _, host = library("oracle-sl150")
    reply = host.good(ReadElementStatus(kind=2))
    assert int.from_bytes(reply[10:12], "big") == 56
    assert elements.decode(reply).elements[0].vendor == bytes((0, 6, 0, 6))


def test_tgt_sends_eight_bytes_too_few_and_ignores_the_count(library: Make) -> None:
    """The declared length is right, the last 8 bytes never come, the buffer's end is zeros, the residual lies."""
    _, host = library("tgt")
    reply = host.send(ReadElementStatus(kind=2, count=0, allocation=4096), room=4096)
    status = elements.decode(reply.data[:8])
    assert status.count == 20
    assert reply.data[8 + status.byte_count - 8 :] == bytes(4096 - status.byte_count)
    # vm.md: a transfer of 8 bytes of a 1048-byte reply gives resid 1040
    assert host.send(ReadElementStatus(kind=2, allocation=8), room=8).residual >= 0
    assert len(elements.decode(reply.data).elements) == 20


def test_tgt_reports_no_access_and_no_import_bits(library: Make) -> None:
    """Access, ImpExp, InEnab and ExEnab are 0 even where they should not be; the source is any element."""
    _, host = library("tgt")
    host.good(MoveMedium(0x400, 0x10))
    port = host.elements(3)[0x10]
    assert (port.access, port.imported, port.export_enabled, port.source) == (False, False, False, 0x400)
    host.good(MoveMedium(0x10, 0x100, invert=True))
    assert host.elements(4)[0x100].source == 0x10


@pytest.mark.parametrize(
    ("name", "told"),
    [("oracle-sl150", (5, 0x21, 0x01)), ("stk-l700", (5, 0x24, 0x00)), ("generic", None)],
)
def test_nothing_matches_in_three_ways(library: Make, name: str, told: tuple[int, int, int] | None) -> None:
    """A start beyond the last element gives no elements, 05/21/01 or 05/24/00."""
    _, host = library(name)
    command = ReadElementStatus(kind=2, start=0xFFFF)
    if told is None:
        assert elements.decode(host.good(command)).count == 0
    else:
        assert host.refused(command) == told


def test_tags_are_padded_with_nuls_or_blanks(library: Make) -> None:
    """An STK of mhvtl pads with NULs and sets ImpExp on empty ports; others pad with blanks."""
    _, host = library("stk-l700")
    reply = host.good(ReadElementStatus(kind=2))
    assert reply[28:60] == b"RSM001V1".ljust(32, b"\0")
    assert host.elements(3)[0x0A].imported
    _, host = library()
    assert host.good(ReadElementStatus(kind=2))[28:60] == b"RSM001L9".ljust(32)


def test_drives_may_come_in_any_order(library: Make) -> None:
    """An ESL reports its drives from the highest address down."""
    _, host = library("hp-esl")
    addresses = [e.address for e in elements.decode(host.good(ReadElementStatus(kind=4))).elements]
    assert addresses == sorted(addresses, reverse=True)


def test_an_autoloader_has_no_transport_to_show(library: Make) -> None:
    """Neither page 1Dh nor element status knows a transport, and moves work with transport 0."""
    _, host = library("autoloader")
    page = mode.decode(host.good(ModeSense6(0x1D))).pages[0]
    assert isinstance(page, mode.ElementAssignment)
    assert page.transports == 0
    assert host.elements(1, voltag=False) == {}
    host.good(MoveMedium(2, 7))
    assert identity.decode_standard(host.good(Inquiry())).barcode_reader is None


def test_quantum_counts_slots_that_are_not_there(library: Make) -> None:
    """Page 1Dh counts five slots more than READ ELEMENT STATUS gives."""
    _, host = library("quantum-scalar")
    page = mode.decode(host.good(ModeSense6(0x1D))).pages[0]
    assert isinstance(page, mode.ElementAssignment)
    assert page.storages == len(host.elements(2)) + 5


def test_quantum_does_the_move_to_the_same_element_and_no_inventory(library: Make) -> None:
    """Source = destination is GOOD, and 07h does not look."""
    simulation, host = library("quantum-scalar")
    host.good(MoveMedium(0x1000, 0x1000))
    simulation.operator.swap("RSM001L9", "RSM002L9", force=True)
    host.good(bytes.fromhex("070000000000"))
    assert host.elements(2)[0x1000].volume_tag == "RSM001L9"


@pytest.mark.parametrize("ten", [False, True])
def test_a_block_descriptor_may_come_in_spite_of_dbd(library: Make, ten: bool) -> None:
    """A Qualstar sends 8 bytes of block descriptor; the codec steps over them."""
    _, host = library("qualstar")
    reply = mode.decode(host.good(ModeSense10(0x1D) if ten else ModeSense6(0x1D)), ten=ten)
    assert len(reply.block_descriptors) == 8
    assert isinstance(reply.pages[0], mode.ElementAssignment)


def test_mode_pages_say_what_the_library_can(library: Make) -> None:
    """A jukebox rotates and exchanges; the generic library has the extended page."""
    _, host = library("optical-jukebox")
    geometry = mode.decode(host.good(ModeSense6(0x1E))).pages[0]
    assert isinstance(geometry, mode.TransportGeometry)
    assert geometry.transports[0].rotates
    _, host = library()
    pages = mode.decode(host.good(ModeSense10(0x3F, subpage=0xFF)), ten=True).pages
    assert [type(page).__name__ for page in pages] == [
        "ElementAssignment",
        "TransportGeometry",
        "DeviceCapabilities",
        "ExtendedCapabilities",
    ]
    assert host.refused(ModeSense6(0x1D, page_control=3)) == (5, 0x39, 0x00)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("generic", b"LIB0001"),
        ("quantum-scalar", b"QUANTUM D0H0120001".ljust(24)),
        ("tgt", b"VTLCHG0001".rjust(36)),
        ("stk-l700", b"XYZ0001  ".ljust(18, b"\0")),
    ],
)
def test_serial_numbers_stand_as_the_device_writes_them(library: Make, name: str, raw: bytes) -> None:
    """VPD page 80h is plain, has the vendor in front, or is padded left, or with NULs."""
    _, host = library(name)
    assert host.good(Inquiry(page=0x80), room=255)[4:][: len(raw)] == raw


def test_page_83_may_have_no_data_or_not_be_there(library: Make) -> None:
    """An STK of mhvtl answers GOOD with nothing, a DAT autoloader 05/24/00, others name themselves."""
    _, host = library("stk-l700")
    assert host.good(Inquiry(page=0x83)) == b""
    with pytest.raises(DecodeError):
        identity.decode_designators(b"")
    _, host = library("autoloader")
    assert host.refused(Inquiry(page=0x83)) == (5, 0x24, 0x00)
    _, host = library()
    assert {name.type for name in identity.decode_designators(host.good(Inquiry(page=0x83)))} == {1, 3}


def test_dell_marks_cleaning_media_as_an_element_state(library: Make) -> None:
    """A slot with a cleaning medium carries 30/03 and medium type 2."""
    _, host = library("dell-tl2000", media=0, cleaning=1)
    slot = host.elements(2)[0x1000]
    assert (slot.exception, slot.medium_type) == ((0x30, 0x03), 2)


def test_a_drive_may_want_to_be_told_to_load(library: Make, drive: Callable[..., Host]) -> None:
    """A drive that does not thread by itself is 02/04/02 until LOAD."""
    simulation, host = library("pedantic")
    host.good(MoveMedium(0x1000, 0x100))
    inside = drive(simulation)
    assert inside.refused(TestUnitReady()) == (2, 0x04, 0x02)
    inside.good(LoadUnload(load=True))
    inside.good(TestUnitReady())


def test_superloader_takes_1bh_as_load(library: Make) -> None:
    """1Bh on the SuperLoader's changer is LOAD UNLOAD and needs no element; an autoloader has none."""
    _, host = library("superloader")
    host.good(bytes.fromhex("1b0000000200"))
    _, host = library("autoloader")
    assert host.refused(bytes.fromhex("1b0000000200")) == (5, 0x20, 0x00)


def test_an_attached_changer_answers_to_the_attached_commands_only(library: Make) -> None:
    """A device of type 01h with MChanger takes A7h and B4h; A5h and B8h are 05/20/00."""
    _, host = library("attached-changer")
    assert identity.decode_standard(host.good(Inquiry())).attached_changer
    assert host.refused(MoveMedium(2, 13)) == (5, 0x20, 0x00)
    host.good(MoveMedium(2, 13, attached=True))
    assert host.elements(2, voltag=False, attached=True)[13].full


def test_attentions_are_told_once_and_inquiry_does_not_take_them() -> None:
    """A new library says 29/00 to the first command that is not INQUIRY; REQUEST SENSE takes one as data."""
    simulation = Simulation()
    transport = simulation.transport()
    assert transport.execute(Inquiry().encode(), reply_length=255).status == Status.GOOD
    data = transport.execute(RequestSense().encode(), reply_length=252).data
    assert (data[2], data[12], data[13]) == (6, 0x29, 0)
    assert transport.execute(RequestSense().encode(), reply_length=252).data[2] == 0
    assert transport.execute(TestUnitReady().encode()).status == Status.GOOD
