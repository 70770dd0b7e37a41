"""The process that plays the robot in the VM: held, let go, killed and brought back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path("/run/vm/library")
"""The guest's own script that starts tgtd and gives it the library."""


def processes() -> list[int]:
    """Give the processes of tgtd."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _name(entry) == "tgtd"]


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return ""  # it has just ended


def tell(number: signal.Signals) -> None:
    """Send every process of tgtd a signal."""
    for pid in processes():
        os.kill(pid, number)


def hold() -> None:
    """Stop it: commands reach it and are not answered."""
    tell(signal.SIGSTOP)


def let_go() -> None:
    """Let it go on."""
    tell(signal.SIGCONT)


@contextmanager
def held() -> Iterator[None]:
    """Hold it inside the `with` block."""
    hold()
    try:
        yield
    finally:
        let_go()


def kill() -> None:
    """Kill it: its sockets close, and every connection is refused."""
    tell(signal.SIGKILL)
    while processes():
        time.sleep(0.05)


def bring_back() -> None:
    """Start it anew with the same library, every medium in its first place."""
    devnull = subprocess.DEVNULL
    subprocess.run(["bash", str(SCRIPT)], check=True, stdin=devnull, stdout=devnull, stderr=devnull)


def take_back(device: str) -> None:
    """Take a device back that the kernel has set off-line after its resets failed, as an administrator would."""
    state = Path("/sys/class/scsi_generic") / Path(device).name / "device/state"
    if state.read_text().strip() == "offline":
        print(f"{device} was set off-line")
        state.write_text("running")
