"""What the machine must have, by Debian package."""

from __future__ import annotations

import os
import platform
import shutil

from hw_tests.vm.failure import VmFailure
from hw_tests.vm.kernel import KERNEL_PACKAGE, find_kernel

PACKAGE_OF = {
    "bash": "bash",
    "busybox": "busybox-static",
    "iscsiadm": "open-iscsi",
    "iscsid": "open-iscsi",
    "modprobe": "kmod",
    "qemu-system-x86_64": "qemu-system-x86",
    "setpriv": "util-linux",
    "tgtadm": "tgt",
    "tgtd": "tgt",
    "tgtimg": "tgt",
    "udevadm": "udev",
    "xargs": "findutils",
}
UDEVD = ("/lib/systemd/systemd-udevd", "/usr/lib/systemd/systemd-udevd", "/sbin/udevd")
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def add_sbin_to_path() -> None:
    """Find the daemons also as a user whose PATH has no sbin directory."""
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", "/usr/bin:/bin"), *SBIN])


def udev_daemon() -> str | None:
    """Return the path of the udev daemon, or None."""
    return next((path for path in UDEVD if os.access(path, os.X_OK)), None)


def missing() -> dict[str, str]:
    """Return what is not here: Debian package -> why it is needed, in a few words."""
    lacks = {
        package: f"no {program}" for program, package in PACKAGE_OF.items() if shutil.which(program) is None
    }
    busybox = shutil.which("busybox")
    if busybox and not is_static(busybox):
        lacks["busybox-static"] = "busybox is not the static one"
    if udev_daemon() is None:
        lacks["udev"] = "no systemd-udevd"
    try:
        find_kernel()
    except VmFailure as error:
        lacks[KERNEL_PACKAGE] = str(error)
    return lacks


def is_static(program: str) -> bool:
    """Return whether a program runs where there is no library yet, as in an initramfs."""
    with open(program, "rb") as file:  # noqa: PTH123 - which() gives a str
        return b"/ld-linux" not in file.read()


def unsupported() -> str | None:
    """Return why no package could help, or None."""
    if platform.machine() != "x86_64":
        return f"the VM needs an x86_64 machine; this is {platform.machine()}"
    return None
