"""What is in which drive and slot, numbered as mtx numbers: drives from 0, slots from 1, ports after the slots.

Volume tags are kept as bytes with their padding, because mtx prints them so; that is why the codec of `rsm_smc`,
which gives them clean, is not used here. How replies are read is the same: lengths from the reply's own
headers, steps of the declared length (scsi.md §1.5).
"""

from __future__ import annotations

from rsm_dropin.sg_reading import SLOW
from rsm_dropin.wording import Stop, failure, fixed_format

TYPE_CHECKING = False  # as typing has it; importing typing would cost a fifth of the time there is
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm_dropin.sg_reading import Answer, Device

ALL, TRANSPORT, STORAGE, IMPORT_EXPORT, DATA_TRANSFER = 0, 1, 2, 3, 4
CHANGER = 0x08
"""Peripheral device type."""

_LARGEST = 65535
_ROOM = 84
"""Bytes to make room for by element: 12, two volume tags of 36."""
_HEADERS = 40
_AT_ONCE = (_LARGEST - _HEADERS) // _ROOM
_MODE_ROOM = 0x88
_ILLEGAL_REQUEST = 5
_UNREAD = "READ ELEMENT STATUS Command Failed"
_TAG_AT, _TAG_TEXT, _TAG_LENGTH = 12, 32, 36


class Element:
    """One element as it was reported; tags are cut at the first NUL and keep their blanks."""

    __slots__ = ("address", "alternate", "full", "kind", "source", "tag")

    def __init__(self, kind: int, address: int, *, full: bool, source: int | None) -> None:
        self.kind = kind
        self.address = address
        self.full = full
        self.source = source
        """Address where the medium came from; None unless the library says that it knows (SValid)."""
        self.tag = b""
        self.alternate = b""


class Contents:
    """All drives, slots and ports, in the order in which mtx numbers them."""

    def __init__(self, elements: list[Element], warnings: list[str]) -> None:
        self.drives = [item for item in elements if item.kind == DATA_TRANSFER]
        ports = [item for item in elements if item.kind == IMPORT_EXPORT]
        self.slots = [item for item in elements if item.kind == STORAGE] + ports
        self.ports = len(ports)
        self.warnings = warnings

    def slot(self, number: int) -> Element | None:
        """Give the slot or port that has this number; None if there is none."""
        return self.slots[number - 1] if 1 <= number <= len(self.slots) else None

    def home(self, drive: Element) -> int | None:
        """Give the number of the slot that the medium in a drive came from, if the library says and it is empty."""
        if drive.source is not None:
            for number, slot in enumerate(self.slots, 1):
                if slot.address == drive.source and not slot.full:
                    return number
        return None

    def way_back(self, drive: Element) -> int | None:
        """Give the number of the slot to unload to: the home, else the first empty slot that is nobody's home.

        This is the slot that mtx shows as the origin of a medium whose origin is unknown. None if all are full.
        """
        homes: set[int | None] = {self.home(other) for other in self.drives if other.full}
        for other in self.drives:
            if other.full:
                number = self.home(other)
                if number is None:
                    number = next(
                        (n for n, slot in enumerate(self.slots, 1) if not slot.full and n not in homes), None
                    )
                    homes.add(number)
                if other is drive:
                    return number
        return None


def inquire(device: Device, words: str = "INQUIRY command Failed") -> bytes:
    """Give the standard INQUIRY data, 56 bytes; raises `Stop` ending with `words`."""
    answer = device.ask(bytes((0x12, 0, 0, 0, 56, 0)), 56)
    if not answer.is_good:
        raise unanswered(device, answer, words)
    return answer.data


def unanswered(device: Device, answer: Answer, words: str) -> Stop:
    """Give the end for a command without a usable answer; mtx takes a lost command for an empty library."""
    if answer.host_status and not answer.sense:
        return Stop(f"{device.name}: no answer, host status {answer.host_status:02X}h\n{words}")
    return failure(answer.sense, words)


