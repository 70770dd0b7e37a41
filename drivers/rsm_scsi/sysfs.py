"""The tape drives and changers of this machine as sysfs shows them: no command is sent and no right is needed.

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
        return _serials(self.serial, self.vendor)

    @property
    def identifiers(self) -> frozenset[bytes]:
        """World wide names (NAA) of the drive itself, to compare with what a library reports."""
        return frozenset(name.data for name in self.names if name.type == 3 and name.association != 1)


class AttachedDevice(NamedTuple):
    """A changer or tape drive that this machine sees by one path."""

    sg: str
    """Its sg node's name, such as sg3."""
    kind: int
    """Peripheral device type: `identity.CHANGER` or `identity.TAPE`."""
    vendor: str
    product: str
    serial: str
    """Unit serial number, stripped; "" if it gave none."""
    names: tuple[Designator, ...]
    """Designators of page 83h."""
    place: ScsiPlace | None

    def bears(self, serial: str) -> bool:
        """Tell whether this is its serial number, with or without the vendor's name in front (Quantum)."""
        return serial in _serials(self.serial, self.vendor)


def tape_nodes(sysfs: Path) -> tuple[TapeNode, ...]:
    """Give the tape drives in the order of their sg numbers."""
    return tuple(_tape(entry) for entry in _entries(sysfs) if _type(entry) == identity.TAPE)


def attached_devices(sysfs: Path) -> tuple[AttachedDevice, ...]:
    """Give the changers and tape drives, one for each path, in the order of their sg numbers."""
    return tuple(
        AttachedDevice(
            sg=entry.name,
            kind=kind,
            vendor=_text(entry / "device/vendor"),
            product=_text(entry / "device/model"),
            serial=_serial(entry / "device"),
            names=_names(entry / "device"),
            place=place_of(sysfs, entry.name),
        )
        for entry in _entries(sysfs)
        if (kind := _type(entry)) in {identity.CHANGER, identity.TAPE}
    )


def serial_of(sysfs: Path, sg: str) -> str:
    """Give the serial number of the device of an sg node; "" if it gave none, or if there is no such node."""
    return _serial(sysfs / "class/scsi_generic" / sg / "device") if sg else ""


def _entries(sysfs: Path) -> list[Path]:
    return sorted((sysfs / "class/scsi_generic").glob("sg*"), key=lambda entry: (len(entry.name), entry.name))


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


def _serials(serial: str, vendor: str) -> frozenset[str]:
    bare = serial.removeprefix(vendor).strip() if vendor else ""
    return frozenset({serial, bare} - {""})


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
