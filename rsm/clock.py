"""Time as an argument, so that tests and demonstrations jump instead of waiting."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What every part of rsm that reads the time or waits is given."""

    def now(self) -> float:
        """Give the time of day in seconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds on a scale that never goes back; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds; 0 or less returns at once."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Give the time of day in seconds since 1970-01-01 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Give seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        if seconds > 0:
            time.sleep(seconds)


class JumpingClock:
    """A clock that stands still until somebody sleeps, and then is there at once."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Give the simulated time of day in seconds since 1970-01-01 UTC."""
        return self._now

    def monotonic(self) -> float:
        """Give the simulated seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the time on and return at once."""
        self._now += max(0.0, seconds)
