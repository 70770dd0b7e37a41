"""From whatever stopped a command to one sentence for people and a status for programs."""

from __future__ import annotations

import errno
import os
import sys

from rsm.errors import InvalidRequest, ObjectNotFound, Refused, RsmError, StoreFailure, Unavailable
from rsm.hardware.faults import DeviceFault

FAILED, INTERRUPTED, PIPE_CLOSED = 1, 130, 141
RSM_FAILED, CANNOT_RUN, NO_SUCH_COMMAND = 125, 126, 127
"""Of `rsm mount WHAT -- CMD`, as env, nice and timeout have them."""

_BRANCHES: tuple[tuple[type[RsmError], int], ...] = (
    (InvalidRequest, 2),
    (ObjectNotFound, 3),
    (Refused, 4),
    (Unavailable, 5),
    (DeviceFault, 6),
    (StoreFailure, 7),
)

_OUTPUT_LOST = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def status_of(error: RsmError) -> int:
    """Give the exit status of an error: that of its branch of the tree (rsm.errors)."""
    return next((status for branch, status in _BRANCHES if isinstance(error, branch)), FAILED)


def report(error: BaseException) -> int:
    """Say on standard error what happened and what to do about it, and give the exit status.

    A traceback is shown only if $RSM_DEBUG is set.
    """
    if isinstance(error, SystemExit):  # argparse has printed its help
        return error.code if isinstance(error.code, int) else FAILED if error.code else 0
    if isinstance(error, BrokenPipeError):
        return PIPE_CLOSED
    if os.environ.get("RSM_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, RsmError):
        say(str(error), error.hint)
        return status_of(error)
    if isinstance(error, KeyboardInterrupt):
        say(
            "interrupted",
            "if a robot was moving it goes on: rsm library inventory NAME tells where everything is",
        )
        return INTERRUPTED
    if isinstance(error, OSError):
        say(*_of_system(error))
        return FAILED
    say(
        f"internal error: {type(error).__name__}: {error}",
        "this is a bug in rsm; run it again with RSM_DEBUG=1 and send the traceback",
    )
    return FAILED


def _of_system(error: OSError) -> tuple[str, str | None]:
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {reason}", None
    if error.errno in _OUTPUT_LOST:
        return f"the output could not be written: {reason}", "what the command did stands; see rsm events"
    return reason, None


def say(message: str, hint: str | None) -> None:
    """Print an error and its hint; a standard error that is gone as well is no reason to fail again."""
    lines = [f"rsm: {message}", *([f"hint: {hint}"] if hint else [])]
    try:
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return
