"""Progress shows only what lasts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rsm.cli import progress
from rsm.cli.progress import Progress

if TYPE_CHECKING:
    import pytest


class Screen:
    """A display that remembers what it showed."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def update(self, text: str) -> None:
        """Show a text."""
        self.shown.append(text)

    def stop(self) -> None:
        """Go away."""
        self.shown.append("(gone)")


def test_what_is_quick_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that end within the patience leave no trace."""
    screen = Screen()
    monkeypatch.setattr(progress, "_display", lambda: screen)
    watching = Progress(patience=30)
    watching("reading the library")
    watching("recording what was seen")
    watching.close()
    assert screen.shown == []


def test_what_lasts_shows_the_present_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the patience the step under way is shown, then each further one, until all is done."""
    screen = Screen()
    monkeypatch.setattr(progress, "_display", lambda: screen)
    watching = Progress(patience=0.01)
    watching("moving RSM001L9 to drive 0")
    deadline = time.monotonic() + 10
    while not screen.shown and time.monotonic() < deadline:
        time.sleep(0.005)
    watching("waiting for drive 0")
    watching.close()
    assert screen.shown == ["moving RSM001L9 to drive 0", "waiting for drive 0", "(gone)"]


def test_without_rich_there_are_plain_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where rich is not installed, each step is a line on standard error."""

    def missing() -> None:
        raise ImportError("rich")

    monkeypatch.setattr(progress, "_Spinner", missing)
    display = progress._display()
    display.update("reading the library")
    display.stop()
    assert capsys.readouterr() == ("", "rsm: reading the library ...\n")
