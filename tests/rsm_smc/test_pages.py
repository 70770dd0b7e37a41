"""INQUIRY, mode, log and attribute data that are short, padded or not what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm_smc import (
    DecodeError,
    EncodeError,
    attributes,
    identity,
    logpage,
    mode,
    report,
    reservations,
    volume_tags,
)
from rsm_smc.elements import Element, ElementKind

if TYPE_CHECKING:
    from collections.abc import Callable

    Capture = Callable[[str], bytes]

MT, ST, IE, DT = ElementKind


# INQUIRY


def test_standard_inquiry_that_ends_before_the_bar_code_bit(vectors: dict[str, bytes]) -> None:
    """The bar code reader must be unknown, not absent, if the data end before its byte; Quantum says it twice."""
    reply = vectors["INQ_CHANGER"]
    other = reply.replace(b"QUANTUM ", b"IBM     ")
    assert identity.decode_standard(other).barcode_reader is True
    assert identity.decode_standard(other[:55]).barcode_reader is None
    assert identity.decode_standard(other[:4] + b"\x1f" + other[5:]).barcode_reader is None
    assert identity.decode_standard(reply[:55]).barcode_reader is True


def test_short_standard_inquiry() -> None:
    """Fewer than 36 bytes must be refused: a product name cut short would be matched against quirks."""
    with pytest.raises(DecodeError, match="35 bytes"):
        identity.decode_standard(bytes(35))


def test_what_is_a_changer(vectors: dict[str, bytes]) -> None:
    """Only type 8 that is present must be a changer; qualifier 3 says that the logical unit is not there."""
    reply = vectors["INQ_CHANGER"]
    assert identity.decode_standard(reply).is_changer
    assert not identity.decode_standard(b"\x68" + reply[1:]).is_changer
    assert not identity.decode_standard(b"\x01" + reply[1:]).is_changer


@pytest.mark.parametrize(
    ("body", "serial"),
    [
        (b"D0H0123456", "D0H0123456"),
        (b" " * 26 + b"VTLCHG0001", "VTLCHG0001"),
        (b"XYZZY_A    \0\0\0\0\0\0\0", "XYZZY_A"),
        (b"QUANTUM D0H0123456      ", "QUANTUM D0H0123456"),
        (b"", ""),
        (bytes(12), ""),
    ],
    ids=["plain", "tgt pads left", "mhvtl blanks and NULs", "Quantum with vendor", "none", "blank"],
)
def test_serial_numbers_are_stripped(body: bytes, serial: str) -> None:
    """A serial number must come stripped at both ends, "" where the device has none."""
    reply = bytes([8, 0x80]) + len(body).to_bytes(2, "big") + body
    assert identity.decode_serial(reply + bytes(100)) == serial


def test_cut_serial_number_is_refused(vectors: dict[str, bytes]) -> None:
    """A serial number that lost its end must be refused: it may be another device's."""
    with pytest.raises(DecodeError, match="23 of 24 bytes"):
        identity.decode_serial(vectors["VPD80"][:-1])


@pytest.mark.parametrize("decode", [identity.decode_serial, identity.decode_designators])
@pytest.mark.parametrize("reply", [b"", bytes(255), bytes.fromhex("08b10000")])
def test_vital_product_data_of_another_page(decode: Callable[[bytes], object], reply: bytes) -> None:
    """GOOD without data, and another page than asked for, must be refused (mhvtl on page 83h)."""
    with pytest.raises(DecodeError, match="VPD page 8"):
        decode(reply)


def test_list_of_pages_of_a_zero_buffer() -> None:
    """Page 00h that lists nothing must be refused: it is what a zero-filled buffer looks like."""
    with pytest.raises(DecodeError, match="lists no pages"):
        identity.decode_pages(bytes(255))


def test_cut_designators_are_left_out() -> None:
    """A designator that lost its end must be left out, the whole ones kept; none whole is an error."""
    names = (
        identity.Designator(1, 0, 3, bytes.fromhex("5000e11100000001")),
        identity.Designator(2, 0, 1, b"QUANTUM 1234"),
    )
    reply = identity.encode_designators(names)
    assert identity.decode_designators(reply[:-1]) == names[:1]
    assert names[1].text == "QUANTUM 1234"
    assert names[0].text is None
    with pytest.raises(DecodeError, match="no whole designator"):
        identity.decode_designators(reply[:8])
    assert identity.decode_designators(identity.encode_designators(())) == ()


@pytest.mark.parametrize(
    "inquiry",
    [
        identity.StandardInquiry(32, "A", "B", "C"),
        identity.StandardInquiry(8, "TOO LONG!", "B", "C"),
        identity.StandardInquiry(8, "Ä", "B", "C"),
        identity.StandardInquiry(8, "A", "B", "C", vendor_specific=bytes(300)),
    ],
)
def test_inquiry_that_does_not_fit(inquiry: identity.StandardInquiry) -> None:
    """Identity that its fields cannot hold must be refused."""
    with pytest.raises(EncodeError):
        identity.encode_standard(inquiry)


