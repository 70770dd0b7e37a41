"""A store over a simulated library on disk, and everything that must hold of the two at every moment.

`RSM_TORTURE` multiplies the length of these tests (20 takes minutes: give --timeout as well), and
`RSM_TORTURE_SEED` changes what they do.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rsm.clock import Clock, JumpingClock
from rsm.errors import RsmError
from rsm.hardware.inventory import ElementKind
from rsm.model.states import (
    BarcodeState,
    DriveState,
    LibraryKind,
    MediumState,
    NewMedia,
    PlaceKind,
    PoolKind,
    SideState,
)
from rsm.session import Session
from rsm.store.sqlite import SqliteStore
from rsm_mock.building import build
from rsm_mock.machine import Machine
from rsm_mock.operator import Operator
from rsm_mock.personalities import PERSONALITIES
from rsm_mock.state import StateFile
from rsm_mock.transport import SimulatedTransport
from rsm_scsi.transport import Reply

MOVE_MEDIUM = {0xA5, 0xA7}
PAST_EVERY_LIMIT = 4 * 3600.0
"""Seconds after which no command that was ever sent can still be under way."""

_HELD = {SideState.ALLOCATED, SideState.COMPLETE}
_IN_POOL = {
    PoolKind.FREE: {SideState.AVAILABLE, SideState.DECOMMISSIONED},
    PoolKind.IMPORT: {SideState.IMPORT, SideState.DECOMMISSIONED},
    PoolKind.UNRECOGNIZED: {SideState.UNRECOGNIZED, SideState.DECOMMISSIONED},
    PoolKind.APPLICATION: {
        SideState.AVAILABLE,
        SideState.ALLOCATED,
        SideState.COMPLETE,
        SideState.RESERVED,
        SideState.DECOMMISSIONED,
        SideState.IMPORT,
    },
}


@dataclass(slots=True)
class Store:
    """Every row of a store, read at one moment."""

    media: dict[str, sqlite3.Row]
    sides: list[sqlite3.Row]
    places: dict[str, sqlite3.Row]
    libraries: dict[str, sqlite3.Row]
    pools: dict[str, sqlite3.Row]
    types: dict[str, sqlite3.Row]
    logical: list[sqlite3.Row]
    intents: list[sqlite3.Row]

    def open_intents(self) -> list[sqlite3.Row]:
        """The moves whose end is not known."""
        return [row for row in self.intents if row["closed"] is None]


@dataclass(slots=True)
class Known:
    """What has been seen of a store before, to tell whether something has been lost."""

    media: set[str] = field(default_factory=set)
    sides: set[str] = field(default_factory=set)
    intents: set[str] = field(default_factory=set)
    bearers: dict[str, str] = field(default_factory=dict)
    """The first record of each bar code."""
    doubled: set[str] = field(default_factory=set)
    """Bar codes that were at some time on two media, or on none that stands for its first record."""


class Site:
    """A store, a clock, and one simulated library on disk."""

    def __init__(self, directory: Path, *, clock: Clock, application: str = "torture") -> None:
        self.directory = directory
        self.clock = clock
        self.path = directory / "library.json"
        self.store_path = directory / "rsm.db"
        self.file = StateFile(self.path, clock=clock)
        self.session = Session(self.store_path, clock=clock, application=application)
        self.known = Known()

    # Making and remaking

    def make(self, personality: str, **wishes: Any) -> None:
        """Build the library, manage it, take its inventory, and make all its media usable."""
        self.file.create(build(personality, clock=self.clock, **wishes))
        self.session.add_library(f"mock:{self.path}", name="lib", new_media=NewMedia.FREE)
        self.session.inventory("lib")
        store = self.read()
        for row in store.media.values():
            pool = store.pools[row["pool"]]["path"]
            if pool.startswith("Unrecognized"):
                self.session.move_medium(row["id"], pool.replace("Unrecognized", "Free"))
        usable = [row["media_type"] for row in store.media.values() if not _cleaning(store, row)]
        media_type = Counter(usable).most_common(1)[0][0] if usable else "LTO-9"
        self.session.create_pool("Backup", media_type=media_type, draws_from_free=True, returns_to_free=True)
        self.session.create_pool("Scratch", media_type=media_type, max_allocates=3)

    def at(self, clock: Clock) -> Site:
        """The same store and library for a process that lives at another time; it knows the same."""
        later = Site(self.directory, clock=clock)
        later.known = self.known
        return later

    def copy_to(self, directory: Path) -> Site:
        """Write another store and library just like these over what is in a directory."""
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for name in (self.path.name, self.store_path.name):
            shutil.copyfile(self.directory / name, directory / name)
        copy = Site(directory, clock=self.clock)
        with SqliteStore(str(copy.store_path)).writing() as writer:
            writer.connection.execute(
                "UPDATE library SET device = ? WHERE name = 'lib'", (f"mock:{copy.path}",)
            )
        return copy

    # Hands on the library

    def change(self, act: Callable[[Machine], object]) -> None:
        """Do something to the simulated library behind the manager's back."""
        with self.file.hold() as machine:
            machine.settle()
            act(machine)
            machine.changed = True

    def by_hand(self, *acts: Callable[[Operator], object]) -> None:
        """Do something as a person standing there; what a person cannot do now is not done."""
        for act in acts:
            with suppress(RsmError):
                self.change(lambda machine, act=act: act(Operator(machine)))  # type: ignore[misc]
            self.change(_turn_up)

    def calm(self) -> None:
        """Nothing goes wrong any more, everything is closed, and all that was under way has ended."""
        self.change(lambda machine: machine.faults.entries.clear())
        self.by_hand(
            lambda hand: hand.close_door(),
            lambda hand: hand.reserve_elsewhere(reserved=False),
        )
        for number in sorted(self.truth().magazines_out):
            self.by_hand(lambda hand, number=number: hand.insert_magazine(number))  # type: ignore[misc]
        self.clock.sleep(PAST_EVERY_LIMIT)

    def truth(self) -> Any:
        """The world as it really is."""
        with self.file.hold() as machine:
            machine.settle()
            return machine.world

    # What must hold

    def read(self) -> Store:
        """Read the whole store."""
        with SqliteStore(str(self.store_path)).reading() as reader:

            def all_of(table: str, order: str = "1") -> list[sqlite3.Row]:
                return reader.connection.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()

            return Store(
                media={row["id"]: row for row in all_of("medium")},
                sides=all_of("side"),
                places={row["id"]: row for row in all_of("place")},
                libraries={row["id"]: row for row in all_of("library")},
                pools={row["id"]: row for row in all_of("pool")},
                types={row["name"]: row for row in all_of("media_type")},
                logical=all_of("logical_medium"),
                intents=all_of("intent", "rowid"),
            )

    def check(self) -> Store:
        """Check all that must hold at any moment, however wrong things are with the library."""
        store = self.read()
        self._check_nothing_lost(store)
        _check_sides(store)
        _check_ranking(store)
        _check_places(store)
        _check_intents(store)
        with self.file.hold() as machine:
            machine.settle()
            assert machine.world.moves <= len(store.intents), "more media moved than there are intents"
        return store

    def check_at_rest(self) -> None:
        """Check what must hold as well after an inventory of a library where nothing goes wrong any more."""
        store = self.check()
        assert not store.open_intents(), "an intent stayed open past its limit"
        assert not [row for row in store.libraries.values() if row["stale"]], "a fresh inventory is stale"
        self._check_agreement(store)
        with SqliteStore(str(self.store_path)).reading() as reader:
            assert reader.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert reader.connection.execute("PRAGMA foreign_key_check").fetchall() == []

    def _check_nothing_lost(self, store: Store) -> None:
        known = self.known
        sides = {row["id"] for row in store.sides}
        intents = {row["id"] for row in store.intents}
        assert known.media <= store.media.keys(), "a medium's record is gone"
        assert known.sides <= sides, "a side's record is gone"
        assert known.intents <= intents, "an intent is gone from the journal"
        known.media, known.sides, known.intents = set(store.media), sides, intents
        for medium in store.media.values():
            if medium["barcode"]:
                first = known.bearers.setdefault(medium["barcode"], medium["id"])
                assert first == medium["id"] or medium["barcode"] in known.doubled, (
                    f"{medium['barcode']} has a second record"
                )
        counts = Counter(row["medium"] for row in store.sides)
        for medium in store.media.values():
            assert counts[medium["id"]] == store.types[medium["media_type"]]["sides"], (
                "a side too few or many"
            )

    def _check_agreement(self, store: Store) -> None:
        world = self.truth()
        standing = {row["place"]: row for row in store.media.values() if row["place"]}
        recorded = {store.places[place]["address"]: row for place, row in standing.items()}
        if world.stand_alone:
            bay = next(iter(world.elements.values()))
            really = {1: bay.medium} if bay.medium is not None and bay.bay.threaded else {}
        else:
            really = {
                address: element.medium
                for address, element in world.elements.items()
                if element.medium is not None and world.present(element) and self.reported(element)
            }
        assert sorted(recorded) == sorted(really), "store and library disagree on which elements are full"
        for address, medium in really.items():
            told = self.label_told(medium)
            if told and recorded[address]["barcode"] != told:
                pytest.fail(f"element {address} holds {told}, recorded is {recorded[address]['barcode']}")
        for barcode, first in self.known.bearers.items():
            if barcode not in self.known.doubled:
                bearers = [
                    address for address, medium in really.items() if self.label_told(medium) == barcode
                ]
                assert len(bearers) <= 1
                if bearers:
                    assert recorded[bearers[0]]["id"] == first, f"{barcode} is another record now"

    def reported(self, element: Any) -> bool:
        """Whether the library ever says anything of an element: some know of no transport."""
        with self.file.hold() as machine:
            told = machine.personality.report.transport_reported
        return told or element.kind is not ElementKind.TRANSPORT

    def label_told(self, medium: Any) -> str | None:
        """The label of a medium if the library has any way to tell it."""
        with self.file.hold() as machine:
            reads = machine.personality.reader and machine.personality.report.volume_tags
            reads = reads or machine.personality.stand_alone
        return medium.barcode if reads and medium.readable else None


