"""MODE SENSE data of changers: pages 1Dh, 1Eh, 1Fh and 1Fh/41h (SMC-3; scsi.md §1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .elements import ElementKind
from .errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

ELEMENT_ASSIGNMENT = 0x1D
TRANSPORT_GEOMETRY = 0x1E
DEVICE_CAPABILITIES = 0x1F
EXTENDED_CAPABILITIES = 0x41
"""Subpage of page 1Fh."""

_ORDER = (
    ElementKind.TRANSPORT,
    ElementKind.STORAGE,
    ElementKind.IMPORT_EXPORT,
    ElementKind.DATA_TRANSFER,
)


class ElementAssignment(NamedTuple):
    """Page 1Dh: where the addresses of each element type begin, and how many there are.

    The counts include the places of removed magazines and drives (Quantum); never derive addresses otherwise.
    """

    first_transport: int
    transports: int
    first_storage: int
    storages: int
    first_import_export: int
    import_exports: int
    first_data_transfer: int
    data_transfers: int

    def range_of(self, kind: ElementKind) -> range:
        """Return the addresses of one element type."""
        place = 2 * _ORDER.index(kind)
        return range(self[place], self[place] + self[place + 1])


class Transport(NamedTuple):
    """One medium transport of page 1Eh."""

    rotates: bool
    """It can turn a medium over."""
    member: int = 0
    """Its number in a set of transports that share a job."""


class TransportGeometry(NamedTuple):
    """Page 1Eh: what each medium transport can do, in the order of their addresses."""

    transports: tuple[Transport, ...]


class DeviceCapabilities(NamedTuple):
    """Page 1Fh: which element types can hold a medium, and between which it can go."""

    stores: frozenset[ElementKind]
    moves: frozenset[tuple[ElementKind, ElementKind]]
    exchanges: frozenset[tuple[ElementKind, ElementKind]] = frozenset()
    s2c: bool = False
    """The two bits that follow are valid."""
    volume_tag_reader: bool = False
    auto_clean: bool = False
    read_attribute: tuple[int, int, int, int] = (0, 0, 0, 0)
    """READ ATTRIBUTE capability, two bits for each of transport, storage, import/export, data transfer."""
    write_attribute: tuple[int, int, int, int] = (0, 0, 0, 0)


class ExtendedCapabilities(NamedTuple):
    """Page 1Fh subpage 41h. Few libraries have it."""

    move_prevented: bool = False
    """MVPRV: PREVENT blocks moves to import/export elements."""
    move_closes: bool = False
    """MVCL: a move closes an open import/export element."""
    move_opens: bool = False
    """MVOP: a move to an import/export element opens it."""
    user_closes: bool = False
    """USRCL: an operator closes import/export elements."""
    user_opens: bool = False
    """USROP: an operator opens import/export elements."""
    import_export_as_storage: bool = False
    """IEST: import/export elements may serve as storage."""
    drive_access_differs: bool = False
    """DTEDA."""
    return_to_source_only: bool = False
    """RSSEA: a drive's medium can go back only to the element it came from."""
    move_retries: bool = False
    """MVTRY."""
    import_export_magazines: bool = False
    """IEMGZ."""
    storage_magazines: bool = False
    """SMGZ."""
    true_exchange: bool = False
    """TREXC: EXCHANGE MEDIUM swaps without a free element."""
    prevent_locks_import_export: bool = False
    """LCKIE."""
    prevent_locks_doors: bool = False
    """LCKD."""
    source_must_eject: bool = False
    """SPMER: the drive must be unloaded before a move out of it."""
    destination_must_eject: bool = False
    """DPMER."""
    positions_before_eject: bool = False
    """PEPOS."""
    hidden_cleaning_slots: bool = False
    """UCST."""


_EXTENDED_BITS = (
    (0, 5), (0, 4), (0, 3), (0, 2), (0, 1), (0, 0),
    (1, 4), (1, 3), (1, 2), (1, 1), (1, 0),
    (2, 2), (2, 1), (2, 0),
    (3, 2), (3, 1), (3, 0),
    (4, 0),
)  # fmt: skip
"""Byte (from the page's byte 4) and bit of each flag, in the order of the fields."""
_EXTENDED_LENGTH = 0x10


