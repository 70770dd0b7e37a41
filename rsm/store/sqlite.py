"""The store in one SQLite file: write-ahead log, synchronous=FULL, one writer at a time through the gate."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rsm.errors import InvalidRequest, StoreFailure, StoreFromFuture, StoreFull, StoreReadOnly
from rsm.store import gate
from rsm.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

APPLICATION_ID = 0x52534D31
"""`RSM1`, in the SQLite header: tells our file from any other database."""

VERSION = 1
"""The schema this rsm knows; `migrations` brings older stores here, newer ones are left alone."""

Row = sqlite3.Row


class Reader:
    """A consistent view of the store: every statement sees the same moment."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self.path = path

    def all(self, statement: str, **values: object) -> list[Row]:
        """Give all rows of the statement `TOPIC.NAME`."""
        return self.connection.execute(sql(statement), values).fetchall()

    def one(self, statement: str, **values: object) -> Row | None:
        """Give the first row of the statement, or None."""
        row: Row | None = self.connection.execute(sql(statement), values).fetchone()
        return row

    def value(self, statement: str, **values: object) -> Any:
        """Give the first column of the first row, or None."""
        row = self.one(statement, **values)
        return None if row is None else row[0]


class Writer(Reader):
    """A transaction: committed as a whole when its block ends, rolled back when it raises."""

    def run(self, statement: str, **values: object) -> int:
        """Carry the statement out and give the number of rows it changed."""
        return self.connection.execute(sql(statement), values).rowcount

    def many(self, statement: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Carry the statement out once for each row of values; gives the number of rows changed."""
        return self.connection.executemany(sql(statement), rows).rowcount


class SqliteStore:
    """The store at one path; holds no connection between transactions."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)  # noqa: PTH100 - pathlib costs a listing 5 ms of start-up

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Give a `Reader`; raises `StoreFailure` and its kin, `NoStore` while there is none."""
        with self._translated():
            alone = not self._can_share_a_log()
            before = self._stamp() if alone else None
            connection = self._open_to_read(alone=alone)
            try:
                connection.execute("BEGIN")
                yield Reader(connection, self.path)
            finally:
                connection.close()
                if alone and self._stamp() != before:
                    raise StoreFailure(
                        f"the store {self.path} was written while it was being read",
                        hint="read again; with the right to write its directory reading and writing can go together",
                    )

    @contextmanager
    def writing(self, *, create: bool = True) -> Iterator[Writer]:
        """Give a `Writer` inside the gate; the store is brought up to date on the way.

        Where there is none it is made, or `NoStore` raised if `create` is False.
        """
        if not create and not os.path.exists(self.path):  # noqa: PTH110 - pathlib costs start-up time
            raise self._missing()
        self._make_directory()
        with gate.entered(self.path), self._translated():
            connection = self._open_to_write()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield Writer(connection, self.path)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                connection.close()

    def _open_to_read(self, *, alone: bool) -> sqlite3.Connection:
        if not os.path.exists(self.path):  # noqa: PTH110 - pathlib costs a listing 5 ms of start-up
            raise self._missing()
        if not os.access(self.path, os.R_OK):
            raise StoreReadOnly(
                f"the store {self.path} may not be read by you",
                hint="name another store with --store or $RSM_STORE, or ask its owner",
            )
        connection = self._connect("ro&immutable=1" if alone else "ro")
        try:
            version = self._check(connection)
        except BaseException:
            connection.close()
            raise
        if version == 0:
            connection.close()
            raise self._missing()
        return connection

    def _missing(self) -> NoStore:
        return NoStore(
            f"there is no store at {self.path}",
            hint="add a library first: rsm library add DEVICE; or look around with rsm demo",
        )

    def _can_share_a_log(self) -> bool:
        """Tell whether the write-ahead log can be used: it is there, or its directory lets us make one.

        Where it cannot, and no log is there, the file alone is the whole store as of the last commit, for as
        long as nobody writes.
        """
        directory = os.path.dirname(self.path)  # noqa: PTH120 - pathlib costs a listing 5 ms of start-up
        if os.path.exists(self.path + "-wal"):  # noqa: PTH110 - likewise
            return True
        return os.access(directory, os.W_OK) and not self._is_full()

    def _is_full(self) -> bool:
        try:
            return os.statvfs(self.path).f_bavail == 0
        except OSError:
            return False

    def _stamp(self) -> tuple[int, int, bool] | None:
        """Give what changes when somebody writes the store."""
        try:
            state = os.stat(self.path)  # noqa: PTH116 - as above
        except OSError:
            return None
        return state.st_mtime_ns, state.st_size, os.path.exists(self.path + "-wal")  # noqa: PTH110 - as above

    def _open_to_write(self) -> sqlite3.Connection:
        # SQLite would make it 0640; its log takes the rights of the file.
        gate.make_shared(self.path)
        connection = self._connect("rw")
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            version = self._check(connection)
            if version < VERSION:
                from rsm.store import migrations  # noqa: PLC0415 - a store is migrated once, listed often

                migrations.migrate(connection, done=version, wanted=VERSION, application_id=APPLICATION_ID)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(self.path))}?mode={mode}", uri=True, isolation_level=None, timeout=30
        )
        connection.row_factory = sqlite3.Row
        return connection

    def _check(self, connection: sqlite3.Connection) -> int:
        """Give the schema version, 0 for an empty file; raise if this is not ours or not of our time."""
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            if (
                application == 0
                and not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            ):
                return 0
            raise StoreFailure(
                f"{self.path} is a database, but not rsm's",
                hint="name another store with --store or $RSM_STORE",
            )
        if version > VERSION:
            raise StoreFromFuture(
                f"the store {self.path} has schema {version}, and this rsm knows {VERSION}",
                hint="use the newer rsm that wrote it; nothing was changed",
            )
        return version

    def _make_directory(self) -> None:
        directory = os.path.dirname(self.path)  # noqa: PTH120 - as above
        try:
            os.makedirs(directory, mode=0o770, exist_ok=True)  # noqa: PTH103 - as above
        except OSError as error:
            raise gate.refused(error, self.path) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what SQLite says into our errors, once, at this edge."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._translate(error) from error
        except OverflowError as error:
            raise InvalidRequest("a number is too large to be kept") from error

    def _translate(self, error: sqlite3.Error) -> StoreFailure:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and os.path.isdir(self.path):  # noqa: PTH112 - as above
            return StoreFailure(
                f"{self.path} is a directory, not a store", hint="name a file with --store or $RSM_STORE"
            )
        if name.startswith("SQLITE_FULL") or (name.startswith("SQLITE_IOERR") and self._is_full()):
            return StoreFull(
                f"no space left for the store {self.path}", hint="free some space; nothing was changed"
            )
        kinds: tuple[tuple[tuple[str, ...], type[StoreFailure], str, str], ...] = (
            (
                ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"),
                StoreReadOnly,
                "cannot be written or its log cannot be made",
                "check the rights of the file and of its directory",
            ),
            (
                ("SQLITE_NOTADB", "SQLITE_CORRUPT"),
                StoreFailure,
                "is damaged or no database at all",
                "put it aside and restore a backup; rsm leaves it as it is",
            ),
            (("SQLITE_IOERR",), StoreFailure, f"cannot be read or written: {error}", "look at the disk"),
        )
        for codes, kind, what, hint in kinds:
            if name.startswith(codes):
                return kind(f"the store {self.path} {what}", hint=hint)
        return StoreFailure(f"the store {self.path} failed: {error}")


class NoStore(StoreFailure):
    """There is no store yet; only the verbs that write make one."""


@cache
def _topic(name: str) -> dict[str, str]:
    return load(name)


def sql(statement: str) -> str:
    """Give the text of the statement `TOPIC.NAME`."""
    topic, _, name = statement.partition(".")
    return _topic(topic)[name]
