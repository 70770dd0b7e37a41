"""INQUIRY data: who a device says it is (SPC; scsi.md §1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .errors import DecodeError, EncodeError
from .text import pad_field, strip_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHANGER = 0x08
TAPE = 0x01
SUPPORTED_PAGES = 0x00
UNIT_SERIAL_NUMBER = 0x80
DEVICE_IDENTIFICATION = 0x83

_STANDARD = 36
"""Bytes of standard INQUIRY data up to the product revision."""
_BARCODE = 55
"""The byte whose bit 0 says that there is a bar code reader, if the additional length reaches it."""


class StandardInquiry(NamedTuple):
    """The standard INQUIRY data. Text is stripped at both ends."""

    device_type: int
    vendor: str
    product: str
    revision: str
    removable: bool = True
    version: int = 5
    attached_changer: bool = False
    """MChanger: this is no changer, but takes A7h and B4h for one (scsi.md §1.12)."""
    barcode_reader: bool | None = None
    """None if the data end before the byte that says it."""
    qualifier: int = 0
    """0 present, 3 no such logical unit."""
    response_format: int = 2
    vendor_specific: bytes = b""
    """Bytes 36 and on."""
    vendor_bit: bool = False
    """Byte 6 bit 5; on Quantum it says BarC, as byte 55 does elsewhere."""

    @property
    def is_changer(self) -> bool:
        """A medium changer that is really there."""
        return self.device_type == CHANGER and self.qualifier == 0


def decode_standard(reply: bytes) -> StandardInquiry:
    """Return what standard INQUIRY data say. Raises DecodeError for fewer than 36 bytes."""
    if len(reply) < _STANDARD:
        raise DecodeError(f"INQUIRY data of {len(reply)} bytes, the standard has {_STANDARD}")
    end = max(_STANDARD, min(len(reply), 5 + reply[4]))
    vendor, vendor_bit = strip_field(reply[8:16]), bool(reply[6] & 0x20)
    reader = vendor_bit if vendor == "QUANTUM" else None
    return StandardInquiry(
        device_type=reply[0] & 0x1F,
        vendor=vendor,
        product=strip_field(reply[16:32]),
        revision=strip_field(reply[32:36]),
        removable=bool(reply[1] & 0x80),
        version=reply[2],
        attached_changer=bool(reply[6] & 0x08),
        barcode_reader=bool(reply[_BARCODE] & 0x01) if end > _BARCODE else reader,
        qualifier=reply[0] >> 5,
        response_format=reply[3] & 0x0F,
        vendor_specific=reply[_STANDARD:end],
        vendor_bit=vendor_bit,
    )


def encode_standard(inquiry: StandardInquiry) -> bytes:
    """Return standard INQUIRY data, of 56 bytes if they must say whether there is a bar code reader.

    Raises EncodeError for text or numbers that do not fit.
    """
    for name, value, largest in (
        ("device type", inquiry.device_type, 0x1F),
        ("qualifier", inquiry.qualifier, 7),
        ("version", inquiry.version, 0xFF),
        ("response format", inquiry.response_format, 0x0F),
    ):
        if not 0 <= value <= largest:
            raise EncodeError(f"{name} {value} is not between 0 and {largest}")
    tail = inquiry.vendor_specific
    if inquiry.barcode_reader is not None:
        place = _BARCODE - _STANDARD
        tail = tail.ljust(place + 1, b"\0")
        byte = tail[place] & 0xFE | inquiry.barcode_reader
        tail = tail[:place] + bytes([byte]) + tail[place + 1 :]
    length = _STANDARD + len(tail) - 5
    if length > 0xFF:
        raise EncodeError(f"{len(tail)} vendor specific bytes do not fit INQUIRY data")
    head = (
        inquiry.qualifier << 5 | inquiry.device_type,
        0x80 * inquiry.removable,
        inquiry.version,
        inquiry.response_format,
        length,
        0,
        0x08 * inquiry.attached_changer | 0x20 * inquiry.vendor_bit,
        0,
    )
    text = pad_field(inquiry.vendor, 8) + pad_field(inquiry.product, 16) + pad_field(inquiry.revision, 4)
    return bytes(head) + text + tail


def page_body(reply: bytes, page: int) -> bytes:
    """Return what a vital product data page holds after its header, as far as the reply goes.

    Raises DecodeError if it is another page or none at all: mhvtl answers page 83h with GOOD and no data, and
    the zero-filled buffer then reads as an empty page 00h.
    """
    if len(reply) < 4:
        raise DecodeError(f"VPD page {page:02X}h: {len(reply)} bytes, no page header")
    if reply[1] != page:
        raise DecodeError(f"VPD page {page:02X}h was asked for, page {reply[1]:02X}h came")
    return reply[4 : 4 + int.from_bytes(reply[2:4], "big")]


def _whole_body(reply: bytes, page: int) -> bytes:
    body = page_body(reply, page)
    length = int.from_bytes(reply[2:4], "big")
    if len(body) < length:
        raise DecodeError(f"VPD page {page:02X}h: {len(body)} of {length} bytes came")
    return body


def _page(device_type: int, page: int, body: bytes) -> bytes:
    if len(body) > 0xFFFF:
        raise EncodeError(f"VPD page {page:02X}h: {len(body)} bytes are too many")
    return bytes([device_type & 0x1F, page]) + len(body).to_bytes(2, "big") + body


def decode_pages(reply: bytes) -> tuple[int, ...]:
    """Return the codes of the pages that a device has (VPD page 00h). Raises DecodeError if it names none."""
    pages = tuple(page_body(reply, SUPPORTED_PAGES))
    if not pages:
        raise DecodeError("VPD page 00h lists no pages, not even itself")
    return pages


def encode_pages(pages: Iterable[int], *, device_type: int = CHANGER) -> bytes:
    """Return VPD page 00h listing `pages`."""
    try:
        return _page(device_type, SUPPORTED_PAGES, bytes(pages))
    except ValueError as error:
        raise EncodeError("a page code is not between 0 and 255") from error


def decode_serial(reply: bytes) -> str:
    """Return the unit serial number (VPD page 80h), stripped; "" if the device has none.

    Raises DecodeError for another page, and for a number that was cut: its beginning may be another device's.
    tgt pads on the left, mhvtl with blanks and NULs, Quantum puts the vendor in front (scsi.md §1.1).
    """
    return strip_field(_whole_body(reply, UNIT_SERIAL_NUMBER))


def encode_serial(serial: str, *, device_type: int = CHANGER, width: int = 0) -> bytes:
    """Return VPD page 80h with `serial`, padded with blanks on the right to `width`."""
    return _page(device_type, UNIT_SERIAL_NUMBER, pad_field(serial, max(width, len(serial))))


class Designator(NamedTuple):
    """One name of a device (VPD page 83h)."""

    code_set: int
    """1 binary, 2 ASCII, 3 UTF-8."""
    association: int
    """0 logical unit, 1 port, 2 device."""
    type: int
    """0 vendor's own, 1 T10 vendor identification, 2 EUI-64, 3 NAA, 4 relative port, 8 SCSI name."""
    data: bytes

    @property
    def text(self) -> str | None:
        """The name as text, None if it is binary."""
        return None if self.code_set == 1 else strip_field(self.data)


