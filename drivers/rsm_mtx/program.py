"""Running mtx: as a list of arguments, in a clean environment, out of reach of the terminal's signals.

A program that does not end within its limit is left alone. To kill mtx stops nothing: the command is with the
library, which carries it out (measured, scsi.md §0.1); all that killing would end is the kernel's knowledge
of who waits for the answer. For the same reason mtx gets a session of its own: Ctrl-Z and `fg` would make the
kernel send its command a second time, and Ctrl-C would kill it in the middle of a move.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rsm.hardware.faults import DeviceGone, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIABLE = "RSM_MTX"
"""Names the program where it is not `mtx` on the PATH."""

_ADMIN_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where Debian puts mtx, and where the PATH of an ordinary user does not lead."""

_OURS = frozenset({"CHANGER", "TAPE", "LANG", "LANGUAGE"})
"""Variables that would name another device, or translate the messages of the C library."""


class Outcome(NamedTuple):
    """What a run of mtx left behind. Its status is told, and not believed: a timed-out move ends with 0."""

    status: int
    output: bytes
    complaint: bytes


class Runner(Protocol):
    """What runs mtx on one device."""

    @property
    def device(self) -> str:
        """The device that mtx is given."""
        ...

    def run(self, words: Sequence[str], *, timeout: float) -> Outcome:
        """Run one command to its end; raises `OutcomeUnknown` if that does not come within `timeout` seconds."""
        ...


class Program:
    """The mtx program of this host, on one device."""

    def __init__(self, device: str, *, environment: Mapping[str, str] | None = None) -> None:
        self._device = device
        self._variables = dict(os.environ if environment is None else environment)

    @property
    def device(self) -> str:
        """The device that mtx is given."""
        return self._device

    def run(self, words: Sequence[str], *, timeout: float) -> Outcome:
        """Run `mtx -f DEVICE WORDS` to its end; raises `DeviceGone` if there is no mtx.

        Raises `OutcomeUnknown` if it runs on after `timeout` seconds; it then goes on by itself.
        """
        _reap()
        command = [self._executable(), "-f", self._device, *words]
        # Files, not pipes: a program that is left alone must be able to go on printing.
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
            try:
                process = subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=complaint,
                    env=self._clean(),
                    start_new_session=True,
                )
            except OSError as error:
                raise DeviceGone(f"{command[0]} cannot be started: {error.strerror}") from error
            try:
                status = process.wait(timeout)
            except subprocess.TimeoutExpired as error:
                _LEFT.append(process)
                raise OutcomeUnknown(
                    f"mtx:{self._device} gave no answer in {timeout:.0f} s to mtx {' '.join(words)},"
                    f" which goes on as process {process.pid}",
                    hint="look at the library (rsm changer status) before anything is moved again",
                ) from error
            except BaseException:
                _LEFT.append(process)  # Ctrl-C ends the waiting, not the move
                raise
            output.seek(0)
            complaint.seek(0)
            return Outcome(status, output.read(), complaint.read())

    def _executable(self) -> str:
        named = self._variables.get(VARIABLE)
        path = f"{self._variables.get('PATH', os.defpath)}:{_ADMIN_PATH}"
        found = shutil.which(named or "mtx", path=path)
        if found is None:
            raise DeviceGone(
                f"there is no program {named or 'mtx'}",
                hint=f"install it (sudo apt install mtx), or name one with ${VARIABLE}",
            )
        return found

    def _clean(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in self._variables.items()
            if name not in _OURS and not name.startswith("LC_")
        }
        return {**kept, "LC_ALL": "C"}


_LEFT: list[subprocess.Popen[bytes]] = []
"""Programs that did not end in time; kept so that their status is collected when they do."""


def _reap() -> None:
    _LEFT[:] = [process for process in _LEFT if process.poll() is None]
