"""READ ELEMENT STATUS as real libraries send it: cut, padded, and with lengths that lie (scsi.md §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rsm_smc import DecodeError, EncodeError
from rsm_smc.elements import (
    Element,
    ElementKind,
    ElementStatus,
    Identifier,
    IdentifierForm,
    Layout,
    OddityKind,
    decode,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Capture = Callable[[str], bytes]

MT, ST, IE, DT = ElementKind
T10 = IdentifierForm.T10
SERIALS = ("10WT000001", "10WT000002", "10WT000003")


def drives(*serials: str, **fields: Any) -> list[Element]:
    """Make empty drives from address 256 on, each with a T10 identifier."""
    return [
        Element(
            256 + index, DT, access=True, identifier=Identifier.t10("IBM", "ULT3580-TD8", serial)
        )._replace(**fields)
        for index, serial in enumerate(serials or SERIALS)
    ]


def slots(count: int) -> list[Element]:
    """Make full storage elements from address 4096 on."""
    return [Element(4096 + i, ST, full=True, access=True, volume_tag=f"RSM{i:03}L8") for i in range(count)]


def kinds(status: ElementStatus) -> list[OddityKind]:
    """List what was odd about a reply."""
    return [warning.kind for warning in status.warnings]


def serials(status: ElementStatus) -> list[str | None]:
    """List the serial numbers of a reply's drives."""
    return [element.identifier.serial if element.identifier else None for element in status.elements]


# Cut replies


def test_a_cut_reply_keeps_what_is_whole(vectors: dict[str, bytes]) -> None:
    """At every cut each kept element must agree with the whole reply in all that it still says."""
    reply = vectors["RES_ALL_VOLTAG_DVCID"]
    whole = {element.address: element for element in decode(reply).elements}
    for length in range(8, len(reply)):
        status = decode(reply[:length])
        assert OddityKind.SHORT_REPLY in kinds(status)
        for element in status.elements:
            known = whole[element.address]
            for name, value in element._asdict().items():
                assert (
                    value == getattr(known, name) or value is None or (name, value) == ("scsi_address", None)
                )


def test_six_bytes_of_a_descriptor_keep_the_element(vectors: dict[str, bytes]) -> None:
    """With bytes 0-5 an element must be kept, absent fields None; with five it must be given up, and said."""
    reply = vectors["RES_ST_EXC"]
    kept, lost = decode(reply[: 16 + 6]), decode(reply[: 16 + 5])
    assert kept.elements == (
        Element(
            4096,
            ST,
            full=False,
            access=False,
            exception=(0x3B, 0x12),
            inverted=None,
            disabled=None,
            medium_type=None,
        ),
    )
    assert kinds(kept) == [OddityKind.SHORT_REPLY, OddityKind.CUT_DESCRIPTOR]
    assert lost.elements == ()
    assert kinds(lost) == [OddityKind.SHORT_REPLY, OddityKind.LOST_DESCRIPTOR]


def test_a_cut_identifier_is_none(vectors: dict[str, bytes]) -> None:
    """Missing only its last byte an identifier must be None, not a shorter serial number, with a warning."""
    status = decode(vectors["RES_DT_VOLTAG_DVCID"][:-1])
    assert serials(status) == ["10WT000001", None]
    assert kinds(status) == [OddityKind.SHORT_REPLY, OddityKind.CUT_DESCRIPTOR, OddityKind.CUT_IDENTIFIER]
    assert str(status.warnings[-1]) == (
        "element 257 (0101h): its identifier ends after 33 of 34 bytes and was dropped"
    )


def test_a_cut_volume_tag_is_none(vectors: dict[str, bytes]) -> None:
    """A tag that lost bytes must be None: what is left of it may be another medium's bar code."""
    reply = vectors["RES_IE"]
    assert decode(reply[: 16 + 12 + 31]).elements[0].volume_tag is None
    assert decode(reply[: 16 + 12 + 32]).elements[0].volume_tag == "TAPE09L8"


@pytest.mark.parametrize("length", range(8))
def test_fewer_bytes_than_a_header_are_an_error(length: int) -> None:
    """Nothing can be said of a reply shorter than 8 bytes."""
    with pytest.raises(DecodeError, match="8-byte header"):
        decode(bytes(length))


