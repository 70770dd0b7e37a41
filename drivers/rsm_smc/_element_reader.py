"""READ ELEMENT STATUS data to values, around every length lie that real libraries tell (scsi.md §3)."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from ._element_values import Element, ElementKind, ElementStatus, Identifier, Oddity, OddityKind, ScsiAddress
from .errors import DecodeError
from .text import TAG_TEXT, normalise_tag

HEADER = 8
"""Bytes of the reply's header, and of each page's."""
FIXED = 12
"""Bytes of a descriptor before its volume tags."""
TAG = 36
"""Bytes of one volume tag: text, 2 reserved, 2 of sequence number."""
RESERVED = 4
"""Bytes after the volume tags: reserved, or the identifier's header on a drive under DVCID."""
KEPT = 6
"""A cut descriptor is kept if it has its address, flags and additional sense code."""
SHORTEST = 4
"""Descriptors of 4 bytes are the shortest ever sent (scsi.md §3 row 11); 3 hold address and flags."""
UNSENT = 8
"""tgt announces the right byte count and sends 8 bytes fewer; a zero-filled buffer then ends in 8 NULs."""

_REPLY_HEADER = Struct(">HHI")
_PAGE_HEADER = Struct(">BBHI")
_ADDRESS = Struct(">H")
_KINDS = {int(kind): kind for kind in ElementKind}
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


class _Page(NamedTuple):
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

    @property
    def is_plain(self) -> bool:
        """Nothing to read but fixed fields and a primary tag: all but the drives of nearly every library."""
        if self.alternate or self.kind is ElementKind.DATA_TRANSFER:
            return False
        return 0 <= self.length - self.tags_end <= RESERVED


def decode(reply: bytes) -> ElementStatus:
    """Return the elements of a READ ELEMENT STATUS reply in the order reported, and what was odd about it.

    Bytes after the header's byte count are ignored, and so is any residual: lengths come from the headers.
    Raises DecodeError for fewer than 8 bytes. SMC-3 READ ELEMENT STATUS data; scsi.md §1.5, §3 rows 7-11.
    """
    if len(reply) < HEADER:
        raise DecodeError(f"element status of {len(reply)} bytes is shorter than its 8-byte header")
    first, count, word = _REPLY_HEADER.unpack_from(reply)
    byte_count = word & 0xFFFFFF
    if not count:
        return ElementStatus(first, 0, byte_count)
    reader = _Reader(bytes(reply), count, byte_count)
    reader.read()
    return ElementStatus(first, count, byte_count, tuple(reader.elements), tuple(reader.warnings))


