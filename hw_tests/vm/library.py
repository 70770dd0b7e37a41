"""The virtual library: how many of what, and the media as files for tgtd."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from hw_tests.vm.failure import VmFailure

if TYPE_CHECKING:
    from pathlib import Path

# First element addresses.  tgt wants each of them to be above 0.
ROBOT, IMPORT_EXPORT, DRIVE, STORAGE = 1, 16, 256, 1024
SERIAL = "VTLCHG0001"  # tgt gives 10 characters
SLOTS_LIMIT = 0x10000 - STORAGE
IMPORT_EXPORT_LIMIT = DRIVE - IMPORT_EXPORT
DRIVES_LIMIT = 254  # by LUN, beside the changer's
DISK_BYTES = 1 << 20


class Library(NamedTuple):
    """What the library has; `size` is a medium's capacity in megabytes."""

    slots: int = 20
    drives: int = 2
    ports: int = 2
    media: int = 12
    sides: int = 1
    size: int = 10

    @property
    def barcodes(self) -> list[str]:
        """Return RSM001L8, RSM002L8, ... in the order of the slots; the last is a cleaning cartridge's."""
        if self.media == 0:
            return []
        data = range(1, self.media)
        return [f"RSM{n:03d}L8" if n < 1000 else f"R{n:05d}L8" for n in data] + ["CLN001L1"]


def make_media(library: Library, folder: Path) -> None:
    """Write the files that tgtd serves as media, as the changer's memory and as the disk."""
    folder.mkdir()
    (folder / "changer").write_bytes(bytes(1024))
    with (folder / "disk").open("wb") as disk:
        disk.truncate(DISK_BYTES)
    for name in ["empty", *library.barcodes]:
        kind = "clean" if name.startswith("CLN") else "data"
        command = ["tgtimg", "--op", "new", "--device-type", "tape", "--type", kind, "--barcode", name]
        command += ["--size", str(library.size), "--file", str(folder / name)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise VmFailure(f"failed: {shlex.join(command)}\n{done.stdout}{done.stderr}")