def test_a_header_that_counts_nothing_holds_nothing() -> None:
    """A count of 0 must mean no elements, whatever follows; a buffer of zeros is such a reply."""
    assert decode(bytes(4096)) == ElementStatus(0, 0, 0)
    assert decode(bytes.fromhex("0000000000000008") + encode(slots(2))[8:]).elements == ()


# tgt, which announces the right byte count and sends 8 bytes fewer


@pytest.mark.parametrize(
    ("name", "addresses", "tags"),
    [
        ("tgt_storage_two_empty", [0x412, 0x413], [None, None]),
        ("tgt_storage_beyond", [], []),
        ("tgt_drives_plain", [0x100, 0x101], [None, None]),
        ("tgt_drives_voltag", [0x100, 0x101], [None, None]),
        ("tgt_drives_dvcid", [0x100, 0x101], [None, None]),
        ("tgt_drives_voltag_dvcid", [0x100, 0x101], [None, None]),
        ("tgt_drives_loaded", [0x100, 0x101], ["RSM001L8", None]),
        ("tgt_import_export", [0x10, 0x11], ["RSM003L8", None]),
        ("tgt_robot_full", [1], ["RSM002L8"]),
    ],
)
def test_tgt_loses_no_element(capture: Capture, name: str, addresses: list[int], tags: list[str]) -> None:
    """Every element of a genuine tgt reply must be kept with its tag, though the last descriptor is cut."""
    status = decode(capture(name))
    assert [element.address for element in status.elements] == addresses
    assert [element.volume_tag for element in status.elements] == tags
    assert len(status.elements) == status.count
    assert (OddityKind.CUT_DESCRIPTOR in kinds(status)) == bool(addresses)


def test_tgt_source_of_the_last_element_is_unknown(capture: Capture) -> None:
    """Without VOLTAG the bytes that tgt leaves out hold state and source: None, not False."""
    last = decode(capture("tgt_drives_plain")).elements[-1]
    assert (last.source, last.inverted, last.disabled, last.medium_type) == (None, None, None, None)


@pytest.mark.parametrize("name", ["tgt_drives_dvcid", "tgt_drives_voltag_dvcid", "tgt_drives_loaded"])
def test_tgt_identifiers(capture: Capture, name: str) -> None:
    """The first drive's serial number must be whole and the last one's, cut to VT, must be None."""
    assert serials(decode(capture(name))) == ["VTLDRV0001", None]


@pytest.mark.parametrize("name", ["tgt_drives_dvcid", "tgt_drives_voltag_dvcid"])
def test_tgt_in_a_zero_filled_buffer(capture: Capture, name: str) -> None:
    """Where zeros fill what tgt left out, VT and eight NULs must not pass for a serial number."""
    status = decode(capture(name) + bytes(512))
    assert serials(status) == ["VTLDRV0001", None]
    assert kinds(status) == [OddityKind.UNFILLED_IDENTIFIER]
    assert "never sent" in str(status.warnings[0])


def test_identifiers_padded_with_nuls_are_whole() -> None:
    """A library that pads all its serial numbers with NULs must not be taken for tgt."""
    padded = [
        each._replace(identifier=Identifier.read(2, 0, serial.encode().ljust(20, b"\0")))
        for each, serial in zip(drives(), ("AB1234567890", "AB1234567891", "AB1234567892"), strict=True)
    ]
    reply = encode(padded, Layout(identifier=IdentifierForm.SERIAL))
    assert serials(decode(reply)) == ["AB1234567890", "AB1234567891", "AB1234567892"]


def test_mhvtl_reply_cut_in_the_middle(capture: Capture) -> None:
    """A reply cut as people paste it into a bug report must give two whole drives and what is left of a third."""
    status = decode(capture("mhvtl_stk_l80_drives_cut"))
    assert [element.address for element in status.elements] == [500, 501, 502]
    assert serials(status) == ["XYZZY_B1", "XYZZY_B2", None]
    assert [element.access for element in status.elements] == [True, True, True]


# §3 rows 5 to 7: identifiers


def test_library_without_identifiers() -> None:
    """Drives of a library that ignores DVCID must come without identifier and without warning (Qualstar)."""
    for layout in (Layout(), Layout(primary_tags=False), Layout(primary_tags=False, bare=True)):
        status = decode(encode(drives(identifier=None), layout))
        assert serials(status) == [None, None, None]
        assert not status.warnings