def _turn_up(machine: Machine) -> None:
    """Nobody leaves a medium on the shelf upside down, to put it into a slot so."""
    for medium in machine.world.shelf:
        medium.up = 0


def _cleaning(store: Store, medium: sqlite3.Row) -> bool:
    return bool(store.types[medium["media_type"]]["cleaning"])


def _check_sides(store: Store) -> None:
    """Allocation: a side is held exactly if one logical medium points to it; none is set aside for nobody."""
    handles = Counter(row["side"] for row in store.logical)
    assert all(count == 1 for count in handles.values()), "a side was allocated twice"
    held = {row["id"] for row in store.sides if row["state"] in _HELD}
    assert held == set(handles), "allocated sides and logical media do not match"
    owners = {row["medium"] for row in store.sides if row["id"] in held}
    pool_of = {row["id"]: store.media[row["medium"]]["pool"] for row in store.sides}
    for row in store.sides:
        kind = PoolKind(store.pools[store.media[row["medium"]]["pool"]]["kind"])
        assert row["state"] in _IN_POOL[kind], (
            f"a side is {SideState(row['state']).name} in a {kind.name} pool"
        )
        assert row["state"] != SideState.RESERVED or row["medium"] in owners, "a side is set aside for nobody"
    assert all(pool_of[row["side"]] == row["pool"] for row in store.logical), (
        "an allocated medium left its pool"
    )


