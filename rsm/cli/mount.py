"""`rsm mount`: a medium in a drive, for as long as a command runs or until it is dismounted."""

from __future__ import annotations

import os
import sys

from rsm.cli import exits, grammar, render, words
from rsm.cli.door import Door

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from rsm.model.outcome import Mounted

_DETAILS = """\
Standard output gets the device node to open and nothing else, so that
`TAPE=$(rsm mount RSM001L9)` works; the medium stays mounted until
`rsm dismount`.

With `-- CMD ...`, the command runs with the node in $TAPE and $RSM_NODE, and
bar code and side in $RSM_BARCODE and $RSM_SIDE:

  rsm mount RSM001L9 -- sh -c 'tar -cf "$TAPE" /etc'

Afterwards the medium is dismounted, whatever happened, unless a person had
mounted it before, or another program still uses it; nobody can dismount it
while the command runs. The exit status is that of CMD, or 128 + N if signal N
ended it; 125 if rsm failed to mount, or to dismount after CMD went well; 126
if CMD cannot be run; 127 if there is no such command."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm mount`."""
    parser.description = grammar.described("bring a medium into a drive", _DETAILS)
    parser.usage = f"{parser.prog} [--drive N] [--json] [--store PATH] WHAT [-- CMD ...]"
    parser.add_argument(
        "what", metavar="WHAT", help="LMID, bar code, BARCODE:2 for a side, or beginning of an id"
    )
    parser.add_argument(
        "--drive", metavar="N", type=int, help="this drive, counted from 0; else the best one"
    )
    grammar.with_common(parser)
    parser.set_defaults(command=[])


def run(arguments: Namespace) -> int:
    """Mount, and print the node alone; or run the command around which the medium is mounted."""
    if arguments.command:
        return _around(arguments)
    with Door(arguments) as session:
        mounted = session.mount(arguments.what, drive=arguments.drive)
    render.note(_where(mounted))
    if arguments.json:
        render.json_value(mounted)
    else:
        print(mounted.node)
    return 0


def _where(mounted: Mounted) -> str:
    side = f" side {mounted.side}" if len(mounted.medium.sides) > 1 else ""
    state = "already mounted" if mounted.already else "mounted"
    return words.clean(
        f"{mounted.medium.name}{side} is {state} in drive {mounted.drive} of {mounted.library}"
        f" (node found by {mounted.matched_by})"
    )


def _around(arguments: Namespace) -> int:
    """Mount, run the command, dismount; give the command's status."""
    import signal

    # From here on, being told to go means to dismount first.
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return _mounted_around(arguments)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _mounted_around(arguments: Namespace) -> int:
    import shlex
    import shutil
    from contextlib import ExitStack

    program = arguments.command[0]
    if shutil.which(program) is None:
        there = os.sep in program and os.path.exists(program)  # noqa: PTH110 - as everywhere on this path
        exits.say(
            f"{program!r} cannot be run" if there else f"there is no command {program!r}",
            "nothing was mounted",
        )
        return exits.CANNOT_RUN if there else exits.NO_SUCH_COMMAND
    in_use = ExitStack()
    try:
        with Door(arguments) as session:
            mounted = session.mount(arguments.what, drive=arguments.drive)
            # What others run on it now, they would leave for us to put away; what a person mounted, stays.
            stays = mounted.already and not session.is_used(mounted)
            in_use.enter_context(session.using(mounted, shlex.join(arguments.command)))
    except Exception as error:  # noqa: BLE001 - a caller must tell rsm's failures from the command's
        exits.report(error)
        return exits.RSM_FAILED
    status = exits.RSM_FAILED
    try:
        render.note(_where(mounted))
        status = _run(arguments.command, mounted)
    finally:
        in_use.close()
        if not stays:
            status = _dismounted(arguments, mounted, status)
    return status


def _run(command: list[str], mounted: Mounted) -> int:
    import signal
    import subprocess

    environment = {
        **os.environ,
        "TAPE": mounted.node,
        "RSM_NODE": mounted.node,
        "RSM_BARCODE": mounted.medium.barcode or "",
        "RSM_SIDE": str(mounted.side),
    }
    sys.stdout.flush()
    started: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(got: int, _frame: object) -> None:
        for process in started:
            process.send_signal(got)
        if not started:
            early.append(got)

    # An interrupt from the keyboard reaches the command by itself; rsm waits for its end to dismount. The others
    # are passed on from before it starts: one that came in between would leave the command behind.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
    for number in (signal.SIGTERM, signal.SIGHUP):
        before[number] = signal.signal(number, pass_on)
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - running it is what was asked for
        started.append(process)
        for got in early:
            process.send_signal(got)
        status = process.wait()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        exits.say(f"cannot run {command[0]!r}: {error.strerror}", None)
        return exits.NO_SUCH_COMMAND if missing else exits.CANNOT_RUN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def _dismounted(arguments: Namespace, mounted: Mounted, status: int) -> int:
    from rsm.errors import InvalidState, LeaseHeld

    try:
        with Door(arguments) as session:
            outcome = session.dismount(f"{mounted.medium.id}:{mounted.side}")
    except LeaseHeld as held:
        render.note(f"{mounted.medium.name} stays mounted: {held}")
        return status
    except InvalidState as gone:
        render.note(str(gone))
        return status
    except Exception as error:  # noqa: BLE001 - the command's own failure is worth more than ours
        exits.report(error)
        exits.say(
            f"{mounted.medium.name} is still in drive {mounted.drive}", f"rsm dismount {mounted.medium.name}"
        )
        return status or exits.RSM_FAILED
    render.warn(outcome.warnings)
    return status