def test_designators_and_pages_that_do_not_fit() -> None:
    """Names and page codes that their fields cannot hold must be refused."""
    with pytest.raises(EncodeError):
        identity.encode_designators([identity.Designator(1, 0, 3, bytes(256))])
    with pytest.raises(EncodeError):
        identity.encode_pages([256])


# MODE SENSE


def test_tgt_mode_pages(capture: Capture) -> None:
    """Genuine tgt pages must be read: addresses 1, 1024, 16, 256; everything can go everywhere."""
    (assignment,) = mode.decode(capture("tgt_mode_1d")).pages
    assert assignment == mode.ElementAssignment(1, 1, 1024, 20, 16, 2, 256, 2)
    assert isinstance(assignment, mode.ElementAssignment)
    assert assignment.range_of(IE) == range(16, 18)
    assert mode.decode(capture("tgt_mode_1e")).pages == (
        mode.TransportGeometry((mode.Transport(rotates=False),)),
    )
    (able,) = mode.decode(capture("tgt_mode_1f")).pages
    assert isinstance(able, mode.DeviceCapabilities)
    assert able.stores == set(ElementKind)
    assert len(able.moves) == len(able.exchanges) == 16
    assert (able.s2c, able.volume_tag_reader, able.auto_clean) == (True, True, True)


def test_mhvtl_device_specific_parameter(capture: Capture) -> None:
    """A device-specific parameter must not be taken for a block descriptor length."""
    reply = mode.decode(capture("mhvtl_stk_l80_mode_1d"))
    assert reply.device_specific == 0x10
    assert reply.pages == (mode.ElementAssignment(1, 1, 1000, 40, 10, 4, 500, 4),)


def test_all_pages_at_once() -> None:
    """Page 3Fh must give every page, unknown ones as they came; a cut last one is left out and said."""
    pages: tuple[mode.Page, ...] = (
        mode.UnknownPage(0x02, 0, bytes(14)),
        mode.ElementAssignment(1, 1, 2, 3, 10, 0, 20, 2),
        mode.TransportGeometry((mode.Transport(rotates=True), mode.Transport(rotates=False, member=1))),
        mode.ExtendedCapabilities(true_exchange=True),
    )
    for ten in (False, True):
        data = mode.encode(pages, ten=ten, block_descriptor=bytes(8))
        assert mode.decode(data, ten=ten).pages == pages
        cut = mode.decode(data[:-1], ten=ten)
        assert cut.pages == pages[:-1]
        assert cut.cut


def test_capabilities_page_by_its_length() -> None:
    """Page 1Fh of 0Eh bytes, as Quantum's text has it, must be read like one of 12h."""
    page = bytes.fromhex("1f0e0e03000e0e0e00000000000a0002")
    (able,) = mode.decode(bytes([len(page) + 3, 0, 0, 0]) + page).pages
    assert isinstance(able, mode.DeviceCapabilities)
    assert able.exchanges == {(ST, ST), (ST, DT), (DT, ST)}


@pytest.mark.parametrize(
    "data",
    [
        "",
        "170000",
        "00000000",
        "03000000",
        "0b000008 0000000000000000",
        "05000020 0000",
        "17000000 1d12 0001",
        "05000000 1d00",
    ],
)
def test_mode_data_without_a_whole_page(data: str) -> None:
    """A reply with no whole page must be refused, and so must a page 1Dh without its fields."""
    with pytest.raises(DecodeError):
        mode.decode(bytes.fromhex(data))


def test_mode_pages_that_do_not_fit() -> None:
    """Counts above 65535 and more pages than MODE SENSE(6) can count must be refused."""
    with pytest.raises(EncodeError):
        mode.encode([mode.ElementAssignment(1, 65536, 0, 0, 0, 0, 0, 0)])
    with pytest.raises(EncodeError):
        mode.encode([mode.UnknownPage(2, 0, bytes(200))] * 2)
    with pytest.raises(EncodeError):
        mode.encode([mode.UnknownPage(2, 0, bytes(300))], ten=True)
    with pytest.raises(EncodeError):
        mode.encode([mode.UnknownPage(0x40, 0, b"")])
    with pytest.raises(EncodeError):
        mode.encode([], medium_type=256)
    assert len(mode.encode([mode.UnknownPage(2, 0, bytes(200))] * 2, ten=True)) == 8 + 404


# TapeAlert


@pytest.mark.parametrize("page", [0x12, 0x2E])
def test_tape_alert_flags(page: int) -> None:
    """Each flag must come back from either page, alone and all together."""
    for flags in ({1}, {64}, {3, 20}, set(range(1, 65)), set()):
        assert logpage.decode_tape_alert(logpage.encode_tape_alert(flags, page)) == flags


def test_tape_alert_that_cannot_be() -> None:
    """Another log page, a page cut before its first parameter, and flag 65 must be refused."""
    for data in (b"", bytes(8), logpage.encode_tape_alert({1})[:8], bytes.fromhex("0c000004 00010000")):
        with pytest.raises(DecodeError):
            logpage.decode_tape_alert(data)
    for flags, page in (({0}, 0x2E), ({65}, 0x12), ({1}, 0x0C)):
        with pytest.raises(EncodeError):
            logpage.encode_tape_alert(flags, page)


