"""The command line of the harness.

COMMAND finds in its environment:
    VTL_CHANGER      the changer's sg node, like /dev/sg3
    VTL_SERIAL       its serial number
    VTL_CHANGER_SCH  the changer's ch node, like /dev/sch0
    VTL_DRIVES       the drives' non-rewinding st nodes, in element order
    VTL_DRIVES_SG    the drives' sg nodes, in element order
    VTL_DISK_SG      the sg node of a disk, which is no changer
    VTL_SLOTS, VTL_IE, VTL_SIDES, VTL_MEDIA (the bar codes, in slot order)
It is root there, its stdin is /dev/null.

Exit status: COMMAND's own; 124 if the time limit ran out; 125 if the VM or the library could not be set up;
2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hw_tests.vm import library, machine, requirements, share
from hw_tests.vm.failure import VmFailure

if TYPE_CHECKING:
    from types import FrameType

NOT_SET_UP = 125
INTERRUPTED = 130
DEFAULT = library.Library()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options before `--`."""
    made = argparse.ArgumentParser(
        prog="./dev vm",
        usage="./dev vm [OPTION...] -- COMMAND [ARGUMENT...]",
        description="Run COMMAND in a throw-away VM that has a virtual tape library.",
        epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--slots", type=int, default=DEFAULT.slots, help="storage slots (%(default)s)")
    add("--ie", type=int, default=DEFAULT.ports, help="import/export slots (%(default)s)")
    add("--drives", type=int, default=DEFAULT.drives, help="tape drives (%(default)s)")
    add("--media", type=int, help=f"media, in the first slots ({DEFAULT.media}, or one for each slot)")
    add("--sides", type=int, default=DEFAULT.sides, help="sides of a medium (1); tgt shows it as ROTATE only")
    add("--size", type=int, default=DEFAULT.size, metavar="MB", help="capacity of a medium (%(default)s)")
    add("--venv", type=Path, metavar="DIR", help="virtual environment for COMMAND (.venv of the repository)")
    add("--env", action="append", default=[], metavar="NAME[=VALUE]", help="further variable for COMMAND")
    add(
        "--rw",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="directory whose changes are to last",
    )
    add(
        "--udev-rules",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="rules for the guest's udev",
    )
    add("--cpus", type=int, default=2, help="processors (%(default)s)")
    add("--memory", default="1G", help="as QEMU takes it (%(default)s)")
    add("--timeout", type=float, default=600, metavar="SECONDS", help="limit, boot included (%(default)s)")
    add("--kvm", action="store_true", help="use /dev/kvm")
    add("--verbose", action="store_true", help="show the guest's logs and the time taken at the end")
    add("--missing", action="store_true", help="only print the Debian packages that are missing, on one line")
    return made


def read(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the options and COMMAND; end with status 2 and one line if they make no sense."""
    options = parser()
    cut = words.index("--") if "--" in words else len(words)
    args, command = options.parse_args(words[:cut]), words[cut + 1 :]
    args.media = min(DEFAULT.media, args.slots) if args.media is None else args.media
    for name, low, high in (
        ("slots", 1, library.SLOTS_LIMIT),
        ("drives", 1, library.DRIVES_LIMIT),
        ("ie", 0, library.IMPORT_EXPORT_LIMIT),
        ("media", 0, args.slots),
        ("sides", 1, 2),
        ("size", 1, 1 << 20),
        ("cpus", 1, 64),
    ):
        if not low <= getattr(args, name) <= high:
            options.error(f"--{name} must be from {low} to {high}")
    args.rw = [path.resolve() for path in args.rw]
    args.venv = args.venv and args.venv.absolute()
    for path in (*args.rw, *filter(None, [args.venv])):
        if not path.is_dir():
            options.error(f"{path} is not a directory")
    for path in args.udev_rules:
        if not path.is_file():
            options.error(f"{path} is not a file")
    if not command and not args.missing:
        options.error("no COMMAND: it follows --")
    return args, command


def main(words: list[str]) -> int:
    """Do as the command line says; return the exit status."""
    args, command = read(words)
    requirements.add_sbin_to_path()
    lacks = requirements.missing()
    reason = requirements.unsupported()
    if args.missing and not reason:
        print(*sorted(lacks))
        return 0
    if reason or lacks:
        print(f"vm: {reason or _advice(lacks)}", file=sys.stderr)
        return NOT_SET_UP
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    work = Path(tempfile.mkdtemp(prefix="rsm-vm."))
    try:
        return _run(args, command, work)
    except VmFailure as error:
        print(f"vm: {error}", file=sys.stderr)
        return NOT_SET_UP
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(args: argparse.Namespace, command: list[str], work: Path) -> int:
    extra = {}
    for item in args.env:
        name, given, value = item.partition("=")
        extra[name] = value if given else os.environ.get(name, "")
    share.fill(
        work / "share",
        library.Library(args.slots, args.drives, args.ie, args.media, args.sides, args.size),
        command=share.command_script(command, args.venv, extra),
        rw=args.rw,
        rules=args.udev_rules,
    )
    guest = machine.Machine(args.rw, args.cpus, args.memory, args.timeout, args.kvm, args.verbose)
    return machine.run(guest, work)


def _advice(lacks: dict[str, str]) -> str:
    """Return in one line what is missing and how to get all of it."""
    return f"{'; '.join(sorted(lacks.values()))}: apt install {' '.join(sorted(lacks))}"


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
