"""REPORT ELEMENT INFORMATION data (SMC-3; scsi.md §1.11). Found only on Quantum i3/i6/i7 so far."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

SUPPORTED = 0x00
STATIC = 0x02
STATE = 0x03
LOCATION = 0x04
ALL = 0x7F

_HEADER = 8


class Presence(IntEnum):
    """Whether an element holds a volume."""

    UNKNOWN = 0
    PRESENT = 1
    ABSENT = 2


class ImportedBy(IntEnum):
    """Who put a volume into an import/export element."""

    UNKNOWN = 0
    ROBOT = 1
    OPERATOR = 2


class ElementRange(NamedTuple):
    """One descriptor of page 02h: what the elements of a range of addresses can do.

    The flags keep the standard's letters, since no source read spells them out.
    """

    first: int
    elements: int
    """How many addresses the range has."""
    kind: int
    so: bool = False
    do: bool = False
    nxp: bool = False
    mdo: bool = False
    iestor: bool = False
    edc: bool = False


class ElementState(NamedTuple):
    """One descriptor of page 03h: the state of an element, whose address has 32 bits here."""

    address: int
    kind: int
    volume: int = Presence.UNKNOWN
    imported_by: int = ImportedBy.UNKNOWN
    operator_needed: bool = False
    """OIR."""
    disabled: bool = False
    """ED."""
    mtap: bool = False
    sdv: bool = False
    asc: int = 0
    ascq: int = 0


class ElementLocation(NamedTuple):
    """One descriptor of page 04h: where an element is (Quantum: section, column, row)."""

    address: int
    kind: int
    location: bytes


class ElementPage(NamedTuple):
    """One page of the report."""

    code: int
    ranges: tuple[ElementRange, ...] = ()
    states: tuple[ElementState, ...] = ()
    locations: tuple[ElementLocation, ...] = ()
    supported: tuple[int, ...] = ()
    """Codes of the pages that the device has, of page 00h."""
    cut: bool = False
    """The last descriptor was cut by the allocation length and left out."""


Descriptor: TypeAlias = ElementRange | ElementState | ElementLocation

_SHORTEST = {STATIC: 10, STATE: 8, LOCATION: 5}


def decode(reply: bytes) -> ElementPage:
    """Return the one page that a report for a single page holds; bytes beyond its length are ignored.

    Raises DecodeError for fewer than 8 bytes, for a page that is none of these, and for one whose descriptors
    are declared too short for what they must hold.
    """
    return _read(reply, 0)[0]


def decode_all(reply: bytes) -> tuple[ElementPage, ...]:
    """Return the pages of a report for page 7Fh, up to the first that is none of these (an unfilled rest).

    Raises DecodeError as `decode` does.
    """
    pages: list[ElementPage] = []
    position = 0
    while not pages or (position + _HEADER <= len(reply) and reply[position] & 0x7F in _SHORTEST):
        page, position = _read(reply, position)
        pages.append(page)
    return tuple(pages)


def _read(reply: bytes, position: int) -> tuple[ElementPage, int]:
    if len(reply) < position + _HEADER:
        raise DecodeError(f"element information of {len(reply)} bytes is shorter than its 8-byte header")
    code = reply[position] & 0x7F
    step = int.from_bytes(reply[position + 2 : position + 4], "big")
    length = int.from_bytes(reply[position + 4 : position + 8], "big")
    start = position + _HEADER
    return _page(code, step, length, reply[start : start + length]), start + length


def _page(code: int, step: int, length: int, body: bytes) -> ElementPage:
    cut = len(body) < length
    if code == SUPPORTED:
        return ElementPage(code, supported=tuple(body), cut=cut)
    shortest = _SHORTEST.get(code)
    if shortest is None:
        raise DecodeError(f"element information page {code:02X}h is none that is known")
    if length and step < shortest:
        raise DecodeError(f"element information page {code:02X}h declares descriptors of {step} bytes")
    fields = [body[at : at + step] for at in range(0, len(body) - step + 1, step)] if length else []
    if code == STATIC:
        return ElementPage(code, ranges=tuple(_range(field) for field in fields), cut=cut)
    if code == STATE:
        return ElementPage(code, states=tuple(_state(field) for field in fields), cut=cut)
    return ElementPage(code, locations=tuple(_location(field) for field in fields), cut=cut)


def _range(field: bytes) -> ElementRange:
    """Read a range. Only byte 9 is documented bit by bit (u); first address, count and type stand before it."""
    flags = field[9]
    return ElementRange(
        int.from_bytes(field[0:4], "big"),
        int.from_bytes(field[4:8], "big"),
        field[8] & 0x0F,
        *(bool(flags >> bit & 1) for bit in (5, 4, 3, 2, 1, 0)),
    )


def _state(field: bytes) -> ElementState:
    flags = field[5]
    return ElementState(
        address=int.from_bytes(field[0:4], "big"),
        kind=field[4] & 0x0F,
        volume=flags >> 6,
        imported_by=flags >> 4 & 0x03,
        operator_needed=bool(flags & 0x08),
        disabled=bool(flags & 0x04),
        mtap=bool(flags & 0x02),
        sdv=bool(flags & 0x01),
        asc=field[6],
        ascq=field[7],
    )


def _location(field: bytes) -> ElementLocation:
    return ElementLocation(int.from_bytes(field[0:4], "big"), field[4] & 0x0F, field[5:])


def encode(code: int, descriptors: Sequence[Descriptor]) -> bytes:
    """Return the page `code` of these descriptors, all of its kind; lengths are filled up to multiples of 4.

    Raises EncodeError for values that do not fit, or a descriptor that belongs to another page.
    """
    try:
        bodies = [_encoded(code, each) for each in descriptors]
    except (ValueError, OverflowError) as error:
        raise EncodeError(
            f"a descriptor of element information page {code:02X}h does not fit: {error}"
        ) from error
    step = -(-max((len(body) for body in bodies), default=_SHORTEST.get(code, 0)) // 4) * 4
    body = b"".join(body.ljust(step, b"\0") for body in bodies)
    return bytes([code, 0]) + step.to_bytes(2, "big") + len(body).to_bytes(4, "big") + body


def encode_supported(codes: Sequence[int]) -> bytes:
    """Return page 00h listing `codes`."""
    return bytes([SUPPORTED, 0, 0, 1]) + len(codes).to_bytes(4, "big") + bytes(codes)


def _encoded(code: int, value: Descriptor) -> bytes:
    if isinstance(value, ElementRange) and code == STATIC:
        flags = sum(is_set << bit for bit, is_set in zip((5, 4, 3, 2, 1, 0), value[3:], strict=True))
        return value.first.to_bytes(4, "big") + value.elements.to_bytes(4, "big") + bytes([value.kind, flags])
    if isinstance(value, ElementState) and code == STATE:
        detail = (value.operator_needed, value.disabled, value.mtap, value.sdv)
        flags = sum(is_set << bit for bit, is_set in zip((3, 2, 1, 0), detail, strict=True))
        flags |= value.volume << 6 | value.imported_by << 4
        return value.address.to_bytes(4, "big") + bytes([value.kind, flags, value.asc, value.ascq])
    if isinstance(value, ElementLocation) and code == LOCATION:
        return value.address.to_bytes(4, "big") + bytes([value.kind]) + value.location
    raise EncodeError(f"{type(value).__name__} does not belong on element information page {code:02X}h")