def decode_designators(reply: bytes) -> tuple[Designator, ...]:
    """Return the names in VPD page 83h; one that was cut is left out.

    Raises DecodeError for another page, or if the page announces names and holds no whole one.
    """
    body = page_body(reply, DEVICE_IDENTIFICATION)
    names = []
    position = 0
    while position + 4 <= len(body):
        length = body[position + 3]
        data = body[position + 4 : position + 4 + length]
        if len(data) == length:
            first, second = body[position], body[position + 1]
            names.append(Designator(first & 0x0F, second >> 4 & 0x03, second & 0x0F, data))
        position += 4 + length
    if not names and any(reply[2:4]):
        raise DecodeError("VPD page 83h holds no whole designator")
    return tuple(names)


def encode_designators(designators: Sequence[Designator], *, device_type: int = CHANGER) -> bytes:
    """Return VPD page 83h with these names. Raises EncodeError for a value that does not fit."""
    body = b""
    for code_set, association, type_, data in designators:
        if not (0 <= code_set <= 15 and 0 <= association <= 3 and 0 <= type_ <= 15 and len(data) <= 255):
            raise EncodeError(f"designator of type {type_} and {len(data)} bytes does not fit its fields")
        body += bytes([code_set, association << 4 | type_, 0, len(data)]) + data
    return _page(device_type, DEVICE_IDENTIFICATION, body)
