"""What the kernel itself says that it sent: its trace event for each dispatched SCSI command."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACEFS = Path("/sys/kernel/tracing")


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The commands of one operation code that the kernel handed to a host adapter since counting began."""

    opcode: int
    buffer: Path

    def count(self) -> int:
        """Give how many there were."""
        mark = f"raw={self.opcode:02x} "
        return sum(mark in line for line in (self.buffer / "trace").read_text().splitlines())


@contextmanager
def dispatched(opcode: int) -> Iterator[Dispatched]:
    """Count commands inside the `with` block, in a trace buffer of our own; needs root.

    Raises OSError where the kernel has no such event.
    """
    if not (TRACEFS / "events").is_dir():
        subprocess.run(["mount", "-t", "tracefs", "tracefs", str(TRACEFS)], check=True)
    buffer = TRACEFS / "instances" / f"rsm-{opcode:02x}"
    buffer.mkdir()
    try:
        event = buffer / "events/scsi/scsi_dispatch_cmd_start"
        (event / "filter").write_text(f"opcode == {opcode}")
        (event / "enable").write_text("1")
        yield Dispatched(opcode, buffer)
        (event / "enable").write_text("0")
    finally:
        buffer.rmdir()
