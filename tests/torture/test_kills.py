"""Processes are killed in the middle of everything; whoever comes next finds store and library in agreement.

The children are forks of the test, so that a kill costs milliseconds. The store and the simulated library are
files, and the library goes on alone when the one who told it to move is dead, as a real one does.
"""

# ruff: noqa: S311 - chance that repeats itself is what these tests need

from __future__ import annotations

import mmap
import os
import signal
import struct
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rsm.clock import JumpingClock
from rsm.errors import RsmError, StoreFailure
from rsm.model.states import DriveState
from rsm.session import Session
from rsm.store.sqlite import SqliteStore, Writer
from rsm_mock.transport import SimulatedTransport
from rsm_scsi.transport import Reply

MOVE_MEDIUM = {0xA5, 0xA7}
PAST_EVERY_MOVE = 2000.0
"""Seconds after which no move can still be under way."""
AT_MOST = 30
"""Moments that an inventory surely meets; beyond its last one it is not killed."""
SPEED = 500.0
"""Simulated seconds in one second of life, where processes really wait: a move takes 20 ms."""


class Shared:
    """A number that parent and children share."""

    def __init__(self, value: float) -> None:
        self._memory = mmap.mmap(-1, 8)
        self.value = value

    @property
    def value(self) -> float:
        """The number as whoever wrote last has written it."""
        return float(struct.unpack("d", self._memory[:8])[0])

    @value.setter
    def value(self, value: float) -> None:
        self._memory[:8] = struct.pack("d", value)


class Fuse:
    """Counts the moments at which a process could die, and lets it die at one of them."""

    def __init__(self) -> None:
        self.burns_at: int | None = None
        self.met: list[str] = []

    def meet(self, moment: str) -> None:
        """Come to a moment; it may be the last."""
        self.met.append(moment)
        if len(self.met) - 1 == self.burns_at:
            os.kill(os.getpid(), signal.SIGKILL)


class FusedClock(JumpingClock):
    """A clock that jumps, tells its time to the parent, and has a moment to die in the middle of each wait."""

    def __init__(self, shared: Shared, fuse: Fuse) -> None:
        super().__init__(shared.value)
        self._shared = shared
        self._fuse = fuse

    def sleep(self, seconds: float) -> None:
        """Wait one half, meet the moment, wait the other."""
        for half in (1, 2):
            super().sleep(seconds / 2)
            self._shared.value = self.now()
            if half == 1:
                moving = self._fuse.met[-1:] == ["before move"]
                self._fuse.meet("in the middle of a move" if moving else "other wait")


class FastClock:
    """A clock that runs `SPEED` times as fast as the world's, the same for all processes of this machine."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._zero = time.monotonic()

    def now(self) -> float:
        """Give the simulated time of day."""
        return self._start + (time.monotonic() - self._zero) * SPEED

    def monotonic(self) -> float:
        """Give the simulated seconds."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Wait for real, for a short time."""
        time.sleep(max(0.0, seconds) / SPEED)


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Fuse:
    """A fuse at each commit of the store and each command to the library, before and after."""
    fuse = Fuse()
    execute, writing = SimulatedTransport.execute, SqliteStore.writing

    def sending(self: SimulatedTransport, cdb: bytes, **options: Any) -> Reply:
        what = "move" if cdb[0] in MOVE_MEDIUM else f"other command {cdb[0]:02X}"
        fuse.meet(f"before {what}")
        reply = execute(self, cdb, **options)
        fuse.meet(f"after {what}")
        return reply

    @contextmanager
    def committing(self: SqliteStore, *, create: bool = True) -> Iterator[Writer]:
        with writing(self, create=create) as writer:
            yield writer
            fuse.meet("before commit")
        fuse.meet("after commit")

    monkeypatch.setattr(SimulatedTransport, "execute", sending)
    monkeypatch.setattr(SqliteStore, "writing", committing)
    return fuse


