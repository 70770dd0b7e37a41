"""The store and what it says: damage, libraries that are not where they were, moves without an end."""

from __future__ import annotations

import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rsm.cli.checks.host import ok, problem, warning
from rsm.errors import StoreFailure
from rsm.store.sqlite import NoStore, SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.cli.checks.host import Finding, Host, Library
    from rsm.hardware.discovery import FoundDevice

_WAL_RESET_FIXED = (3, 51, 3)
"""SQLite before this may, rarely, damage a database when two connections reset its log at one moment."""


def store(host: Host) -> Iterator[Finding]:
    """Tell whether the store can be read, is of this rsm's schema, and has no damage that SQLite finds."""
    try:
        with SqliteStore(host.store).reading() as reader:
            said = [row[0] for row in reader.connection.execute("PRAGMA quick_check(5)")]
            version = reader.connection.execute("PRAGMA user_version").fetchone()[0]
    except NoStore:
        yield warning(f"there is no store at {host.store} yet", "rsm discover, then rsm library add DEVICE")
        return
    except StoreFailure as error:
        yield problem(str(error), error.hint)
        return
    if said == ["ok"]:
        yield ok(f"{host.store} is whole, with schema {version}")
    else:
        yield problem(
            f"{host.store} is damaged: {'; '.join(said)}",
            "stop every rsm, put the store aside and restore a backup",
        )


def sqlite(_: Host) -> Iterator[Finding]:
    """Give the version of SQLite, and say if it is one whose log must be written by rsm alone."""
    if sqlite3.sqlite_version_info >= _WAL_RESET_FIXED:
        yield ok(f"SQLite {sqlite3.sqlite_version}")
    else:
        yield ok(
            f"SQLite {sqlite3.sqlite_version}, which has the WAL-reset bug (until 3.51.3): rsm's gate keeps it"
            " away, so let nothing but rsm write the store"
        )


def libraries(host: Host) -> Iterator[Finding]:
    """Tell which libraries are not where they were, or are another device now."""
    for library in host.libraries:
        if library.device.startswith("mock:"):
            yield from _simulated(library)
        elif library.device.startswith("/"):
            yield _attached(host, library)


def _simulated(library: Library) -> Iterator[Finding]:
    if not Path(library.device.removeprefix("mock:")).is_file():
        yield problem(
            f"{library.name}: the simulated library {library.device} is gone",
            f"rsm library remove {library.name}",
        )


def _attached(host: Host, library: Library) -> Finding:
    path = host.root / library.device.removeprefix("/")
    there = _behind(host, path)
    same = next((device for device in host.found.changers + host.found.drives if _is(device, library)), None)
    if there is not None and (not library.serial or _is(there, library)):
        return ok(f"{library.name} is at {library.device}")
    what = f"{library.vendor} {library.product}, serial {library.serial or 'unknown'}"
    if there is not None:
        other = (
            f"{there.identity.vendor} {there.identity.product}, serial {there.identity.serial or 'unknown'}"
        )
        said = f"{library.name} ({what}): {library.device} is another device, {other}"
    elif path.exists():
        return warning(f"{library.name}: {library.device} is there, but no discovery driver tells who it is")
    else:
        said = f"{library.name} ({what}): {library.device} is gone"
    if same is not None and same.name is not None:
        return problem(f"{said}; it is at {same.name} now", "give a stable name: rsm discover shows it")
    return problem(said, "check its power, its cable or its iSCSI session; rsm discover shows what is there")


def _behind(host: Host, path: Path) -> FoundDevice | None:
    """Give the device that a name leads to now."""
    if not path.exists():
        return None
    kernel = path.resolve().name
    for found in host.found.devices:
        if kernel in {Path(node).name for node in found.nodes}:
            return found
    return None


def _is(device: FoundDevice, library: Library) -> bool:
    identity = device.identity
    return bool(library.serial) and (identity.vendor, identity.product, identity.serial) == (
        library.vendor,
        library.product,
        library.serial,
    )


def inventories(host: Host) -> Iterator[Finding]:
    """Tell which libraries ought to be looked at, because something happened since the last look."""
    for library in host.libraries:
        look = f"rsm library inventory {library.name}"
        if library.inventoried is None:
            yield warning(f"{library.name} was never looked at", look)
        elif library.stale:
            yield warning(f"{library.name} may hold other media than recorded", look)


def intents(host: Host) -> Iterator[Finding]:
    """Tell of moves without a recorded end, which the next look at the library settles."""
    for library in host.libraries:
        with SqliteStore(host.store).reading() as reader:
            intent = reader.one("journal.open_intent", library=library.id)
        if intent is not None:
            yield warning(
                f"{library.name}: a move from element {intent['source']} to {intent['destination']} by"
                f" {intent['holder']} has no recorded end",
                f"rsm library inventory {library.name}",
            )


def rich(_: Host) -> Iterator[Finding]:
    """Tell whether the package rich is there, which draws live views; all else works without it."""
    if find_spec("rich") is not None:
        yield ok("the package rich is installed")
    else:
        yield warning(
            "the package rich is not installed: there is no live view", "pip install 'rsm-linux[rich]'"
        )