def _check_ranking(store: Store) -> None:
    """The ranking columns on a side are what its medium, place, library, type and open moves say."""
    on_their_way = {row["medium"] for row in store.open_intents()}
    for side in store.sides:
        medium = store.media[side["medium"]]
        library = store.libraries[medium["library"]]
        place = store.places.get(medium["place"] or "")
        in_drive = place is not None and place["kind"] == PlaceKind.DRIVE
        mounted = place["mounted_side"] if place is not None else None
        leaving = place is not None and place["state"] == DriveState.DISMOUNTABLE
        idle = in_drive and mounted is None and not leaving
        usable = (
            medium["enabled"]
            and medium["barcode_state"] != BarcodeState.DUPLICATE
            and library["enabled"]
            and library["kind"] in {LibraryKind.ONLINE, LibraryKind.STANDALONE}
            and place is not None
            and mounted != side["id"]
            and medium["id"] not in on_their_way
            and not _cleaning(store, medium)
        )
        wanted = (medium["pool"], medium["barcode"] or "", int(idle), int(bool(usable)))
        written = (side["pool"], side["barcode"], side["idle_in_drive"], side["usable"])
        assert written == wanted, f"the ranking columns of {medium['barcode']} are {written}, not {wanted}"


def _check_places(store: Store) -> None:
    """A medium is in one place of its own library, and what is called mounted stands in that drive."""
    taken = Counter(row["place"] for row in store.media.values() if row["place"])
    assert all(count == 1 for count in taken.values()), "two media are recorded in one place"
    medium_of = {row["id"]: row["medium"] for row in store.sides}
    for medium in store.media.values():
        place = store.places.get(medium["place"] or "")
        loaded = place is not None and place["kind"] == PlaceKind.DRIVE
        assert place is None or place["library"] == medium["library"], "a medium stands in another library"
        assert (medium["state"] == MediumState.LOADED) == loaded, "only media in drives are loaded"
    for place in store.places.values():
        side = place["mounted_side"]
        if side is not None:
            assert place["kind"] == PlaceKind.DRIVE, "something is mounted that is no drive"
            assert store.media[medium_of[side]]["place"] == place["id"], (
                "a mounted medium is not in its drive"
            )
        if place["kind"] == PlaceKind.DRIVE:
            assert (place["state"] == DriveState.MOUNTED) == (side is not None), "a drive's state is wrong"


