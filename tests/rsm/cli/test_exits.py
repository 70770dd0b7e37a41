"""Whatever stops a command becomes one sentence and a documented status."""

from __future__ import annotations

import errno
import io
import sys
from typing import TYPE_CHECKING

import pytest

from rsm import errors
from rsm.cli import exits, main, nouns
from rsm.hardware import faults

if TYPE_CHECKING:
    from collections.abc import Iterator


def leaves(branch: type[errors.RsmError]) -> Iterator[type[errors.RsmError]]:
    """Give an error class and all below it."""
    yield branch
    for below in branch.__subclasses__():
        yield from leaves(below)


@pytest.mark.parametrize(
    ("branch", "status"),
    [
        (errors.InvalidRequest, 2),
        (errors.ObjectNotFound, 3),
        (errors.Refused, 4),
        (errors.Unavailable, 5),
        (faults.DeviceFault, 6),
        (errors.StoreFailure, 7),
    ],
)
def test_a_branch_of_the_error_tree_has_one_status(branch: type[errors.RsmError], status: int) -> None:
    """Every class of a branch ends with the status of the branch, which the help documents."""
    assert {exits.status_of(leaf("x")) for leaf in leaves(branch)} == {status}
    assert status in dict(nouns.STATUSES)


def test_an_error_is_a_sentence_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    """The message comes first, the hint on its own line, neither on standard output."""
    assert exits.report(errors.LibraryFull("no empty slot in lib1", hint="take a medium out")) == 5
    assert capsys.readouterr() == ("", "rsm: no empty slot in lib1\nhint: take a medium out\n")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            KeyboardInterrupt(),
            130,
            (
                "rsm: interrupted\nhint: if a robot was moving it goes on:"
                " rsm library inventory NAME tells where everything is\n"
            ),
        ),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
        (SystemExit(0), 0, ""),
        (SystemExit(None), 0, ""),
        (SystemExit(143), 143, ""),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 1, "rsm: /x: Permission denied\n"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            """\
rsm: the output could not be written: No space left on device
hint: what the command did stands; see rsm events
""",
        ),
    ],
)
def test_what_is_not_ours_is_a_sentence_too(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Interrupts, closed pipes and full disks show no traceback."""
    assert exits.report(error) == status
    assert capsys.readouterr().err == said


def test_a_bug_is_called_one(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is one sentence, with its traceback only under RSM_DEBUG."""
    monkeypatch.delenv("RSM_DEBUG", raising=False)
    bug = ZeroDivisionError("division by zero")
    assert exits.report(bug) == 1
    said = capsys.readouterr().err
    assert said.startswith("rsm: internal error: ZeroDivisionError: division by zero\nhint: ")
    assert said.count("\n") == 2
    monkeypatch.setenv("RSM_DEBUG", "1")
    exits.report(bug)
    assert capsys.readouterr().err.startswith("ZeroDivisionError: division by zero\n")


def test_a_full_disk_under_the_output_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output that cannot be flushed ends with status 1 and says so."""

    class FullDisk(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", FullDisk())
    assert main(["version"]) == 1
    assert "the output could not be written" in capsys.readouterr().err


def test_a_closed_standard_error_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Complaining to a standard error that is gone changes nothing about the status."""
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stderr", gone)
    assert exits.report(errors.UnknownPool("no media pool is called 'x'")) == 3
