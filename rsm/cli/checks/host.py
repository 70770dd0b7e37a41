"""What is examined: the places of one machine as arguments, and the findings about them."""

from __future__ import annotations

import grp
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rsm.errors import StoreFailure
from rsm.hardware import discovery
from rsm.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from rsm.clock import Clock
    from rsm.hardware.discovery import Found


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One thing that was looked at."""

    level: Level
    text: str
    hint: str | None = None
    """The next step, as words or as a command."""
    check: str = ""
    """The name of the check, which `examine` fills in."""


def ok(text: str) -> Finding:
    """Say that something is well."""
    return Finding(Level.OK, text)


def warning(text: str, hint: str | None = None) -> Finding:
    """Say that something may become a problem, or makes work harder than it need be."""
    return Finding(Level.WARNING, text, hint)


def problem(text: str, hint: str | None = None) -> Finding:
    """Say that something does not work."""
    return Finding(Level.PROBLEM, text, hint)


class Library(NamedTuple):
    """A library as the store has it."""

    id: str
    name: str
    device: str
    vendor: str
    product: str
    serial: str
    stale: bool
    inventoried: str | None


class Host:
    """A machine with its store; everything is looked at when it is first asked for, once."""

    def __init__(
        self,
        *,
        root: Path,
        store: str,
        clock: Clock,
        leases: Callable[[], Path],
        look: Callable[[], Found] = discovery.discover,
        groups: Callable[[str], bool] | None = None,
    ) -> None:
        self.root = root
        self.sysfs = root / "sys"
        self.store = store
        self.clock = clock
        self.leases = leases
        """Gives the directory of leases; may raise `Unavailable`."""
        self.has_group = groups or _has_group
        self._look = look

    @cached_property
    def found(self) -> Found:
        """The devices that are attached."""
        return self._look()

    @cached_property
    def libraries(self) -> tuple[Library, ...]:
        """The libraries of the store; none if it cannot be read, which the check `store` tells."""
        try:
            with SqliteStore(self.store).reading() as reader:
                names = [row["name"] for row in reader.all("library.names")]
                rows = [reader.one("library.by_name", name=name) for name in names]
        except StoreFailure:
            return ()
        return tuple(
            Library(
                row["id"],
                row["name"],
                row["device"],
                row["vendor"],
                row["product"],
                row["serial"],
                bool(row["stale"]),
                row["inventoried"],
            )
            for row in rows
            if row is not None
        )


def this_host(store: str | None, clock: Clock) -> Host:
    """Give the machine that this process runs on."""
    from rsm.hardware.lease import lease_directory
    from rsm.store.location import default_path

    return Host(root=Path("/"), store=store or default_path(), clock=clock, leases=lease_directory)


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
