"""What a simulated library looks like from outside: the truth, not what the changer reports of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rsm.hardware.inventory import ElementKind, MediumKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm_mock.machine import Machine
    from rsm_mock.world import Element, Medium

_WORDS = {
    ElementKind.TRANSPORT: "robot",
    ElementKind.STORAGE: "slot",
    ElementKind.IMPORT_EXPORT: "port",
    ElementKind.DATA_TRANSFER: "drive",
}
_ORDER = (ElementKind.DATA_TRANSFER, ElementKind.TRANSPORT, ElementKind.IMPORT_EXPORT, ElementKind.STORAGE)


def as_document(machine: Machine) -> dict[str, Any]:
    """Give everything there is to see, ready for JSON."""
    world = machine.world
    return {
        "personality": machine.personality.name,
        "serial": machine.serial,
        "pace": machine.pace,
        "door_open": world.door_open,
        "magazines_out": sorted(world.magazines_out),
        "moves": world.moves,
        "moving": machine.motion is not None,
        "elements": [
            {
                "address": element.address,
                "kind": element.kind.name.lower(),
                "name": name,
                "medium": None if element.medium is None else _medium(element.medium),
                "source": element.source,
                "present": world.present(element),
                "enabled": element.enabled,
                "drive": None if element.bay is None else _drive(element),
            }
            for name, element in _named(machine)
        ],
        "shelf": [_medium(medium) for medium in world.shelf],
        "faults": len(machine.faults.entries),
    }


def as_text(machine: Machine, path: str) -> Iterator[str]:
    """Give the lines for a person; empty slots are only counted."""
    world = machine.world
    yield f"{path}: {machine.personality.description}"
    doors = "door open" if world.door_open else "door closed"
    out = (
        f", magazines out: {', '.join(map(str, sorted(world.magazines_out)))}" if world.magazines_out else ""
    )
    yield f"serial {machine.serial}, {doors}{out}, {world.moves} moves so far"
    empty = 0
    for name, element in _named(machine):
        note = _note(machine, element)
        if element.kind is ElementKind.STORAGE and element.medium is None and not note:
            empty += 1
            continue
        content = "empty" if element.medium is None else _words(element.medium)
        yield f"  {name:<10} {element.address:>5}  {content}{note}"
    if empty:
        yield f"  {empty} slots are empty"
    if world.shelf:
        yield "on the shelf:"
        for medium in world.shelf:
            yield f"  {_words(medium)}"
    if machine.faults.entries:
        yield f"{len(machine.faults.entries)} faults are scripted: rsm mock fault {path}"


def _named(machine: Machine) -> Iterator[tuple[str, Element]]:
    for kind in _ORDER:
        first = 0 if kind is ElementKind.DATA_TRANSFER else 1
        for number, element in enumerate(machine.world.of_kind(kind), start=first):
            yield f"{_WORDS[kind]} {number}", element


def _medium(medium: Medium) -> dict[str, Any]:
    return {
        "id": medium.id,
        "barcode": medium.barcode,
        "readable": medium.readable,
        "kind": medium.kind.value,
        "sides": list(medium.sides),
        "up": medium.up + 1,
        "loads": medium.loads,
    }


def _drive(element: Element) -> dict[str, Any] | None:
    bay = element.bay
    if bay is None:
        return None
    return {
        "serial": bay.serial,
        "loaded": bay.threaded,
        "activity": None if bay.activity is None else bay.activity.value,
    }


def _words(medium: Medium) -> str:
    words = [medium.barcode or "(no label)"]
    if not medium.readable:
        words.append("(label unreadable)")
    if medium.kind is not MediumKind.DATA:
        words.append(medium.kind.value)
    if len(medium.sides) > 1:
        words.append(f"side {medium.up + 1} up")
    return " ".join(words)


def _note(machine: Machine, element: Element) -> str:
    notes = []
    if element.bay is not None and element.medium is not None:
        notes.append(element.bay.activity.value if element.bay.activity else _held(element))
    if not machine.world.present(element):
        notes.append("out")
    if not element.enabled:
        notes.append("disabled")
    if not element.scanned:
        notes.append("not scanned")
    if element.belief is not None:
        believed = element.belief.barcode or ("something" if element.belief.full else "nothing")
        notes.append(f"the library believes: {believed}")
    if element.address in machine.world.open_ports:
        notes.append("open")
    return f"  [{', '.join(notes)}]" if notes else ""


def _held(element: Element) -> str:
    return "loaded" if element.bay is not None and element.bay.threaded else "ejected"
