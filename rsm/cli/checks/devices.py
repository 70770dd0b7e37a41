"""Modules, devices, rights and names."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rsm.cli import udev
from rsm.cli.checks.host import ok, problem, warning
from rsm.errors import ObjectNotFound
from rsm.hardware.discovery import DeviceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rsm.cli.checks.host import Finding, Host
    from rsm.hardware.discovery import FoundDevice

_LOAD_SG = "sudo modprobe sg, and for every start: echo sg | sudo tee /etc/modules-load.d/sg.conf"


def generic_module(host: Host) -> Iterator[Finding]:
    """Tell whether the module sg is there: every command goes through /dev/sg*, and not every system loads it."""
    if (host.sysfs / "class/scsi_generic").is_dir():
        yield ok("the module sg is loaded")
    elif host.found.devices:
        yield problem("the module sg is not loaded, so no device can be opened", _LOAD_SG)
    else:
        yield warning("the module sg is not loaded", _LOAD_SG)


def discovery_drivers(host: Host) -> Iterator[Finding]:
    """Name the discovery drivers that failed: the devices that only they find are hidden."""
    for name, why in host.found.skipped.items():
        yield problem(
            f"the discovery driver {name} is left out: {why}", f"mend or remove the package of {name}"
        )


def changers(host: Host) -> Iterator[Finding]:
    """Count what is attached, and tell what is doubtful about it."""
    found = host.found
    drives = len(found.drives)
    if found.changers:
        yield ok(f"{_count(len(found.changers), 'changer')} and {_count(drives, 'tape drive')} attached")
    elif drives:
        yield warning(
            f"no changer, {_count(drives, 'tape drive')} attached",
            "if the library is to be seen here: check its control path, its zoning, and LUN 1 of its drives",
        )
    else:
        yield warning("no changer and no tape drive is attached", "lsscsi -g; for iSCSI: iscsiadm -m session")
    for device in found.devices:
        for doubt in device.doubts:
            yield warning(
                f"{_who(device)}: {doubt}", "rsm discover shows both; give each its own serial number"
            )


def rights(host: Host) -> Iterator[Finding]:
    """Tell which devices whoever runs this may not open."""
    if not host.has_group("tape"):
        yield problem(
            "there is no group tape, to which udev's rules give the devices", "sudo groupadd -r tape"
        )
    closed = False
    for device in host.found.devices:
        for path in device.paths:
            if path.problem is not None and path.sg is not None:
                closed = True
                join = f"sudo usermod -aG {path.group} $USER, then log in anew"
                yield problem(
                    f"{_who(device)}: {path.problem}", join if path.group else "sudo rsm udev install"
                )
    if host.found.devices and not closed:
        yield ok("every device may be opened")


def names(host: Host) -> Iterator[Finding]:
    """Tell which changers have no name that survives a reboot."""
    for device in host.found.changers:
        if not device.names:
            yield warning(f"{_who(device)} has no stable name, only {device.name}", "sudo rsm udev install")
        elif all("/by-path/" in name for name in device.names):
            yield warning(
                f"{_who(device)} has no stable name but that of its cabling, {device.name}",
                "give it a serial number of its own, if it is a virtual library",
            )


def tape_driver(host: Host) -> Iterator[Finding]:
    """Tell which drives have no /dev/nst*: the module st makes it, unless IBM's lin_tape took the drive."""
    without = [device for device in host.found.drives if not any(path.node for path in device.paths)]
    if (host.sysfs / "module/lin_tape").is_dir():
        yield (problem if without else warning)(
            "the module lin_tape is loaded: the drives that it takes have /dev/IBMtape*, and no /dev/nst*",
            "rsm mounts on /dev/nst*: sudo modprobe -r lin_tape && sudo modprobe st, if you can do without it",
        )
    elif without:
        yield problem(
            f"{', '.join(map(_who, without))}: no tape node",
            "sudo modprobe st, and for every start: echo st | sudo tee /etc/modules-load.d/st.conf",
        )
    elif host.found.drives:
        yield ok("every drive has a tape node")


def changer_driver(host: Host) -> Iterator[Finding]:
    """Warn of the module ch with init=1: libraries then scan all slots at each start, some for an hour."""
    parameter = host.sysfs / "module/ch/parameters/init"
    if _text(parameter) in {"1", "Y"}:
        yield warning(
            "the module ch is loaded with init=1: it makes every changer scan its slots at each start",
            "rsm does not need ch: echo options ch init=0 | sudo tee /etc/modprobe.d/ch.conf",
        )


def udev_rules(host: Host) -> Iterator[Finding]:
    """Tell whether our rules and our entry for tmpfiles.d are installed, and are those of this version."""
    try:
        ours = udev.pieces(host.root)
    except ObjectNotFound as error:
        yield problem(str(error), error.hint)
        return
    for piece in ours:
        target = f"/{piece.target.relative_to(host.root)}"
        if piece.state == "different":
            yield warning(f"{target} is not that of this version of rsm", "sudo rsm udev install")
        elif piece.state == "not installed":
            yield warning(f"{target} is not installed", "sudo rsm udev install")
        else:
            yield ok(f"{target} is installed and current")


def _who(device: FoundDevice) -> str:
    what = "changer" if device.kind is DeviceKind.CHANGER else "drive"
    where = device.name or ", ".join(path.address for path in device.paths)
    return f"{what} {device.identity.vendor} {device.identity.product} ({shlex.quote(where)})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
