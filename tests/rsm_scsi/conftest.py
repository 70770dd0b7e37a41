"""Working doubles for this package's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsm_smc.identity import Designator, encode_designators, encode_serial


class FakeMachine:
    """A sysfs tree, device directory and process directory of files, as a machine with tape drives has them."""

    def __init__(self, root: Path) -> None:
        self.sysfs = root / "sys"
        self.devices = root / "dev"
        self.processes = root / "proc"
        for directory in (self.sysfs / "class/scsi_generic", self.devices, self.processes):
            directory.mkdir(parents=True)

    def attach(
        self,
        number: int,
        *,
        kind: int = 1,
        vendor: str = "IBM",
        product: str = "MODEL",
        serial: str | None = None,
        naa: bytes | None = None,
        host: int = 3,
        target: int | None = None,
        lun: int = 0,
        tape: int | None = None,
    ) -> None:
        """Attach a device as sgNUMBER, with a tape node if there is one."""
        device = self.sysfs / f"devices/host{host}/{host}:0:{number if target is None else target}:{lun}"
        (device / f"scsi_generic/sg{number}").mkdir(parents=True)
        (device / "type").write_text(f"{kind}\n")
        (device / "vendor").write_text(f"{vendor:8}\n")
        (device / "model").write_text(f"{product:16}\n")
        if serial is not None:
            (device / "vpd_pg80").write_bytes(encode_serial(serial, device_type=kind, width=16))
        if naa is not None:
            page = encode_designators([Designator(1, 0, 3, naa)], device_type=kind)
            (device / "vpd_pg83").write_bytes(page)
        if tape is not None:
            for name in (f"nst{tape}", f"nst{tape}a", f"st{tape}"):
                (device / "scsi_tape" / name).mkdir(parents=True)
        entry = self.sysfs / f"class/scsi_generic/sg{number}"
        (device / f"scsi_generic/sg{number}/device").symlink_to(device)
        entry.symlink_to(device / f"scsi_generic/sg{number}")

    def detach(self, number: int) -> None:
        """Take a device away."""
        (self.sysfs / f"class/scsi_generic/sg{number}").unlink()

    def run(self, process: int, name: str, opened: str) -> None:
        """Let a process have a file open."""
        directory = self.processes / str(process)
        (directory / "fd").mkdir(parents=True)
        (directory / "fd/3").symlink_to(opened)
        (directory / "comm").write_text(f"{name}\n")


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """A machine to which nothing is attached yet."""
    return FakeMachine(tmp_path)