def read_contents(
    device: Device, *, barcodes: bool = True, all_types: bool = False, attached: bool = True
) -> Contents:
    """Read every element; `all_types` asks for all in one command, `attached` False ignores that INQUIRY bit.

    Raises `Stop` with what mtx says if the library does not answer.
    """
    inquiry = inquire(device)
    is_attached = attached and inquiry[0] & 0x1F != CHANGER and bool(inquiry[6] & 0x08)
    reader = _Reader(device, 0xB4 if is_attached else 0xB8, barcodes=barcodes)
    warnings: list[str] = []
    assigned = _assignment(device, warnings)
    elements: list[Element] = []
    if all_types:
        elements += reader.read(ALL, 0, None)
    else:
        for kind in (STORAGE, IMPORT_EXPORT, DATA_TRANSFER):
            start, count = assigned.get(kind, (0, None))
            if count != 0:
                elements += reader.read(kind, start, count)
    if not elements and reader.refusal is not None:
        raise Stop("\n".join([*warnings, str(unanswered(device, reader.refusal, _UNREAD))]))
    contents = Contents(elements, warnings)
    _count(contents, assigned)
    return contents


def _assignment(device: Device, warnings: list[str]) -> dict[int, tuple[int, int]]:
    """Read mode page 1Dh: first address and count by element type; nothing if the device has no such page."""
    for block_descriptors in (0x08, 0x00):
        answer = device.ask(bytes((0x1A, block_descriptors, 0x1D, 0, _MODE_ROOM, 0)), _MODE_ROOM)
        at = 4 + answer.data[3]
        page = answer.data[at : at + 20]
        if answer.is_good and len(page) == 20 and page[0] & 0x3F == 0x1D:
            numbers = [int.from_bytes(page[place : place + 2], "big") for place in range(2, 18, 2)]
            return {
                kind: (numbers[2 * kind - 2], numbers[2 * kind - 1])
                for kind in (TRANSPORT, STORAGE, IMPORT_EXPORT, DATA_TRANSFER)
            }
        if not answer.is_good and answer.key != _ILLEGAL_REQUEST:
            break
    warnings.append(str(failure(answer.sense, "Mode sense (0x1A) for Page 0x1D failed")))
    return {}


def _count(contents: Contents, assigned: dict[int, tuple[int, int]]) -> None:
    """Warn as mtx does of more elements than page 1Dh counts; unlike mtx, keep them all."""
    if not assigned:
        return
    ports, slots = assigned[IMPORT_EXPORT][1], assigned[STORAGE][1]
    for word, expected, found in (
        ("Storage", slots + ports, len(contents.slots) - contents.ports),
        ("Import/Export", ports, contents.ports),
    ):
        if found > expected:
            contents.warnings.append(
                f"Warning:Too Many {word} Elements Reported (expected {expected}, now have {found}"
            )


