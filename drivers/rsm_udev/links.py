"""Names of a device below /dev: which udev made, which really lead there, and which is the most stable.

A link is trusted if it leads to the device now and no other device claims it. udev's database tells the
claims (`DEVLINKS`); in a container, which has no database, the link directories are read instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_DIRECTORIES = tuple(
    f"{shelf}/by-{what}" for what in ("serial", "id", "path") for shelf in ("changer", "tape")
)
"""Where links stand, the most stable kind of name first: by-path changes with the cabling."""

_ENDINGS = ("-changer", "-sg", "-nst", "")
"""A changer's own link, then a drive's SCSI node, then its tape node, then what may be either."""


class Database(Protocol):
    """What udev knows of a device node."""

    def properties(self, subsystem: str, name: str) -> Mapping[str, str]:
        """Give the properties of a node such as ("scsi_generic", "sg3"); empty if it knows none."""
        ...


class NoDatabase:
    """Stands in where udev cannot be asked."""

    def properties(self, subsystem: str, name: str) -> Mapping[str, str]:  # noqa: ARG002 - as the protocol has it
        """Give nothing."""
        return {}


def claimed(devices: Path, nodes: Iterable[tuple[str, str]], database: Database) -> tuple[str, ...]:
    """Give the links that these nodes claim, below `devices`, the most stable first.

    Only names of the kinds by-serial, by-id and by-path count: `/dev/tape` and the like are somebody's own.
    """
    nodes = tuple(nodes)
    told = {
        str(devices / link.removeprefix("/dev/"))
        for node in nodes
        for link in database.properties(*node).get("DEVLINKS", "").split()
    }
    kernel = {name for _, name in nodes}
    seen = {str(link) for link in _links(devices) if _target(link) in kernel}
    return tuple(
        sorted((link for link in told | seen if _rank(link, devices)), key=lambda link: _rank(link, devices))
    )


def leads_to(link: str, devices: Path, kernel: Iterable[str]) -> bool:
    """Tell whether a link leads to one of these nodes (kernel names such as sg3) now."""
    return _target(devices / link) in set(kernel)


def _target(link: Path) -> str | None:
    """Give the kernel name of the node that a link of udev names, None if it is no link."""
    try:
        return link.readlink().name
    except OSError:
        return None


def _links(devices: Path) -> Iterable[Path]:
    for directory in _DIRECTORIES:
        try:
            yield from (devices / directory).iterdir()
        except OSError:
            continue


def _rank(link: str, devices: Path) -> tuple[int, int, str] | tuple[()]:
    """Give what links are ordered by, nothing for a link of another kind."""
    directory, _, name = link.removeprefix(f"{devices}/").rpartition("/")
    if directory not in _DIRECTORIES:
        return ()
    ending = next(at for at, ending in enumerate(_ENDINGS) if name.endswith(ending))
    return (_DIRECTORIES.index(directory), ending, name)
