"""Random walks: callers, an operator's hand and scripted faults over every kind of library, in any order."""

# ruff: noqa: S311 - chance that repeats itself is what these tests need

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import pytest

from rsm.errors import RsmError, StoreFailure
from rsm.hardware.faults import DeviceFault
from rsm.hardware.inventory import ElementKind
from rsm.hardware.registry import open_changer
from rsm.model.states import BarcodeState, PlaceKind
from rsm_mock.faults import Carried, Effect, Fault, Script
from rsm_mock.personalities import PERSONALITIES

PERSONALITY_NAMES = sorted(PERSONALITIES)

NOT_READY = (
    *((0x02, 0x04, ascq) for ascq in (0x00, 0x01, 0x02, 0x03, 0x07, 0x12, 0x15, 0x17, 0x18, 0x19)),
    *((0x02, 0x04, ascq) for ascq in (0x83, 0x85, 0x87, 0x88, 0x89, 0x8D, 0x8E)),
    *((0x02, 0x3A, 0x02), (0x02, 0x3B, 0x12), (0x02, 0x3E, 0x00), (0x02, 0x53, 0x02), (0x02, 0x74, 0x71)),
    *((0x02, 0x80, ascq) for ascq in (0x00, 0x05, 0x06)),
)
BROKEN = (
    *((0x04, 0x15, 0x01), (0x04, 0x15, 0x02), (0x04, 0x40, 0x01), (0x04, 0x40, 0x80), (0x04, 0x44, 0x00)),
    *((0x04, 0x44, 0x86), (0x04, 0x53, 0x00), (0x04, 0x53, 0x01)),
    *((0x04, 0x53, ascq) for ascq in (0x04, 0x05, 0x06, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x82, 0x83)),
    *((0x04, 0x04, 0x03), (0x04, 0x3B, 0x0D), (0x04, 0x3B, 0x0E), (0x04, 0x3B, 0x16), (0x04, 0x80, 0x01)),
    *((0x04, 0x83, 0x00), (0x03, 0x11, 0x00)),
)
ABORTED = ((0x0B, 0x08, 0x00), (0x0B, 0x08, 0x01), (0x0B, 0x4B, 0x00), (0x0B, 0x00, 0x16))
REFUSED = (
    *((0x05, 0x20, 0x00), (0x05, 0x21, 0x01), (0x05, 0x24, 0x00), (0x05, 0x25, 0x00), (0x05, 0x26, 0x00)),
    *((0x05, 0x2C, 0x00), (0x05, 0x30, 0x00), (0x05, 0x30, 0x03), (0x05, 0x39, 0x00), (0x05, 0x3A, 0x00)),
    *((0x05, 0x3B, ascq) for ascq in (0x0D, 0x0E, 0x11, 0x12, 0x18, 0x1A, 0x81, 0x83, 0x87, 0x90, 0xA0)),
    *((0x05, 0x44, 0x00), (0x05, 0x53, 0x00), (0x05, 0x53, 0x01), (0x05, 0x53, 0x02), (0x05, 0x53, 0x03)),
    *((0x05, 0x53, 0x07), (0x05, 0x53, 0x08), (0x05, 0x53, 0x81)),
    *((0x05, 0x83, ascq) for ascq in (0x02, 0x03, 0x04, 0x05, 0x06)),
)
ATTENTIONS = (
    *((0x06, 0x28, ascq) for ascq in (0x00, 0x01, 0x03)),
    *((0x06, 0x29, ascq) for ascq in range(8)),
    *((0x06, 0x2A, ascq) for ascq in (0x01, 0x02, 0x03, 0x04, 0x05, 0x10, 0x15)),
    *((0x06, 0x3B, ascq) for ascq in (0x12, 0x13, 0x14, 0x15, 0x18, 0x19, 0x1A, 0x1B, 0x20)),
    *((0x06, 0x3F, ascq) for ascq in (0x01, 0x03, 0x0E)),
    *((0x06, 0x53, 0x02), (0x06, 0x5A, 0x01), (0x06, 0x41, 0xFE)),
)
MERE_NOTES = ((0x01, 0x30, 0x03), (0x01, 0x5B, 0x02), (0x01, 0x5D, 0x00), (0x00, 0x00, 0x00))
DOOR_WAS_OPEN = (0x02, 0x80, 0x00)
"""HP ESL: nothing was done and the inventory is suspect, which is as good as a unit attention."""
SERIOUS = (*NOT_READY, *BROKEN, *ABORTED, *REFUSED, *ATTENTIONS)
EVERY_SENSE = (*SERIOUS, *MERE_NOTES)
"""The codes of scsi.md §2.3, by what they prove about a command."""

