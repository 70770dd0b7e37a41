"""SEND VOLUME TAG's list and REQUEST VOLUME ELEMENT ADDRESS data (SMC-3; scsi.md §1.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import elements
from .errors import DecodeError, EncodeError
from .text import TAG_TEXT, normalise_tag, pad_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

SEARCH_PRIMARY = 5
"""Action code: search primary tags, whatever their sequence number."""
LIST_LENGTH = 40
LARGEST_SEQUENCE = 0xFFFF


class SearchTemplate(NamedTuple):
    """What to search for: `?` stands for one character, `*` for the rest, whatever follows it.

    Quantum reads no sequence numbers here and treats their bytes as reserved.
    """

    template: str
    minimum_sequence: int = 0
    maximum_sequence: int = LARGEST_SEQUENCE

    def encode(self) -> bytes:
        """Return the 40-byte parameter list. Raises EncodeError for text or numbers that do not fit."""
        for value in (self.minimum_sequence, self.maximum_sequence):
            if not 0 <= value <= LARGEST_SEQUENCE:
                raise EncodeError(f"volume sequence number {value} is not between 0 and {LARGEST_SEQUENCE}")
        low, high = self.minimum_sequence.to_bytes(2, "big"), self.maximum_sequence.to_bytes(2, "big")
        return pad_tag(self.template, pad=b"\0") + bytes(2) + low + bytes(2) + high

    def matches(self, tag: str) -> bool:
        """Tell whether a volume tag is one of those searched for."""
        head, star, _ = self.template.partition("*")
        if len(tag) < len(head) or (not star and len(tag) != len(head)):
            return False
        return all(wanted in {"?", found} for wanted, found in zip(head, tag, strict=False))


def decode_template(data: bytes) -> SearchTemplate:
    """Return what a parameter list searches for. Raises DecodeError for fewer than 40 bytes."""
    if len(data) < LIST_LENGTH:
        raise DecodeError(f"volume tag list of {len(data)} bytes, it has {LIST_LENGTH}")
    low, high = int.from_bytes(data[34:36], "big"), int.from_bytes(data[38:40], "big")
    return SearchTemplate(normalise_tag(data[:TAG_TEXT]) or "", low, high)


class FoundVolumes(NamedTuple):
    """The elements that a search found; each is reported once."""

    action: int
    """The action code of the SEND VOLUME TAG that these answer, from whichever host it came."""
    status: elements.ElementStatus


def decode(reply: bytes) -> FoundVolumes:
    """Return what a search found. Raises DecodeError for fewer than 8 bytes; otherwise as elements.decode."""
    if len(reply) < 8:
        raise DecodeError(f"volume element address data of {len(reply)} bytes are shorter than their header")
    return FoundVolumes(reply[4] & 0x1F, elements.decode(reply))


def encode(action: int, found: Sequence[elements.Element], layout: elements.Layout | None = None) -> bytes:
    """Return the reply to a search. Raises EncodeError as elements.encode does."""
    if not 0 <= action <= 0x1F:
        raise EncodeError(f"send action code {action} is not between 0 and 31")
    reply = elements.encode(found, elements.Layout() if layout is None else layout)
    return reply[:4] + bytes([action]) + reply[5:]
