"""The running library: the world, its logical units and what is under way, moved on by the clock.

A motion is begun, takes its seconds, and then ends, whether or not the one who began it still waits: after a
kill in the middle the library finishes alone, and whoever looks next finds the medium where it was carried.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.inventory import ElementKind, MediumKind
from rsm_mock.faults import Script
from rsm_mock.traits import SourceMemory
from rsm_mock.world import Activity, Impossible, Timer

if TYPE_CHECKING:
    from rsm.clock import Clock
    from rsm_mock.traits import Personality
    from rsm_mock.world import Bay, Element, Medium, World

_QUEUE_ROOM = 10
"""Unit attentions that a logical unit keeps; further ones are lost, as in life."""

_EXPIRED_CLEANING_MEDIUM = 0x16
_CLEANING_WANTED = frozenset({0x14, 0x15})


class Attention(NamedTuple):
    """A unit attention that waits to be told."""

    asc: int
    ascq: int
    information: int | None = None


POWER_ON = Attention(0x29, 0x00)
MAY_HAVE_CHANGED = Attention(0x28, 0x00)


@dataclass(slots=True)
class LogicalUnit:
    """What a SCSI logical unit remembers between commands."""

    attentions: list[Attention] = field(default_factory=list)
    prevented: bool = False
    reserved_elsewhere: bool = False
    """Another host holds a reservation: most commands end with RESERVATION CONFLICT."""
    key: int | None = None
    """The reservation key that this host has registered."""
    reservation: int | None = None
    """The type of this host's persistent reservation."""
    generation: int = 0
    """Counts changes of registrations."""
    untold: bytes = b""
    """Sense data of the last command that came without them; any command but REQUEST SENSE clears them."""
    alerts: set[int] = field(default_factory=set)
    """TapeAlert flags that are set."""

    def attend(self, attention: Attention) -> None:
        """Queue a unit attention; one that is queued already is not queued twice."""
        if attention not in self.attentions and len(self.attentions) < _QUEUE_ROOM:
            self.attentions.append(attention)


class Work(Enum):
    """What the robot is doing."""

    MOVE = "move"
    EXCHANGE = "exchange"
    SCAN = "scan"
    POSITION = "position"


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """Something that the robot has begun; addresses as the command block gave them."""

    work: Work
    timer: Timer
    number: int
    source: int = 0
    destination: int = 0
    second: int = 0
    transport: int = 0
    invert: bool = False
    invert_second: bool = False
    landing: int | None = None
    """Where the medium really ends up, if not at its destination."""


@dataclass(frozen=True, slots=True)
class Search:
    """The last SEND VOLUME TAG: what REQUEST VOLUME ELEMENT ADDRESS then answers from."""

    action: int
    template: str
    kind: int
    start: int


