"""The store on disk: made, guarded, and honest about what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from rsm.errors import StoreFailure, StoreFromFuture, StoreFull, StoreReadOnly
from rsm.store.sqlite import NoStore, SqliteStore


def types(store: SqliteStore) -> int:
    """How many media types a store knows."""
    with store.reading() as reader:
        return len(reader.all("pool.types"))


def test_reading_makes_no_store(tmp_path: Path) -> None:
    """Only a verb that writes makes a store; a listing says that there is none."""
    store = SqliteStore(str(tmp_path / "rsm.db"))
    with pytest.raises(NoStore, match="no store"), store.reading():
        pass
    assert list(tmp_path.iterdir()) == []


def test_writing_makes_directory_and_store_for_owner_and_group(tmp_path: Path) -> None:
    """Files are 0660 at most: what is where is nobody else's business."""
    store = SqliteStore(str(tmp_path / "deep" / "er" / "rsm.db"))
    with store.writing():
        pass
    assert types(store) > 40
    for path in (tmp_path / "deep" / "er").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0, path


def test_a_transaction_is_whole_or_not_at_all(store: SqliteStore) -> None:
    """What raises inside its block leaves nothing behind."""
    with pytest.raises(ZeroDivisionError), store.writing() as writer:
        writer.connection.execute("DELETE FROM pool")
        raise ZeroDivisionError
    with store.reading() as reader:
        assert len(reader.all("pool.types")) > 40
        assert reader.connection.execute("SELECT count(*) FROM pool").fetchone()[0] == 3


def test_a_reader_sees_one_moment(store: SqliteStore) -> None:
    """A listing under way is not disturbed by a writer."""
    with store.reading() as reader:
        before = reader.connection.execute("SELECT count(*) FROM event").fetchone()
        with store.writing() as writer:
            writer.run("journal.event", at=1, kind="k", library=None, medium=None, text="t", actor="a")
        assert reader.connection.execute("SELECT count(*) FROM event").fetchone() == before


def test_a_killed_writer_leaves_what_was_committed(store: SqliteStore) -> None:
    """SIGKILL in the middle of a transaction frees the gate and undoes the half that was written."""
    script = f"""
        import os, signal
        from rsm.store.sqlite import SqliteStore
        with SqliteStore({store.path!r}).writing() as writer:
            writer.connection.execute("DELETE FROM media_type")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -9
    assert types(store) > 40
    with store.writing() as writer:
        assert writer.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_writers_from_many_processes_take_turns(store: SqliteStore) -> None:
    """No lock error reaches a caller, and no increment is lost."""
    script = f"""
        from rsm.store.sqlite import SqliteStore
        store = SqliteStore({store.path!r})
        for _ in range(20):
            with store.writing() as writer:
                writer.run("journal.event", at=1, kind="k", library=None, medium=None, text="t", actor="a")
    """
    crowd = [subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)]) for _ in range(5)]
    assert [each.wait() for each in crowd] == [0] * 5
    with store.reading() as reader:
        assert reader.connection.execute("SELECT count(*) FROM event").fetchone()[0] == 100


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be taken for one" * 40, b"\0" * 8192]
)
def test_garbage_is_left_alone_and_named(tmp_path: Path, content: bytes) -> None:
    """A file that is no database gives one clear sentence and keeps its bytes."""
    path = tmp_path / "rsm.db"
    path.write_bytes(content)
    store = SqliteStore(str(path))
    for way in (store.reading, store.writing):
        with pytest.raises(StoreFailure, match=r"rsm\.db"), way():
            pass
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """Any other SQLite file is refused before anything is written to it."""
    path = tmp_path / "rsm.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreFailure, match="not rsm's"), SqliteStore(str(path)).writing():
        pass
    assert path.read_bytes() == before


def test_a_store_from_the_future_is_left_alone(store: SqliteStore) -> None:
    """A newer rsm's store is neither read nor written."""
    connection = sqlite3.connect(store.path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    for way in (store.reading, store.writing):
        with pytest.raises(StoreFromFuture, match="999"), way():
            pass


def test_a_store_that_nobody_may_write_can_still_be_listed(store: SqliteStore, mocker: Any) -> None:
    """Reading a read-only file in a read-only directory needs no log beside it."""
    for path in Path(store.path).parent.glob("rsm.db-*"):
        path.unlink()
    mocker.patch("rsm.store.sqlite.os.access", side_effect=lambda _, mode: mode == os.R_OK)
    assert types(store) > 40
    assert not Path(store.path + "-wal").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; the next test stands in for it")
def test_a_read_only_directory_is_told(tmp_path: Path) -> None:
    """Without the right to write there is one clear sentence."""
    tmp_path.chmod(0o500)
    with pytest.raises(StoreReadOnly), SqliteStore(str(tmp_path / "rsm.db")).writing():
        pass


@pytest.mark.parametrize(
    ("number", "error"), [(30, StoreReadOnly), (13, StoreReadOnly), (28, StoreFull), (5, StoreFailure)]
)
def test_what_the_system_refuses_is_translated(tmp_path: Path, mocker: Any, number: int, error: type) -> None:
    """Read-only file system, missing rights, full disk and broken disk each have their error."""
    mocker.patch("rsm.store.gate.os.open", side_effect=OSError(number, os.strerror(number)))
    with pytest.raises(error), SqliteStore(str(tmp_path / "rsm.db")).writing():
        pass


def test_a_full_disk_costs_nothing(store: SqliteStore) -> None:
    """When no space is left the transaction is rolled back and the store stays readable."""
    with pytest.raises(StoreFull, match="no space"), store.writing() as writer:
        pages = writer.connection.execute("PRAGMA page_count").fetchone()[0]
        writer.connection.execute(f"PRAGMA max_page_count = {pages}")
        for _ in range(20000):
            writer.run("journal.event", at=1, kind="k", library=None, medium=None, text="t" * 500, actor="a")
    with store.reading() as reader:
        assert reader.connection.execute("SELECT count(*) FROM event").fetchone()[0] == 0
