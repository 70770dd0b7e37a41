"""A store in a temporary directory, a plain library to look at, and ids that count."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import pytest

from rsm.clock import Clock, JumpingClock
from rsm.engine import allocate, inventory, libraries, mounts, names, pools, robot
from rsm.engine.context import Context
from rsm.hardware import lease
from rsm.hardware.contract import Drive
from rsm.hardware.faults import DeviceFault, DeviceGone, MoveRefused, NotSupported
from rsm.hardware.inventory import (
    Capabilities,
    DeviceIdentity,
    ElementAddress,
    ElementKind,
    ElementReport,
    Inventory,
    MoveReport,
)
from rsm.model.objects import Library, Medium
from rsm.model.outcome import Allocation, Dismounted, InventoryOutcome, Mounted
from rsm.model.states import NewMedia
from rsm.store.sqlite import SqliteStore

NO_TAG = ""
"""Stands in a `PlainLibrary` for a medium without a readable label."""


@dataclass
class PlainLibrary:
    """A changer that obeys: slots from 1000, drives from 256, one port at 16; `holds` maps address to tag."""

    holds: dict[int, str] = field(default_factory=dict)
    slots: int = 8
    drives: int = 2
    serial: str = "PLAIN1"
    device: str = "plain:1"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(rotates=True))
    move_limit: float = 900.0
    stale: bool = False
    on_move: Callable[[PlainLibrary, int, int], DeviceFault | None] | None = None
    """What happens instead of a plain move; gives the fault to raise, or None for a good answer."""
    commands: list[tuple[int, int, bool]] = field(default_factory=list)
    turned: set[str] = field(default_factory=set)
    reports_source: dict[int, int] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)
    """Addresses of which the library cannot say whether they are full."""
    gone: set[int] = field(default_factory=set)
    """Addresses that the library no longer reports."""

    @property
    def identity(self) -> DeviceIdentity:
        return DeviceIdentity("PLAIN", "LIBRARY", "1", self.serial)

    def kinds(self) -> dict[int, ElementKind]:
        return (
            {1: ElementKind.TRANSPORT, 16: ElementKind.IMPORT_EXPORT}
            | {256 + n: ElementKind.DATA_TRANSFER for n in range(self.drives)}
            | {1000 + n: ElementKind.STORAGE for n in range(self.slots)}
        )

    def report(self, address: int) -> ElementReport:
        tag = self.holds.get(address)
        return ElementReport(
            address=ElementAddress(address),
            kind=self.kinds()[address],
            full=None if address in self.unknown else tag is not None,
            accessible=True,
            volume_tag=tag or None,
            source=ElementAddress(self.reports_source[address]) if address in self.reports_source else None,
            inverted=tag in self.turned,
        )

    def inventory(self) -> Inventory:
        self.stale = False
        return Inventory(
            tuple(self.report(address) for address in sorted(self.kinds()) if address not in self.gone)
        )

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        return tuple(self.report(address) for address in sorted(addresses) if address in self.kinds())

    def move(
        self, source: ElementAddress, destination: ElementAddress, *, invert: bool = False
    ) -> MoveReport:
        self.commands.append((source, destination, invert))
        fault: DeviceFault | None = None
        if self.on_move:
            fault = self.on_move(self, source, destination)
        elif source not in self.holds or destination in self.holds:
            fault = MoveRefused("full or empty")
        else:
            self.carry(source, destination, invert=invert)
        seen = self.look([source, destination])
        if fault is not None:
            fault.seen = seen
            raise fault
        return MoveReport(seen)

    def carry(self, source: int, destination: int, *, invert: bool = False) -> None:
        tag = self.holds.pop(source)
        self.holds[destination] = tag
        if invert:
            self.turned ^= {tag}

    def wait_ready(self, timeout: float) -> None: ...
    def exchange(
        self,
        source: ElementAddress,
        first: ElementAddress,
        second: ElementAddress,
        *,
        invert_first: bool = False,
        invert_second: bool = False,
    ) -> MoveReport:
        raise NotSupported("a plain library exchanges nothing")

    def initialise(self, elements: range | None = None) -> None: ...
    def position(self, destination: ElementAddress) -> None: ...
    def lock(self, locked: bool) -> None: ...
    def open_port(self, address: ElementAddress, *, opened: bool) -> None: ...
    def drive(self, address: ElementAddress) -> Drive:
        raise DeviceGone("a plain library's drives have no nodes")

    def close(self) -> None: ...
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...


@dataclass
class DrivenLibrary(PlainLibrary):
    """A plain library whose drives have nodes, and in which something may happen in between."""

    readied: list[int] = field(default_factory=list)
    """Addresses of the drives that were waited for."""
    unloaded: list[int] = field(default_factory=list)
    nodeless: set[int] = field(default_factory=set)
    """Addresses of the drives that this host has no node for."""
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens, once, when somebody comes to `open` it, `lease` it, `look`, make `ready` or `unload`."""

    def happen(self, moment: str) -> None:
        self.meanwhile.pop(moment, lambda: None)()

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        self.happen("look")
        return super().look(addresses)

    def drive(self, address: ElementAddress) -> Drive:
        if address in self.nodeless:
            raise DeviceGone(f"no node is known for the drive at {address}")
        return PlainDrive(self, address)


