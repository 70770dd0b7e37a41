"""The physical library: what stands where, and what a robot or a hand can and cannot do there.

No SCSI here. A medium is always in exactly one place: an element (also one whose magazine is out), or the
shelf, which is everything outside the library. Whatever is impossible raises `Impossible` and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from rsm.hardware.inventory import ElementKind, MediumKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_TOLERANCE = 0.005


class Reason(Enum):
    """Why something cannot be done; the value reads after an element's name."""

    UNKNOWN = "does not exist"
    UNKNOWN_TRANSPORT = "is no transport"
    SAME = "is source and destination at once"
    EMPTY = "is empty"
    FULL = "is full"
    ABSENT = "is not installed"
    DISABLED = "is disabled"
    HELD = "holds on to its medium"
    HAND_FULL = "already carries a medium"
    DOOR_CLOSED = "is behind a closed door"
    ONE_SIDED = "cannot be turned over"


class Impossible(Exception):
    """What was asked cannot be done; `reason` says why and `address` where."""

    def __init__(self, reason: Reason, address: int) -> None:
        super().__init__(f"element {address:#06x} {reason.value}")
        self.reason = reason
        self.address = address


@dataclass(frozen=True, slots=True)
class Timer:
    """A stretch of time, over when it has passed, or when the clock stands before its beginning.

    The second part lets a library that was last used with a jumping clock be used with a real one.
    """

    began: float
    seconds: float

    def left(self, now: float) -> float:
        """Give the seconds that remain, 0 when it is over (a sleep may end a millisecond early)."""
        if now < self.began:
            return 0.0
        remaining = self.began + self.seconds - now
        return remaining if remaining > _TOLERANCE else 0.0


@dataclass(slots=True, eq=False)
class Medium:
    """One cartridge or disc. `sides` are the identities of its recording surfaces, one or two."""

    id: str
    barcode: str | None
    sides: tuple[str, ...]
    kind: MediumKind = MediumKind.DATA
    readable: bool = True
    """False: the label is there, and no reader can read it."""
    back_label: str | None = None
    """The bar code on the second side, if there is one."""
    up: int = 0
    """Which side lies up: 0, or 1 for the second one."""
    loads: int = 0
    uses_left: int = 50
    """Of a cleaning medium."""


class Activity(Enum):
    """What a drive is busy with."""

    LOADING = "loading"
    UNLOADING = "unloading"
    CLEANING = "cleaning"


@dataclass(slots=True)
class Bay:
    """The drive behind a data transfer element."""

    serial: str
    name: int
    """World wide name, 64 bits."""
    threaded: bool = False
    """The drive holds on to its medium; a robot cannot take it."""
    activity: Activity | None = None
    timer: Timer | None = None
    """The activity ends with it."""
    released: Timer | None = None
    """The library has not noticed the eject until then."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What the library still thinks of an element after something happened behind its back."""

    full: bool
    barcode: str | None


@dataclass(slots=True, eq=False)
class Element:
    """A place for one medium."""

    address: int
    kind: ElementKind
    medium: Medium | None = None
    source: int | None = None
    """Where the medium came from, as the library remembers it."""
    source_up: int = 0
    """Which side lay up there."""
    scanned: bool = True
    by_operator: bool = False
    installed: bool = True
    enabled: bool = True
    magazine: int | None = None
    belief: Belief | None = None
    bay: Bay | None = None

    @property
    def inverted(self) -> bool:
        """Whether the medium was turned over since it left its source."""
        return self.medium is not None and self.source is not None and self.medium.up != self.source_up


