"""A store in a temporary directory, a plain library to look at, and ids that count."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

import pytest

from rsm.clock import JumpingClock
from rsm.engine import inventory, libraries, names
from rsm.engine.context import Context
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
from rsm.model.outcome import InventoryOutcome
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

    def look(self, changer: PlainLibrary, name: str = "lib") -> InventoryOutcome:
        library = self.library(name)
        return inventory.record(self.context, changer, library, inventory.take(changer))

    def library(self, name: str = "lib") -> Library:
        with self.context.store.reading() as reader:
            return names.library(reader, name)

    def medium(self, name: str) -> Medium:
        with self.context.store.reading() as reader:
            return names.medium(reader, name)

    def place(self, name: str) -> str:
        """Where a medium is, in words."""
        return names.whereabouts(self.medium(name))

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