def fork(work: Callable[[], None], complaint: Path, ids: Random) -> int:
    """Do work in a child, and give its process id; what it should never raise is written to a file."""
    theirs = ids.random()
    child = os.fork()
    if child:
        return child
    try:
        ids.seed(theirs)  # a child must not make the ids that its parent will make
        work()
    except BaseException:  # noqa: BLE001 - a child of a test must not become another test run
        complaint.write_text(traceback.format_exc())
    finally:
        os._exit(0)


@contextmanager
def told_no() -> Iterator[None]:
    """Bear every answer that a caller may get; that the store fails is none of them."""
    try:
        yield
    except StoreFailure:
        raise
    except RsmError:
        pass


def ended_by(child: int) -> int:
    """Wait for a child and give the signal that killed it, 0 if none did."""
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def mount_and_dismount(session: Session, what: str) -> None:
    """What the processes do that are killed step by step."""
    session.mount(what)
    session.dismount(what)


def take_stock(session: Session) -> None:
    """What the processes do that come next and are killed in turn."""
    session.inventory("lib")


def moments(met: list[str], few: int, chance: Random) -> list[int]:
    """Choose all moments around moves and commits, and a few of the others."""
    journal = [number for number, moment in enumerate(met) if "other" not in moment]
    others = [number for number, moment in enumerate(met) if "other" in moment]
    return sorted((*journal, *chance.sample(others, min(few, len(others)))))


KINDS = {
    "generic": {"slots": 4, "media": 2, "ports": 0},
    "ibm-ts4500": {"slots": 4, "drives": 2, "media": 2, "ports": 0},
    "quantum-scalar": {"slots": 5, "drives": 2, "media": 2, "ports": 0},
    "optical-jukebox": {"slots": 4, "media": 0, "two_sided": 2, "ports": 0},
}
"""One that lets commands wait while it moves, one that answers from a cache, one that is busy, one that turns."""


@pytest.mark.parametrize("personality", KINDS)
def test_killed_at_every_step(
    new_site: Any,
    surroundings: Path,
    fuse: Fuse,
    wire: Any,
    strength: Callable[[int], int],
    seed: str,
    personality: str,
) -> None:
    """Wherever a mount or dismount is killed, the next process settles the move once, and goes on working.

    The one that comes next is killed in turn now and then, before or after the move's limit has passed.
    """
    chance, ids = Random(f"{personality} {seed}"), Random(f"{personality} {seed} ids")
    whole = new_site(personality, ids=ids, pace=1.0, **KINDS[personality])
    new = personality == "optical-jukebox"
    given = whole.session.allocate("Backup", new=new)
    if new:
        given = whole.session.allocate("Backup", next_of=str(given.logical_medium))
    handle = str(given.logical_medium)
    began = whole.clock.now()

    def job(site: Any, at: Shared) -> Callable[[], None]:
        return lambda: mount_and_dismount(Session(site.store_path, clock=FusedClock(at, fuse)), handle)

    def look(site: Any, at: Shared) -> Callable[[], None]:
        return lambda: take_stock(Session(site.store_path, clock=FusedClock(at, fuse)))

    wire.site = None  # the children are watched by their deeds only
    rehearsal = whole.copy_to(surroundings / "rehearsal")
    fuse.met.clear()
    job(rehearsal, Shared(began))()
    met = list(fuse.met)
    for number in moments(met, strength(4), chance):
        where = f"seed {personality} {seed}, killed at moment {number}, {met[number]}"
        site = whole.copy_to(surroundings / "killed")
        site.known.media |= whole.read().media.keys()
        wire.site = None
        at, complaint = Shared(began), surroundings / "complaint"
        fuse.met.clear()
        fuse.burns_at = number
        child = fork(job(site, at), complaint, ids)
        fuse.burns_at = None
        assert ended_by(child) == signal.SIGKILL, f"{where}: it was not"
        if number % 3 == 0:
            at.value += PAST_EVERY_MOVE * (number % 2)
            fuse.met.clear()
            fuse.burns_at = chance.randrange(AT_MOST)
            ended_by(fork(look(site, at), complaint, ids))
            fuse.burns_at = None
        try:
            wire.site, wire.alone = site.at(JumpingClock(at.value)), True
            come_next(wire.site, handle, at_once=number % 2 == 0)
            assert not wire.complaints, wire.complaints
            assert not complaint.exists(), complaint.read_text()
        except Exception as error:
            raise AssertionError(where) from error


