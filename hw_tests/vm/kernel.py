"""The kernel to boot and its modules, out of /boot and /lib/modules."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from hw_tests.vm.failure import VmFailure

KERNEL_PACKAGE = "linux-image-amd64"
BOOT_MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")
GUEST_MODULES = ("sg", "st", "ch", "iscsi_tcp")


class Kernel(NamedTuple):
    """A kernel that can be booted."""

    image: Path
    version: str


def find_kernel(boot: Path = Path("/boot"), modules: Path = Path("/lib/modules")) -> Kernel:
    """Return the newest kernel that can be read and has the modules; raise VmFailure if there is none.

    Kernels for clouds lack sg and st, and are passed over.
    """
    reason = f"no kernel in {boot}"
    for image in sorted(boot.glob("vmlinuz-*"), key=_age, reverse=True):
        version = image.name.partition("-")[2]
        if not os.access(image, os.R_OK):
            reason = f"cannot read {image}"
            continue
        try:
            module_files(modules / version, (*BOOT_MODULES, *GUEST_MODULES))
        except (OSError, VmFailure) as error:
            reason = f"kernel {version}: {error}"
        else:
            return Kernel(image, version)
    raise VmFailure(reason)


def _age(image: Path) -> list[tuple[int, int, str]]:
    """Order 6.1.0-9 < 6.1.0-56 < 6.12.41+deb13."""
    parts = re.findall(r"\d+|[a-z]+", image.name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def module_files(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Return the files of the named modules and of those they need, in the order of loading."""
    needs = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
    paths = {_module_name(path): path for path in needs}
    builtin = {_module_name(path) for path in (folder / "modules.builtin").read_text().split()}
    order: list[str] = []

    def add(path: str) -> None:
        for need in needs[path]:
            add(need)
        if path not in order:
            order.append(path)

    for name in names:
        if name in paths:
            add(paths[name])
        elif name not in builtin:
            raise VmFailure(f"no module {name}")
    return [folder / path for path in order]


def _module_name(path: str) -> str:
    return Path(path).name.partition(".ko")[0].replace("-", "_")


def module_image(path: Path) -> bytes:
    """Return a module as the kernel takes it; Debian 13 and later store them compressed."""
    match path.suffix:
        case ".xz":
            return lzma.decompress(path.read_bytes())
        case ".gz":
            return gzip.decompress(path.read_bytes())
        case ".zst":
            if not shutil.which("zstd"):
                raise VmFailure(f"{path.name} is compressed and there is no zstd: apt install zstd")
            return subprocess.run(["zstd", "-dc", path], check=True, stdout=subprocess.PIPE).stdout
        case _:
            return path.read_bytes()
