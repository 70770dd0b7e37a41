"""The first root file system: a static busybox, five modules and the script that mounts the real one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hw_tests.vm.failure import VmFailure
from hw_tests.vm.kernel import BOOT_MODULES, module_files, module_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hw_tests.vm.kernel import Kernel

INIT = Path(__file__).parent / "guest" / "init"


class Entry(NamedTuple):
    """One file or directory of an archive; `mode` is st_mode, type bits included."""

    name: str
    mode: int
    content: bytes = b""


def archive(entries: Iterable[Entry]) -> bytes:
    """Return a cpio archive in the format newc, as the kernel unpacks it."""
    out = bytearray()
    for number, (name, mode, content) in enumerate([*entries, Entry("TRAILER!!!", 0)], 1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields)
        for part in (name.encode() + b"\0", content):
            out += part
            out += bytes(-len(out) % 4)
    return bytes(out)


def initramfs(kernel: Kernel) -> bytes:
    """Return the archive to boot this kernel with."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise VmFailure("no busybox: apt install busybox-static")
    entries = [
        *(Entry(name, 0o40755) for name in ("bin", "dev", "mod")),
        Entry("bin/busybox", 0o100755, Path(busybox).read_bytes()),
        Entry("init", 0o100755, INIT.read_bytes()),
    ]
    names = []
    for path in module_files(Path("/lib/modules", kernel.version), BOOT_MODULES):
        names.append(f"/mod/{path.name.partition('.ko')[0]}.ko")
        entries.append(Entry(names[-1].lstrip("/"), 0o100644, module_image(path)))
    entries.append(Entry("modules", 0o100644, "\n".join(names).encode()))
    return archive(entries)
