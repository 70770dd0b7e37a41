"""The drive's own node, as mtx-changer scripts treat it: off line before an unload, ready after a load.

The node is opened without waiting: a plain open of /dev/nst waits for a medium (vm.md §1).
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import time

_MTIOCTOP, _MTIOCGET = 0x40086D01, 0x80306D02
_MTOFFL = 7
_OPERATION = struct.Struct("@hi")
_STATE = struct.Struct("@5l2i")
_GENERAL_STATUS = 3
_ONLINE = 0x01000000

READY_LIMIT = 300.0
"""Seconds that a medium may take to become ready after a load, as in the scripts of Bacula and Bareos."""


def is_tape(node: str) -> bool:
    """Tell whether the name is that of a device node; a simulated drive has none."""
    try:
        return stat.S_ISCHR(os.stat(node).st_mode)  # noqa: PTH116 - pathlib costs a third of the start-up
    except OSError:
        return False


def put_off_line(node: str) -> None:
    """Rewind and unload the medium, which also ends st's PREVENT; a drive in use or empty is left as it is."""
    try:
        file = _open(node)
    except OSError:
        return
    try:
        fcntl.ioctl(file, _MTIOCTOP, _OPERATION.pack(_MTOFFL, 1))
    except OSError:
        pass  # empty, or unloaded already: the changer's answer to the move is the one that counts
    finally:
        os.close(file)


def wait_on_line(node: str, limit: float = READY_LIMIT) -> bool:
    """Tell whether the medium in the drive became ready within `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        if _is_on_line(node):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(1.0)


def _is_on_line(node: str) -> bool:
    try:
        file = _open(node)
    except OSError:
        return False
    try:
        state = bytearray(_STATE.size)
        fcntl.ioctl(file, _MTIOCGET, state)
    except OSError:
        return False
    finally:
        os.close(file)
    return bool(_STATE.unpack(state)[_GENERAL_STATUS] & _ONLINE)


def _open(node: str) -> int:
    return os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