def test_tags_and_identifiers_read_apart() -> None:
    """The two reads of a library that cannot do both at once must each give their own half (§3 row 6)."""
    tagged = drives(full=True, volume_tag="TAPE01L8")
    first = decode(encode(tagged, Layout())).elements[0]
    second = decode(encode(tagged, Layout(primary_tags=False, identifier=T10))).elements[0]
    assert (first.volume_tag, first.identifier) == ("TAPE01L8", None)
    assert (second.volume_tag, second.identifier) == (None, tagged[0].identifier)


@pytest.mark.parametrize("room", [16, 20, 32, 34, 64])
def test_serial_only_in_a_padded_field(room: int) -> None:
    """Only the declared bytes of a padded field are the identifier: SuperLoader 3 16, Oracle 32, Quantum 64."""
    plain = drives(identifier=Identifier.serial_number("HU1234ABCD"))
    status = decode(encode(plain, Layout(identifier=IdentifierForm.SERIAL, identifier_room=room)))
    assert serials(status) == ["HU1234ABCD"] * 3
    assert [element.vendor for element in status.elements] == [b"", b"", b""]
    blank = drives(identifier=Identifier.serial_number("HU1234ABCD", room))
    assert serials(decode(encode(blank, Layout(identifier=IdentifierForm.SERIAL)))) == ["HU1234ABCD"] * 3


def test_t10_identifier_has_its_serial_after_24_bytes() -> None:
    """Of vendor, product and serial the serial must be what follows 24 bytes, however long it is."""
    for width in (1, 10, 12, 20):
        identifier = Identifier.t10("IBM", "ULT3580-TD8", "S" * width, width)
        assert (identifier.vendor, identifier.product) == ("IBM", "ULT3580-TD8")
        assert identifier.serial == (None if width == 8 else "S" * width)


def test_t10_identifier_of_32_bytes_is_matched_and_not_sliced() -> None:
    """Vendor and serial without a product must give no serial, but must still name its drive and no other."""
    identifier = Identifier.vendor_and_serial("HP", "HU19487T3K")
    status = decode(encode(drives(identifier=identifier), Layout(identifier=IdentifierForm.VENDOR_SERIAL)))
    found = status.elements[0].identifier
    assert found == identifier
    assert (identifier.serial, identifier.product, identifier.vendor) == (None, None, "HP")
    assert identifier.names("HU19487T3K")
    assert identifier.names(" HU19487T3K\0")
    assert not identifier.names("T3K")
    assert not identifier.names("")
    assert Identifier.t10("IBM", "ULT3580-TD8", "12345678", 8).names("12345678")


def test_binary_names_have_no_serial() -> None:
    """A world wide name must be kept as bytes; its text is nobody's serial number."""
    name = bytes.fromhex("5000e11112345678")
    status = decode(encode(drives(identifier=Identifier.naa(name)), Layout(identifier=IdentifierForm.NAA)))
    assert status.elements[0].identifier == Identifier(1, 3, name, None)
    assert Identifier.read(1, 0, b"ASCII?").serial is None


def test_upper_halves_of_the_identifier_header_are_masked() -> None:
    """Quantum fills the upper halves of code set and type: they must not change what the identifier is."""
    reply = bytearray(encode(drives("10WT000001"), Layout(primary_tags=False, identifier=T10)))
    reply[16 + 12] |= 0x50
    reply[16 + 13] |= 0x90
    assert serials(decode(bytes(reply))) == ["10WT000001"]


# §3 row 8: declared descriptor length shorter than the descriptors


def test_adic_declares_48_and_sends_50(capture: Capture) -> None:
    """Mhvtl's ADIC reply, whose page byte count lies too, must be read by the header's byte count (#152)."""
    status = decode(capture("mhvtl_adic_declares_48"))
    assert [element.address for element in status.elements] == [1, 2, 3]
    assert serials(status) == ["F0027BE03A", "F0027BE04B", "F0027BE05C"]
    assert kinds(status) == [OddityKind.FALSE_DESCRIPTOR_LENGTH]
    assert str(status.warnings[0]) == "a page declares descriptors of 48 bytes, they are 50 long"


