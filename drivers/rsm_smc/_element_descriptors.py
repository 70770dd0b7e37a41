"""Whole element descriptors to values, a page at a time (SMC-3 element descriptors; scsi.md §1.5)."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from operator import add
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from ._element_values import Element, ElementKind, Identifier, ScsiAddress
from .text import TAG_TEXT, normalise_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXED = 12
"""Bytes of a descriptor before its volume tags."""
TAG = 36
"""Bytes of one volume tag: text, 2 reserved, 2 of sequence number."""
RESERVED = 4
"""Bytes after the volume tags: reserved, or the identifier's header on a drive under DVCID."""

_BLANK = b" " * TAG_TEXT
_FULL = tuple(bool(flags & 0x01) for flags in range(256))
_ACCESS = tuple(bool(flags & 0x08) for flags in range(256))
_INVERTED = tuple(bool(state & 0x40) for state in range(256))
_DISABLED = tuple(bool(state & 0x08) for state in range(256))
_PORT_FLAGS = tuple(
    tuple(bool(flags & bit) for bit in (0x02, 0x10, 0x20, 0x40, 0x80)) for flags in range(256)
)
"""ImpExp, ExEnab, InEnab, CMC and OIR of an import/export element, in the order of Element's fields."""
_NO_PORT_FLAGS = ((False,) * 5,) * 256


class Page(NamedTuple):
    """Where one element status page lies and what its header declares."""

    kind: ElementKind
    primary: bool
    alternate: bool
    length: int
    """Bytes of a descriptor, as declared."""
    byte_count: int
    """Bytes of all descriptors, as declared (or as derived, where 0 was declared)."""
    start: int
    end: int
    """End of what may be read: the page's own, the report's or the buffer's, whichever comes first."""

    @property
    def complete(self) -> bool:
        return self.end - self.start == self.byte_count

    @property
    def tags_end(self) -> int:
        return FIXED + TAG * self.primary + TAG * self.alternate


# SMC-3's fixed fields: address, flags, ASC and ASCQ, bus, state, source. Then the tags.
_FIXED_FIELDS = ">HBxBBBBxBH"
_TAG_FIELDS = "32s2xH"
_NO_TAGS = ((_BLANK, 0, _BLANK, 0), (_BLANK, 0), ())


@lru_cache(maxsize=64)
def _layout(length: int, tags: int) -> Struct:
    return Struct(f"{_FIXED_FIELDS}{_TAG_FIELDS * tags}{length - FIXED - TAG * tags}x")


def whole_elements(page: Page, body: memoryview) -> list[Element]:
    """Return the elements of whole descriptors, without what stands after their tags.

    Tuples are built directly, 32-byte tags compared before they are decoded: a library has 10,000 of these.
    """
    new, kind = tuple.__new__, page.kind
    reachable = (None,) * 256 if kind is ElementKind.TRANSPORT else _ACCESS
    ports = _PORT_FLAGS if kind is ElementKind.IMPORT_EXPORT else _NO_PORT_FLAGS
    has_bus = 0x30 if kind is ElementKind.DATA_TRANSFER else 0
    # AVolTag without PVolTag: the one tag that is there is the alternate one.
    tags = 2 if page.alternate else int(page.primary)
    rows: Iterator[tuple[Any, ...]] = _layout(page.length, page.primary + page.alternate).iter_unpack(body)
    if page.alternate and not page.primary:
        rows = ((*row[:8], _BLANK, 0, *row[8:]) for row in rows)
    elif tags < 2:
        rows = map(add, rows, repeat(_NO_TAGS[tags]))
    return [
        new(
            Element,
            (
                address,
                kind,
                _FULL[flags],
                reachable[flags],
                (asc, ascq) if flags & 0x04 else None,
                source if state & 0x80 else None,
                _INVERTED[state],
                _DISABLED[state],
                state & 0x07,
                None if tag == _BLANK else normalise_tag(tag),
                None if alternate == _BLANK else normalise_tag(alternate),
                None,
                *ports[flags],
                _scsi_address(bus_flags, bus) if bus_flags & has_bus else None,
                sequence,
                alternate_sequence,
                b"",
            ),
        )
        for (
            address,
            flags,
            asc,
            ascq,
            bus_flags,
            bus,
            state,
            source,
            tag,
            sequence,
            alternate,
            alternate_sequence,
        ) in rows
    ]


def _scsi_address(flags: int, bus: int) -> ScsiAddress:
    return ScsiAddress(
        bus if flags & 0x20 else None,
        flags & 0x07 if flags & 0x10 else None,
        bool(flags & 0x80),
    )


def with_extras(element: Element, identifier: Identifier | None, vendor: bytes) -> Element:
    """Return the element with what stands after its tags; `_replace` would take four times as long."""
    return tuple.__new__(
        Element, (*element[:_IDENTIFIER], identifier, *element[_IDENTIFIER + 1 : -1], vendor)
    )


_IDENTIFIER = Element._fields.index("identifier")
