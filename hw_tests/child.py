"""A process of its own for what must not happen to pytest: other rights, a stop, a freeze, a signal.

It is forked, not started: an emulated processor needs seconds to start Python and import rsm.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_OVER = 126


class Child:
    """A forked process that runs a function; the function is given a way to say that it has got somewhere."""

    def __init__(self, work: Callable[[Callable[[], None]], Any]) -> None:
        marks, self._mark = os.pipe()
        results, self._result = os.pipe()
        self._marks, self._results = marks, results
        self.pid = os.fork()
        if self.pid == 0:
            self._live(work)
        os.close(self._mark)
        os.close(self._result)

    def _live(self, work: Callable[[Callable[[], None]], Any]) -> None:
        """Run the function and end, whatever it does: never back into pytest."""

        def tell() -> None:
            os.write(self._mark, b".")

        try:
            outcome = {"result": work(tell)}
        except BaseException as error:  # noqa: BLE001 - it is told to the parent, and the process ends
            outcome = {"error": f"{type(error).__name__}: {error}", "hint": getattr(error, "hint", None)}
        try:
            os.write(self._result, json.dumps(outcome).encode())
        finally:
            os._exit(_OVER)

    def await_mark(self, seconds: float) -> None:
        """Wait until the function says that it has got there; raises TimeoutError, or what ended it."""
        ready, _, _ = select.select([self._marks, self._results], [], [], seconds)
        if not ready:
            raise TimeoutError(f"the process did not get there in {seconds:g} s")
        if self._marks not in ready or not os.read(self._marks, 1):
            raise ChildProcessError(f"the process ended early: {self.outcome(1)}")

    def outcome(self, seconds: float) -> dict[str, Any]:
        """Give {"result": …} or {"error": …, "hint": …}; raises TimeoutError if it is not done in time."""
        deadline, told = time.monotonic() + seconds, b""
        while select.select([self._results], [], [], max(0.0, deadline - time.monotonic()))[0]:
            more = os.read(self._results, 65536)
            if not more:
                return dict(json.loads(told))
            told += more
        raise TimeoutError(f"the process was not done in {seconds:g} s")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def await_stopped(self, seconds: float) -> None:
        """Wait until it is stopped; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if pid and os.WIFSTOPPED(status):
                return
            time.sleep(0.01)
        raise TimeoutError(f"the process was not stopped in {seconds:g} s")

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """End the process, also a stopped one, and give its descriptors back."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._marks)
        os.close(self._results)