class UnknownPage(NamedTuple):
    """A page that is not a changer's, kept as it came (page 3Fh asks for all)."""

    code: int
    subpage: int
    data: bytes


Page: TypeAlias = (
    ElementAssignment | TransportGeometry | DeviceCapabilities | ExtendedCapabilities | UnknownPage
)


class ModeReply(NamedTuple):
    """MODE SENSE data."""

    pages: tuple[Page, ...]
    block_descriptors: bytes = b""
    medium_type: int = 0
    device_specific: int = 0
    cut: bool = False
    """The last page was cut by the allocation length and left out."""


def decode(reply: bytes, *, ten: bool = False) -> ModeReply:
    """Return the pages of a MODE SENSE(6) reply, or (10) with `ten`; block descriptors are stepped over.

    tgt and others send a block descriptor, DBD or not. Raises DecodeError for a reply too short for its
    header, without pages, or with a page too short for what it must hold.
    """
    header = 8 if ten else 4
    if len(reply) < header:
        raise DecodeError(f"mode data of {len(reply)} bytes are shorter than their {header}-byte header")
    if ten:
        announced = 2 + int.from_bytes(reply[0:2], "big")
        medium, specific = reply[2], reply[3]
        skipped = int.from_bytes(reply[6:8], "big")
    else:
        announced = 1 + reply[0]
        medium, specific, skipped = reply[1], reply[2], reply[3]
    end = min(len(reply), announced)
    start = header + skipped
    if start > end:
        raise DecodeError(f"mode data of {end} bytes end before their block descriptors of {skipped}")
    pages, cut = _pages(reply[start:end])
    if not pages:
        raise DecodeError(f"mode data of {end} bytes hold no whole page")
    return ModeReply(pages, reply[header:start], medium, specific, cut or end < announced)


def _pages(body: bytes) -> tuple[tuple[Page, ...], bool]:
    pages: list[Page] = []
    position = 0
    while position < len(body):
        has_subpage = bool(body[position] & 0x40)
        header = 4 if has_subpage else 2
        if position + header > len(body):
            return tuple(pages), True
        code = body[position] & 0x3F
        subpage = body[position + 1] if has_subpage else 0
        length = int.from_bytes(
            body[position + header - (2 if has_subpage else 1) : position + header], "big"
        )
        data = body[position + header : position + header + length]
        if len(data) < length:
            return tuple(pages), True
        pages.append(_page(code, subpage, data))
        position += header + length
    return tuple(pages), False


def _page(code: int, subpage: int, data: bytes) -> Page:
    if (code, subpage) == (ELEMENT_ASSIGNMENT, 0):
        _need(data, 16, "1Dh")
        return ElementAssignment(*(int.from_bytes(data[at : at + 2], "big") for at in range(0, 16, 2)))
    if (code, subpage) == (TRANSPORT_GEOMETRY, 0):
        pairs = zip(data[0::2], data[1::2], strict=False)
        return TransportGeometry(tuple(Transport(bool(first & 0x01), member) for first, member in pairs))
    if (code, subpage) == (DEVICE_CAPABILITIES, 0):
        return _capabilities(data)
    if (code, subpage) == (DEVICE_CAPABILITIES, EXTENDED_CAPABILITIES):
        _need(data, 5, "1Fh/41h")
        return ExtendedCapabilities(*(bool(data[byte] >> bit & 1) for byte, bit in _EXTENDED_BITS))
    return UnknownPage(code, subpage, data)


def _need(data: bytes, length: int, page: str) -> None:
    if len(data) < length:
        raise DecodeError(f"mode page {page} has {len(data)} bytes, it must have {length}")


def _capabilities(data: bytes) -> DeviceCapabilities:
    """Read page 1Fh by its length: Quantum's guide says both 0Eh and 12h."""
    _need(data, 6, "1Fh")
    moves, exchanges = data[2:6], data[10:14].ljust(4, b"\0")
    stores = frozenset(kind for bit, kind in enumerate(_ORDER) if data[0] >> bit & 1)
    return DeviceCapabilities(
        stores,
        _matrix(moves),
        _matrix(exchanges),
        s2c=bool(data[1] & 0x01),
        volume_tag_reader=bool(data[1] & 0x02),
        auto_clean=bool(data[1] & 0x04),
        read_attribute=(moves[0] >> 6, moves[1] >> 6, moves[2] >> 6, moves[3] >> 6),
        write_attribute=(exchanges[0] >> 6, exchanges[1] >> 6, exchanges[2] >> 6, exchanges[3] >> 6),
    )


