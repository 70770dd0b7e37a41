"""`rsm udev`: the rules that give changers stable names and the group `tape`, shown or installed.

The files lie in `udev/` beside the package's sources, and in `rsm/udev/` of an installed package. Installing
writes to /etc, so it is for root, shows every change first, and asks.
"""

from __future__ import annotations

from typing import NamedTuple

from rsm.cli import grammar, words

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    Runner = Callable[[Sequence[str]], str | None]
    """Runs a program and gives what was wrong, None if nothing was."""

FILES = (
    ("61-rsm-changer.rules", "udev/rules.d"),
    ("rsm.conf", "tmpfiles.d"),
)
"""Our files and the directories, below a shelf, that they are installed in."""

SHELVES = ("etc", "run", "usr/local/lib", "usr/lib", "lib")
"""Where udev and systemd-tmpfiles look, the first found counts; we install in the first, packages elsewhere."""

COMMANDS = (
    ("systemd-tmpfiles", "--create", "rsm.conf"),
    ("udevadm", "control", "--reload"),
    (
        "udevadm",
        "trigger",
        "--action=change",
        "--subsystem-match=scsi_generic",
        "--subsystem-match=scsi_changer",
    ),
    ("udevadm", "settle", "--timeout=30"),
)
"""What makes the files count at once: the directory of leases, and names for devices that are there."""

_DETAILS = """\
Two files: rules for udev, which give changers and the SCSI nodes of drives
names that survive a reboot (/dev/changer/by-serial, /dev/tape/by-serial) and
the group tape; and an entry for tmpfiles.d, which makes /run/rsm for leases.
"""


def configure(parser: ArgumentParser) -> None:
    """Add the verbs of `rsm udev`."""
    verbs = grammar.Verbs(parser)
    verbs.add("show", _show, "print the files, and whether they are installed", details=_DETAILS, store=False)
    verbs.add(
        "install",
        _install,
        "install the files and make them count at once; for root",
        _install_arguments,
        details=_DETAILS,
        store=False,
    )


def _install_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done; for anybody")


def run(arguments: Namespace) -> int:
    """Carry out the verb that was named."""
    status: int = arguments.action(arguments)
    return status


class Piece(NamedTuple):
    """One of our files, and what stands in its place."""

    target: Path
    text: str
    installed: str | None
    """What is there now, None if nothing is."""

    @property
    def state(self) -> str:
        """`installed`, `not installed` or `different`."""
        if self.installed is None:
            return "not installed"
        return "installed" if self.installed == self.text else "different"


def source() -> Path:
    """Give the directory of our files; raises `ObjectNotFound` if this installation lacks them."""
    from pathlib import Path

    import rsm
    from rsm.errors import ObjectNotFound

    package = Path(rsm.__file__).parent
    for directory in (package / "udev", package.parent / "udev"):
        if all((directory / name).is_file() for name, _ in FILES):
            return directory
    raise ObjectNotFound(
        "the files for udev are missing from this installation", hint="install rsm-linux anew"
    )


def pieces(root: Path, directory: Path | None = None) -> tuple[Piece, ...]:
    """Give our files beside what is installed below `root`, by `rsm udev install` or by a package."""
    directory = directory or source()
    return tuple(
        Piece(
            root / "etc" / place / name,
            (directory / name).read_text(encoding="utf-8"),
            _read(root / shelf / place / name for shelf in SHELVES),
        )
        for name, place in FILES
    )


def _read(paths: Iterable[Path]) -> str | None:
    """Give what the first of these files holds that is there: a file in /etc outweighs its like elsewhere."""
    for path in paths:
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return None


def _show(arguments: Namespace) -> int:
    from pathlib import Path

    from rsm.cli import render

    ours = pieces(Path("/"))
    if arguments.json:
        rows = ((str(piece.target), piece.state, piece.text) for piece in ours)
        render.json_array(("file", "state", "text"), rows)
        return 0
    for piece in ours:
        print(render.bold(f"# {piece.target}: {piece.state}"))
        print(piece.text)
    return 0


def _install(arguments: Namespace) -> int:
    from pathlib import Path

    return install(Path("/"), yes=arguments.yes, dry_run=arguments.dry_run, json=arguments.json, runner=_ran)


def install(root: Path, *, yes: bool, dry_run: bool, json: bool, runner: Runner) -> int:
    """Show what changes below `root`, ask, write it and run what makes it count; gives the exit status.

    Raises `AccessDenied` for anybody but root, and `InvalidRequest` if there is nobody to ask.
    """
    import os
    from pathlib import Path

    from rsm.errors import AccessDenied

    ours = pieces(root)
    wanted = [piece for piece in ours if piece.state != "installed"]
    if not json:
        for line in _plan(ours):
            print(words.clean(line))
    if dry_run:
        return _done(ours, (), json=json)
    if root == Path("/") and os.geteuid() != 0:
        raise AccessDenied("only root may install rules for udev", hint="sudo rsm udev install")
    if wanted and not yes and not _agreed():
        print("nothing was changed")
        return 1
    for piece in wanted:
        _write(piece)
    troubles = tuple(trouble for command in COMMANDS if (trouble := runner(command)) is not None)
    return _done(pieces(root), troubles, json=json)


def _plan(ours: Sequence[Piece]) -> Iterator[str]:
    import difflib

    for piece in ours:
        if piece.state == "installed":
            yield f"{piece.target} is installed and current"
            continue
        yield f"{piece.target} {'will be written' if piece.installed is None else 'will be replaced'}:"
        before = (piece.installed or "").splitlines()
        differences = difflib.unified_diff(before, piece.text.splitlines(), lineterm="", n=1)
        yield from (f"  {line}" for line in list(differences)[2:])
    yield "then:"
    yield from ("  " + " ".join(command) for command in COMMANDS)


def _agreed() -> bool:
    import sys

    from rsm.errors import InvalidRequest

    if not sys.stdin.isatty():
        raise InvalidRequest("udev install: there is nobody to ask", hint="rsm udev install --yes")
    return input("install these files? [y/N] ").strip().lower() in {"y", "yes"}


def _write(piece: Piece) -> None:
    """Put the file in its place at one stroke: udev may read the directory at any moment."""
    piece.target.parent.mkdir(parents=True, exist_ok=True)
    new = piece.target.with_name(f".{piece.target.name}.new")  # udev reads names ending in .rules alone
    new.write_text(piece.text, encoding="utf-8")
    new.chmod(0o644)
    new.replace(piece.target)


def _ran(command: Sequence[str]) -> str | None:
    import shutil
    import subprocess

    program = shutil.which(command[0], path="/usr/bin:/usr/sbin:/bin:/sbin")
    if program is None:
        return f"{command[0]} is not installed; what it does happens at the next start of the machine"
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [program, *command[1:]], capture_output=True, text=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired:
        return f"{' '.join(command)} did not come back within a minute"
    return None if done.returncode == 0 else f"{' '.join(command)}: {done.stderr.strip() or done.returncode}"


def _done(ours: Sequence[Piece], troubles: Sequence[str], *, json: bool) -> int:
    from rsm.cli import render

    if json:
        render.json_array(("file", "state"), ((str(piece.target), piece.state) for piece in ours))
    elif all(piece.state == "installed" for piece in ours):
        print("installed")
    render.warn(troubles)
    return 0
