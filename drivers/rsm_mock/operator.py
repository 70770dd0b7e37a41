"""The operator's hand: what a person does at the library, and what the library makes of it.

A hand reaches ports, pulled magazines, and with the door open everything. With `force` it reaches inside a
closed library as well, and then the library keeps believing what it believed: such a thing happens when a
magazine is filled in a cabinet that does not look again.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rsm.errors import AmbiguousName, InvalidRequest, InvalidState, ObjectNotFound, UnknownMedium
from rsm.hardware.inventory import ElementKind, MediumKind
from rsm_mock.building import check_barcode, new_medium
from rsm_mock.machine import Attention
from rsm_mock.world import Belief, Impossible, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rsm_mock.machine import Machine
    from rsm_mock.world import Element, Medium

_MAGAZINE_REMOVED = Attention(0x3B, 0x12)
_MAGAZINE_INSERTED = Attention(0x3B, 0x13)
_DRIVE_REMOVED = Attention(0x3B, 0x1A)
_DRIVE_INSERTED = Attention(0x3B, 0x1B)
_ELEMENT_ENABLED = Attention(0x3B, 0x18)
_ELEMENT_DISABLED = Attention(0x3B, 0x19)

PLACES = {
    "slot": ElementKind.STORAGE,
    "port": ElementKind.IMPORT_EXPORT,
    "drive": ElementKind.DATA_TRANSFER,
    "robot": ElementKind.TRANSPORT,
}
"""Words for elements; drives are counted from 0 and all others from 1, as people do."""


class Operator:
    """A person in front of a machine. Raises `InvalidState` for what cannot be done now."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._world = machine.world
        machine.settle()

    # Media

    def insert(
        self,
        barcode: str | None = None,
        *,
        at: str | int | None = None,
        kind: MediumKind = MediumKind.DATA,
        two_sided: bool = False,
        back_label: str | None = None,
        readable: bool = True,
        new: bool = False,
        force: bool = False,
    ) -> Element:
        """Put a medium in, from the shelf if one with this label lies there, and give its element.

        `at` is an address, `port`, `slot:3` and the like; without it the first empty port is taken. `new`
        makes another medium even if the shelf has one: so two come to have the same bar code. `barcode` None
        is a medium without a label.
        """
        element = self._place_for(at)
        self._check_locked(element, force=force)
        medium = None if new or barcode is None else self._on_shelf(barcode)
        if medium is None:
            with _plainly():
                self._check_free(element, force=force)
            medium = new_medium(self._world, barcode, kind=kind, two_sided=two_sided, back_label=back_label)
            medium.readable = readable
        with _plainly():
            self._world.place(medium, element.address, force=force)
        if self._behind_doors(element):
            element.belief = Belief(full=False, barcode=None)
        self._noticed(element)
        if element.bay is not None:
            self._machine.load(element)
        return element

    def remove(self, what: str | int, *, force: bool = False) -> Medium:
        """Take the medium with this bar code, or in this element, out onto the shelf, and give it."""
        element = self.find(what)
        self._check_locked(element, force=force)
        hidden = self._behind_doors(element)
        seen = self._belief_of(element)
        with _plainly():
            medium = self._world.take(element.address, force=force)
        if hidden:
            element.belief = seen
        self._noticed(element)
        return medium

    def swap(self, first: str | int, second: str | int, *, force: bool = False) -> None:
        """Exchange the contents of two elements by hand."""
        one, other = self.find(first), self.find(second)
        seen = [(element, self._belief_of(element)) for element in (one, other)]
        with _plainly():
            self._world.swap(one.address, other.address, force=force)
        for element, belief in seen:
            if self._behind_doors(element):
                element.belief = belief
            self._noticed(element)
            if element.bay is not None:
                self._machine.load(element)

    def relabel(
        self, what: str | int, barcode: str | None, *, readable: bool = True, force: bool = False
    ) -> Medium:
        """Stick another label on a medium, or tear it off (`barcode` None), and give the medium."""
        if barcode is not None:
            check_barcode(barcode)
        medium, element = self._medium_of(what)
        if element is not None:
            seen = self._belief_of(element)
            with _plainly():
                self._world.check_hand(element.address, force=force)
            if self._behind_doors(element):
                element.belief = seen
        medium.barcode, medium.readable = barcode, readable
        self._machine.changed = True
        return medium

    def swap_labels(self, first: str | int, second: str | int, *, force: bool = False) -> None:
        """Exchange the labels of two media."""
        one, _ = self._medium_of(first)
        other, _ = self._medium_of(second)
        labels = (one.barcode, one.readable), (other.barcode, other.readable)
        places = [self._world.place_of(medium) for medium in (one, other)]
        for medium, place, (barcode, readable) in zip((one, other), places, reversed(labels), strict=True):
            if place is None:
                medium.barcode, medium.readable = barcode, readable
            else:
                self.relabel(place.address, barcode, readable=readable, force=force)
        self._machine.changed = True

    # The cabinet

    def open_door(self, *, force: bool = False) -> None:
        """Open the cabinet; the changer is not ready until it is closed. A locked door does not open."""
        if self._world.stand_alone:
            raise InvalidState("a stand-alone drive has no door")
        if self._machine.changer.prevented and not force:
            raise InvalidState("the door is locked by a host", hint="unlock it, or force it open")
        self._world.door_open = True
        self._machine.break_off()
        self._machine.changed = True

    def close_door(self) -> None:
        """Close the cabinet; the library looks around, or waits to be told to."""
        if not self._world.door_open:
            return
        self._world.door_open = False
        self._look_again(self._world.elements.values())
        hand = self._machine.personality.hand
        self._machine.needs_initialise = hand.demands_initialise is not None
        self._machine.changer.attend(Attention(*hand.door_closed[1:]))

    def pull_magazine(self, number: int) -> list[Medium]:
        """Pull a magazine out, with the media in it, and give those."""
        elements = self._magazine(number)
        if number in self._world.magazines_out:
            raise InvalidState(f"magazine {number} is out already")
        if self._machine.changer.prevented:
            raise InvalidState(f"magazine {number} is locked by a host")
        self._world.magazines_out.add(number)
        self._machine.changer.attend(_MAGAZINE_REMOVED)
        self._machine.changed = True
        return [element.medium for element in elements if element.medium is not None]

    def insert_magazine(self, number: int) -> None:
        """Push a magazine back in."""
        elements = self._magazine(number)
        if number not in self._world.magazines_out:
            raise InvalidState(f"magazine {number} is in already")
        self._world.magazines_out.discard(number)
        self._look_again(elements)
        self._machine.changer.attend(_MAGAZINE_INSERTED)

    def _look_again(self, elements: Iterable[Element]) -> None:
        """Let the library look at elements that a hand was near, or leave them unscanned."""
        machine = self._machine
        looked_at = list(elements)
        self._world.scan(looked_at)
        if machine.personality.hand.rescans:
            machine.become_ready(len(looked_at) * machine.personality.timings.scan)
        else:
            for element in looked_at:
                element.scanned = element.kind is not ElementKind.STORAGE
        machine.changed = True

    def _magazine(self, number: int) -> list[Element]:
        elements = [element for element in self._world.elements.values() if element.magazine == number]
        if not elements:
            numbers = sorted({e.magazine for e in self._world.elements.values() if e.magazine is not None})
            there = f"it has {numbers[0]} to {numbers[-1]}" if numbers else "its slots are fixed"
            raise ObjectNotFound(f"the library has no magazine {number}, {there}")
        return elements

    def install_drive(self, number: int, *, installed: bool) -> None:
        """Take a drive out of the library, or put it back; an empty one only."""
        element = self.find(f"drive:{number}")
        if element.medium is not None and not installed:
            raise InvalidState(f"drive {number} holds a medium")
        element.installed = installed
        self._machine.changer.attend(_DRIVE_INSERTED if installed else _DRIVE_REMOVED)
        self._machine.changed = True

    def enable(self, what: str | int, *, enabled: bool) -> None:
        """Enable or disable an element at the panel."""
        self.find(what).enabled = enabled
        self._machine.changer.attend(_ELEMENT_ENABLED if enabled else _ELEMENT_DISABLED)
        self._machine.changed = True

    def reserve_elsewhere(self, *, reserved: bool) -> None:
        """Let another host reserve the changer, or give it free."""
        self._machine.changer.reserved_elsewhere = reserved
        self._machine.changed = True

    def power_cycle(self) -> None:
        """Switch the library and its drives off and on."""
        self._machine.power_cycle()

    # Finding

    def find(self, what: str | int) -> Element:
        """Give the element that an address, `slot:3`, `port`, `drive:0` or the bar code in it names.

        Raises `ObjectNotFound` for none, `AmbiguousName` for two media with one bar code.
        """
        if isinstance(what, int):
            return self._by_address(what)
        word, _, number = what.partition(":")
        if word in PLACES:
            return self._by_number(word, number, what)
        holders = [
            element
            for element in self._world.elements.values()
            if element.medium is not None and element.medium.barcode == what
        ]
        if len(holders) > 1:
            raise AmbiguousName(
                f"{len(holders)} media have the bar code {what}",
                hint=f"name an element: {', '.join(str(element.address) for element in holders)}",
            )
        if holders:
            return holders[0]
        try:
            return self._by_address(int(what, 0))
        except ValueError:
            raise UnknownMedium(f"no medium in the library has the bar code {what}") from None

    def _by_address(self, address: int) -> Element:
        with _plainly():
            return self._world.element(address)

    def _by_number(self, word: str, number: str, what: str) -> Element:
        elements = self._world.of_kind(PLACES[word])
        base = 0 if word == "drive" else 1
        if number and not number.isdecimal():
            raise InvalidRequest(f"{what!r} names no element", hint=f"write {word}:{base} for the first one")
        index = int(number) - base if number else 0
        if not 0 <= index < len(elements):
            raise ObjectNotFound(f"the library has no {what}, it has {len(elements)} {word}s")
        return elements[index]

    def _place_for(self, at: str | int | None) -> Element:
        """Give the element to insert into: the named one, or the first free one of a kind."""
        if self._world.stand_alone and at is None:
            at = "drive"
        word = "port" if at is None else at
        if word not in PLACES:
            return self.find(word)
        elements = self._world.of_kind(PLACES[str(word)])
        if not elements:
            raise InvalidState(
                f"the library has no {word}", hint="open its door, or pull a magazine, and name a slot"
            )
        free = [
            element
            for element in elements
            if element.medium is None and element.installed and element.belief is None
        ]
        if not free:
            raise InvalidState(f"every {word} of the library is full")
        return free[0]

    def _medium_of(self, what: str | int) -> tuple[Medium, Element | None]:
        on_shelf = self._on_shelf(what) if isinstance(what, str) else None
        if on_shelf is not None:
            return on_shelf, None
        element = self.find(what)
        if element.medium is None:
            raise InvalidState(f"element {element.address} is empty")
        return element.medium, element

    def _on_shelf(self, barcode: str) -> Medium | None:
        return next((medium for medium in self._world.shelf if medium.barcode == barcode), None)

    # What the library notices

    def _check_free(self, element: Element, *, force: bool) -> None:
        self._world.check_hand(element.address, force=force)
        if element.medium is not None:
            raise Impossible(Reason.FULL, element.address)

    def _check_locked(self, element: Element, *, force: bool) -> None:
        is_port = element.kind is ElementKind.IMPORT_EXPORT
        if is_port and self._machine.changer.prevented and not force:
            raise InvalidState("the ports are locked by a host", hint="unlock the library first")

    def _behind_doors(self, element: Element) -> bool:
        """Tell whether the library cannot notice what happens to this element."""
        world = self._world
        outside = element.magazine is not None and element.magazine in world.magazines_out
        reachable = (
            element.kind is ElementKind.IMPORT_EXPORT or world.stand_alone or world.door_open or outside
        )
        return not reachable

    def _belief_of(self, element: Element) -> Belief:
        if element.belief is not None:
            return element.belief
        medium = element.medium
        return Belief(medium is not None, medium.barcode if medium is not None and medium.readable else None)

    def _noticed(self, element: Element) -> None:
        self._machine.changed = True
        if element.kind is ElementKind.IMPORT_EXPORT:
            self._machine.changer.attend(Attention(*self._machine.personality.hand.port_accessed[1:]))


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn what the world refuses into errors of rsm."""
    try:
        yield
    except Impossible as impossible:
        if impossible.reason is Reason.UNKNOWN:
            raise ObjectNotFound(f"the library has no element {impossible.address}") from impossible
        hint = None
        if impossible.reason is Reason.DOOR_CLOSED:
            hint = "open the door first, or force it"
        raise InvalidState(str(impossible), hint=hint) from impossible
