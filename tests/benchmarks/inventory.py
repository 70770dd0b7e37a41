"""Take the inventory of a simulated library of 10,000 slots, end to end, and say where the time goes.

    python tests/benchmarks/inventory.py [SLOTS]

The rival, in the same run: the bare `sqlite3` module putting the same rows into the same tables, with the same
durability, prepared beforehand. Also printed: how the whole compares with the library's own part of it, that is
with the simulated library answering and the codec decoding.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rsm.clock import SystemClock
from rsm.engine import inventory, names
from rsm.hardware import registry
from rsm.model.states import NewMedia
from rsm.session import Session
from rsm_mock.building import build
from rsm_mock.state import StateFile

Result = TypeVar("Result")

ROUNDS = 5
TABLES = ("media_type", "library", "pool", "place", "medium", "side", "event")


def seconds(act: Callable[[], Result]) -> tuple[float, Result]:
    """Carry something out and give the time it took and what it gave."""
    before = time.perf_counter()
    result = act()
    return time.perf_counter() - before, result


def bare(full: Path, directory: Path) -> float:
    """Put the rows of a finished store into an empty one through the bare module; one durable transaction."""
    with sqlite3.connect(full) as source:
        schema = [
            row[0]
            for row in source.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rootpage")
        ]
        rows = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    source.close()
    target = sqlite3.connect(directory / "bare.db", isolation_level=None)
    target.execute("PRAGMA journal_mode = WAL")
    target.execute("PRAGMA synchronous = FULL")
    for statement in schema:
        target.execute(statement)

    def fill() -> None:
        target.execute("BEGIN IMMEDIATE")
        for table, values in rows.items():
            if values:
                marks = ", ".join("?" * len(values[0]))
                target.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        target.execute("COMMIT")

    took, _ = seconds(fill)
    target.close()
    return took


def one_round(slots: int) -> dict[str, float]:
    """Give the times of one round on a fresh library and store."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        os.environ["XDG_RUNTIME_DIR"] = name
        clock = SystemClock()
        StateFile(directory / "lib.json", clock=clock).create(
            build("generic", clock=clock, slots=slots, media=slots)
        )
        device = f"mock:{directory / 'lib.json'}"
        session = Session(directory / "rsm.db")
        session.add_library(device, name="lib", new_media=NewMedia.IMPORT)
        context = session._context()
        with context.store.reading() as reader:
            library = names.library(reader, "lib")
        opening, opened = seconds(lambda: registry.open_changer(device, clock))
        with opened as changer:
            reading, seen = seconds(lambda: inventory.take(context, changer, library))
            assert len(seen.elements) > slots
            first, outcome = seconds(lambda: inventory.record(context, changer, library, seen))
            assert outcome.media == slots
            again, _ = seconds(lambda: inventory.record(context, changer, library, seen))
        return {
            "open the device": opening,
            "read every element (target answers, codec decodes)": reading,
            "compare and record, all media new": first,
            "compare and record, nothing changed": again,
            "bare sqlite3, the same rows": bare(directory / "rsm.db", directory),
        }


def main() -> None:
    """Print the medians and the ratios."""
    slots = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = [one_round(slots) for _ in range(ROUNDS)]
    median = {step: statistics.median(each[step] for each in rounds) for step in rounds[0]}
    print(f"inventory of {slots} slots, median of {ROUNDS} rounds")
    for step, took in median.items():
        print(f"  {took * 1000:8.1f} ms  {step}")
    opening, reading, first, again, floor = median.values()
    whole = opening + reading + first
    print(
        f"  {whole * 1000:8.1f} ms  a first inventory in all, {first / whole:.0%} of it in comparing and the store"
    )
    print(
        f"  store part / bare sqlite3: {first / floor:.2f}x   repeated inventory / first: {again / first:.2f}x"
    )


if __name__ == "__main__":
    main()
