"""The directory through which the guest is told what to do, and tells how it went."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hw_tests.vm import library as elements
from hw_tests.vm.failure import VmFailure
from hw_tests.vm.kernel import GUEST_MODULES
from hw_tests.vm.requirements import udev_daemon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hw_tests.vm.library import Library

SCRIPTS = [Path(__file__).parent / "guest" / name for name in ("setup", "library")]
KEPT = re.compile(r"PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|LANG|VIRTUAL_ENV|CI|(LC_|PYTHON|PYTEST|PYENV).*")


class Stage(NamedTuple):
    """A point that the guest has passed, and when (in seconds since the epoch)."""

    when: float
    name: str


def command_script(command: Sequence[str], venv: Path | None, extra: Mapping[str, str]) -> str:
    """Return what the guest runs: the caller's environment and directory, then the command."""
    environment = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    if venv:
        environment["VIRTUAL_ENV"] = str(venv)
        environment["PATH"] = f"{venv / 'bin'}:{environment.get('PATH', '/usr/bin:/bin')}"
        environment.pop("PYTHONHOME", None)
    environment.update(extra)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines += [f"cd {shlex.quote(str(Path.cwd()))} || exit 125", f"exec {shlex.join(command)}", ""]
    return "\n".join(lines)


def fill(share: Path, library: Library, *, command: str, rw: Sequence[Path], rules: Sequence[Path]) -> None:
    """Write all that the guest's scripts read."""
    share.mkdir()
    config = {
        "SLOTS": library.slots,
        "DRIVES": library.drives,
        "IE": library.ports,
        "SIDES": library.sides,
        "MEDIA": " ".join(library.barcodes),
        "SERIAL": elements.SERIAL,
        "ROBOT": elements.ROBOT,
        "STORAGE": elements.STORAGE,
        "IMPORT_EXPORT": elements.IMPORT_EXPORT,
        "DRIVE": elements.DRIVE,
        "UDEVD": udev_daemon(),
        "MODULES": " ".join(GUEST_MODULES),
    }
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in config.items()]
    (share / "config").write_text("\n".join([*lines, f"RW=({shlex.join(map(str, rw))})", ""]))
    (share / "command").write_text(command)
    for script in SCRIPTS:
        shutil.copy(script, share)
    for rule in rules:
        (share / "rules.d").mkdir(exist_ok=True)
        shutil.copy(rule, share / "rules.d")
    elements.make_media(library, share / "media")


def stages(share: Path) -> list[Stage]:
    """Return the points that the guest has passed, in order."""
    marks = share.glob("stage.*")
    return sorted(Stage(mark.stat().st_mtime, mark.name.partition(".")[2]) for mark in marks)


def status(share: Path) -> int | None:
    """Return the command's exit status; None if it did not end.  Raise VmFailure if it was never begun."""
    error = share / "error"
    if error.exists():
        raise VmFailure(error.read_text().strip())
    result = share / "status"
    return int(result.read_text()) if result.exists() else None
