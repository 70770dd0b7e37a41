"""Listings stream rows from the store."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rsm.errors import InvalidRequest
from rsm.store.listing import COLUMNS, Listing
from rsm.store.sqlite import SqliteStore, sql


@pytest.mark.parametrize("name", COLUMNS)
def test_every_listing_has_a_cell_for_each_column(store: SqliteStore, name: str) -> None:
    """Columns and statement agree in number, also with no row to show."""
    with store.writing() as writer:
        width = len(writer.connection.execute(sql("listing." + name).replace("/*where*/", "")).description)
    assert width == len(COLUMNS[name])
    with Listing(store, name, {}) as listing:
        assert all(len(row) == width for row in listing)


def test_what_cannot_be_listed_or_filtered_is_refused(store: SqliteStore) -> None:
    """Unknown listings, filters and states are told by name."""
    for name, filters in (("tapes", {}), ("media", {"colour": "red"}), ("media", {"state": "rusty"})):
        with pytest.raises(InvalidRequest):
            Listing(store, name, dict(filters))


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("media", {}),
        ("media", {"pool": "Backup"}),
        ("media", {"library": "lib"}),
        ("events", {}),
        ("events", {"last": 5}),
    ],
)
def test_listings_need_no_sorting(store: SqliteStore, name: str, filters: dict[str, str | int]) -> None:
    """A million rows come in the order of an index, so that the first is there at once."""
    with Listing(store, name, filters) as listing, store.reading() as reader:
        plans: list[str] = []
        reader.connection.set_trace_callback(None)
        where = listing.conditions
        query = sql("listing." + name).replace("/*where*/", where)
        plans = [row[3] for row in reader.connection.execute("EXPLAIN QUERY PLAN " + query, filters)]
    outer = [plan for plan in plans if "TEMP B-TREE" in plan]
    assert outer == [], plans


def test_listing_loads_neither_model_nor_engine(store: SqliteStore) -> None:
    """Start-up is what a listing mostly costs."""
    script = (
        "import sys\nfrom rsm.session import Session\n"
        f"with Session({store.path!r}).listing('media') as rows: list(rows)\n"
        "print(*(m for m in sys.modules if m.startswith(('rsm.model', 'rsm.engine', 'rsm_', 'dataclasses', 'logging'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