class _Reader:
    """One reading of one reply."""

    def __init__(self, reply: bytes, count: int, byte_count: int) -> None:
        self.reply = reply
        self.count = count
        self.report_end = HEADER + byte_count
        self.end = min(len(reply), self.report_end)
        self.elements: list[Element] = []
        self.warnings: list[Oddity] = []

    def warn(
        self,
        kind: OddityKind,
        address: int | None = None,
        declared: int | None = None,
        found: int | None = None,
    ) -> None:
        self.warnings.append(Oddity(kind, address, declared, found))

    def read(self) -> None:
        if self.end < self.report_end:
            self.warn(OddityKind.SHORT_REPLY, declared=self.report_end, found=len(self.reply))
        pages = self._pages()
        for page in pages:
            self._read_page(page, pages)
        if self.end == self.report_end and len(self.elements) != self.count:
            self.warn(OddityKind.COUNT_DIFFERS, declared=self.count, found=len(self.elements))

    # Pages

    def _pages(self) -> list[_Page]:
        """Walk the page headers; every step is at least a header long, so the walk ends."""
        pages: list[_Page] = []
        position, counted = HEADER, 0
        while position < self.end:
            start = position + HEADER
            if start > self.end:
                self.warn(OddityKind.CUT_PAGE_HEADER, declared=HEADER, found=self.end - position)
                break
            code, flags, length, word = _PAGE_HEADER.unpack_from(self.reply, position)
            byte_count = word & 0xFFFFFF
            if not length and not byte_count:
                # A buffer's unfilled rest looks like this, and so does a page without elements.
                if code & 0x0F not in _KINDS:
                    self.warn(OddityKind.ZERO_DESCRIPTOR_LENGTH)
                    break
                position = start
                continue
            if length and not byte_count:
                byte_count = self._derived_byte_count(start, length, counted)
            if start + byte_count > self.report_end:
                self.warn(OddityKind.PAGE_OVERRUN, declared=byte_count, found=self.report_end - start)
            kind = _KINDS.get(code & 0x0F)
            if not length:
                self.warn(OddityKind.ZERO_DESCRIPTOR_LENGTH)
            elif kind is None:
                self.warn(OddityKind.UNKNOWN_ELEMENT_TYPE, found=code & 0x0F)
            elif length < SHORTEST:
                self.warn(OddityKind.TINY_DESCRIPTOR_LENGTH, declared=length)
            else:
                end = min(start + byte_count, self.end)
                primary, alternate = bool(flags & 0x80), bool(flags & 0x40)
                pages.append(_Page(kind, primary, alternate, length, byte_count, start, end))
                counted += byte_count // length
            position = start + byte_count
        return pages

    def _derived_byte_count(self, start: int, length: int, counted: int) -> int:
        """Return the bytes of a page that declares 0 (ADIC DAT; §3 row 10), from the reply's own header."""
        left = self.report_end - start
        if left <= 0 or self._leads_to_end(start):
            return 0
        derived = max(0, min(left, (self.count - counted) * length))
        self.warn(OddityKind.ZERO_PAGE_BYTE_COUNT, declared=0, found=derived)
        return derived

    def _leads_to_end(self, position: int) -> bool:
        """Tell whether sound pages follow from here to the report's end: the page before is simply empty."""
        while position + HEADER <= self.end:
            code, _, length, word = _PAGE_HEADER.unpack_from(self.reply, position)
            byte_count = word & 0xFFFFFF
            if code & 0x0F not in _KINDS or not length or byte_count % length:
                return False
            position += HEADER + byte_count
        return position == self.report_end

    # Lies about what a page's descriptors hold

    def _read_page(self, page: _Page, pages: list[_Page]) -> None:
        page = self._with_true_length(self._without_false_tags(page), pages)
        whole = (page.end - page.start) // page.length
        rest = page.start + whole * page.length
        if page.is_plain:
            self.elements += _plain_elements(page, memoryview(self.reply)[page.start : rest])
        else:
            for start in range(page.start, rest, page.length):
                self._read_one(page, start, start + page.length)
        left = page.end - rest
        if left and page.complete:
            self.warn(OddityKind.PAGE_REMAINDER, found=left)
        elif left >= KEPT:
            self._read_one(page, rest, page.end)
        elif left:
            self.warn(OddityKind.LOST_DESCRIPTOR, declared=page.length, found=left)

    def _without_false_tags(self, page: _Page) -> _Page:
        """Take back tag flags for which the descriptor has no room (AVolTag: mhvtl #173; §3 row 9)."""
        if page.alternate and page.tags_end > page.length:
            self.warn(OddityKind.ALTERNATE_TAG_MISSING)
            page = page._replace(alternate=False)
        if page.primary and page.length < FIXED + TAG_TEXT:
            self.warn(OddityKind.PRIMARY_TAG_MISSING, found=page.length)
            page = page._replace(primary=False)
        if page.alternate and self._alternates_are_identifiers(page):
            self.warn(OddityKind.ALTERNATE_TAG_MISSING)
            page = page._replace(alternate=False)
        return page

    def _alternates_are_identifiers(self, page: _Page) -> bool:
        """Tell whether identifiers stand where AVolTag promises tags, exactly as long (Spectra; §3 row 9)."""
        place = page.tags_end - TAG
        starts = range(page.start, page.end - place - TAG_TEXT + 1, page.length)
        fields = [self.reply[start + place : start + place + TAG_TEXT] for start in starts]
        return page.kind is ElementKind.DATA_TRANSFER and any(not _is_text(field) for field in fields)

    def _with_true_length(self, page: _Page, pages: list[_Page]) -> _Page:
        """Return the page with its descriptors as long as they are, where they are longer than declared.

        mhvtl's default and ADIC personalities declare 48 and send 50 (#152; §3 row 8): the first identifier
        overruns its descriptor, and the page's byte count divided by its elements gives the true length.
        """
        if page.kind is not ElementKind.DATA_TRANSFER:
            return page
        place = page.tags_end
        needed = place + RESERVED + self._identifier_length(page.start + place, page.end)
        others = sum(other.byte_count // other.length for other in pages if other.start != page.start)
        elements = self.count - others
        if needed <= page.length or elements <= 0 or page.byte_count % elements:
            return page
        length = page.byte_count // elements
        if length < needed:
            return page
        self.warn(OddityKind.FALSE_DESCRIPTOR_LENGTH, declared=page.length, found=length)
        return page._replace(length=length)

    def _identifier_length(self, start: int, end: int) -> int:
        if start + 4 > end or self.reply[start + 2] or not self.reply[start] & 0x0F:
            return 0
        return self.reply[start + 3]

    # Descriptors

    def _read_one(self, page: _Page, start: int, end: int) -> None:
        """Read one descriptor field by field, each only where it lies inside `start` to `end`."""
        field = self.reply[start:end]
        size = len(field)
        address: int = _ADDRESS.unpack_from(field)[0]
        if size < page.length:
            self.warn(OddityKind.CUT_DESCRIPTOR, address, page.length, size)
        flags, kind = field[2], page.kind
        state = field[9] if size > 9 else None
        place = FIXED
        primary: str | None = None
        alternate: str | None = None
        primary_sequence = alternate_sequence = 0
        if page.primary:
            primary, primary_sequence = _tag(field, place)
            place += TAG
        if page.alternate:
            alternate, alternate_sequence = _tag(field, place)
            place += TAG
        identifier = None
        place += RESERVED
        if kind is ElementKind.DATA_TRANSFER and size >= place:
            identifier, place = self._identifier(page, field, place, start, address)
        port = kind is ElementKind.IMPORT_EXPORT
        self.elements.append(
            Element(
                address,
                kind,
                _FULL[flags],
                None if kind is ElementKind.TRANSPORT else _ACCESS[flags],
                # Descriptors of 4 bytes can say that something is wrong, and not what.
                ((field[4], field[5]) if size >= KEPT else (0, 0)) if flags & 0x04 else None,
                _ADDRESS.unpack_from(field, 10)[0]
                if state is not None and state & 0x80 and size > 11
                else None,
                None if state is None else _INVERTED[state],
                None if state is None else _DISABLED[state],
                None if state is None else state & 0x07,
                primary,
                alternate,
                identifier,
                imported=port and bool(flags & 0x02),
                export_enabled=port and bool(flags & 0x10),
                import_enabled=port and bool(flags & 0x20),
                connected_changer=port and bool(flags & 0x40),
                operator_needed=port and bool(flags & 0x80),
                scsi_address=_scsi_address(field) if kind is ElementKind.DATA_TRANSFER else None,
                volume_sequence=primary_sequence,
                alternate_sequence=alternate_sequence,
                # Quantum pads the identifier field to 64 bytes: NULs are padding, not vendor data.
                vendor=field[place:] if any(field[place:]) else b"",
            )
        )

    def _identifier(
        self, page: _Page, field: bytes, place: int, start: int, address: int
    ) -> tuple[Identifier | None, int]:
        """Return the identifier whose 4-byte header ends at `place`, and where it ends.

        The upper halves of the first two bytes are masked: Quantum fills them. A cut one is None, never a
        shorter string: a serial number that lost its end may be another drive's.
        """
        code_set, type_, length = field[place - 4] & 0x0F, field[place - 3] & 0x0F, field[place - 1]
        end = place + length
        if end > len(field):
            self.warn(OddityKind.CUT_IDENTIFIER, address, length, len(field) - place)
            return None, len(field)
        data = field[place:end]
        if not any(data):
            return None, end
        if start + end == self.report_end and self._is_unfilled(page, data):
            self.warn(OddityKind.UNFILLED_IDENTIFIER, address, length, UNSENT)
            return None, end
        return Identifier.read(code_set, type_, data), end

    def _is_unfilled(self, page: _Page, data: bytes) -> bool:
        """Tell whether the report's last 8 bytes were left out by tgt and filled by nobody.

        Identifiers that other drives of the page end in a NUL too are padded that way, and are whole.
        """
        if not data.endswith(bytes(UNSENT)) or not any(data) or data.endswith(bytes(UNSENT + 1)):
            return False
        siblings = [each.identifier for each in self.elements if each.kind is page.kind]
        return not any(each and each.data.endswith(b"\0") for each in siblings)


def _tag(field: bytes, place: int) -> tuple[str | None, int]:
    if len(field) < place + TAG_TEXT:
        return None, 0
    sequence = _ADDRESS.unpack_from(field, place + TAG - 2)[0] if len(field) >= place + TAG else 0
    return normalise_tag(field[place : place + TAG_TEXT]), sequence


def _is_text(field: bytes) -> bool:
    """Tell whether 32 bytes can be a volume tag: no control characters before the NULs, nothing behind them."""
    text, _, rest = field.partition(b"\0")
    return all(byte >= 0x20 and byte != 0x7F for byte in text) and (bool(text) or not any(rest))


def _scsi_address(field: bytes) -> ScsiAddress | None:
    if len(field) < 8 or not field[6] & 0x30:
        return None
    flags = field[6]
    return ScsiAddress(
        field[7] if flags & 0x20 else None,
        flags & 0x07 if flags & 0x10 else None,
        bool(flags & 0x80),
    )


# The clean case in one pass. SMC-3's fixed part: address, flags, ASC and ASCQ, state, source.
_FIXED_FIELDS = ">HBxBB3xBH"
_TAG_FIELDS = "32s2xH"


@lru_cache(maxsize=64)
def _plain_layout(length: int, tags: int) -> Struct:
    return Struct(f"{_FIXED_FIELDS}{_TAG_FIELDS * tags}{length - FIXED - TAG * tags}x")


def _plain_elements(page: _Page, body: memoryview) -> list[Element]:
    """Return the elements of whole descriptors that hold nothing beyond a primary tag.

    Tuples are built directly: 10,000 calls of a NamedTuple's own constructor cost half as much again.
    """
    new, kind = tuple.__new__, page.kind
    reachable = (None,) * 256 if kind is ElementKind.TRANSPORT else _ACCESS
    ports = _PORT_FLAGS if kind is ElementKind.IMPORT_EXPORT else _NO_PORT_FLAGS
    rows = _plain_layout(page.length, page.primary).iter_unpack(body)
    if not page.primary:
        rows = ((*row, _BLANK, 0) for row in rows)
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
                None,
                None,
                *ports[flags],
                None,
                sequence,
                0,
                b"",
            ),
        )
        for address, flags, asc, ascq, state, source, tag, sequence in rows
    ]
