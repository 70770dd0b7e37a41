"""READ ELEMENT STATUS data to values, around every length lie that real libraries tell (scsi.md §3)."""

from __future__ import annotations

from struct import Struct

from ._element_descriptors import FIXED, RESERVED, TAG, Page, whole_elements, with_extras
from ._element_values import Element, ElementKind, ElementStatus, Identifier, Oddity, OddityKind
from .errors import DecodeError
from .text import TAG_TEXT

HEADER = 8
"""Bytes of the reply's header, and of each page's."""
KEPT = 6
"""A cut descriptor is kept if it has its address, flags and additional sense code."""
SHORTEST = 4
"""Descriptors of 4 bytes are the shortest ever sent (scsi.md §3 row 11); 3 hold address and flags."""
UNSENT = 8
"""tgt announces the right byte count and sends 8 bytes fewer; a zero-filled buffer then ends in 8 NULs."""

_MOST_PAGES = 16
"""No library sends more; a bound on looking ahead keeps noise from costing the square of its length."""

_UNSENT_BYTES = bytes(UNSENT)
_REPLY_HEADER = Struct(">HHI")
_PAGE_HEADER = Struct(">BBHI")
_KINDS = {int(kind): kind for kind in ElementKind}


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
        for page in self._pages():
            self._read_page(page)
        if self.end == self.report_end and len(self.elements) != self.count:
            self.warn(OddityKind.COUNT_DIFFERS, declared=self.count, found=len(self.elements))

    # Pages

    def _pages(self) -> list[Page]:
        """Walk the page headers; every step is at least a header long, so the walk ends."""
        pages: list[Page] = []
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
                page = Page(kind, primary, alternate, length, byte_count, start, end)
                page = self._with_true_length(self._without_false_tags(page), counted)
                pages.append(page)
                byte_count = page.byte_count
                counted += byte_count // page.length
            position = start + byte_count
        return pages

    def _derived_byte_count(self, start: int, length: int, counted: int) -> int:
        """Return the bytes of a page that declares 0 (ADIC DAT; §3 row 10), from the reply's own header.

        If the elements left do not fill the report exactly, the next page's header ends this one.
        """
        left = self.report_end - start
        if left <= 0 or self._is_page(start):
            return 0
        wanted = max(0, (self.count - counted) * length)
        derived = min(left, wanted)
        if wanted != left:
            places = range(start + length, start + derived, length)
            derived = next((place - start for place in places if self._is_uncounted_page(place)), derived)
        self.warn(OddityKind.ZERO_PAGE_BYTE_COUNT, declared=0, found=derived)
        return derived

    def _is_page(self, position: int) -> bool:
        """Tell whether a page header that counts its bytes stands here, and not a descriptor."""
        if position + HEADER > self.end:
            return False
        code, _, length, byte_count = _PAGE_HEADER.unpack_from(self.reply, position)
        return code in _KINDS and bool(length) and 0 < byte_count <= self.report_end - position - HEADER

    def _is_uncounted_page(self, position: int) -> bool:
        """Tell whether a page header that counts 0 bytes stands here: a descriptor has 0 where its length is."""
        if position + HEADER > self.end:
            return False
        code, flags, length, byte_count = _PAGE_HEADER.unpack_from(self.reply, position)
        return code in _KINDS and not flags & 0x3F and SHORTEST <= length <= 0xFF and not byte_count

    def _elements_from(self, position: int) -> int | None:
        """Return how many elements the pages from here hold, None unless they lead exactly to the end."""
        elements = 0
        for _ in range(_MOST_PAGES):
            if position + HEADER > self.end:
                break
            code, _, length, word = _PAGE_HEADER.unpack_from(self.reply, position)
            byte_count = word & 0xFFFFFF
            if code & 0x0F not in _KINDS or not length or byte_count % length:
                return None
            elements += byte_count // length
            position += HEADER + byte_count
        return elements if position == self.report_end else None

    # Lies about what a page's descriptors hold

    def _read_page(self, page: Page) -> None:
        whole = (page.end - page.start) // page.length
        rest = page.start + whole * page.length
        if page.length >= page.tags_end:
            self._read_whole(page, rest)
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

    def _without_false_tags(self, page: Page) -> Page:
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

    def _alternates_are_identifiers(self, page: Page) -> bool:
        """Tell whether identifiers stand where AVolTag promises tags, exactly as long (Spectra; §3 row 9)."""
        place = page.tags_end - TAG
        starts = range(page.start, page.end - place - TAG_TEXT + 1, page.length)
        fields = [self.reply[start + place : start + place + TAG_TEXT] for start in starts]
        return page.kind is ElementKind.DATA_TRANSFER and any(not _is_text(field) for field in fields)

    def _with_true_length(self, page: Page, counted: int) -> Page:
        """Return the page with its descriptors as long as they are, where they are longer than declared.

        mhvtl's default and ADIC personalities declare 48 and send 50 (#152; §3 row 8): the first identifier
        overruns its descriptor. The bytes of all descriptors divided by their number give the true length; #152
        has them right in the reply's header only (158 less a page header is 3 times 50, the page says 144).
        """
        if page.kind is not ElementKind.DATA_TRANSFER:
            return page
        place = page.start + page.tags_end
        needed = page.tags_end + RESERVED + self._identifier_length(place, page.end)
        if needed <= page.length:
            return page
        for total, elements in self._totals(page, counted, needed):
            if elements > 0 and total % elements == 0 and total // elements >= needed:
                length = total // elements
                self.warn(OddityKind.FALSE_DESCRIPTOR_LENGTH, declared=page.length, found=length)
                return page._replace(length=length, byte_count=total, end=min(page.start + total, self.end))
        return page

    def _totals(self, page: Page, counted: int, needed: int) -> list[tuple[int, int]]:
        """Return what the page's true bytes and elements may be, `counted` elements lying before it."""
        left = self.count - counted
        totals = []
        following = self._elements_from(page.start + page.byte_count)
        if following is not None:
            totals.append((page.byte_count, left - following))
        guess = page.byte_count // page.length
        if self._elements_from(page.start + guess * needed):
            totals.append((guess * needed, guess))
        totals.append((self.report_end - page.start, left))
        return totals

    def _identifier_length(self, start: int, end: int) -> int:
        if start + 4 > end or self.reply[start + 2] or not self.reply[start] & 0x0F:
            return 0
        return self.reply[start + 3]

    # Descriptors

    def _read_whole(self, page: Page, end: int) -> None:
        """Read whole descriptors in one pass, and in a second whatever stands after their tags."""
        read = whole_elements(page, memoryview(self.reply)[page.start : end])
        if page.length > page.tags_end + RESERVED:
            place = page.tags_end
            starts = range(page.start, end, page.length)
            for index, (element, start) in enumerate(zip(read, starts, strict=True)):
                after = self.reply[start + place : start + page.length]
                identifier, vendor = self._after_tags(page, after, start, element.address)
                if identifier is not None or vendor:
                    read[index] = with_extras(element, identifier, vendor)
        self.elements += read

    def _read_one(self, page: Page, start: int, end: int) -> None:
        """Read a cut or very short descriptor field by field, each only where it lies inside `start` to `end`."""
        field = self.reply[start:end]
        size = len(field)
        address = int.from_bytes(field[:2], "big")
        if size < page.length:
            self.warn(OddityKind.CUT_DESCRIPTOR, address, page.length, size)
        # The fields that are there are read as if the rest were zeros, then those that are not are taken back.
        whole = page._replace(length=page.tags_end)
        (element,) = whole_elements(whole, memoryview(field.ljust(whole.length, b"\0")[: whole.length]))
        if size < KEPT and element.exception:
            element = element._replace(exception=(0, 0))
        if size < 10:
            element = element._replace(inverted=None, disabled=None, medium_type=None)
        if size < FIXED:
            element = element._replace(source=None)
        if size < 8:
            element = element._replace(scsi_address=None)
        if size < FIXED + TAG_TEXT:
            element = element._replace(volume_tag=None)
        if page.alternate and size < page.tags_end - TAG + TAG_TEXT:
            element = element._replace(alternate_tag=None)
        self.elements.append(
            with_extras(element, *self._after_tags(page, field[whole.length :], start, address))
        )

    def _after_tags(
        self, page: Page, after: bytes, start: int, address: int
    ) -> tuple[Identifier | None, bytes]:
        """Return a drive's identifier, and the vendor bytes, in what stands after the tags of a descriptor.

        The upper halves of the identifier's first two bytes are masked: Quantum fills them. A cut one is None,
        never a shorter string: a serial number that lost its end may be another drive's.
        """
        identifier = None
        place = RESERVED
        if page.kind is ElementKind.DATA_TRANSFER and len(after) >= RESERVED:
            code_set, type_, _, length = after[:RESERVED]
            place += length
            data = after[RESERVED:place]
            if len(data) < length:
                self.warn(OddityKind.CUT_IDENTIFIER, address, length, len(data))
            elif any(data):
                if data.endswith(_UNSENT_BYTES) and self._is_unfilled(page, data, start):
                    self.warn(OddityKind.UNFILLED_IDENTIFIER, address, length, UNSENT)
                else:
                    identifier = Identifier.read(code_set & 0x0F, type_ & 0x0F, data)
        vendor = after[place:]
        # Quantum pads the identifier field to 64 bytes: NULs are padding, not vendor data.
        return identifier, vendor if any(vendor) else b""

    def _is_unfilled(self, page: Page, data: bytes, start: int) -> bool:
        """Tell whether the report's last 8 bytes were left out by tgt and filled by nobody.

        That leaves exactly 8 NULs at its end; where a library pads with NULs, the drive before ends in them too.
        """
        if (
            start + page.tags_end + RESERVED + len(data) != self.report_end
            or data[-UNSENT - 1 :][:1] == b"\0"
        ):
            return False
        return start == page.start or self.reply[self.report_end - page.length - 1] != 0


def _is_text(field: bytes) -> bool:
    """Tell whether 32 bytes can be a volume tag: no control characters before the NULs, nothing behind them."""
    text, _, rest = field.partition(b"\0")
    return all(byte >= 0x20 and byte != 0x7F for byte in text) and (bool(text) or not any(rest))
