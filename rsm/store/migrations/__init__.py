"""Bring a store to the schema this rsm knows: numbered SQL files, one transaction each with its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rsm.model.media_type import BUILT_IN
from rsm.model.states import SHELF_NAME, SYSTEM_POOL_NAMES, LibraryKind

if TYPE_CHECKING:
    import sqlite3

_HERE = Path(__file__).parent


def migrate(connection: sqlite3.Connection, *, done: int, wanted: int, application_id: int) -> None:
    """Apply the steps after `done` up to `wanted`; a failing step leaves the store at the one before."""
    if done == 0:
        connection.execute("PRAGMA journal_mode = WAL")
    for step in range(done + 1, wanted + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements((_HERE / f"{step:04}.sql").read_text(encoding="utf-8")):
                connection.execute(statement)
            if step == 1:
                _fill(connection)
            connection.execute(f"PRAGMA application_id = {application_id}")
            connection.execute(f"PRAGMA user_version = {step}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def statements(script: str) -> list[str]:
    """Split a script at the semicolons that end lines, comments dropped."""
    lines = (line for line in script.splitlines() if not line.lstrip().startswith("--"))
    return [part for part in (text.strip() for text in "\n".join(lines).split(";\n")) if part.rstrip(";")]


def _fill(connection: sqlite3.Connection) -> None:
    """Put in what every store has from its creation: media types, the system pools, the shelf."""
    connection.executemany(
        "INSERT INTO media_type (id, name, ntms_code, sides, read_write, device_type, cleaning)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (str(kind.id), kind.name, kind.ntms_code, kind.sides, kind.read_write, kind.device, kind.cleaning)
            for kind in BUILT_IN
        ],
    )
    connection.executemany(
        "INSERT INTO pool (id, path, kind) VALUES (?, ?, ?)",
        [(str(uuid4()), name, kind) for kind, name in SYSTEM_POOL_NAMES.items()],
    )
    connection.execute(
        "INSERT INTO library (id, name, kind, device, created) VALUES (?, ?, ?, '', 0)",
        (str(uuid4()), SHELF_NAME, LibraryKind.OFFLINE),
    )
