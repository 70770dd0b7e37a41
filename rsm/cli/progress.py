"""What is being done now, for a person at a terminal, once it takes longer than a second."""

from __future__ import annotations

import sys
import threading
from typing import Protocol

PATIENCE = 1.0
"""Seconds that a step may take before anything is shown."""


class _Display(Protocol):
    def update(self, text: str) -> None: ...

    def stop(self) -> None: ...


class _Lines:
    """Plain lines, one a step."""

    def update(self, text: str) -> None:
        print(f"rsm: {text} ...", file=sys.stderr, flush=True)

    def stop(self) -> None:
        """Leave the lines standing."""


class _Spinner:
    """rich's spinner, which is gone without trace when it stops."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.status import Status

        self._status = Status("", console=Console(stderr=True))
        self._status.start()

    def update(self, text: str) -> None:
        from rich.markup import escape

        self._status.update(escape(text))

    def stop(self) -> None:
        self._status.stop()


def _display() -> _Display:
    try:
        return _Spinner()
    except ImportError:
        return _Lines()


class Progress:
    """A session's progress callback: told each step, shows those that last."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._display: _Display | None = None
        self._timer: threading.Timer | None = None
        self._text = ""
        self._closed = False

    def __call__(self, text: str) -> None:
        """Take note of the step that begins now."""
        with self._lock:
            self._text = text
            if self._display is not None:
                self._display.update(text)
            elif self._timer is None:
                self._timer = threading.Timer(self._patience, self._show)
                self._timer.daemon = True
                self._timer.start()

    def _show(self) -> None:
        with self._lock:
            if not self._closed and self._display is None:
                self._display = _display()
                self._display.update(self._text)

    def close(self) -> None:
        """Show nothing more, and take away what can be taken away."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            if self._display is not None:
                self._display.stop()
                self._display = None
        if self._timer is not None:
            self._timer.join()