@dataclass(slots=True)
class World:
    """The whole library and the shelf beside it."""

    elements: dict[int, Element]
    shelf: list[Medium] = field(default_factory=list)
    door_open: bool = False
    magazines_out: set[int] = field(default_factory=set)
    open_ports: set[int] = field(default_factory=set)
    rotates: bool = False
    """The robot can turn a medium over."""
    stand_alone: bool = False
    """There is no cabinet: everything is within a person's reach."""
    moves: int = 0
    """Moves that were carried out, for curiosity and for tests."""
    next_number: int = 1
    """For the identity of the next new medium."""

    _kinds: dict[ElementKind, list[Element]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.elements = dict(sorted(self.elements.items()))
        self._kinds = {kind: [] for kind in ElementKind}
        for element in self.elements.values():
            self._kinds[element.kind].append(element)

    # Looking

    def of_kind(self, kind: ElementKind) -> list[Element]:
        """Give the elements of one kind, by address; which there are never changes."""
        return self._kinds[kind]

    def element(self, address: int) -> Element:
        """Give one element."""
        try:
            return self.elements[address]
        except KeyError:
            raise Impossible(Reason.UNKNOWN, address) from None

    def present(self, element: Element) -> bool:
        """Tell whether the element is there: installed, its magazine in."""
        return element.installed and element.magazine not in self.magazines_out

    def media(self) -> Iterator[Medium]:
        """Give every medium there is, those on the shelf last."""
        for element in self.elements.values():
            if element.medium is not None:
                yield element.medium
        yield from self.shelf

    def place_of(self, medium: Medium) -> Element | None:
        """Give the element that holds a medium, None for the shelf."""
        for element in self.elements.values():
            if element.medium is medium:
                return element
        return None

    def new_id(self) -> str:
        """Give an identity that no medium has yet."""
        number = self.next_number
        self.next_number += 1
        return f"M{number:06d}"

    # The robot

    def check_move(
        self,
        source: int,
        destination: int,
        *,
        transport: int = 0,
        invert: bool = False,
        ejected: bool = False,
    ) -> None:
        """Raise `Impossible` if the robot cannot carry out the move; `ejected` takes drives as unloaded."""
        origin, target = self._robot_reach(source), self._robot_reach(destination)
        self._check_loose(origin, ejected=ejected)
        if target.medium is not None and source != destination:
            raise Impossible(Reason.FULL, destination)
        if invert and not self.rotates:
            raise Impossible(Reason.ONE_SIDED, source)
        self._check_hands(transport, carried_from=source)

    def move(self, source: int, destination: int, *, transport: int = 0, invert: bool = False) -> Medium:
        """Carry a medium from one element to another, turned over if `invert`, and give it."""
        self.check_move(source, destination, transport=transport, invert=invert)
        medium = self._take(self.elements[source])
        if invert:
            medium.up ^= len(medium.sides) > 1
        self._put(self.elements[destination], medium)
        self.moves += 1
        return medium

    def check_exchange(
        self, source: int, first: int, second: int, *, transport: int = 0, ejected: bool = False
    ) -> None:
        """Raise `Impossible` if the robot cannot exchange: `first` must be full, `second` empty or the source."""
        origin, middle, last = (self._robot_reach(address) for address in (source, first, second))
        self._check_loose(origin, ejected=ejected)
        self._check_loose(middle, ejected=ejected)
        if first in {source, second}:
            raise Impossible(Reason.SAME, first)
        if last.medium is not None and last is not origin:
            raise Impossible(Reason.FULL, second)
        self._check_hands(transport, carried_from=source)

    def exchange(
        self,
        source: int,
        first: int,
        second: int,
        *,
        transport: int = 0,
        invert_first: bool = False,
        invert_second: bool = False,
    ) -> None:
        """Put the medium of `source` into `first` and what was there into `second`."""
        self.check_exchange(source, first, second, transport=transport)
        if (invert_first or invert_second) and not self.rotates:
            raise Impossible(Reason.ONE_SIDED, source)
        incoming, outgoing = self._take(self.elements[source]), self._take(self.elements[first])
        if invert_first:
            incoming.up ^= len(incoming.sides) > 1
        if invert_second:
            outgoing.up ^= len(outgoing.sides) > 1
        self._put(self.elements[first], incoming)
        self._put(self.elements[second], outgoing)
        self.moves += 2

    def _robot_reach(self, address: int) -> Element:
        element = self.element(address)
        if not self.present(element):
            raise Impossible(Reason.ABSENT, address)
        if not element.enabled:
            raise Impossible(Reason.DISABLED, address)
        return element

    @staticmethod
    def _check_loose(element: Element, *, ejected: bool) -> None:
        """Raise `Impossible` unless there is a medium that can be taken."""
        if element.medium is None:
            raise Impossible(Reason.EMPTY, element.address)
        if element.bay is not None and element.bay.threaded and not ejected:
            raise Impossible(Reason.HELD, element.address)

    def _check_hands(self, transport: int, *, carried_from: int) -> None:
        hands = self.of_kind(ElementKind.TRANSPORT)
        if self.elements[carried_from] in hands:
            return  # the medium is on a hand already
        if transport and transport in self.elements and self.elements[transport] in hands:
            hands = [self.elements[transport]]
        if hands and all(hand.medium is not None for hand in hands):
            raise Impossible(Reason.HAND_FULL, hands[0].address)

    @staticmethod
    def _take(element: Element) -> Medium:
        medium = element.medium
        if medium is None:
            raise Impossible(Reason.EMPTY, element.address)
        element.medium = None
        element.by_operator = False
        element.belief = None
        return medium

    @staticmethod
    def _put(element: Element, medium: Medium) -> None:
        element.medium = medium
        element.scanned = True
        element.by_operator = False
        element.belief = None

    # The hand

    def check_hand(self, address: int, *, force: bool = False) -> Element:
        """Give an element that a person can reach: a port, or with the door open (or by force) any other."""
        element = self.element(address)
        inside = (
            not self.stand_alone
            and element.kind is not ElementKind.IMPORT_EXPORT
            and (element.magazine is None or element.magazine not in self.magazines_out)
        )
        if inside and not self.door_open and not force:
            raise Impossible(Reason.DOOR_CLOSED, address)
        if not element.installed:
            raise Impossible(Reason.ABSENT, address)
        return element

    def place(self, medium: Medium, address: int, *, force: bool = False) -> None:
        """Put a medium into an element by hand; one from the shelf leaves the shelf."""
        element = self.check_hand(address, force=force)
        if element.medium is not None:
            raise Impossible(Reason.FULL, address)
        self.shelf = [other for other in self.shelf if other is not medium]
        self._put(element, medium)
        element.source, element.source_up = None, medium.up
        element.by_operator = element.kind is ElementKind.IMPORT_EXPORT

    def take(self, address: int, *, force: bool = False) -> Medium:
        """Take a medium out of an element by hand and lay it on the shelf."""
        element = self.check_hand(address, force=force)
        if element.bay is not None and element.bay.threaded and not force:
            raise Impossible(Reason.HELD, address)
        medium = self._take(element)
        element.source = None
        if element.bay is not None:
            element.bay.threaded = False
            element.bay.activity = element.bay.timer = None
        self.shelf.append(medium)
        return medium

    def swap(self, first: int, second: int, *, force: bool = False) -> None:
        """Exchange the contents of two elements by hand; either may be empty."""
        one, other = self.check_hand(first, force=force), self.check_hand(second, force=force)
        for element in (one, other):
            if element.bay is not None and element.bay.threaded:
                raise Impossible(Reason.HELD, element.address)
        one.medium, other.medium = other.medium, one.medium
        for element in (one, other):
            element.source = None
            element.belief = None

    def scan(self, elements: Iterable[Element] | None = None) -> None:
        """Let the library look: what it believes is again what is there."""
        for element in self.elements.values() if elements is None else elements:
            element.scanned = True
            element.belief = None