def _check_intents(store: Store) -> None:
    """One open intent a library; an intent has an outcome exactly if it is closed."""
    counts = Counter(row["library"] for row in store.open_intents())
    assert all(count == 1 for count in counts.values()), "two moves of one robot are open"
    for row in store.intents:
        assert (row["closed"] is None) == (row["outcome"] is None)
        assert row["closed"] is None or row["closed"] >= row["sent"], (
            "an intent was closed before it was sent"
        )


@dataclass(slots=True)
class Wire:
    """Watches every MOVE MEDIUM: its intent must be in the store before it is sent, and no intent is sent twice."""

    site: Site | None = None
    alone: bool = False
    """Whether a move must not be sent while an earlier one is under way: no fault makes moves outlast their limit."""
    used: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def see(self, cdb: bytes) -> None:
        """Look at a command block on its way."""
        if self.site is None or cdb[0] not in MOVE_MEDIUM:
            return
        ends = int.from_bytes(cdb[4:6], "big"), int.from_bytes(cdb[6:8], "big")
        rows = self.site.read().open_intents()
        with self.site.file.hold() as machine:
            if self.alone and machine.moving():
                self.complaints.append(f"{ends} was sent while an earlier move was under way")
        if len(rows) != 1 or (rows[0]["source"], rows[0]["destination"]) != ends:
            self.complaints.append(f"{ends} was sent without an intent")
        elif rows[0]["id"] in self.used:
            self.complaints.append(f"{ends} was sent twice for one intent")
        else:
            self.used.add(rows[0]["id"])


@pytest.fixture
def quick_directory() -> Iterator[Path]:
    """A directory in memory where there is such a thing: only processes die in these tests, not machines."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="rsm-torture-", dir=memory if os.access(memory, os.W_OK) else None
    ) as name:
        yield Path(name)


@pytest.fixture
def surroundings(quick_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for sites; leases stay in it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(quick_directory / "run"))
    monkeypatch.setattr("rsm.hardware.lease.SYSTEM_DIRECTORY", quick_directory / "no")
    (quick_directory / "run").mkdir(mode=0o700)
    return quick_directory


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A watch on the wire to every simulated library."""
    watch = Wire()
    execute = SimulatedTransport.execute

    def seen(self: SimulatedTransport, cdb: bytes, **options: Any) -> Reply:
        watch.see(cdb)
        return execute(self, cdb, **options)

    monkeypatch.setattr(SimulatedTransport, "execute", seen)
    return watch


@pytest.fixture
def new_site(surroundings: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    """Make a site with ids that depend on the seed alone; media of every kind that the personality takes."""

    def make(personality: str, *, ids: Random, **wishes: Any) -> Site:
        monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=ids.getrandbits(128), version=4))
        directory = surroundings / "site"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        site = Site(directory, clock=JumpingClock())
        wire.site = None
        site.make(personality, **(wishes_of(personality) | wishes))
        wire.site = site
        return site

    return make


def wishes_of(personality: str) -> dict[str, Any]:
    """A small library of that kind with some of everything in it."""
    chosen = PERSONALITIES[personality]
    if chosen.stand_alone:
        return {"media": 3}
    slots = 2 * (chosen.size.magazine or 6) if (chosen.size.magazine or 6) <= 7 else 12
    if chosen.motion.rotates:
        return {"slots": 8, "media": 0, "two_sided": 4}
    return {"slots": slots, "media": 4, "cleaning": 1, "worm": 1}


@pytest.fixture
def strength() -> Callable[[int], int]:
    """How often to do something that is done so many times in a normal run."""
    factor = float(os.environ.get("RSM_TORTURE", "1"))
    return lambda times: max(1, round(times * factor))


@pytest.fixture
def seed() -> str:
    """What all chance depends on."""
    return os.environ.get("RSM_TORTURE_SEED", "1")


def kinds(world: Any, *which: ElementKind) -> Sequence[Any]:
    """The elements of some kinds, by address."""
    return [element for element in world.elements.values() if element.kind in which]
