"""The changers and tape drives in sysfs, a path each: no command is sent and no right is needed.

`/sys/class/scsi_generic/sgN/device`, `/sys/class/scsi_changer/schN/device` and
`/sys/class/scsi_tape/nstN/device` lead to one directory for each path to a device, named H:C:T:L
(scsi.md §4, step 1). `/sys/bus/scsi/devices` has it even where no module made a node.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rsm_udev import pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAPE, CHANGER = 1, 8
"""Peripheral device types."""

_ADDRESS = re.compile(r"\d+:\d+:\d+:\d+")
_SESSION = re.compile(r"session\d+")
_TAPE_NODE = re.compile(r"n?st\d+")


class TreePath(NamedTuple):
    """One path to a changer or tape drive, as sysfs shows it."""

    type: int
    address: str
    """H:C:T:L."""
    vendor: str
    product: str
    revision: str
    serial: str
    """Unit serial number, "" if the kernel got none."""
    world_wide_names: tuple[str, ...]
    sg: str | None
    """Kernel name of the generic node, such as sg3."""
    node: str | None
    """Kernel name of the non-rewinding tape node or of the changer driver's node."""
    tape: str | None
    """Kernel name of the rewinding tape node, to which udev ties some names."""
    iscsi_target: str
    """Name of the iSCSI target, "" on other transports."""
    attached_changer: bool

    @property
    def target(self) -> str:
        """Host adapter, channel and target, without the logical unit."""
        return self.address.rpartition(":")[0]

    @property
    def nodes(self) -> tuple[tuple[str, str], ...]:
        """Its nodes as (subsystem, kernel name), for the udev database."""
        driven = "scsi_changer" if self.type == CHANGER else "scsi_tape"
        named = (("scsi_generic", self.sg), (driven, self.node), (driven, self.tape))
        return tuple((subsystem, name) for subsystem, name in named if name)


def paths(sysfs: Path) -> tuple[TreePath, ...]:
    """Give every path to a changer or tape drive, in the order of their addresses."""
    found = {}
    for directory in _directories(sysfs):
        kind = _number(directory / "type")
        if kind in {TAPE, CHANGER} and _ADDRESS.fullmatch(directory.name):
            found[directory.name] = _path(sysfs, directory, kind)
    return tuple(sorted(found.values(), key=lambda path: tuple(map(int, path.address.split(":")))))


def _directories(sysfs: Path) -> Iterator[Path]:
    for subsystem in ("scsi_generic", "scsi_tape", "scsi_changer"):
        for entry in _entries(sysfs / "class" / subsystem):
            yield (entry / "device").resolve()
    for entry in _entries(sysfs / "bus/scsi/devices"):
        yield entry.resolve()


def _path(sysfs: Path, directory: Path, kind: int) -> TreePath:
    driven = "scsi_changer" if kind == CHANGER else "scsi_tape"
    nodes = [entry.name for entry in _entries(directory / driven)]
    tapes = sorted(name for name in nodes if _TAPE_NODE.fullmatch(name))
    sgs = [entry.name for entry in _entries(directory / "scsi_generic")]
    return TreePath(
        type=kind,
        address=directory.name,
        vendor=_text(directory / "vendor"),
        product=_text(directory / "model"),
        revision=_text(directory / "rev"),
        serial=pages.serial(_bytes(directory / "vpd_pg80")),
        world_wide_names=pages.world_wide_names(_bytes(directory / "vpd_pg83")),
        sg=next(iter(sgs), None),
        node=next(iter(tapes if kind == TAPE else nodes), None),
        tape=next((name for name in tapes if not name.startswith("n")), None),
        iscsi_target=_iscsi_target(sysfs, directory),
        attached_changer=kind == TAPE and pages.attached_changer(_bytes(directory / "inquiry")),
    )


def _iscsi_target(sysfs: Path, directory: Path) -> str:
    session = next((part for part in directory.parts if _SESSION.fullmatch(part)), None)
    return _text(sysfs / "class/iscsi_session" / session / "targetname") if session else ""


def _entries(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir(), key=lambda entry: (len(entry.name), entry.name))
    except OSError:
        return []


def _bytes(file: Path) -> bytes:
    """Give what a file of sysfs holds, nothing if it is not there: the device may go while we look."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _text(file: Path) -> str:
    return _bytes(file).decode("latin-1").strip(" \0\n")


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text.isdecimal() else None
