"""The schema: the dump of each released version stays, and migrating leads to the present one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsm.store import migrations
from rsm.store.sqlite import VERSION, SqliteStore

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"


def schema(store: SqliteStore) -> str:
    """The schema as SQLite keeps it, in a stable order."""
    with store.reading() as reader:
        rows = reader.connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
        ).fetchall()
    return ";\n\n".join(row[0] for row in rows) + ";\n"


def test_the_schema_is_the_recorded_one(store: SqliteStore) -> None:
    """A change of schema is a new migration, not an edit of an old one: compare with the dump of this version."""
    assert schema(store) == (SCHEMAS / f"{VERSION:04}.sql").read_text()


def test_a_failing_migration_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is one transaction together with its record."""
    (tmp_path / "0001.sql").write_text("CREATE TABLE a (x);\nCREATE TABLE a (x);\n")
    monkeypatch.setattr(migrations, "_HERE", tmp_path)
    store = SqliteStore(str(tmp_path / "rsm.db"))
    with pytest.raises(Exception, match="already exists"), store.writing():
        pass
    monkeypatch.undo()
    with store.writing() as writer:
        assert writer.all("pool.types")


def test_every_store_has_its_types_pools_and_shelf(store: SqliteStore) -> None:
    """Media types, the three system pools and the fixed off-line library are there from the start."""
    with store.reading() as reader:
        assert {"LTO-9", "LTO-9 WORM", "LTO-7 M8", "Cleaning"} <= {
            row["name"] for row in reader.all("pool.types")
        }
        assert [row[0] for row in reader.connection.execute("SELECT path FROM pool ORDER BY path")] == [
            "Free",
            "Import",
            "Unrecognized",
        ]
        assert reader.value("library.shelf") is not None