class _Reader:
    """Reads element status of one device, with what it has refused left out."""

    def __init__(self, device: Device, opcode: int, *, barcodes: bool) -> None:
        self._device = device
        self._opcode = opcode
        self._barcodes = barcodes
        self._exact = False
        self.refusal: Answer | None = None
        """An answer that there are no such elements."""

    def read(self, kind: int, start: int, count: int | None) -> list[Element]:
        """Read the elements of one type; more than one command where they do not fit one reply."""
        found: dict[int, Element] = {}
        while True:
            left = 0xFFFF if count is None else count - len(found)
            answer = self._ask(kind, start, min(left, _AT_ONCE))
            if not answer.is_good:
                if answer.key == _ILLEGAL_REQUEST and (found or count is None):
                    self.refusal = answer
                    break  # the way of some libraries to say that there are no more
                raise unanswered(self._device, answer, _UNREAD)
            fresh = [
                item
                for item in parse(answer.data)
                if (kind == ALL or (item.kind == kind and item.address >= start))
                and item.address not in found
            ]
            found.update((item.address, item) for item in fresh)
            if not fresh or kind == ALL or (count is not None and len(found) >= count):
                break
            start = max(item.address for item in fresh) + 1
        return list(found.values())

    def _ask(self, kind: int, start: int, count: int) -> Answer:
        """Ask, as mtx does, for volume tags first; then without, if the library cannot tell them."""
        answer = self._form(kind, start, count, voltag=self._barcodes)
        if answer.key == _ILLEGAL_REQUEST and self._barcodes:
            plain = self._form(kind, start, count, voltag=False)
            if plain.is_good:
                return plain
        return answer

    def _form(self, kind: int, start: int, count: int, *, voltag: bool) -> Answer:
        """Ask with room to spare, or with exactly as much as there is, for libraries that insist (§3 row 3)."""
        room = min(_LARGEST, _HEADERS + _ROOM * count)
        if self._exact:
            header = self._send(kind, start, count, 8, voltag=voltag)
            room = min(_LARGEST, 8 + int.from_bytes(header.data[5:8], "big"))
            return self._send(kind, start, count, room, voltag=voltag) if header.is_good else header
        answer = self._send(kind, start, count, room, voltag=voltag)
        if answer.key == _ILLEGAL_REQUEST and _names_the_length(fixed_format(answer.sense)):
            self._exact = True
            return self._form(kind, start, count, voltag=voltag)
        return answer

    def _send(self, kind: int, start: int, count: int, room: int, *, voltag: bool) -> Answer:
        cdb = b"".join(
            (
                bytes((self._opcode, 0x10 * voltag | kind)),
                start.to_bytes(2, "big"),
                count.to_bytes(2, "big"),
                b"\0",
                room.to_bytes(3, "big"),
                bytes(2),
            )
        )
        return self._device.ask(cdb, room, SLOW)


def _names_the_length(sense: bytes) -> bool:
    """Tell whether the field in error is the allocation length (05/24/00, pointer to bytes 7 to 9)."""
    pointer = int.from_bytes(sense[16:18], "big") if sense[15] & 0x80 else None
    return sense[12] == 0x24 and pointer in {7, 8, 9}


def parse(reply: bytes) -> Iterator[Element]:
    """Give the elements in READ ELEMENT STATUS data that are wholly inside them."""
    end = min(len(reply), 8 + int.from_bytes(reply[5:8], "big"))
    announced = int.from_bytes(reply[2:4], "big")
    at = 8
    while at + 8 <= end:
        kind, marks = reply[at], reply[at + 1]
        length = int.from_bytes(reply[at + 2 : at + 4], "big")
        count = int.from_bytes(reply[at + 5 : at + 8], "big")
        at += 8
        stop = at + count if count else end  # ADIC DAT leaves the count out (scsi.md §3 row 10)
        step = _step(length, count, announced)
        if step < 4:
            return
        while at + step <= min(stop, end):
            yield _element(kind, marks, reply[at : at + step])
            at += step
        at = max(at, stop) if count else end


def _step(length: int, count: int, announced: int) -> int:
    """Give the distance of descriptors: ADIC declares them shorter than they are (scsi.md §3 row 8)."""
    if announced and count % announced == 0 and length < count // announced <= length + 8:
        return count // announced
    return length


def _element(kind: int, marks: int, descriptor: bytes) -> Element:
    short = descriptor.ljust(_TAG_AT, b"\0")
    known = short[9] & 0x80
    element = Element(
        kind,
        int.from_bytes(short[0:2], "big"),
        full=bool(short[2] & 0x01),
        source=int.from_bytes(short[10:12], "big") if known else None,
    )
    at = _TAG_AT
    if marks & 0x80 and at + _TAG_LENGTH <= len(descriptor):
        element.tag = _tag(descriptor, at)
        at += _TAG_LENGTH
    if marks & 0x40 and at + _TAG_LENGTH <= len(descriptor):
        element.alternate = _tag(descriptor, at)
    return element


def _tag(descriptor: bytes, at: int) -> bytes:
    return descriptor[at : at + _TAG_TEXT].partition(b"\0")[0]
