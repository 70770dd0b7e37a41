"""A store of any size for benchmarks, filled directly: libraries of 10,000 slots, each full of LTO-9."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from rsm.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOTS = 10_000
"""Slots of each library."""

_LIBRARY = (
    "INSERT INTO library (id, name, kind, device, vendor, product, serial, inventoried, created)"
    " VALUES (?, ?, 2, ?, 'RSM', 'BENCHMARK', ?, 0, 0)"
)
_POOL = "INSERT INTO pool (id, path, kind, media_type) VALUES ('backup', 'Backup', 1000, 'LTO-9')"
_PLACE = "INSERT INTO place (id, library, kind, address, number, full_seen) VALUES (?, ?, 16, ?, ?, 1)"
_MEDIUM = (
    "INSERT INTO medium (id, barcode, barcode_state, identity, media_type, pool, library, place, home, created)"
    " VALUES (?, ?, 1, 'bar code', 'LTO-9', 'backup', ?, ?, ?, 0)"
)
_SIDE = "INSERT INTO side (id, medium, number, state, pool, barcode) VALUES (?, ?, 1, ?, 'backup', ?)"


def fill(path: Path, media: int) -> None:
    """Make a store with that many media, in the schema of today but not by its transactions, which would last."""
    with SqliteStore(str(path)).writing():
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute(_POOL)
        libraries = range((media + SLOTS - 1) // SLOTS)
        connection.executemany(
            _LIBRARY, ((f"library-{n}", f"lib{n}", f"/dev/sg{n}", f"S{n}") for n in libraries)
        )
        connection.executemany(
            _PLACE,
            ((_id("place", n), f"library-{n // SLOTS}", n % SLOTS, n % SLOTS + 1) for n in range(media)),
        )
        connection.executemany(_MEDIUM, _media(media))
        connection.executemany(
            _SIDE, ((_id("side", n), _id("medium", n), 4 + n % 2, _barcode(n)) for n in range(media))
        )
        connection.execute("COMMIT")


def _media(count: int) -> Iterator[tuple[str, ...]]:
    for number in range(count):
        place = _id("place", number)
        yield _id("medium", number), _barcode(number), f"library-{number // SLOTS}", place, place


def _id(kind: str, number: int) -> str:
    """Give something as long and as little ordered as a UUID."""
    return f"{number * 2654435761 % 2**32:08x}-{kind:>27.27}"


def _barcode(number: int) -> str:
    return f"{number:06X}L9"