# READ ATTRIBUTE


def test_attributes_as_text_and_number(vectors: dict[str, bytes]) -> None:
    """A bar code must read as stripped text, a capacity as a number."""
    (barcode,) = attributes.decode(vectors["MAM_BARCODE"])
    assert (barcode.id, barcode.text, barcode.number) == (attributes.BARCODE, "TAPE02L8", None)
    capacity = attributes.Attribute(
        attributes.REMAINING_CAPACITY, read_only=True, format=0, value=b"\0\x12\x34"
    )
    assert (capacity.text, capacity.number) == (None, 0x1234)
    reply = attributes.encode((capacity, barcode))
    assert attributes.decode(reply[:-1]) == (capacity,)


def test_attributes_that_cannot_be() -> None:
    """No whole attribute where some are announced, and values too long for their field, must be refused."""
    with pytest.raises(DecodeError):
        attributes.decode(b"\0\0\0")
    with pytest.raises(DecodeError):
        attributes.decode(bytes.fromhex("00000025 0806"))
    assert attributes.decode(bytes(64)) == ()
    with pytest.raises(EncodeError):
        attributes.encode([attributes.Attribute(65536, read_only=False, format=0, value=b"")])
    with pytest.raises(EncodeError):
        attributes.encode_list([65536])


# Searches, reports, reservations


@pytest.mark.parametrize(
    ("template", "matching", "other"),
    [
        ("TAPE0*", ["TAPE01L8", "TAPE0"], ["TAPE", "TAPE1"]),
        ("TAPE0?L8", ["TAPE01L8"], ["TAPE01L", "TAPE01L9", "TAPE001L8"]),
        ("*ignored", ["", "anything"], []),
        ("", [""], ["A"]),
    ],
)
def test_search_templates(template: str, matching: list[str], other: list[str]) -> None:
    """`?` must stand for one character, and `*` for the rest with what follows it ignored."""
    search = volume_tags.SearchTemplate(template)
    assert [search.matches(tag) for tag in matching] == [True] * len(matching)
    assert [search.matches(tag) for tag in other] == [False] * len(other)


def test_searches_that_do_not_fit() -> None:
    """A template of 33 characters, a sequence number of 17 bits and an action of 6 must be refused."""
    for search in (volume_tags.SearchTemplate("X" * 33), volume_tags.SearchTemplate("X", 65536)):
        with pytest.raises(EncodeError):
            search.encode()
    with pytest.raises(EncodeError):
        volume_tags.encode(32, [Element(1, MT)])


def test_report_of_all_pages() -> None:
    """The pages of a report for page 7Fh must all be read, up to the zeros that follow them."""
    states = [report.ElementState(1, MT), report.ElementState(70000, ST)]
    ranges = [report.ElementRange(1, 2, MT, nxp=True)]
    reply = report.encode(report.STATIC, ranges) + report.encode(report.STATE, states)
    first, second = report.decode_all(reply + bytes(100))
    assert (first.ranges, second.states) == (tuple(ranges), tuple(states))
    assert report.decode_all(reply[:-1])[1] == report.ElementPage(report.STATE, states=(states[0],), cut=True)


def test_reports_that_cannot_be() -> None:
    """Short headers, pages of nothing known, descriptors too short, and values of another page must be refused."""
    for data in (
        bytes(7),
        bytes.fromhex("5500000800000000"),
        bytes.fromhex("0300000700000007 00000000000000"),
    ):
        with pytest.raises(DecodeError):
            report.decode(data)
    for code, value in (
        (report.STATE, report.ElementLocation(1, ST, b"")),
        (report.STATE, report.ElementState(1 << 32, ST)),
        (report.LOCATION, report.ElementLocation(1, 256, b"")),
    ):
        with pytest.raises(EncodeError):
            report.encode(code, [value])


def test_reservations_that_cannot_be() -> None:
    """Short or cut reservation data, and keys of 65 bits, must be refused."""
    whole = reservations.encode_reservation(reservations.Reservation(1, 2))
    for decode, data in (
        (reservations.decode_keys, bytes(7)),
        (reservations.decode_reservation, whole[:-1]),
        (reservations.decode_capabilities, bytes(8)),
        (reservations.decode_out_list, bytes(23)),
    ):
        with pytest.raises(DecodeError):
            decode(data)
    for encode in (
        reservations.OutList(1 << 64).encode,
        lambda: reservations.encode_reservation(reservations.Reservation(1, 2, scope=16)),
        lambda: reservations.encode_keys(reservations.Keys(1 << 32)),
        lambda: reservations.encode_capabilities(reservations.Capabilities(types=frozenset({2}))),
        lambda: reservations.encode_full_status(
            reservations.FullStatus(1, (reservations.Registration(1, port=65536),))
        ),
    ):
        with pytest.raises(EncodeError):
            encode()


def test_devices_that_do_not_say_their_reservation_types() -> None:
    """Without TMV the types must be unknown, not none."""
    value = reservations.Capabilities(specify_initiators=True, all_target_ports=True)
    assert reservations.decode_capabilities(reservations.encode_capabilities(value)) == value