@pytest.mark.parametrize("count", [1, 2, 24])
@pytest.mark.parametrize("tagged", [False, True])
def test_page_byte_count_tells_the_true_length(count: int, *, tagged: bool) -> None:
    """With a true page byte count the length must be its share for each element; 24 x 50 is also 25 x 48."""
    sent = drives(*(f"10WT{number:06}" for number in range(count)))
    true = 86 if tagged else 50
    layout = Layout(primary_tags=tagged, identifier=T10, declared_length=true - 2)
    status = decode(encode(sent, layout))
    assert list(status.elements) == sent
    assert kinds(status) == [OddityKind.FALSE_DESCRIPTOR_LENGTH]


def test_false_length_between_other_pages() -> None:
    """Pages before and after the lying one must not be disturbed by it."""
    sent = [Element(1, MT), *drives(), *slots(4)]
    layout = Layout(identifier=T10, declared_length=84)
    status = decode(encode(sent, layout))
    assert list(status.elements) == sent
    assert kinds(status) == [OddityKind.FALSE_DESCRIPTOR_LENGTH]


def test_false_length_and_false_page_bytes_before_another_page() -> None:
    """Where the page's byte count follows the lie, the place of the next page must tell the true length."""
    sent = [*drives(), *slots(2)]
    reply = bytearray(encode(sent, Layout(identifier=T10, declared_length=84)))
    reply[13:16] = (3 * 84).to_bytes(3, "big")
    status = decode(bytes(reply))
    assert list(status.elements) == sent
    assert kinds(status) == [OddityKind.FALSE_DESCRIPTOR_LENGTH]


def test_an_overrun_that_nothing_explains() -> None:
    """Where no length divides, the declared one must be used and the overrunning identifiers must be None."""
    reply = bytearray(encode(drives("10WT000001"), Layout(primary_tags=False, identifier=T10)))
    reply[16 + 15] = 200
    status = decode(bytes(reply))
    assert serials(status) == [None]
    assert kinds(status) == [OddityKind.CUT_IDENTIFIER]


# §3 row 9: AVolTag set without the tags


@pytest.mark.parametrize(
    "identifier",
    [
        Identifier.serial_number("HU1234ABCD"),
        Identifier.serial_number("HU1234ABCD", 20),
        Identifier.t10("SPECTRA", "PYTHON", "9876543210"),
        Identifier.serial_number("HU1234ABCD", 32),
        Identifier.naa(bytes.fromhex("5000e11112345678")),
    ],
    ids=["serial 10", "HPE MSL 20", "Spectra 34", "exactly as long as a tag", "world wide name"],
)
@pytest.mark.parametrize("tagged", [False, True])
def test_alternate_tags_claimed_and_not_sent(identifier: Identifier, *, tagged: bool) -> None:
    """AVolTag must be ignored where the tag has no room, and where an identifier stands in its place (#173)."""
    sent = drives(full=tagged, volume_tag="TAPE01L8" if tagged else None, identifier=identifier)
    layout = Layout(primary_tags=tagged, identifier=T10, claims_alternate_tags=True)
    status = decode(encode(sent, layout))
    assert list(status.elements) == sent
    assert kinds(status) == [OddityKind.ALTERNATE_TAG_MISSING]


def test_alternate_tags_that_are_there() -> None:
    """Real alternate tags must be read, on drives with identifiers as on slots, blank ones too."""
    sides: dict[str, Any] = {"volume_tag": "SIDEA1", "alternate_tag": "SIDEB1", "inverted": True}
    sent = [*drives("A123456789", full=True, **sides), *slots(1), *slots(2)[1:]]
    sent[1] = sent[1]._replace(alternate_tag="SIDEB2")
    status = decode(encode(sent, Layout(alternate_tags=True, identifier=T10)))
    assert list(status.elements) == sent
    assert not status.warnings


def test_primary_tags_claimed_without_room() -> None:
    """PVolTag on descriptors of 16 bytes must be ignored and said."""
    reply = bytearray(encode(slots(2), Layout(primary_tags=False)))
    reply[9] |= 0x80
    status = decode(bytes(reply))
    assert [element.volume_tag for element in status.elements] == [None, None]
    assert kinds(status) == [OddityKind.PRIMARY_TAG_MISSING]


# §3 row 10: page byte count 0


def test_page_byte_count_zero() -> None:
    """A page that counts 0 bytes must be read by the reply's header (ADIC DAT)."""
    status = decode(encode(slots(5), Layout(page_byte_count_zero=True)))
    assert list(status.elements) == slots(5)
    assert kinds(status) == [OddityKind.ZERO_PAGE_BYTE_COUNT]


