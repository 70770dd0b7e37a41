"""Listings: rows from the store to a person or a program, one at a time, without the model.

This path is what `rsm media list` starts, so it imports nothing that it does not need: a million media are
listed in the memory that a hundred take.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rsm.errors import InvalidRequest
from rsm.store.sqlite import sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from rsm.store.sqlite import Reader, SqliteStore

Cell = str | int | float | bool | None

COLUMNS: dict[str, tuple[str, ...]] = {
    "media": ("barcode", "type", "pool", "state", "library", "place", "home", "condition", "id"),
    "libraries": (
        "name",
        "kind",
        "device",
        "vendor",
        "product",
        "serial",
        "drives",
        "slots",
        "ports",
        "media",
        "new_media",
        "state",
        "inventoried",
        "id",
    ),
    "drives": (
        "library",
        "drive",
        "state",
        "barcode",
        "side",
        "node",
        "serial",
        "address",
        "mounts",
        "condition",
        "medium_id",
        "id",
    ),
    "pools": (
        "path",
        "kind",
        "type",
        "media",
        "available",
        "allocated",
        "draws_from_free",
        "returns_to_free",
        "max_allocates",
        "id",
    ),
    "events": ("number", "time", "kind", "library", "barcode", "text", "actor"),
    "types": ("name", "ntms_code", "sides", "read_write", "device", "cleaning", "id"),
}
"""The columns of each listing, in the order of its statement in `statements/listing.sql`."""

_FILTERS: dict[str, dict[str, str]] = {
    "media": {
        "library": "m.library = (SELECT id FROM library WHERE name = :library)",
        "pool": "m.pool = (SELECT id FROM pool WHERE path = :pool)",
        "type": "m.media_type = :type",
        "state": "EXISTS (SELECT 1 FROM side WHERE medium = m.id AND state = :state)",
    },
    "libraries": {"library": "l.name = :library"},
    "drives": {"library": "l.name = :library"},
    "pools": {"kind": "p.kind = :kind"},
    "events": {
        "library": "e.library = (SELECT id FROM library WHERE name = :library)",
        "medium": "e.medium = :medium",
        "since": "e.number > :since",
        "last": "e.number > (SELECT coalesce(max(number), 0) FROM event) - :last",
    },
    "types": {},
}
_ALWAYS = {"drives": "d.kind = 5"}
_TIMES = {"libraries": COLUMNS["libraries"].index("inventoried"), "events": COLUMNS["events"].index("time")}
_FLAGS = {
    "pools": tuple(COLUMNS["pools"].index(name) for name in ("draws_from_free", "returns_to_free")),
    "types": (COLUMNS["types"].index("cleaning"),),
}


STATES = (
    "unknown",
    "unprepared",
    "incompatible",
    "decommissioned",
    "available",
    "allocated",
    "complete",
    "unrecognized",
    "import",
    "reserved",
)
"""The words for a side's states, at their NTMS numbers."""


class Listing:
    """Rows of one listing: iterate once, inside `with`; the store is read as of one moment."""

    def __init__(self, store: SqliteStore, name: str, filters: dict[str, str | int]) -> None:
        if name not in COLUMNS:
            raise InvalidRequest(f"there is no listing {name!r}", hint="known: " + ", ".join(COLUMNS))
        unknown = filters.keys() - _FILTERS[name].keys()
        if unknown:
            raise InvalidRequest(f"the listing {name} cannot be filtered by {', '.join(sorted(unknown))}")
        state = filters.get("state")
        if isinstance(state, str):
            if state not in STATES:
                raise InvalidRequest(f"no side is ever {state!r}", hint="states: " + ", ".join(STATES))
            filters = {**filters, "state": STATES.index(state)}
        self.columns = COLUMNS[name]
        self._name = name
        self._filters = filters
        self._reading: AbstractContextManager[Reader] = store.reading()
        self._reader: Reader | None = None

    def __enter__(self) -> Self:
        """Open the store to read; raises `StoreFailure` and its kin."""
        self._reader = self._reading.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the store back; what went wrong inside is told as a `StoreFailure` if it was the store's."""
        self._reading.__exit__(kind, error, traceback)

    @property
    def conditions(self) -> str:
        """The WHERE clause that the filters make, or nothing."""
        given = [_FILTERS[self._name][name] for name in self._filters]
        conditions = [*([_ALWAYS[self._name]] if self._name in _ALWAYS else []), *given]
        return "WHERE " + " AND ".join(conditions) if conditions else ""

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        """Give each row as a tuple in the order of `columns`."""
        if self._reader is None:
            raise RuntimeError("a listing is read inside its with block")
        cursor = self._reader.connection.cursor()
        cursor.row_factory = None
        rows = cursor.execute(
            sql("listing." + self._name).replace("/*where*/", self.conditions), self._filters
        )
        at = _TIMES.get(self._name)
        if at is not None:
            return (_with(row, at, moment(row[at])) for row in rows)
        flags = _FLAGS.get(self._name)
        if flags:
            return (tuple(bool(cell) if i in flags else cell for i, cell in enumerate(row)) for row in rows)
        return rows


def moment(milliseconds: int | None) -> str | None:
    """Give a time of the store as ISO 8601 in UTC, to the second."""
    if milliseconds is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))


def _with(row: tuple[Cell, ...], at: int, value: Cell) -> tuple[Cell, ...]:
    return (*row[:at], value, *row[at + 1 :])
