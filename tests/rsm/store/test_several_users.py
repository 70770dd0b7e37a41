"""A store that several users share, some of whom may only read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from rsm.errors import StoreFailure, UnknownPool
from rsm.session import Session
from rsm.store.sqlite import NoStore, SqliteStore


def test_whoever_may_write_the_store_may_pass_its_gate(tmp_path: Path) -> None:
    """Both files have the same rights, whatever the common umask would leave of them."""
    before = os.umask(0o022)
    try:
        with SqliteStore(str(tmp_path / "rsm.db")).writing():
            pass
    finally:
        os.umask(before)
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert rights["rsm.db.gate"] == rights["rsm.db"]


def test_an_empty_file_is_no_store(tmp_path: Path) -> None:
    """A process may have been killed between making the file and filling it; the next writer fills it."""
    (tmp_path / "rsm.db").touch()
    store = SqliteStore(str(tmp_path / "rsm.db"))
    with pytest.raises(NoStore):
        Session(store.path).library("lib")
    with store.writing():
        pass
    with pytest.raises(UnknownPool):
        Session(store.path).pool("Backup")


def test_a_reader_who_cannot_share_the_log_is_told_when_the_store_was_written(
    store: SqliteStore, mocker: Any
) -> None:
    """Such a reader reads the bare file, which holds one moment only as long as nobody writes it."""
    for path in Path(store.path).parent.glob("rsm.db-*"):
        path.unlink()
    access = mocker.patch("rsm.store.sqlite.os.access", side_effect=lambda _, mode: mode == os.R_OK)
    with pytest.raises(StoreFailure, match="written while it was being read"), store.reading():
        mocker.stop(access)
        with store.writing() as writer:
            writer.run("journal.event", at=1, kind="k", library=None, medium=None, text="t", actor="a")


def test_a_user_without_a_name_is_called_by_number(tmp_path: Path, mocker: Any) -> None:
    """A container may run under a uid that no password file knows."""
    mocker.patch("pwd.getpwuid", side_effect=KeyError)
    session = Session(tmp_path / "rsm.db")
    session.create_pool("Backup")
    with session.listing("events") as rows:
        (event,) = [dict(zip(rows.columns, row, strict=True)) for row in rows]
    assert f"uid {os.getuid()}" in str(event)