@dataclass
class PlainDrive:
    """A drive of a driven library: it obeys at once."""

    library: DrivenLibrary
    address: int
    matched_by: str = "serial"

    @property
    def node(self) -> str:
        return f"/dev/nst{self.address - 256}"

    def wait_ready(self, timeout: float) -> None:
        self.library.readied.append(self.address)
        self.library.happen("ready")

    def unload(self, timeout: float) -> None:
        self.library.unloaded.append(self.address)
        self.library.happen("unload")

    def close(self) -> None: ...
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...


@pytest.fixture
def new_id() -> Callable[[], UUID]:
    """Ids that count, so that a failing test reads well."""
    counter = itertools.count(1)
    return lambda: UUID(int=next(counter) << 96)


def surroundings(store: Path, new_id: Callable[[], UUID]) -> Context:
    """The surroundings of a caller over a store and a clock that jumps."""
    return Context(
        store=SqliteStore(str(store)),
        clock=JumpingClock(),
        new_id=new_id,
        actor="tester",
        application="tests",
        progress=lambda _: None,
    )


@pytest.fixture
def context(tmp_path: Path, new_id: Callable[[], UUID]) -> Context:
    """The surroundings of a caller over a fresh store."""
    return surroundings(tmp_path / "rsm.db", new_id)


