"""Values to READ ELEMENT STATUS data, in the layout of whichever library is to be spoken for."""

from __future__ import annotations

from itertools import groupby
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from ._element_descriptors import RESERVED
from ._element_values import Element, ElementKind, IdentifierForm
from .errors import EncodeError
from .text import pad_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPLY_HEADER = Struct(">HHI")
_PAGE_HEADER = Struct(">BBHI")
_DESCRIPTOR = Struct(">HBxBBBBxBH")
_PORT_BITS = (0x02, 0x10, 0x20, 0x40, 0x80)


class Layout(NamedTuple):
    """How a library lays its descriptors out, lies included (scsi.md §1.5, §3 rows 7-11). All defaulted."""

    primary_tags: bool = True
    alternate_tags: bool = False
    identifier: IdentifierForm = IdentifierForm.NONE
    """Whether drives carry an identifier, and how much room it has unless `identifier_room` says."""
    identifier_room: int | None = None
    """Bytes for the identifier, padded with NULs: Quantum 64, Oracle 32, SuperLoader 3 16."""
    tail: int = 0
    """Vendor bytes at the end of each descriptor: Oracle SL500/150 have 4."""
    bare: bool = False
    """No 4 reserved bytes after the tags: descriptors of 12 bytes."""
    declared_length: int | None = None
    """A descriptor length to declare for drives instead of the true one: mhvtl's ADIC declares 48 for 50."""
    page_byte_count_zero: bool = False
    """Declare 0 bytes in each page, as ADIC DAT autoloaders do."""
    claims_alternate_tags: bool = False
    """Set AVolTag on drives without sending the tags, as mhvtl did for HPE MSL."""
    pad: bytes = b" "
    """What fills the volume tags up: spaces (SMC-2, tgt), or NULs."""
    empty_pad: bytes | None = None
    """What fills the tag fields of an empty or unscanned element, if it is not `pad`: NULs on many."""


_DEFAULT = Layout()


def encode(elements: Sequence[Element], layout: Layout = _DEFAULT) -> bytes:
    """Return the reply that reports `elements`: a header, and a page for each run of one kind.

    The header's byte count is the full one; a target applies the allocation length by slicing.
    Raises EncodeError for a value that its field cannot hold.
    """
    pages = b"".join(_page(kind, list(run), layout) for kind, run in groupby(elements, _kind))
    first = min((element.address for element in elements), default=0)
    if len(elements) > 0xFFFF or len(pages) > 0xFFFFFF:
        raise EncodeError(f"{len(elements)} elements do not fit one reply")
    return _REPLY_HEADER.pack(_word(first, "address"), len(elements), len(pages)) + pages


def _kind(element: Element) -> ElementKind:
    return element.kind


def _page(kind: ElementKind, run: list[Element], layout: Layout) -> bytes:
    drives = kind is ElementKind.DATA_TRANSFER
    room = _identifier_room(run, layout) if drives else None
    descriptors = [_descriptor(element, layout, room) for element in run]
    body = b"".join(descriptors)
    declared = (
        layout.declared_length if drives and layout.declared_length is not None else len(descriptors[0])
    )
    flags = 0x80 * layout.primary_tags
    if layout.alternate_tags or (drives and layout.claims_alternate_tags):
        flags |= 0x40
    count = 0 if layout.page_byte_count_zero else len(body)
    return _PAGE_HEADER.pack(int(kind), flags, declared, count) + body


def _identifier_room(run: list[Element], layout: Layout) -> int | None:
    """Return the bytes that every identifier of the page gets, None if the layout has no identifiers."""
    if layout.identifier is IdentifierForm.NONE:
        return None
    longest = max((len(element.identifier.data) for element in run if element.identifier), default=0)
    if layout.identifier_room is None:
        return longest or layout.identifier.room
    if longest > layout.identifier_room:
        raise EncodeError(f"an identifier of {longest} bytes does not fit {layout.identifier_room}")
    return layout.identifier_room


def _descriptor(element: Element, layout: Layout, room: int | None) -> bytes:
    parts = [_fixed(element)]
    unread = element.volume_tag is None and (not element.full or element.exception is not None)
    pad = layout.empty_pad if unread and layout.empty_pad is not None else layout.pad
    if layout.primary_tags:
        parts.append(_tag(element.volume_tag, element.volume_sequence, pad))
    if layout.alternate_tags:
        parts.append(_tag(element.alternate_tag, element.alternate_sequence, pad))
    if room is not None:
        parts.append(_identifier(element, room))
    elif not layout.bare:
        parts.append(bytes(RESERVED))
    if len(element.vendor) > layout.tail:
        raise EncodeError(
            f"element {element.address}: {len(element.vendor)} vendor bytes, room for {layout.tail}"
        )
    parts.append(element.vendor.ljust(layout.tail, b"\0"))
    return b"".join(parts)


def _fixed(element: Element) -> bytes:
    flags = 0x01 * element.full | 0x08 * bool(element.access)
    asc = ascq = 0
    if element.exception is not None:
        flags |= 0x04
        asc, ascq = element.exception
    if element.kind is ElementKind.IMPORT_EXPORT:
        ports = (
            element.imported,
            element.export_enabled,
            element.import_enabled,
            element.connected_changer,
            element.operator_needed,
        )
        flags |= sum(bit for bit, is_set in zip(_PORT_BITS, ports, strict=True) if is_set)
    state = 0x40 * bool(element.inverted) | 0x08 * bool(element.disabled)
    state |= _bits(element.medium_type or 0, 0x07, "medium type")
    if element.source is not None:
        state |= 0x80
    bus_flags, bus = _bus(element)
    return _DESCRIPTOR.pack(
        _word(element.address, "element address"),
        flags,
        _bits(asc, 0xFF, "additional sense code"),
        _bits(ascq, 0xFF, "additional sense code qualifier"),
        bus_flags,
        bus,
        state,
        _word(element.source or 0, "source element address"),
    )


def _bus(element: Element) -> tuple[int, int]:
    place = element.scsi_address
    if place is None or element.kind is not ElementKind.DATA_TRANSFER:
        return 0, 0
    flags = 0x80 * place.other_bus
    if place.bus is not None:
        flags |= 0x20
    if place.lun is not None:
        flags |= 0x10 | _bits(place.lun, 0x07, "logical unit number")
    return flags, _bits(place.bus or 0, 0xFF, "SCSI bus address")


def _tag(tag: str | None, sequence: int, pad: bytes) -> bytes:
    return pad_tag(tag, pad=pad) + bytes(2) + _word(sequence, "volume sequence number").to_bytes(2, "big")


def _identifier(element: Element, room: int) -> bytes:
    identifier = element.identifier
    if identifier is None:
        return bytes(RESERVED + room)
    header = (
        _bits(identifier.code_set, 0x0F, "code set"),
        _bits(identifier.type, 0x0F, "identifier type"),
        0,
        _bits(len(identifier.data), 0xFF, "identifier length"),
    )
    return bytes(header) + identifier.data.ljust(room, b"\0")


def _word(value: int, name: str) -> int:
    return _bits(value, 0xFFFF, name)


def _bits(value: int, largest: int, name: str) -> int:
    if not 0 <= value <= largest:
        raise EncodeError(f"{name} {value} is not between 0 and {largest}")
    return value
