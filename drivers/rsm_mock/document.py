"""A machine as a JSON document and back. What has its default value is not written: 10,000 empty slots are short."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from rsm.hardware.inventory import ElementKind, MediumKind
from rsm_mock.building import LONGEST_BARCODE
from rsm_mock.faults import Carried, Effect, Fault, Script
from rsm_mock.machine import Attention, LogicalUnit, Machine, Motion, Search, Work
from rsm_mock.personalities import personality_named
from rsm_mock.world import Activity, Bay, Belief, Element, Medium, Timer, World

if TYPE_CHECKING:
    from rsm.clock import Clock

FORMAT = "rsm-mock"
VERSION = 1


class Damaged(ValueError):
    """The document is JSON, and no library; the message says what is wrong with it."""


def to_document(machine: Machine) -> dict[str, Any]:
    """Give all that must be kept of a machine."""
    world = machine.world
    return {
        "personality": machine.personality.name,
        "serial": machine.serial,
        "pace": machine.pace,
        "world": {
            "rotates": world.rotates,
            "stand_alone": world.stand_alone,
            "door_open": world.door_open,
            "magazines_out": sorted(world.magazines_out),
            "open_ports": sorted(world.open_ports),
            "moves": world.moves,
            "next_number": world.next_number,
            "elements": [_element_row(element) for element in world.elements.values()],
            "shelf": [_medium_row(medium) for medium in world.shelf],
        },
        "changer": _unit_row(machine.changer),
        "drives": [_unit_row(unit) for unit in machine.drives],
        "faults": [_fault_row(fault) for fault in machine.faults.entries],
        "motion": _motion_row(machine.motion),
        "starting": _timer_row(machine.starting),
        "needs_initialise": machine.needs_initialise,
        "search": asdict(machine.search) if machine.search is not None else None,
        "next_motion": machine.next_motion,
        "broken_off": machine.broken_off,
    }


def from_document(document: dict[str, Any], clock: Clock) -> Machine:
    """Give the machine that a document holds; raises `Damaged` if it holds none that could be."""
    try:
        machine = _machine(document, clock)
    except Damaged:
        raise
    except KeyError as error:
        raise Damaged(f"it lacks {error}") from error
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise Damaged(f"it holds something that cannot be: {error}") from error
    _check(machine)
    return machine


def _machine(document: dict[str, Any], clock: Clock) -> Machine:
    world = document["world"]
    elements = [_element(row) for row in world["elements"]]
    search = document["search"]
    return Machine(
        personality=personality_named(document["personality"]),
        serial=_text(document["serial"], LONGEST_BARCODE),
        pace=_seconds(document["pace"]),
        clock=clock,
        world=World(
            {element.address: element for element in elements},
            shelf=[_medium(row) for row in world["shelf"]],
            door_open=bool(world["door_open"]),
            magazines_out={_word(number) for number in world["magazines_out"]},
            open_ports={_word(address) for address in world["open_ports"]},
            rotates=bool(world["rotates"]),
            stand_alone=bool(world["stand_alone"]),
            moves=_count(world["moves"]),
            next_number=_count(world["next_number"]),
        ),
        changer=_unit(document["changer"]),
        drives=[_unit(row) for row in document["drives"]],
        faults=Script([_fault(row) for row in document["faults"]]),
        motion=_motion(document["motion"]),
        starting=_timer(document["starting"]),
        needs_initialise=bool(document["needs_initialise"]),
        search=None
        if search is None
        else Search(
            _word(search["action"]),
            _text(search["template"], LONGEST_BARCODE),
            _word(search["kind"]),
            _word(search["start"]),
        ),
        next_motion=_count(document["next_motion"]),
        broken_off=_count(document["broken_off"]),
    )


# What a value may be


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Damaged(f"{value!r} is no count")
    return value


def _word(value: object) -> int:
    number = _count(value)
    if number > 0xFFFF:
        raise Damaged(f"{number} is no address")
    return number


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest or not (value.isascii() and value.isprintable()):
        raise Damaged(f"{value!r} is no name")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise Damaged(f"{value!r} is no time")
    return float(value)


def _check(machine: Machine) -> None:
    """Refuse a library that no hand could have made."""
    seen: set[str] = set()
    for medium in machine.world.media():
        if medium.id in seen:
            raise Damaged(f"medium {medium.id} is in two places")
        seen.add(medium.id)
    bays = machine.bays()
    if len(bays) != len(machine.drives) or any(element.bay is None for element in bays):
        raise Damaged(f"it has {len(bays)} drive elements and {len(machine.drives)} drives")
    others = (e for e in machine.world.elements.values() if e.kind is not ElementKind.DATA_TRANSFER)
    if any(element.bay is not None for element in others):
        raise Damaged("an element that is no drive holds one")


# Elements and media: the many, so they are written as short as they are plain


def _element_row(element: Element) -> list[Any]:
    row: list[Any] = [element.address, int(element.kind)]
    extra: dict[str, Any] = {}
    if element.medium is not None:
        extra["medium"] = _medium_row(element.medium)
    if element.source is not None:
        extra["source"] = [element.source, element.source_up]
    if element.magazine is not None:
        extra["magazine"] = element.magazine
    extra.update({name: True for name, value in _flags(element) if value})
    if element.belief is not None:
        extra["belief"] = [element.belief.full, element.belief.barcode]
    if element.bay is not None:
        extra["bay"] = _bay_row(element.bay)
    return [*row, extra] if extra else row


def _flags(element: Element) -> tuple[tuple[str, bool], ...]:
    return (
        ("unscanned", not element.scanned),
        ("by_operator", element.by_operator),
        ("missing", not element.installed),
        ("disabled", not element.enabled),
    )


def _element(row: list[Any]) -> Element:
    element = Element(_word(row[0]), ElementKind(row[1]))
    if len(row) == 2:
        return element
    extra = row[2]
    if "medium" in extra:
        element.medium = _medium(extra["medium"])
    if "source" in extra:
        element.source, element.source_up = (_word(part) for part in extra["source"])
    if "magazine" in extra:
        element.magazine = _word(extra["magazine"])
    element.scanned = not extra.get("unscanned", False)
    element.by_operator = bool(extra.get("by_operator", False))
    element.installed = not extra.get("missing", False)
    element.enabled = not extra.get("disabled", False)
    if "belief" in extra:
        full, barcode = extra["belief"]
        element.belief = Belief(bool(full), None if barcode is None else _text(barcode, LONGEST_BARCODE))
    if "bay" in extra:
        element.bay = _bay(extra["bay"])
    return element


def _medium_row(medium: Medium) -> list[Any]:
    row: list[Any] = [medium.id, medium.barcode, len(medium.sides)]
    extra: dict[str, Any] = {}
    if medium.kind is not MediumKind.DATA:
        extra["kind"] = medium.kind.value
    if not medium.readable:
        extra["unreadable"] = True
    if medium.back_label is not None:
        extra["back_label"] = medium.back_label
    if medium.up:
        extra["up"] = medium.up
    if medium.loads:
        extra["loads"] = medium.loads
    if medium.kind is MediumKind.CLEANING:
        extra["uses_left"] = medium.uses_left
    return [*row, extra] if extra else row


def _medium(row: list[Any]) -> Medium:
    identity, barcode, sides = row[:3]
    _text(identity, LONGEST_BARCODE - len("-A"))
    if barcode is not None:
        _text(barcode, LONGEST_BARCODE)
    if sides not in {1, 2}:
        raise Damaged(f"a medium cannot have {sides!r} sides")
    names = (f"{identity}-A", f"{identity}-B")[:sides]
    if len(row) == 3:
        return Medium(identity, barcode, names)
    extra = row[3]
    back = extra.get("back_label")
    up = _count(extra.get("up", 0))
    if up >= sides:
        raise Damaged(f"side {up + 1} of medium {identity} cannot lie up")
    return Medium(
        identity,
        barcode,
        names,
        kind=MediumKind(extra.get("kind", "data")),
        readable=not extra.get("unreadable", False),
        back_label=None if back is None else _text(back, LONGEST_BARCODE),
        up=up,
        loads=_count(extra.get("loads", 0)),
        uses_left=_count(extra.get("uses_left", 50)),
    )


# The few


def _bay_row(bay: Bay) -> dict[str, Any]:
    return {
        "serial": bay.serial,
        "name": bay.name,
        "threaded": bay.threaded,
        "activity": None if bay.activity is None else bay.activity.value,
        "timer": _timer_row(bay.timer),
        "released": _timer_row(bay.released),
    }


def _bay(row: dict[str, Any]) -> Bay:
    activity = row["activity"]
    return Bay(
        _text(row["serial"], 10),
        _count(row["name"]) & 0xFFFF_FFFF_FFFF_FFFF,
        threaded=bool(row["threaded"]),
        activity=None if activity is None else Activity(activity),
        timer=_timer(row["timer"]),
        released=_timer(row["released"]),
    )


def _timer_row(timer: Timer | None) -> list[float] | None:
    return None if timer is None else [timer.began, timer.seconds]


def _timer(row: list[float] | None) -> Timer | None:
    return None if row is None else Timer(_seconds(row[0]), _seconds(row[1]))


def _unit_row(unit: LogicalUnit) -> dict[str, Any]:
    row = asdict(unit)
    row["attentions"] = [list(attention) for attention in unit.attentions]
    row["alerts"] = sorted(unit.alerts)
    row["untold"] = unit.untold.hex()
    return row


def _unit(row: dict[str, Any]) -> LogicalUnit:
    key, held = row["key"], row["reservation"]
    return LogicalUnit(
        attentions=[_attention(*attention) for attention in row["attentions"]],
        prevented=bool(row["prevented"]),
        reserved_elsewhere=bool(row["reserved_elsewhere"]),
        key=None if key is None else _count(key) & 0xFFFF_FFFF_FFFF_FFFF,
        reservation=None if held is None else _count(held) & 0x0F,
        generation=_count(row["generation"]),
        untold=bytes.fromhex(row["untold"]),
        alerts={flag for flag in map(_count, row["alerts"]) if 1 <= flag <= 64},
    )


def _attention(asc: object, ascq: object, information: object = None) -> Attention:
    return Attention(_byte(asc), _byte(ascq), None if information is None else _word(information))


def _byte(value: object) -> int:
    number = _count(value)
    if number > 0xFF:
        raise Damaged(f"{number} is no byte")
    return number


def _fault_row(fault: Fault) -> dict[str, Any]:
    row = asdict(fault)
    row.update(effect=fault.effect.value, carried=fault.carried.value, commands=sorted(fault.commands))
    return row


def _fault(row: dict[str, Any]) -> Fault:
    sense, drive, element = row["sense"], row["drive"], row["element"]
    return Fault(
        Effect(row["effect"]),
        frozenset(_byte(code) for code in row["commands"]),
        after=_count(row["after"]),
        times=_count(row["times"]),
        drive=None if drive is None else _count(drive),
        sense=None if sense is None else (_byte(sense[0]) & 0x0F, _byte(sense[1]), _byte(sense[2])),
        status=_byte(row["status"]),
        carried=Carried(row["carried"]),
        seconds=_seconds(row["seconds"]),
        length=_count(row["length"]),
        element=None if element is None else _word(element),
    )


def _motion_row(motion: Motion | None) -> dict[str, Any] | None:
    if motion is None:
        return None
    row = asdict(motion)
    row.update(work=motion.work.value, timer=_timer_row(motion.timer))
    return row


def _motion(row: dict[str, Any] | None) -> Motion | None:
    if row is None:
        return None
    timer, landing = _timer(row["timer"]), row["landing"]
    if timer is None:
        raise Damaged("a motion takes no time")
    return Motion(
        work=Work(row["work"]),
        timer=timer,
        number=_count(row["number"]),
        source=_word(row["source"]),
        destination=_word(row["destination"]),
        second=_word(row["second"]),
        transport=_word(row["transport"]),
        invert=bool(row["invert"]),
        invert_second=bool(row["invert_second"]),
        landing=None if landing is None else _word(landing),
    )
