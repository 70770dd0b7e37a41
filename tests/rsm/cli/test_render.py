"""Tables for people and JSON for programs, both streamed."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from rsm.cli import render, words
from rsm.hardware.inventory import ElementAddress, ElementKind, ElementReport
from rsm.model.states import BarcodeState, DriveState, PoolKind, SideState

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = ("barcode", "count", "id")


def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Put a terminal in the place of standard output."""
    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]  # a terminal that is none
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return screen


def test_a_table_has_a_header_and_fitted_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns are as wide as their longest value, numbers stand to the right, nothing stands for nothing."""
    rows = [("RSM001L9", 7, "a"), (None, 123, "b")]
    assert render.table(COLUMNS, rows, COLUMNS[:2]) == 2
    assert capsys.readouterr().out == "BARCODE   COUNT\nRSM001L9      7\n-           123\n"


def test_a_table_names_the_nameless_by_id(capsys: pytest.CaptureFixture[str]) -> None:
    """A row without bar code is named by the beginning of its id, an empty place by nothing."""
    rows = [(None, 1, "0123456789ab"), (None, 2, None)]
    render.table(COLUMNS, rows, COLUMNS[:2], nameless="id")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["BARCODE", "01234567", "-"]


def test_a_table_without_rows_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """No rows, no header: a script that counts lines counts none."""
    assert render.table(COLUMNS, [], COLUMNS) == 0
    assert capsys.readouterr().out == ""


def test_a_table_keeps_long_values_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """A value longer than its column, met after the first hundred rows, is printed whole."""
    rows = [("A", 1, "x")] * 100 + [("B" * 40, 2, "x")]
    render.table(COLUMNS, rows, COLUMNS[:2])
    assert capsys.readouterr().out.splitlines()[-1].split() == ["B" * 40, "2"]


@pytest.mark.parametrize(
    "printed",
    [lambda rows: render.table(COLUMNS, rows, COLUMNS), lambda rows: render.json_array(COLUMNS, rows)],
)
def test_rows_are_streamed(printed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line is out before the second hundred rows are asked for."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(1000):
            if number == 101:
                assert out.getvalue()
            yield (f"RSM{number:03}L9", number, "x")

    assert printed(rows()) == 1000  # type: ignore[operator]  # one of the two above


def test_json_is_one_array(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON of a listing is one array of objects, valid also when it is empty."""
    assert render.json_array(COLUMNS, [("Ä1", 1, None), ("B", True, "x")]) == 2
    assert json.loads(capsys.readouterr().out) == [
        {"barcode": "Ä1", "count": 1, "id": None},
        {"barcode": "B", "count": True, "id": "x"},
    ]
    assert render.json_array(COLUMNS, []) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A bar code holding an escape sequence is shown escaped."""
    render.table(("barcode",), [("A\x1b[2JB",)], ("barcode",))
    assert "A\\x1b[2JB" in capsys.readouterr().out


def test_colours_only_on_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The header is bold on a terminal, and plain with $NO_COLOR or on a dumb one."""
    screen = terminal(monkeypatch)
    render.table(("barcode",), [("A",)], ("barcode",))
    assert screen.getvalue() == "\x1b[1mBARCODE\x1b[0m\nA\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not render.coloured()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not render.coloured()


def test_times_are_local_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """A listing's UTC times are shown in the local time zone."""
    render.table(("number", "time"), [(1, "2026-11-20T15:00:00Z")], ("number", "time"))
    expected = datetime(2026, 11, 20, 15, tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert expected in capsys.readouterr().out
    assert words.local_time(None) == "never"
    assert words.iso_time(0.5) == "1970-01-01T00:00:00Z"


def test_values_of_the_model_become_json() -> None:
    """Enumerations become words, ids and times text, bytes hex pairs, dataclasses objects."""
    seen = ElementReport(address=ElementAddress(1000), kind=ElementKind.IMPORT_EXPORT, full=None)
    became = render.plain(
        {"element": seen, "id": UUID(int=1), "raw": b"\x0a\xff", "states": {SideState.IMPORT}}
    )
    assert isinstance(became, dict)
    assert became["element"]["kind"] == "import export"
    assert became["element"]["full"] is None
    assert became["id"] == "00000000-0000-0000-0000-000000000001"
    assert became["raw"] == "0a ff"
    assert became["states"] == ["import"]
    json.dumps(became)


def test_the_words_of_side_states_are_the_models() -> None:
    """The words by which a listing is filtered are the model's states, by number."""
    assert list(words.SIDE_STATES) == [words.enumerated(state) for state in sorted(SideState)]
    assert words.enumerated(DriveState.BEING_CLEANED) == "being cleaned"
    assert words.enumerated(PoolKind.FREE) == "free"
    assert words.enumerated(BarcodeState.OK) == "ok"


def test_notes_are_for_people_at_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """What only helps a person is not printed where a program listens."""
    render.note("try this next")
    assert capsys.readouterr() == ("", "")