def _matrix(rows: bytes) -> frozenset[tuple[ElementKind, ElementKind]]:
    return frozenset(
        (source, destination)
        for row, source in zip(rows, _ORDER, strict=True)
        for bit, destination in enumerate(_ORDER)
        if row >> bit & 1
    )


def encode(
    pages: Sequence[Page],
    *,
    ten: bool = False,
    block_descriptor: bytes = b"",
    medium_type: int = 0,
    device_specific: int = 0,
) -> bytes:
    """Return the MODE SENSE(6) reply, or (10) with `ten`, that holds `pages`.

    Raises EncodeError for values that do not fit, or more bytes than the header can count.
    """
    body = block_descriptor + b"".join(_encoded(page) for page in pages)
    if not (0 <= medium_type <= 0xFF and 0 <= device_specific <= 0xFF):
        raise EncodeError("medium type and device-specific parameter are one byte each")
    if ten:
        if len(body) + 6 > 0xFFFF:
            raise EncodeError(f"{len(body)} bytes of mode pages do not fit MODE SENSE(10)")
        head = (len(body) + 6).to_bytes(2, "big") + bytes([medium_type, device_specific, 0, 0])
        return head + len(block_descriptor).to_bytes(2, "big") + body
    if len(body) + 3 > 0xFF:
        raise EncodeError(f"{len(body)} bytes of mode pages do not fit MODE SENSE(6)")
    return bytes([len(body) + 3, medium_type, device_specific, len(block_descriptor)]) + body


def _encoded(page: Page) -> bytes:
    if isinstance(page, ElementAssignment):
        if not all(0 <= value <= 0xFFFF for value in page):
            raise EncodeError(f"an address or count of {page} is not between 0 and 65535")
        data = b"".join(value.to_bytes(2, "big") for value in page)
        return bytes([ELEMENT_ASSIGNMENT, 0x12]) + data + bytes(2)
    if isinstance(page, TransportGeometry):
        return _short(
            TRANSPORT_GEOMETRY, [byte for each in page.transports for byte in (each.rotates, each.member)]
        )
    if isinstance(page, DeviceCapabilities):
        return _encoded_capabilities(page)
    if isinstance(page, ExtendedCapabilities):
        body = bytearray(_EXTENDED_LENGTH)
        for (byte, bit), is_set in zip(_EXTENDED_BITS, page, strict=True):
            body[byte] |= is_set << bit
        return bytes([0x40 | DEVICE_CAPABILITIES, EXTENDED_CAPABILITIES, 0, len(body)]) + bytes(body)
    if not (0 <= page.code <= 0x3F and 0 <= page.subpage <= 0xFF and len(page.data) <= 0xFFFF):
        raise EncodeError(f"mode page {page.code:02X}h/{page.subpage:02X}h does not fit its header")
    if page.subpage:
        return bytes([0x40 | page.code, page.subpage]) + len(page.data).to_bytes(2, "big") + page.data
    return _short(page.code, page.data)


def _short(code: int, data: Sequence[int]) -> bytes:
    try:
        return bytes([code, len(data)]) + bytes(data)
    except ValueError as error:
        raise EncodeError(f"mode page {code:02X}h has a value or a length above 255") from error


def _encoded_capabilities(page: DeviceCapabilities) -> bytes:
    stores = sum(1 << bit for bit, kind in enumerate(_ORDER) if kind in page.stores)
    flags = 0x01 * page.s2c | 0x02 * page.volume_tag_reader | 0x04 * page.auto_clean
    moves = _rows(page.moves, page.read_attribute)
    exchanges = _rows(page.exchanges, page.write_attribute)
    return _short(DEVICE_CAPABILITIES, [stores, flags, *moves, 0, 0, 0, 0, *exchanges, 0, 0, 0, 0])


def _rows(pairs: frozenset[tuple[ElementKind, ElementKind]], attributes: Sequence[int]) -> list[int]:
    return [
        (attribute << 6)
        | sum(1 << bit for bit, destination in enumerate(_ORDER) if (source, destination) in pairs)
        for source, attribute in zip(_ORDER, attributes, strict=True)
    ]