@dataclass(slots=True, kw_only=True)
class Machine:
    """A library that is switched on."""

    personality: Personality
    serial: str
    world: World
    clock: Clock
    drives: list[LogicalUnit]
    """One for each data transfer element, by address."""
    changer: LogicalUnit = field(default_factory=LogicalUnit)
    faults: Script = field(default_factory=Script)
    pace: float = 0.0
    """Simulated seconds that one second of life takes; 0 is instant."""
    motion: Motion | None = None
    starting: Timer | None = None
    """The changer is becoming ready until then."""
    needs_initialise: bool = False
    search: Search | None = None
    next_motion: int = 1
    broken_off: int = 0
    """The last motion that was begun and not carried out."""
    lateness: float = 0.0
    """Seconds that the next motion takes longer than it should, whatever the pace."""
    diversion: int | None = None
    """Where the next medium is put instead of its destination; 0 for any empty slot but its own."""
    changed: bool = False
    """Something happened that must be kept."""

    # Time

    def settle(self) -> None:
        """Let everything end whose time has passed."""
        now = self.clock.now()
        if self.motion is not None and not self.motion.timer.left(now):
            self.finish(self.motion.number)
        if self.starting is not None and not self.starting.left(now):
            self.starting, self.changed = None, True
        for element in self.bays():
            if element.bay is not None and element.bay.timer is not None and not element.bay.timer.left(now):
                self._end_activity(element)

    def timer(self, seconds: float) -> Timer:
        """Give a timer that begins now and lasts that many seconds of life."""
        return Timer(self.clock.now(), seconds * self.pace)

    def moving(self) -> float:
        """Give the seconds until the robot stands still, 0 when it does."""
        return 0.0 if self.motion is None else self.motion.timer.left(self.clock.now())

    # The robot

    def start(self, motion: Motion) -> Motion:
        """Begin a motion that was found possible; with no time to take it ends at once."""
        if self.lateness:
            timer = Timer(motion.timer.began, motion.timer.seconds + self.lateness)
            motion, self.lateness = replace(motion, timer=timer), 0.0
        self.motion, self.changed = motion, True
        self.next_motion += 1
        if not motion.timer.seconds:
            self.finish(motion.number)
        return motion

    def finish(self, number: int) -> None:
        """End a motion, unless that has happened already."""
        motion = self.motion
        if motion is None or motion.number != number:
            return
        self.motion, self.changed = None, True
        try:
            self._carry_out(motion)
        except Impossible:
            # A hand was in between: what cannot be carried any more stays where it is.
            self.broken_off = motion.number
            self.changer.attend(MAY_HAVE_CHANGED)

    def break_off(self) -> None:
        """Stop the robot: what it was about to carry stays where it is."""
        if self.motion is not None:
            self.broken_off, self.motion, self.changed = self.motion.number, None, True

    def _carry_out(self, motion: Motion) -> None:
        if motion.work is Work.SCAN:
            self.world.scan(self.scan_range(motion.source, motion.destination))
            self.needs_initialise = False
        elif motion.work is Work.MOVE:
            self._release(motion.source)
            landing = motion.destination if motion.landing is None else motion.landing
            remembered = self._remember(motion.source)
            self.world.move(motion.source, landing, transport=motion.transport, invert=motion.invert)
            self._arrived(landing, remembered)
            if motion.landing is not None:
                self.changer.attend(MAY_HAVE_CHANGED)
        elif motion.work is Work.EXCHANGE:
            self._release(motion.source)
            self._release(motion.destination)
            incoming, outgoing = self._remember(motion.source), self._remember(motion.destination)
            self.world.exchange(
                motion.source,
                motion.destination,
                motion.second,
                transport=motion.transport,
                invert_first=motion.invert,
                invert_second=motion.invert_second,
            )
            self._arrived(motion.destination, incoming)
            self._arrived(motion.second, outgoing)

    def take_diversion(self, source: int, destination: int) -> int | None:
        """Give where a medium really goes if something diverts it, once."""
        wanted, self.diversion = self.diversion, None
        if wanted is None:
            return None
        free = [
            element.address
            for element in self.world.of_kind(ElementKind.STORAGE)
            if element.medium is None
            and self.world.present(element)
            and element.address not in {source, destination}
        ]
        if wanted:
            free = [address for address in free if address == wanted]
        return free[0] if free else None

    def scan_range(self, start: int, count: int) -> list[Element]:
        """Give the elements of a range, all for count 0 from address 0 (what `Motion` keeps of a scan)."""
        elements = [element for element in self.world.elements.values() if element.address >= start]
        return elements[:count] if count else elements

    def _release(self, address: int) -> None:
        """Make a drive eject what it holds, as the library does before it takes a medium out."""
        bay = self.world.element(address).bay
        if bay is not None:
            bay.threaded, bay.activity, bay.timer, bay.released = False, None, None, None

    def _remember(self, address: int) -> tuple[int | None, int]:
        """Give what the library will call the source of a medium that leaves this element, and its side up."""
        element = self.world.element(address)
        memory = self.personality.motion.source
        kept = (element.source, element.source_up)
        here = (address, 0 if element.medium is None else element.medium.up)
        if memory is SourceMemory.NEVER:
            return None, 0
        if memory is SourceMemory.LAST:
            return here
        if memory is SourceMemory.LAST_DRIVE:
            came_from = self.world.elements.get(-1 if element.source is None else element.source)
            return (
                kept if element.bay is None and came_from is not None and came_from.bay is not None else here
            )
        return here if element.kind in {ElementKind.STORAGE, ElementKind.IMPORT_EXPORT} else kept

    def _arrived(self, address: int, remembered: tuple[int | None, int]) -> None:
        element = self.world.element(address)
        element.source, element.source_up = remembered
        if element.bay is not None:
            self.load(element)

    # Drives

    def bays(self) -> list[Element]:
        """Give the data transfer elements, by address; a drive's number is its place in this list."""
        return self.world.of_kind(ElementKind.DATA_TRANSFER)

    def unit_of(self, element: Element) -> LogicalUnit:
        """Give the logical unit of a drive."""
        return self.drives[self.bays().index(element)]

    def load(self, element: Element) -> None:
        """Let a drive do what it does when a medium has been put into it."""
        bay, medium = element.bay, element.medium
        if bay is None or medium is None:
            return
        self.changed = True
        unit = self.unit_of(element)
        if self.personality.motion.drive_attention:
            unit.attend(MAY_HAVE_CHANGED)
        if medium.kind is MediumKind.CLEANING:
            self._clean(element, bay, medium, unit)
        elif self.personality.loads_itself:
            self.thread(element)

    def thread(self, element: Element) -> float:
        """Begin to load the medium in a drive, and give the seconds that takes."""
        bay, medium = element.bay, element.medium
        if bay is None or medium is None:
            return 0.0
        medium.loads += 1
        return self._begin(element, bay, Activity.LOADING, self.personality.timings.load)

    def eject(self, element: Element) -> float:
        """Begin to unload a drive, and give the seconds that takes."""
        bay = element.bay
        if bay is None or not bay.threaded:
            return 0.0
        return self._begin(element, bay, Activity.UNLOADING, self.personality.timings.unload)

    def _begin(self, element: Element, bay: Bay, activity: Activity, seconds: float) -> float:
        """Let a drive be busy; with no time to take it is done at once."""
        bay.threaded, bay.activity, bay.timer = True, activity, self.timer(seconds)
        self.changed = True
        taken = bay.timer.seconds
        if not taken:
            self._end_activity(element)
        return taken

    def _clean(self, element: Element, bay: Bay, medium: Medium, unit: LogicalUnit) -> None:
        """Use a cleaning medium once; one that is used up comes out again at once (TapeAlert 16h)."""
        if not medium.uses_left:
            unit.alerts.add(_EXPIRED_CLEANING_MEDIUM)
            return
        medium.uses_left -= 1
        medium.loads += 1
        unit.alerts -= _CLEANING_WANTED
        self._begin(element, bay, Activity.CLEANING, self.personality.timings.clean)

    def _end_activity(self, element: Element) -> None:
        bay = element.bay
        if bay is None:
            return
        if bay.activity in {Activity.UNLOADING, Activity.CLEANING}:
            bay.threaded = False
            if self.personality.access_lag:
                bay.released = self.timer(self.personality.access_lag)
        bay.activity = bay.timer = None
        self.changed = True

    # Power

    def power_cycle(self) -> None:
        """Take the power away and give it back; the robot drops what it was about and looks around."""
        self.changed = True
        self.break_off()
        self.search = None
        for unit in (self.changer, *self.drives):
            unit.attentions = [POWER_ON]
            unit.prevented = False
        for element in self.world.elements.values():
            if self.personality.motion.forgets_sources:
                element.source = None
        self.world.open_ports.clear()
        self.become_ready(self.personality.timings.start)
        if self.personality.hand.rescans:
            self.world.scan()
        for element in self.bays():
            if element.bay is not None and element.bay.threaded:
                element.bay.activity = Activity.LOADING
                element.bay.timer = self.timer(self.personality.timings.load)

    def become_ready(self, seconds: float) -> None:
        """Let the changer be becoming ready for that many seconds of life."""
        self.starting = self.timer(seconds) if seconds * self.pace else None
        self.changed = True
