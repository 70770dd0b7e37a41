"""From what mtx complains about on stderr to the fault that it means (scsi.md §5.4)."""

from __future__ import annotations

import re
from typing import NamedTuple

from rsm.hardware.faults import (
    BadReply,
    DeviceFault,
    DeviceGone,
    HardwareFailed,
    InventoryStale,
    MoveRefused,
    NotReadyYet,
    NotSupported,
    OperatorNeeded,
    OutcomeUnknown,
)

LOOK = "look at the library (rsm changer status) before anything is moved again"

_FIELD = re.compile(r"^mtx: Request Sense: (.+?)(?:=| = )(.+)$", re.MULTILINE)

_KEYS = {
    "No Sense": 0x0,
    "Recovered Error": 0x1,
    "Not Ready": 0x2,
    "Medium Error": 0x3,
    "Hardware Error": 0x4,
    "Illegal Request": 0x5,
    "Unit Attention": 0x6,
    "Data Protect": 0x7,
    "Blank Check": 0x8,
    "Copy Aborted": 0xA,
    "Aborted Command": 0xB,
    "Volume Overflow": 0xD,
    "Miscompare": 0xE,
}
_NOT_READY, _ILLEGAL, _ATTENTION = 0x2, 0x5, 0x6

_BECOMING_READY = {(0x04, code) for code in (0x00, 0x01, 0x04, 0x07, 0x09, 0x0A, 0x85)}
_NO_SUCH = {0x20, 0x21, 0x24, 0x25, 0x26}
_REMOVAL_PREVENTED = 0x53


class Sense(NamedTuple):
    """What the report of sense data says."""

    key: int
    asc: int
    ascq: int

    def __str__(self) -> str:
        return f"{self.key:02X}/{self.asc:02X}/{self.ascq:02X}"

    def encode(self) -> bytes:
        """Give sense data in the fixed format that say as much."""
        return bytes((0x70, 0, self.key, 0, 0, 0, 0, 10, 0, 0, 0, 0, self.asc, self.ascq, 0, 0, 0, 0))


_PLAIN: tuple[tuple[str, type[DeviceFault], str | None], ...] = (
    ("is Already Full", MoveRefused, None),
    ("is Empty", MoveRefused, None),
    (" loaded)", MoveRefused, None),
    ("Drive needs offline before move", OperatorNeeded, "unload the drive first: mt -f /dev/nstN offline"),
    ("Cleaning Cartridge Installed and Ejected", OperatorNeeded, "the drive has been cleaned"),
    ("No Source for tape in drive", MoveRefused, None),
    ("Invalid ", NotSupported, None),
    ("illegal ", NotSupported, None),
    ("No source specified", NotSupported, None),
    ("No destination specified", NotSupported, None),
    ("Usage:", NotSupported, "this mtx does not know the command; rsm needs version 1.3"),
    ("is not an sg device", DeviceGone, "give the changer's /dev/sgN (lsscsi -g lists them)"),
)


def judge(complaint: str, *, device: str, doing: str, moving: bool) -> DeviceFault | None:
    """Say what a complaint means; None if it means nothing known, or says nothing.

    `moving` is whether the command sets something moving: unless the answer proves that it did not, the fault
    then leaves open whether it was carried out.
    """
    opening = re.search(r"^cannot open SCSI device '.*' - (.+)$", complaint, re.MULTILINE)
    if opening is not None:
        return _unopened(device, opening[1])
    sense = read_sense(complaint)
    if sense is not None:
        fault = _of_sense(sense, moving=moving)
        return fault(f"{device} did not {doing}: mtx reports {sense}", sense=sense.encode(), hint=None)
    for line in complaint.splitlines():
        for words, kind, hint in _PLAIN:
            if words in line:
                return kind(f"{device} did not {doing}: {line.strip().rstrip('.!')}", hint=hint)
    last = next((line.strip() for line in reversed(complaint.splitlines()) if line.strip()), "")
    if "Failed" in last or "failed" in last:
        unclear = OutcomeUnknown if moving else BadReply
        return unclear(f"{device} did not {doing}: mtx says {last!r}", hint=LOOK if moving else None)
    return None


def read_sense(complaint: str) -> Sense | None:
    """Read the last report of sense data in a complaint; None if there is none, or it says nothing."""
    fields = {name: value.strip() for name, value in _FIELD.findall(complaint)}
    try:
        word = fields["Sense Key"]
        key = _KEYS[word] if word in _KEYS else int(word, 16)
        code = int(fields["Additional Sense Code"], 16)
        qualifier = int(fields["Additional Sense Qualifier"], 16)
    except (KeyError, ValueError):
        return None
    if not all(0 <= number <= largest for number, largest in ((key, 0xF), (code, 0xFF), (qualifier, 0xFF))):
        return None
    return Sense(key, code, qualifier)


def _of_sense(sense: Sense, *, moving: bool) -> type[DeviceFault]:
    code = sense.asc, sense.ascq
    if sense.key == _ATTENTION:
        return InventoryStale
    if sense.key == _NOT_READY:
        return NotReadyYet if code in _BECOMING_READY else OperatorNeeded
    if sense.key == _ILLEGAL:
        if sense.asc in _NO_SUCH:
            return NotSupported
        return OperatorNeeded if sense.asc == _REMOVAL_PREVENTED else MoveRefused
    if not any(sense):
        # BUSY and reservations look like this too: mtx prints zeros where there were no sense data.
        return OutcomeUnknown if moving else NotReadyYet
    return HardwareFailed


def _unopened(device: str, reason: str) -> DeviceGone:
    if "ermission" in reason or "not permitted" in reason:
        return DeviceGone(
            f"{device} may not be opened: {reason}",
            hint="join the group that owns it, which is usually tape: sudo usermod -aG tape $USER",
        )
    return DeviceGone(f"{device} cannot be opened: {reason}", hint="lsscsi -g lists the devices")
