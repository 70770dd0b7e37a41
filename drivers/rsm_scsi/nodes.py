"""From the name that a person types to the sg node that commands go through.

`/dev/sg3` is itself; `/dev/nst0`, `/dev/sch0` and the links below `/dev/tape/by-id` lead to the sg node of
the same device through sysfs (scsi.md §4, step 1). Nothing is opened here: opening a tape node waits for a
medium, and closing it may rewind one.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from rsm.hardware.faults import DeviceGone

SYSFS = Path("/sys")
DEVICES = Path("/dev")

_SG_MAJOR = 21
"""SCSI_GENERIC_MAJOR of the Linux kernel."""

_KINDS = (
    (stat.S_ISREG, "a regular file"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


class SgNode(NamedTuple):
    """The sg node behind a device name."""

    path: str
    """What to open: the typed name if it is an sg node or a link to one, else the node found in sysfs."""
    name: str
    """The kernel's name, such as sg3, by which sysfs knows it; "" if sysfs does not say."""


def sg_node(device: str, *, sysfs: Path = SYSFS, devices: Path = DEVICES) -> SgNode:
    """Give the sg node for a device name; raises `DeviceGone` if there is none, with nothing touched."""
    state = _stat(device)
    for is_kind, words in _KINDS:
        if is_kind(state.st_mode):
            raise DeviceGone(
                f"{device} is {words}, not a changer's device node",
                hint="give the changer's /dev/sgN (lsscsi -g lists them)",
            )
    number = f"{os.major(state.st_rdev)}:{os.minor(state.st_rdev)}"
    entry = (sysfs / "dev/char" / number).resolve()
    if os.major(state.st_rdev) == _SG_MAJOR:
        return SgNode(device, entry.name if entry.is_dir() else "")
    siblings = sorted(entry.glob("device/scsi_generic/sg*"))
    if not siblings:
        raise DeviceGone(
            f"{device} is no SCSI device",
            hint="give the changer's /dev/sgN (lsscsi -g lists them); /dev/sg* needs the module sg",
        )
    return SgNode(str(devices / siblings[0].name), siblings[0].name)


def _stat(device: str) -> os.stat_result:
    try:
        return os.stat(device)  # noqa: PTH116 - a name to hand on unchanged, errors and all
    except PermissionError as error:
        raise DeviceGone(f"{device} may not be looked at: {error.strerror}") from error
    except (OSError, ValueError) as error:
        raise DeviceGone(
            f"there is no device {device}",
            hint="ls /dev/sg* shows what there is; if it shows nothing, load the module sg",
        ) from error
