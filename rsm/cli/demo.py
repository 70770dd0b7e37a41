"""`rsm demo`: a whole session on a simulated library, each step by the command that a person would type."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from rsm import cli
from rsm.cli import grammar, render
from rsm.clock import JumpingClock

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from rsm.clock import Clock

_DETAILS = """\
Makes a store and a simulated library in a directory of their own, and takes
them away afterwards, unless --keep is given. Every line after a `$` is a
command as it can be typed, run for real: SCSI commands go to a library that
answers them byte for byte. Only the time is made up, and does not have to be
waited for."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm demo`."""
    parser.description = grammar.described("play a whole session on a simulated library", _DETAILS)
    parser.add_argument("--keep", action="store_true", help="leave store and library there, to go on with")


def run(arguments: Namespace) -> int:
    """Play the session and give the status of the first step that failed, 0 if none did."""
    directory = tempfile.mkdtemp(prefix="rsm-demo-")
    stage = _Stage(directory, arguments.clock or JumpingClock(time.time()))
    before = os.environ.get("RSM_STORE")
    os.environ["RSM_STORE"] = stage.store
    try:
        _play(stage)
    except _StepFailedError as failed:
        print(f"\nThe step before this line ended with status {failed.status}.")
        return failed.status
    finally:
        if before is None:
            del os.environ["RSM_STORE"]
        else:
            os.environ["RSM_STORE"] = before
        if not arguments.keep:
            shutil.rmtree(directory, ignore_errors=True)
    _say_goodbye(stage, kept=arguments.keep)
    return 0


def _play(stage: _Stage) -> None:
    stage.say("A simulated library: two drives, a mail slot, tapes and two-sided optical discs.")
    stage.show("export", f"RSM_STORE={stage.store}")
    sizes = "--slots 12 --drives 2 --ports 1 --media 4 --two-sided 2 --pace 1"
    stage.rsm("mock", "create", stage.library, *sizes.split())

    stage.say("rsm takes it under management, and looks what is in it; first without recording anything.")
    stage.rsm("library", "add", f"mock:{stage.library}", "--name", "vault")
    stage.rsm("library", "inventory", "vault", "--preview")
    stage.rsm("library", "inventory", "vault")
    stage.rsm("library", "show", "vault")

    stage.say("New media wait in Import until somebody sorts them into pools. Two tapes become free for all.")
    stage.rsm("media", "list")
    stage.rsm("pool", "create", "Backup", "--type", "LTO-9", "--draw-from-free", "--return-to-free")
    stage.rsm("pool", "create", "Archive", "--type", "MO 5.25 RW")
    stage.rsm("media", "move", "RSM001L9", "RSM002L9", "Free/LTO-9")
    stage.rsm("media", "move", "RSM005", "Archive")
    stage.rsm("media", "list", "--library", "vault")

    stage.say("An application allocates a tape. Its pool has none yet, and draws a free one.")
    stage.rsm("allocate", "Backup", "--explain", keep_as="TAPE_ID")
    stage.say("It is mounted: the robot moves, the drive loads, and the answer is the node to open.")
    stage.rsm("mount", "$TAPE_ID")

    stage.say("A whole disc is allocated, one side after the other; mounting side 2 turns it over.")
    stage.rsm("allocate", "Archive", "--new", keep_as="DISC")
    stage.rsm("allocate", "Archive", "--next", "$DISC", keep_as="OTHER_SIDE")
    stage.rsm("mount", "$OTHER_SIDE")
    stage.rsm("library", "show", "vault")
    stage.rsm("drive", "list")

    stage.say("Everything is put away, and given back.")
    stage.rsm("dismount", "RSM005")
    stage.rsm("dismount", "$TAPE_ID")
    for name in ("$TAPE_ID", "$DISC", "$OTHER_SIDE"):
        stage.rsm("deallocate", name)
    stage.rsm("where", "RSM001L9")
    stage.rsm("events", "--last", "12")


def _say_goodbye(stage: _Stage, *, kept: bool) -> None:
    print("\n" + render.bold("That was everything, from the robot's commands to the store."))
    if kept:
        print(f"To go on with it:  export RSM_STORE={stage.store}\n                   rsm library show vault")
    print("With a library of your own:  rsm library add /dev/sgN   (`lsscsi -g` tells N)")
    print("Everything else:             rsm --help")


class _StepFailedError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class _Stage:
    """Runs each command through the very `main` that the terminal runs, and shows it first."""

    def __init__(self, directory: str, clock: Clock) -> None:
        self.store = f"{directory}/rsm.db"
        self.library = f"{directory}/vault.json"
        self._clock = clock
        self._variables: dict[str, str] = {}

    def say(self, text: str) -> None:
        """Tell what comes next."""
        print("\n" + render.bold("# " + text))

    def show(self, *words: str) -> None:
        """Print a command as it is typed."""
        print("\n$ " + " ".join(words), flush=True)

    def rsm(self, *words: str, keep_as: str | None = None) -> None:
        """Run a command and show what it prints; with `keep_as`, its output becomes a variable as in a shell."""
        typed = ["rsm", *(word if word.startswith("$") else shlex.quote(word) for word in words)]
        self.show(" ".join(typed) if keep_as is None else f"{keep_as}=$({' '.join(typed)})")
        meant = [self._variables.get(word, word) for word in words]
        output = io.StringIO()
        with contextlib.redirect_stdout(output) if keep_as else contextlib.nullcontext():
            status = cli.main(meant, clock=self._clock)
        sys.stdout.flush()
        if status:
            raise _StepFailedError(status)
        if keep_as is not None:
            self._variables["$" + keep_as] = output.getvalue().strip()
            self.show("echo", "$" + keep_as)
            print(output.getvalue(), end="")