def test_every_page_byte_count_zero() -> None:
    """Where all pages count 0 bytes, each must end at the next one's header."""
    sent = [
        Element(1, MT),
        Element(0x100, DT, access=True),
        Element(0x101, DT, full=True, access=True),
        *slots(5),
    ]
    for layout in (Layout(page_byte_count_zero=True), Layout(primary_tags=False, page_byte_count_zero=True)):
        status = decode(encode(sent, layout))
        assert [element.address for element in status.elements] == [element.address for element in sent]
        assert [element.kind for element in status.elements] == [element.kind for element in sent]
        assert set(kinds(status)) == {OddityKind.ZERO_PAGE_BYTE_COUNT}


def test_page_without_elements_in_a_cut_reply() -> None:
    """An empty page must not take the next page for its own, even where the reply ends early."""
    full = encode(slots(9))
    empty = bytes([int(IE), 0x80, 0, 52, 0, 0, 0, 0])
    reply = full[:4] + (len(full)).to_bytes(4, "big") + empty + full[8:]
    assert list(decode(reply[: 24 + 3 * 52]).elements) == slots(3)


def test_page_without_elements() -> None:
    """A page that truly holds nothing must be passed over in silence, wherever it stands."""
    full = encode(slots(2))
    empty = bytes([int(IE), 0x80, 0, 52, 0, 0, 0, 0])
    for body in (empty + full[8:], full[8:] + empty, bytes([int(IE), 0, 0, 0, 0, 0, 0, 0]) + full[8:]):
        reply = full[:4] + len(body).to_bytes(4, "big") + body
        assert list(decode(reply).elements) == slots(2)
        assert not decode(reply).warnings


# §3 row 11 and others: short descriptors, length 0, unknown pages


@pytest.mark.parametrize("length", [4, 5, 6, 9, 10, 11, 12, 13, 15])
def test_short_descriptors(length: int) -> None:
    """Fields must be read only where they lie inside the descriptor; what it does not hold is None."""
    full = bytes.fromhex("100009003b1200000000c1100000")[:12].ljust(16, b"\0")
    full = full[:2] + b"\x0d" + full[3:9] + b"\x81\x10\x00" + full[12:]
    reply = bytes.fromhex("10000001") + (8 + length).to_bytes(4, "big")
    reply += bytes([2, 0, 0, length]) + length.to_bytes(4, "big") + full[:length]
    status = decode(reply)
    (element,) = status.elements
    assert (element.address, element.full, element.access) == (4096, True, True)
    assert element.exception == ((0x3B, 0x12) if length >= 6 else (0, 0))
    assert element.medium_type == (1 if length >= 10 else None)
    assert element.source == (4096 if length >= 12 else None)
    assert not status.warnings


@pytest.mark.parametrize("length", [1, 2, 3])
def test_descriptors_too_short_to_hold_an_element(length: int) -> None:
    """A page of such descriptors must be given up and said, and those after it read."""
    page = bytes([2, 0, 0, length, 0, 0, 0, 60]) + bytes(60)
    good = encode(slots(1))[8:]
    reply = bytes.fromhex("10000001") + len(page + good).to_bytes(4, "big") + page + good
    status = decode(reply)
    assert list(status.elements) == slots(1)
    assert kinds(status) == [OddityKind.TINY_DESCRIPTOR_LENGTH]


def test_descriptor_length_zero_ends() -> None:
    """A descriptor length of 0 must neither loop nor invent an element (PySCSI loops for ever on it)."""
    reply = bytearray(encode(slots(3)))
    reply[10:12] = b"\0\0"
    status = decode(bytes(reply))
    assert status.elements == ()
    assert kinds(status)[0] is OddityKind.ZERO_DESCRIPTOR_LENGTH


def test_zero_filled_rest_of_a_reply() -> None:
    """A buffer that the device filled only in part must give its first page and stop at the zeros."""
    sent = [*slots(2), Element(16, IE, access=True)]
    reply = encode(sent)
    page = 8 + 8 + 2 * 52
    status = decode(reply[:page] + bytes(len(reply) - page))
    assert list(status.elements) == sent[:2]
    assert kinds(status) == [OddityKind.ZERO_DESCRIPTOR_LENGTH, OddityKind.COUNT_DIFFERS]