STATUSES = (0x08, 0x18, 0x28, 0x22, 0x40)
"""BUSY, RESERVATION CONFLICT, TASK SET FULL, COMMAND TERMINATED, TASK ABORTED."""

HOSTS = (0x01, 0x02, 0x03, 0x05, 0x07, 0x08, 0x0B, 0x0E, 0x0F)
"""NO_CONNECT, BUS_BUSY, TIME_OUT, ABORT, ERROR, RESET, SOFT_ERROR, TRANSPORT_DISRUPTED, FAILFAST."""

NOW = (Carried.NOT, Carried.OUT)
WORDS = ("move", "elements", "ready", "any", "mode")


class Step(NamedTuple):
    """One thing that somebody does; the numbers choose among what there is when its turn comes."""

    name: str
    a: int
    b: int
    c: int


class Walk:
    """A site and what the callers of it remember."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.session = site.session
        self.handles: list[str] = []

    # What there is to choose from

    def media(self) -> list[str]:
        """Ids of all media, by bar code."""
        rows = self.site.read().media.values()
        return [row["id"] for row in sorted(rows, key=lambda row: (row["barcode"] or "", row["id"]))]

    def elements(self, *kinds: ElementKind) -> list[int]:
        """Addresses of the elements of some kinds."""
        world = self.site.truth()
        return [address for address, element in world.elements.items() if element.kind in kinds]

    def full(self, *kinds: ElementKind) -> list[int]:
        """Addresses of those that hold a medium."""
        world = self.site.truth()
        return [address for address in self.elements(*kinds) if world.elements[address].medium is not None]

    def records(self) -> dict[str, str]:
        """Which record stands where each medium really is, by the medium's own identity."""
        store = self.site.read()
        standing = {row["place"]: row["id"] for row in store.media.values() if row["place"]}
        at = {store.places[place]["address"]: medium for place, medium in standing.items()}
        world = self.site.truth()
        return {
            element.medium.id: at[address]
            for address, element in world.elements.items()
            if element.medium is not None and address in at
        }

    # What callers do

    def inventory(self, _step: Step) -> None:
        self.session.inventory("lib")

    def preview(self, _step: Step) -> None:
        before = self.dump()
        try:
            self.session.inventory("lib", preview=True)
        finally:
            assert self.dump() == before, "a preview changed the store"

    def dump(self) -> list[tuple[object, ...]]:
        """What a preview may not change; that the inventory is stale may become known by it."""
        store = self.site.read()
        rows = (*store.media.values(), *store.sides, *store.places.values(), *store.intents)
        return [tuple(row) for row in rows]

    def allocate(self, step: Step) -> None:
        pool = ("Backup", "Scratch")[step.a % 2]
        next_of = chosen(self.handles, step.b) if step.c % 4 == 0 else None
        given = self.session.allocate(pool, new=next_of is None and step.c % 4 == 1, next_of=next_of)
        assert str(given.logical_medium) not in self.handles, "a handle was given twice"
        self.handles.append(str(given.logical_medium))

    def deallocate(self, step: Step) -> None:
        handle = chosen(self.handles, step.a)
        if handle is not None:
            self.session.deallocate(handle)
            self.handles.remove(handle)

    def assign(self, step: Step) -> None:
        medium = chosen(self.media(), step.a)
        pools = sorted(row["path"] for row in self.site.read().pools.values() if row["media_type"])
        pool = chosen(pools, step.b) if step.c % 2 else ("Backup", "Scratch")[step.b % 2]
        if medium is not None and pool is not None:
            self.session.move_medium(medium, pool)

    def mount(self, step: Step) -> None:
        name = chosen(self.handles if step.b % 2 else self.media(), step.a)
        if name is None:
            return
        if step.b % 2 == 0 and len(self.session.medium(name).sides) > 1:
            name += f":{1 + step.c % 2}"
        mounted = self.session.mount(name, drive=step.c % 3 if step.c % 7 == 0 else None)
        self.check_mounted(mounted)

    def check_mounted(self, mounted: Any) -> None:
        """What a caller was given is really in the drive behind the node, right side up."""
        world = self.site.truth()
        bays = [element for element in world.elements.values() if element.bay is not None]
        element = bays[int(mounted.node.rpartition("#")[2])]
        really = element.medium
        assert really is not None, f"the drive {mounted.node} that was given is empty"
        assert element.bay.threaded, f"the drive {mounted.node} that was given has its medium put out"
        told = self.site.label_told(really)
        if told and mounted.medium.barcode_state is BarcodeState.OK:
            assert told == mounted.medium.barcode, f"{mounted.node} holds {told}"
        if len(really.sides) > 1:
            assert really.up == mounted.side - 1, f"{mounted.node} has the wrong side up"

    def dismount(self, step: Step) -> None:
        world = self.site.read()
        loaded = [
            row["id"]
            for row in world.media.values()
            if row["place"] and world.places[row["place"]]["kind"] == PlaceKind.DRIVE
        ]
        name = chosen(loaded, step.a) if step.c % 4 else chosen(self.media(), step.a)
        if name is None:
            return
        put = self.session.dismount(name)
        really = self.site.truth().elements.get(put.place.address)
        if put.medium.place is not None:
            assert really.medium is not None, "what was dismounted is not where it is said to be"
            assert not really.medium.up, "what is in a slot must have side 1 up"

    def wait(self, step: Step) -> None:
        self.site.clock.sleep((1, 30, 1000, 4000)[step.a % 4])

    # What the operator does

    def door(self, step: Step) -> None:
        """Open the door, do up to two things inside, and mostly close it."""
        acts = [inside(self, step.a), inside(self, step.b)][: 1 + step.c % 2]
        closing = [lambda hand: hand.close_door()] if step.c % 5 else []
        self.site.by_hand(lambda hand: hand.open_door(), *acts, *closing)

    def close(self, _step: Step) -> None:
        self.site.by_hand(lambda hand: hand.close_door())

    def magazine(self, step: Step) -> None:
        """Pull a magazine, do something in it, and mostly push it back."""
        number = step.a % 2
        acts = [inside(self, step.b)]
        back = [lambda hand: hand.insert_magazine(number)] if step.c % 4 else []
        self.site.by_hand(lambda hand: hand.pull_magazine(number), *acts, *back)

    def push(self, step: Step) -> None:
        self.site.by_hand(lambda hand: hand.insert_magazine(step.a % 2))

    def port(self, step: Step) -> None:
        """Put something into a port, or take what is there."""
        address = chosen(self.elements(ElementKind.IMPORT_EXPORT, ElementKind.DATA_TRANSFER), step.a)
        label = self.label(step.b)
        if step.c % 2:
            self.site.by_hand(lambda hand: hand.insert(label, at=address))
        else:
            self.site.by_hand(lambda hand: hand.remove(address))

    def label(self, number: int) -> str | None:
        """One from the shelf, else a new one; where labels are read, seldom none at all."""
        shelf: list[str] = sorted(medium.barcode for medium in self.site.truth().shelf if medium.barcode)
        if shelf and number % 3:
            return shelf[number % len(shelf)]
        if number % 11 == 0:
            return None
        fresh = f"NEW{number % 900 + 100}L9"
        taken = fresh in self.site.known.bearers or fresh in self.everywhere()
        return None if taken else fresh

    def everywhere(self) -> set[str]:
        """Every label there is."""
        return {medium.barcode for medium in self.site.truth().media() if medium.barcode}

    def power(self, _step: Step) -> None:
        self.site.by_hand(lambda hand: hand.power_cycle())

    def hear(self, _step: Step) -> None:
        """Another program on this host asks the library first, and so hears what has changed instead of us."""
        with open_changer(f"mock:{self.site.path}", self.site.clock) as changer:
            changer.inventory()

    def trick(self, step: Step) -> None:
        """Two media change places, and somebody else hears that the door was open."""
        full = self.full(ElementKind.STORAGE)
        one, two = chosen(full, step.a), chosen(full, step.b)
        if one != two:
            self.site.by_hand(
                lambda hand: hand.open_door(),
                lambda hand: hand.swap(one, two),
                lambda hand: hand.close_door(),
            )
            self.hear(step)

    # What goes wrong

    def fault(self, step: Step) -> None:
        self.site.change(lambda machine: spoil(machine.faults, step, len(machine.drives)))

    def mend(self, _step: Step) -> None:
        """Everything works again; then what is in the robot's hand is taken out by a person."""
        self.site.calm()
        self.free_the_hand()
        self.rest()

    def free_the_hand(self) -> None:
        """Put what the robot holds into the first empty slots, by hand."""
        for at in self.full(ElementKind.TRANSPORT):
            self.site.by_hand(
                lambda hand: hand.open_door(), partial(self.put_away, at), lambda hand: hand.close_door()
            )

    def put_away(self, at: int, hand: Any) -> None:
        """Carry a medium by hand to the first empty slot, or out where it bears no label or there is none."""
        empty = sorted({*self.elements(ElementKind.STORAGE)} - {*self.full(ElementKind.STORAGE)})
        medium = hand.remove(at)
        turn_up([medium])
        if medium.barcode and empty:
            hand.insert(medium.barcode, at=empty[0])

    def rest(self) -> None:
        """Check that all is well once nothing goes wrong any more."""
        self.site.calm()
        self.session.inventory("lib")
        self.site.check_at_rest()
        again = self.session.inventory("lib").changes
        assert again == (), f"a second inventory finds changes: {again}"