def come_next(site: Any, handle: str, *, at_once: bool) -> None:
    """Be the process after the one that was killed: look or act at once, and again when all limits have passed."""
    pending = {row["id"] for row in site.check().open_intents()}
    with told_no():
        if at_once:
            check_mounted(site, site.session.mount(handle))
        else:
            site.session.inventory("lib")
    site.check()
    site.calm()
    site.session.inventory("lib")
    site.check_at_rest()
    outcomes = {row["id"]: row["outcome"] for row in site.read().intents if row["id"] in pending}
    assert outcomes.keys() == pending
    assert all(outcomes.values()), "the interrupted move has no outcome"
    intents = site.read().intents
    if pending and pending == {intents[-1]["id"]}:
        moved = site.truth().elements[intents[-1]["destination"]].medium is not None
        assert intents[-1]["outcome"].startswith("moved") == moved, intents[-1]["outcome"]
    if site.session.medium(handle).place.state is DriveState.DISMOUNTABLE:
        site.session.dismount(handle)  # what was being dismounted is nobody's to mount before that has ended
    check_mounted(site, site.session.mount(handle))
    put = site.session.dismount(handle)
    assert put.place.id == put.medium.home
    site.check_at_rest()


def check_mounted(site: Any, mounted: Any) -> None:
    """The drive behind the node that was given holds that very medium, that very side up."""
    bays = [element for element in site.truth().elements.values() if element.bay is not None]
    element = bays[int(mounted.node.rpartition("#")[2])]
    really = element.medium
    assert really is not None, "the drive is empty"
    assert element.bay.threaded, "the drive has put its medium out"
    assert really.barcode == mounted.medium.barcode
    assert len(really.sides) == 1 or really.up == mounted.side - 1, "the wrong side is up"


def work_until_killed(site: Any, clock: FastClock, chance: Random, done: Shared) -> None:
    """Mount, dismount, allocate and give back whatever there is, and be told no by nothing but an `RsmError`."""
    session = Session(site.store_path, clock=clock, application="worker")
    while True:
        store = site.read()
        handles = [row["id"] for row in store.logical]
        act = chance.choice(("mount", "mount", "dismount", "dismount", "allocate", "deallocate", "inventory"))
        with told_no():
            if act == "allocate":
                session.allocate("Backup")
            elif act == "inventory":
                session.inventory("lib")
            elif handles:
                getattr(session, act)(chance.choice(handles))
        done.value += 1


def test_killed_at_random_instants(
    new_site: Any, surroundings: Path, strength: Callable[[int], int], seed: str
) -> None:
    """Two processes at once are killed at random, again and again, over one store and one library."""
    chance, ids = Random(f"instants {seed}"), Random(f"instants {seed} ids")
    site = new_site("generic", ids=ids, pace=1.0, slots=8, drives=2, media=5)
    for _ in range(3):
        site.session.allocate("Backup")
    now, done = site.clock.now(), Shared(0)
    for number in range(strength(25)):
        clock, complaint = FastClock(now), surroundings / "complaint"
        works = [
            partial(work_until_killed, site, clock, Random(f"{seed} {number} {which}"), done)
            for which in range(2)
        ]
        children = [fork(work, complaint, ids) for work in works]
        for child in children:
            time.sleep(chance.uniform(0.0, 0.1))
            os.kill(child, signal.SIGKILL)
        signals = [ended_by(child) for child in children]
        assert not complaint.exists(), f"seed {seed}, round {number}: {complaint.read_text()}"
        assert signals == [signal.SIGKILL] * 2
        later = site.at(JumpingClock(clock.now()))
        pending = [row["id"] for row in later.check().open_intents()]
        later.calm()
        later.session.inventory("lib")
        later.check_at_rest()
        assert all(row["outcome"] for row in later.read().intents if row["id"] in pending)
        now = later.clock.now()
    assert done.value > 0, "the children never got anything done"