def test_unknown_element_type_is_skipped() -> None:
    """A page of a type that SMC-3 has not must be stepped over by its byte count."""
    good = encode(slots(1))[8:]
    strange = bytes([9, 0, 0, 16, 0, 0, 0, 32]) + bytes(32)
    reply = bytes.fromhex("10000003") + len(strange + good).to_bytes(4, "big") + strange + good
    status = decode(reply)
    assert list(status.elements) == slots(1)
    assert kinds(status) == [OddityKind.UNKNOWN_ELEMENT_TYPE, OddityKind.COUNT_DIFFERS]


def test_bytes_beyond_the_header_count_are_ignored() -> None:
    """A page that runs on past the header's byte count must be read only up to there."""
    reply = encode(slots(3))
    cut = reply[:4] + (8 + 2 * 52).to_bytes(4, "big") + reply[8:]
    status = decode(cut)
    assert list(status.elements) == slots(2)
    assert OddityKind.PAGE_OVERRUN in kinds(status)


def test_remainder_of_a_page_is_no_element() -> None:
    """Bytes left over after a page's last whole descriptor must not become an element."""
    reply = bytearray(encode(slots(2)) + b"\x10\x20\x01\0\0\0\0\0\0\0")
    reply[5:8] = (8 + 2 * 52 + 10).to_bytes(3, "big")
    reply[13:16] = (2 * 52 + 10).to_bytes(3, "big")
    status = decode(bytes(reply))
    assert list(status.elements) == slots(2)
    assert kinds(status) == [OddityKind.PAGE_REMAINDER]


def test_thousands_of_empty_pages_end_soon() -> None:
    """A reply that is nothing but page headers must be read once through, not once for each of them."""
    headers = bytes([2, 0x80, 0, 52, 0, 0, 0, 0]) * 8000 + b"\x02"
    assert decode(bytes.fromhex("00000009") + len(headers).to_bytes(4, "big") + headers).elements


def test_two_pages_of_one_type() -> None:
    """More than one page of a type must be accepted, in the order reported."""
    sent = [*slots(1), Element(1, MT), *slots(2)[1:]]
    assert list(decode(encode(sent)).elements) == sent


def test_elements_out_of_order_and_at_address_zero() -> None:
    """Order and addresses must be as reported: drives come out of order, and 0 is legal (§3 rows 35, 36)."""
    sent = [Element(3, DT, access=True), Element(0, DT, access=True), Element(65535, DT, access=True)]
    status = decode(encode(sent))
    assert list(status.elements) == sent
    assert status.first_address == 0


@pytest.mark.parametrize(
    "length", [12, 16, 24, 26, 32, 34, 48, 50, 52, 56, 58, 60, 68, 70, 76, 86, 88, 94, 104, 116]
)
@pytest.mark.parametrize("kind", [ST, DT])
def test_every_length_ever_seen(length: int, kind: ElementKind) -> None:
    """Descriptors of any documented length must be stepped by it, the rest being vendor bytes or padding."""
    descriptor = bytes.fromhex("100009000000000000811001").ljust(length, b"\0")
    body = b"".join((4096 + i).to_bytes(2, "big") + descriptor[2:] for i in range(3))
    reply = bytes.fromhex("10000003") + (8 + len(body)).to_bytes(4, "big")
    reply += bytes([int(kind), 0, 0, length]) + len(body).to_bytes(4, "big") + body
    status = decode(reply)
    assert [element.address for element in status.elements] == [4096, 4097, 4098]
    assert {element.source for element in status.elements} == {4097}
    assert not status.warnings


# Fields


def test_access_of_a_transport_is_none() -> None:
    """The Access bit does not exist for a medium transport, so its value must be None even if it is set."""
    reply = bytearray(encode([Element(1, MT, full=True)]))
    reply[18] |= 0x08
    assert decode(bytes(reply)).elements[0].access is None


def test_exception_only_with_its_bit() -> None:
    """Additional sense codes without Except must not become an exception: some libraries leave them set."""
    reply = bytearray(encode([Element(5, ST, access=True, exception=(0x83, 0x02))]))
    assert decode(bytes(reply)).elements[0].exception == (0x83, 0x02)
    reply[18] &= ~0x04
    assert decode(bytes(reply)).elements[0].exception is None