CALLERS = ("inventory", "preview", "allocate", "allocate", "deallocate", "assign", *["mount", "dismount"] * 4)
OTHERS = (
    *("wait", "door", "close", "magazine", "push", "port", "power", "hear", "trick", "mend"),
    *["door", "hear"],
    *["fault"] * 5,
)
HARMLESS = {"wait", "close", "push", "hear"}
"""What leaves every medium where it is."""


def inside(walk: Walk, number: int) -> Callable[[Any], None]:
    """Give what a hand does where it can reach; what exactly is chosen when the hand is there."""

    def act(hand: Any) -> None:
        slots = walk.elements(ElementKind.STORAGE)
        full = walk.full(ElementKind.STORAGE, ElementKind.DATA_TRANSFER, ElementKind.TRANSPORT)
        what, which = number % 8, number // 8
        here, there = chosen(full, which), chosen(slots, which // 7)
        if there is None or (here is None and what in {0, 1, 2, 3, 5}):
            return
        if what in {0, 1}:
            world = walk.site.truth()
            swapped = [world.elements[at].medium for at in (here, there)]
            hand.swap(here, there)
            turn_up(swapped)
        elif what in {2, 3}:
            hand.remove(here)
        elif what == 4:
            double = chosen(sorted(walk.everywhere()), which)
            hand.insert(double, at=there, new=True)
            walk.site.known.doubled.add(double)
        elif what == 5:
            medium = walk.site.truth().elements[here].medium
            hand.relabel(here, medium.barcode, readable=not medium.readable)
        else:
            hand.insert(walk.label(which), at=there)

    return act


def turn_up(media: Iterable[Any]) -> None:
    """Nobody puts a medium into a slot upside down."""
    for medium in media:
        if medium is not None:
            medium.up = 0


def spoil(script: Script, step: Step, drives: int) -> None:
    """Let something go wrong with one of the next commands."""
    SPOILERS[step.a % len(SPOILERS)](script, step.b, step.c, drives)


def sense(script: Script, number: int, other: int, _drives: int) -> None:
    """Let any sense meet any command."""
    effect = (Effect.SENSE, Effect.SENSE, Effect.SENSE, Effect.DEFERRED, Effect.SILENT)[other // 15 % 5]
    script.sense(chosen(EVERY_SENSE, number), on=chosen(WORDS, other), after=other % 3, effect=effect)


def broken(script: Script, number: int, _other: int, _drives: int) -> None:
    """Let a move break, carried out or not."""
    script.sense(chosen((*BROKEN, *ABORTED), number // 2), on="move", carried=chosen(NOW, number))


def status(script: Script, number: int, other: int, _drives: int) -> None:
    """Let a command be answered with another status."""
    script.status(chosen(STATUSES, number), on=chosen(WORDS, other), after=other % 3, times=1 + number % 3)


def host(script: Script, number: int, other: int, _drives: int) -> None:
    """Let the path fail under a command, carried out or not."""
    code, carried = chosen(HOSTS, number // 2), chosen(NOW, number)
    script.host(code, on=chosen(WORDS, other), after=other % 3, carried=carried)


def timeout(script: Script, number: int, other: int, _drives: int) -> None:
    """Let a move's answer never come; it is carried out, or not, or after the host has given up."""
    script.timeout(chosen(list(Carried), number), on="move", seconds=(5.0, 500.0)[other % 2])


def mutilated(script: Script, number: int, other: int, _drives: int) -> None:
    """Let a reading of elements be cut, or be nothing but zeros."""
    if other % 2:
        script.truncate(number % 300, after=other % 3, times=1 + number % 3)
    else:
        script.zeros(after=other % 3, times=1 + number % 3)


def drive(script: Script, number: int, other: int, drives: int) -> None:
    """Let a drive complain; one that says GOOD, if with a note, is believed to be ready."""
    script.sense(chosen(SERIOUS, number), on=chosen(("ready", "load", "any"), other), drive=number % drives)


SPOILERS: tuple[Callable[[Script, int, int, int], object], ...] = (
    *(sense, sense, sense, broken, broken, status, host, timeout, timeout, mutilated, mutilated, drive),
    lambda script, _number, other, _drives: script.power(on=chosen(WORDS, other), after=other % 3),
    lambda script, _number, _other, _drives: script.elsewhere(),
    lambda script, _number, _other, _drives: script.stuck(),
)
"""What can go wrong."""


def chosen(options: Iterable[Any], number: int) -> Any:
    """Give one of the options, None if there is none."""
    options = list(options)
    return options[number % len(options)] if options else None


def steps_of(chance: Random, count: int, *groups: tuple[str, ...]) -> list[Step]:
    """Give that many things to do, of each group of names as many."""
    return [
        Step(chance.choice(chance.choice(groups)), *(chance.randrange(10_000) for _ in range(3)))
        for _ in range(count)
    ]


def walk_along(site: Any, wire: Any, steps: list[Step]) -> None:
    """Do the steps; after each one everything must hold, and in the end store and library must agree."""
    walk = Walk(site)
    hands = {step.name for step in steps} & {*OTHERS} - HARMLESS
    before = {} if hands else walk.records()
    for step in steps:
        try:
            getattr(walk, step.name)(step)
        except StoreFailure:
            raise
        except RsmError:
            pass  # whatever else a caller may be told
        assert not wire.complaints, wire.complaints
        store = site.check()
        assert sorted(walk.handles) == sorted(row["id"] for row in store.logical), "a handle was lost"
    walk.rest()
    assert not before or walk.records() == before, "a medium that only we moved is taken for another"


def shortest(steps: list[Step], fails: Callable[[list[Step]], str | None]) -> tuple[list[Step], str]:
    """Leave out what a failure does not need; gives the rest and how that fails."""
    told = fails(steps)
    assert told is not None, "a failure that does not repeat itself"
    size = len(steps)
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            again = fails(fewer)
            if again is None:
                at += size
            else:
                steps, told = fewer, again
        size //= 2
    return steps, told


def torture(new_site: Any, wire: Any, personality: str, chance: str, steps: list[Step]) -> None:
    """Take a walk; if it fails, fail with the shortest part of it that does."""

    def failure(steps: list[Step]) -> str | None:
        wire.complaints.clear()
        wire.used.clear()
        site = new_site(personality, ids=Random(chance), pace=Random(chance).choice((0.0, 1.0)))
        try:
            walk_along(site, wire, steps)
        except Exception:  # noqa: BLE001 - anything that is no RsmError is what is looked for
            return traceback.format_exc(limit=-6)
        return None

    if failure(steps) is not None:
        least, told = shortest(steps, failure)
        listed = "\n".join(f"    {step}" for step in least)
        pytest.fail(f"seed {chance!r}, these steps are enough:\n{listed}\n{told}", pytrace=False)


@pytest.mark.parametrize("personality", PERSONALITY_NAMES)
def test_whatever_goes_wrong_nothing_is_lost(
    new_site: Any, wire: Any, strength: Callable[[int], int], seed: str, personality: str
) -> None:
    """No order of requests, hands and faults loses a medium, doubles one, or moves one without an intent."""
    for number in range(strength(1)):
        chance = f"{personality} {seed} {number}"
        torture(new_site, wire, personality, chance, steps_of(Random(chance), 40, CALLERS, OTHERS))


class Focus(NamedTuple):
    """A walk of a special kind, long enough to meet what a mixed one seldom does."""

    personality: str
    length: int
    groups: tuple[tuple[str, ...], ...]


FOCUSES = {
    "callers alone": Focus("optical-jukebox", 150, (("allocate",), ("allocate", "deallocate", "assign"))),
    "hands and another program": Focus(
        "generic", 80, (("mount", "dismount"), ("door", "port", "trick", "trick"), ("hear", "inventory"))
    ),
    "media without labels": Focus("autoloader", 50, (("mount", "dismount", "wait", "hear", "preview"),)),
    "faults alone": Focus("generic", 60, (("mount", "dismount"), ("fault", "fault", "mend"))),
}


@pytest.mark.parametrize("name", FOCUSES)
def test_one_thing_at_a_time(
    new_site: Any, wire: Any, strength: Callable[[int], int], seed: str, name: str
) -> None:
    """The same holds where one kind of trouble comes often."""
    focus = FOCUSES[name]
    for number in range(strength(1)):
        chance = f"{name} {seed} {number}"
        steps = steps_of(Random(chance), focus.length, *focus.groups)
        torture(new_site, wire, focus.personality, chance, steps)


class Answer(NamedTuple):
    """What a library answers to a MOVE MEDIUM, and whether the caller then is to be told of success."""

    words: str
    fault: Fault
    succeeds: bool | None
    """None: whatever is true."""


def in_hex(code: tuple[int, int, int]) -> str:
    """Give sense data as people write them."""
    return "/".join(f"{number:02X}" for number in code)


def answers() -> Iterator[Answer]:
    """Give every answer there is: each sense, status and path error, carried out or not."""
    script = Script()
    for code in EVERY_SENSE:
        yield Answer(
            f"sense {in_hex(code)}, not carried out",
            script.sense(code, on="move"),
            succeeds=code in {*ATTENTIONS, DOOR_WAS_OPEN},
        )
    for code in (*BROKEN, *ABORTED, *MERE_NOTES):
        yield Answer(
            f"sense {in_hex(code)}, carried out",
            script.sense(code, on="move", carried=Carried.OUT),
            succeeds=True,
        )
    for number in STATUSES:
        yield Answer(f"status {number:02X}", script.status(number, on="move"), succeeds=False)
    for number in HOSTS:
        for carried in NOW:
            yield Answer(
                f"host status {number:02X}, carried out: {carried.value}",
                script.host(number, on="move", carried=carried),
                succeeds=carried is Carried.OUT,
            )
    for carried in Carried:
        yield Answer(
            f"time-out, carried out: {carried.value}",
            script.timeout(carried, seconds=60.0),
            succeeds=None if carried is Carried.LATER else carried is Carried.OUT,
        )
    yield Answer("power cycle", script.power(on="move"), succeeds=True)
    yield Answer("put elsewhere", script.elsewhere(), succeeds=False)
    yield Answer("left on the hand", script.stuck(), succeeds=False)


FOUR_KINDS = ("generic", "ibm-ts4500", "quantum-scalar", "optical-jukebox")
"""While they move, these wait, answer from a cache, are busy, and wait again; the last one turns media over."""


@pytest.mark.parametrize("which", range(len(FOUR_KINDS)), ids=FOUR_KINDS)
def test_every_answer_to_a_move(new_site: Any, wire: Any, which: int) -> None:
    """A caller is told of success exactly if the medium is where it should be; in the end all is well."""
    site = new_site(FOUR_KINDS[which], ids=Random("answers"))
    two_sided = FOUR_KINDS[which] == "optical-jukebox"
    walk = Walk(site)
    name = next(medium for medium in walk.media() if site.session.medium(medium).barcode.startswith("RSM"))
    for answer in islice(answers(), which, None, len(FOUR_KINDS)):
        site.change(lambda machine, answer=answer: machine.faults.add(answer.fault))
        place = site.session.medium(name).place
        mounting = place.kind is not PlaceKind.DRIVE
        told: DeviceFault | None = None
        try:
            if mounting:
                walk.check_mounted(site.session.mount(f"{name}:2" if two_sided else name))
            else:
                site.session.dismount(name)
        except DeviceFault as fault:
            told = fault
        left = site.truth().elements[place.address].medium is None
        last = site.read().intents[-1]
        arrived = site.truth().elements[last["destination"]].medium is not None
        assert answer.succeeds in {None, told is None}, f"{answer.words}: {told!r}"
        assert left or told, f"{answer.words}: told of success, and it is where it was"
        assert not wire.complaints, (answer.words, wire.complaints)
        site.check()
        site.calm()
        site.session.inventory("lib")
        site.check_at_rest()
        outcome = next(row["outcome"] for row in site.read().intents if row["id"] == last["id"])
        if answer.succeeds is not None:
            assert outcome.startswith("moved") == arrived, f"{answer.words}: the journal says {outcome}"
        walk.free_the_hand()