class Bench:
    """A store and some plain libraries, with the few steps that tests repeat."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def add(
        self, changer: PlainLibrary, name: str = "lib", *, new_media: NewMedia = NewMedia.IMPORT
    ) -> Library:
        with self.context.store.writing() as writer:
            return libraries.add(
                self.context,
                writer,
                changer.device,
                changer.identity,
                changer.capabilities,
                name=name,
                new_media=new_media,
                media_type=None,
            )

    def stock(self, changer: PlainLibrary, name: str = "lib") -> None:
        """Add a library whose new media are free, and take its inventory."""
        self.add(changer, name, new_media=NewMedia.FREE)
        self.look(changer, name)

    def allocate(
        self, pool: str = "Backup", *, media_type: str = "LTO-9", **options: Any
    ) -> Allocation | None:
        """Allocate from a pool that draws from the free one; made when it is not there."""
        with self.context.store.writing() as writer:
            if writer.one("pool.by_path", path=pool) is None:
                pools.create(
                    self.context,
                    writer,
                    pool,
                    media_type=media_type,
                    draws_from_free=True,
                    returns_to_free=False,
                    max_allocates=0,
                )
            return allocate.allocate(self.context, writer, pool, **options)

    def deallocate(self, logical: object) -> Medium:
        with self.context.store.writing() as writer:
            return allocate.deallocate(self.context, writer, str(logical))

    def mount(self, what: object, *, drive: int | None = None) -> Mounted:
        return mounts.mount(self.context, str(what), drive=drive)

    def dismount(self, what: object) -> Dismounted:
        return mounts.dismount(self.context, str(what))

    def look(self, changer: PlainLibrary, name: str = "lib") -> InventoryOutcome:
        library = self.library(name)
        return inventory.record(
            self.context, changer, library, inventory.take(self.context, changer, library)
        )

    def preview(self, changer: PlainLibrary) -> InventoryOutcome:
        """Take an inventory without recording it, as a session does."""
        library = self.library()
        with robot.opened(self.context, library) as opened, robot.leased(self.context, opened, library):
            return inventory.preview(
                self.context, opened, library, inventory.take(self.context, opened, library)
            )

    def remove(self, name: str = "lib") -> Library:
        with self.context.store.writing() as writer:
            return libraries.remove(self.context, writer, name)

    def library(self, name: str = "lib") -> Library:
        with self.context.store.reading() as reader:
            return names.library(reader, name)

    def medium(self, name: str) -> Medium:
        with self.context.store.reading() as reader:
            return names.medium(reader, name)

    def medium_at(self, address: int) -> str:
        """The id of the medium at an element's address."""
        ((identity,),) = self.rows(
            f"SELECT m.id FROM medium m JOIN place p ON p.id = m.place WHERE p.address = {address}"
        )
        return str(identity)

    def place(self, name: str) -> str:
        """Where a medium is, in words."""
        return names.whereabouts(self.medium(name))

    def mounted(self) -> list[tuple[object, ...]]:
        """The numbers of the drives in which a side is mounted, and that medium's bar code."""
        return sorted(
            self.rows(
                "SELECT d.number, m.barcode FROM place d JOIN side s ON s.id = d.mounted_side"
                " JOIN medium m ON m.id = s.medium"
            )
        )

    def rows(self, query: str) -> Iterable[tuple[object, ...]]:
        with self.context.store.reading() as reader:
            return [tuple(row) for row in reader.connection.execute(query)]

    def count(self, table: str) -> int:
        return len(list(self.rows(f"SELECT 1 FROM {table}")))


@pytest.fixture
def bench(context: Context) -> Iterator[Bench]:
    """A bench to work at; whatever a test did, the store must be sound afterwards."""
    bench = Bench(context)
    yield bench
    with context.store.writing() as writer:
        assert writer.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert writer.connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.fixture
def new_bench(tmp_path: Path, new_id: Callable[[], UUID]) -> Callable[[], Bench]:
    """Benches with a store each, for properties that begin anew with every example."""
    numbers = itertools.count()
    return lambda: Bench(surroundings(tmp_path / f"{next(numbers)}.db", new_id))


@pytest.fixture
def plain() -> type[PlainLibrary]:
    """The class of plain libraries, to make some in a test."""
    return PlainLibrary


@pytest.fixture
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without waiting for the disk: nobody pulls the plug here, and it is most of what such a test takes."""
    open_to_write = SqliteStore._open_to_write

    def hasty(store: SqliteStore) -> sqlite3.Connection:
        connection = open_to_write(store)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    monkeypatch.setattr(SqliteStore, "_open_to_write", hasty)


@pytest.fixture
def driven(unsynced: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., DrivenLibrary]:
    """Make driven libraries, which the manager opens by their devices' names; leases stay in the test's directory."""
    made: dict[str, DrivenLibrary] = {}
    hold = lease.hold

    def make(*given: Any, **wishes: Any) -> DrivenLibrary:
        library = DrivenLibrary(*given, **wishes)
        made[library.device] = library
        return library

    def open_changer(device: str, _: Clock) -> DrivenLibrary:
        made[device].happen("open")
        return made[device]

    def held(*given: Any, **wishes: Any) -> AbstractContextManager[Path]:
        for library in made.values():
            library.happen("lease")
        return hold(*given, **wishes, directory=tmp_path)

    monkeypatch.setattr("rsm.hardware.registry.open_changer", open_changer)
    monkeypatch.setattr("rsm.hardware.lease.hold", held)
    return make
