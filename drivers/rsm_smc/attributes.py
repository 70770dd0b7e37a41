"""READ ATTRIBUTE data: what a cartridge's memory chip (MAM) says (SPC; scsi.md §1.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .errors import DecodeError, EncodeError
from .text import strip_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REMAINING_CAPACITY = 0x0000
MAXIMUM_CAPACITY = 0x0001
LOAD_COUNT = 0x0003
MEDIUM_MANUFACTURER = 0x0400
MEDIUM_SERIAL = 0x0401
MEDIUM_DENSITY = 0x0405
MEDIUM_DATE = 0x0406
MEDIUM_TYPE = 0x0408
BARCODE = 0x0806
MEDIA_POOL = 0x0808

BINARY = 0
ASCII = 1
TEXT = 2


class Attribute(NamedTuple):
    """One attribute of a medium."""

    id: int
    read_only: bool
    format: int
    """0 binary, 1 ASCII, 2 text."""
    value: bytes

    @property
    def text(self) -> str | None:
        """The value as text, stripped; None if it is binary."""
        return None if self.format == BINARY else strip_field(self.value)

    @property
    def number(self) -> int | None:
        """The value as a number; None if it is text."""
        return int.from_bytes(self.value, "big") if self.format == BINARY else None


def _body(reply: bytes) -> bytes:
    if len(reply) < 4:
        raise DecodeError(f"attribute data of {len(reply)} bytes are shorter than their 4-byte header")
    return reply[4 : 4 + int.from_bytes(reply[0:4], "big")]


def decode(reply: bytes) -> tuple[Attribute, ...]:
    """Return the attributes in a reply to service action 0; one cut by the allocation length is left out.

    Raises DecodeError for fewer than 4 bytes, or if the reply announces attributes and holds no whole one.
    """
    body = _body(reply)
    attributes = []
    position = 0
    while position + 5 <= len(body):
        flags = body[position + 2]
        length = int.from_bytes(body[position + 3 : position + 5], "big")
        value = body[position + 5 : position + 5 + length]
        if len(value) == length:
            identifier = int.from_bytes(body[position : position + 2], "big")
            attributes.append(Attribute(identifier, bool(flags & 0x80), flags & 0x03, value))
        position += 5 + length
    if not attributes and any(reply[0:4]):
        raise DecodeError("attribute data hold no whole attribute")
    return tuple(attributes)


def encode(attributes: Sequence[Attribute]) -> bytes:
    """Return the reply to service action 0 with these attributes, in their order."""
    body = b""
    for identifier, read_only, format_, value in attributes:
        if not (0 <= identifier <= 0xFFFF and 0 <= format_ <= 3 and len(value) <= 0xFFFF):
            raise EncodeError(f"attribute {identifier:04X}h of {len(value)} bytes does not fit its fields")
        head = identifier.to_bytes(2, "big") + bytes([0x80 * read_only | format_])
        body += head + len(value).to_bytes(2, "big") + value
    return len(body).to_bytes(4, "big") + body


def decode_list(reply: bytes) -> tuple[int, ...]:
    """Return the identifiers in a reply to service action 1. Raises DecodeError for fewer than 4 bytes."""
    body = _body(reply)
    return tuple(int.from_bytes(body[at : at + 2], "big") for at in range(0, len(body) - 1, 2))


def encode_list(identifiers: Iterable[int]) -> bytes:
    """Return the reply to service action 1 with these identifiers."""
    try:
        body = b"".join(identifier.to_bytes(2, "big") for identifier in identifiers)
    except OverflowError as error:
        raise EncodeError("an attribute identifier is not between 0 and 65535") from error
    return len(body).to_bytes(4, "big") + body
