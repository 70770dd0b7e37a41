"""The tape drives of this machine as sysfs shows them: no command is sent and no right is needed.

`/sys/class/scsi_generic/sgN/device` is the device; its `vpd_pg80` and `vpd_pg83` hold what the kernel read
when it found the device, its `scsi_tape/nstN` pairs the two nodes (scsi.md §4, step 1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rsm_smc import identity
from rsm_smc.errors import DecodeError

if TYPE_CHECKING:
    from pathlib import Path

    from rsm_smc.identity import Designator

_ADDRESS = re.compile(r"(\d+):(\d+):(\d+):(\d+)")


class ScsiPlace(NamedTuple):
    """Where a device is attached: host adapter, channel, target, logical unit (H:C:T:L)."""

    host: int
    channel: int
    target: int
    lun: int


class TapeNode(NamedTuple):
    """A tape drive that this machine sees; one of several paths to it, where there are several."""

    sg: str
    """Its sg node's name, such as sg1."""
    nst: str | None
    """Its non-rewinding tape node's name, None if the module st does not drive it."""
    vendor: str
    serial: str
    """Unit serial number, stripped; "" if it gave none."""
    names: tuple[Designator, ...]
    """Designators of page 83h."""
    place: ScsiPlace | None

    @property
    def serials(self) -> frozenset[str]:
        """The serial number, with and without the vendor's name that Quantum puts in front (scsi.md §1.1)."""
        bare = self.serial.removeprefix(self.vendor).strip() if self.vendor else ""
        return frozenset({self.serial, bare} - {""})

    @property
    def identifiers(self) -> frozenset[bytes]:
        """World wide names (NAA) of the drive itself, to compare with what a library reports."""
        return frozenset(name.data for name in self.names if name.type == 3 and name.association != 1)


def tape_nodes(sysfs: Path) -> tuple[TapeNode, ...]:
    """Give the tape drives in the order of their sg numbers."""
    found = [
        _tape(entry) for entry in (sysfs / "class/scsi_generic").glob("sg*") if _type(entry) == identity.TAPE
    ]
    return tuple(sorted(found, key=lambda node: (len(node.sg), node.sg)))


def place_of(sysfs: Path, sg: str) -> ScsiPlace | None:
    """Tell where the device of an sg node is attached; None if sysfs does not say."""
    match = _ADDRESS.fullmatch((sysfs / "class/scsi_generic" / sg / "device").resolve().name)
    return ScsiPlace(*map(int, match.groups())) if match and sg else None


def _tape(entry: Path) -> TapeNode:
    device = entry / "device"
    nodes = sorted(node.name for node in (device / "scsi_tape").glob("nst*") if node.name[3:].isdigit())
    return TapeNode(
        sg=entry.name,
        nst=nodes[0] if nodes else None,
        vendor=_text(device / "vendor"),
        serial=_serial(device),
        names=_names(device),
        place=place_of(entry.parents[2], entry.name),
    )


def _type(entry: Path) -> int | None:
    try:
        return int((entry / "device/type").read_text())
    except (OSError, ValueError):
        return None


def _serial(device: Path) -> str:
    try:
        return identity.decode_serial((device / "vpd_pg80").read_bytes())
    except (OSError, DecodeError):
        return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def _names(device: Path) -> tuple[Designator, ...]:
    try:
        return identity.decode_designators((device / "vpd_pg83").read_bytes())
    except (OSError, DecodeError):
        return ()