def test_source_only_with_svalid() -> None:
    """A source address without SValid must be None; address 0 with it is a source."""
    reply = bytearray(encode([Element(5, ST, full=True, access=True, source=0)]))
    assert decode(bytes(reply)).elements[0].source == 0
    reply[25] &= 0x7F
    assert decode(bytes(reply)).elements[0].source is None


def test_oracle_vendor_bytes() -> None:
    """The media domain and type that Oracle puts after the reserved bytes (length 56) must be kept."""
    sent = [each._replace(vendor=b"L8\x01\x02") for each in slots(3)]
    reply = encode(sent, Layout(tail=4))
    assert reply[10:12] == bytes([0, 56])
    assert list(decode(reply).elements) == sent


@pytest.mark.parametrize(
    ("field", "tag"),
    [
        (b"TAPE01L8".ljust(32), "TAPE01L8"),
        (b"TAPE01L8".ljust(32, b"\0"), "TAPE01L8"),
        (b"TAPE01L8   \0garbage".ljust(32), "TAPE01L8"),
        (bytes(32), None),
        (b" " * 32, None),
        (b"\0" + b"X" * 31, None),
        (b" A B".ljust(32), " A B"),
        (b"\xc4\xd6\xdc".ljust(32), "ÄÖÜ"),
        (b"X" * 32, "X" * 32),
    ],
)
def test_volume_tags_are_normalised(field: bytes, tag: str | None) -> None:
    """Tags must be cut at the first NUL, right-stripped, latin-1, and None when nothing is left."""
    reply = bytearray(encode(slots(2)))
    reply[28:60] = field
    assert decode(bytes(reply)).elements[0].volume_tag == tag
    drive = bytearray(encode(drives("10WT000001"), Layout(identifier=T10)))
    drive[28:60] = field
    assert decode(bytes(drive)).elements[0].volume_tag == tag


# The encoder


@pytest.mark.parametrize(
    ("element", "layout"),
    [
        (Element(65536, ST), Layout()),
        (Element(-1, ST), Layout()),
        (Element(1, ST, source=65536), Layout()),
        (Element(1, ST, medium_type=8), Layout()),
        (Element(1, ST, exception=(256, 0)), Layout()),
        (Element(1, ST, volume_tag="X" * 33), Layout()),
        (Element(1, ST, volume_tag="€"), Layout()),
        (Element(1, ST, volume_tag="A "), Layout()),
        (Element(1, ST, volume_tag="A\0B"), Layout()),
        (Element(1, ST, volume_sequence=65536), Layout()),
        (Element(1, ST, vendor=b"X"), Layout()),
        (
            Element(1, DT, identifier=Identifier.serial_number("12345")),
            Layout(identifier=T10, identifier_room=4),
        ),
        (Element(1, DT, identifier=Identifier(16, 0, b"1")), Layout(identifier=T10)),
        (Element(1, DT, identifier=Identifier(2, 0, b"1" * 256)), Layout(identifier=T10)),
    ],
)
def test_what_does_not_fit_is_refused(element: Element, layout: Layout) -> None:
    """A value that its field cannot hold must raise EncodeError, never wrap or be cut."""
    with pytest.raises(EncodeError):
        encode([element], layout)


def test_no_elements() -> None:
    """No elements must make a bare header that counts none."""
    assert encode([]) == bytes(8)


def test_drive_without_identifier_among_others() -> None:
    """A drive that has none must get an empty field as long as its neighbours'."""
    sent = drives()
    sent[1] = sent[1]._replace(identifier=None)
    assert list(decode(encode(sent, Layout(identifier=T10))).elements) == sent


@pytest.mark.parametrize(
    ("form", "length"),
    [
        (IdentifierForm.NONE, None),
        (IdentifierForm.SERIAL, 16),
        (T10, 34),
        (IdentifierForm.VENDOR_SERIAL, 32),
        (IdentifierForm.NAA, 8),
    ],
)
def test_identifier_forms(form: IdentifierForm, length: int | None) -> None:
    """Each form must make an identifier of its usual length that names the drive."""
    made = form.identify("IBM", "ULT3580-TD8", "10WT000001", bytes(8))
    assert (len(made.data) if made else None) == length
    if made and form is not IdentifierForm.NAA:
        assert made.names("10WT000001")
