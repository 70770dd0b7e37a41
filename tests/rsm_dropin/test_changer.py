"""rsm-changer: the contract of the mtx-changer scripts of Bacula and Bareos (scsi.md §5.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rsm_dropin import tape
from rsm_dropin.changer import USAGE


@pytest.fixture
def library(stage: Callable[..., Any]) -> Any:
    """Two drives, four slots, two ports; media in slots 1 and 2 and in a port."""
    library = stage(slots=4, ports=2, drives=2, media=3)
    library.mtx("transfer 3 6")
    return library


def test_list(library: Any) -> None:
    """A line for every medium in a slot, and for those in drives under the slot they came from; no ports."""
    library.changer("load 2 none 1")
    assert library.changer("list") == (0, "1:RSM001L9\n2:RSM002L9\n", "")


def test_list_without_bar_codes(stage: Callable[..., Any]) -> None:
    """Where there is no bar code the line ends after the colon."""
    assert stage("autoloader").changer("list").out == "1:\n2:\n3:\n"


def test_list_all(library: Any) -> None:
    """Every drive, slot and port, with the slots of media in drives."""
    library.changer("load 2 none 1")
    assert [line.rstrip() for line in library.changer("listall").out.splitlines()] == [
        "D:0:E",
        "D:1:F:2:RSM002L9",
        "S:1:F:RSM001L9",
        "S:2:E",
        "S:3:E",
        "S:4:E",
        "I:5:E",
        "I:6:F:RSM003L9",
    ]


def test_slots(library: Any) -> None:
    """The number of slots counts the ports."""
    assert library.changer("slots") == (0, "6\n", "")


def test_loaded(library: Any) -> None:
    """The number of the slot whose medium is in the drive, 0 for an empty drive."""
    assert library.changer("loaded 0 none 0").out == "0\n"
    library.changer("load 2 none 0")
    assert library.changer("loaded 0 none 0").out == "2\n"
    assert library.changer("loaded 0 none 1").out == "0\n"


def test_loaded_of_unknown_origin(stage: Callable[..., Any]) -> None:
    """A medium of unknown origin has a number all the same, that of the slot it would be unloaded to."""
    library = stage("adic-dat")
    library.changer("load 3 none 0")
    assert library.changer("loaded 0 none 0").out == "3\n"
    assert library.changer("listall").out.startswith("D:0:F:3:\n")


def test_load_and_unload(library: Any) -> None:
    """A load and an unload move the medium; slot 0 is where it came from."""
    assert library.changer("load 1 none 0").status == 0
    assert library.changer("unload 0 none 0").status == 0
    assert library.changer("list").out.startswith("1:RSM001L9\n")


def test_transfer(library: Any) -> None:
    """The destination stands where the archive device would."""
    assert library.changer("transfer 1 4").status == 0
    assert library.changer("list").out == "2:RSM002L9\n4:RSM001L9\n"


def test_medium_not_in_slot(library: Any) -> None:
    """Bareos knows by these words that the slot is empty."""
    printed = library.changer("load 3 none 0")
    assert printed.status == 1
    assert "Source Element Address" in printed.err
    assert "is Empty" in printed.err


@pytest.mark.parametrize(
    "line", ["", "list slots", "bogus", "load", "load 1", "load 1 none", "loaded 0 none", "transfer 1"]
)
def test_too_few_words(library: Any, line: str) -> None:
    """Too few arguments, or no command, end with the usage text and status 1."""
    if line == "list slots":
        assert library.changer(line).status == 0  # what is not needed is ignored, as by the scripts
        return
    assert library.changer(line) == (1, "", USAGE + "\n")


@pytest.mark.parametrize("line", ["load x none 0", "load 1 none x", "transfer -1 2", "loaded 0 none ²"])
def test_not_a_number(library: Any, line: str) -> None:
    """A slot or drive that is no number is refused."""
    printed = library.changer(line)
    assert printed.status == 1
    assert "is not a number" in printed.err


def test_no_such_drive(library: Any) -> None:
    """A drive that is not there is named."""
    assert library.changer("loaded 0 none 7").err == "there is no drive 7, the last is 1\n"


def test_drive_is_put_off_line_and_waited_for(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the archive device is a node, it is waited for after a load and put off line before an unload."""
    told: list[tuple[str, str]] = []

    def wait(node: str) -> bool:
        told.append(("wait", node))
        return True

    monkeypatch.setattr(tape, "is_tape", lambda _: True)
    monkeypatch.setattr(tape, "wait_on_line", wait)
    monkeypatch.setattr(tape, "put_off_line", lambda node: told.append(("off", node)))
    assert library.changer("load 1 /dev/nst9 0").status == 0
    assert library.changer("unload 1 /dev/nst9 0").status == 0
    assert told == [("wait", "/dev/nst9"), ("off", "/dev/nst9")]


def test_drive_that_does_not_get_ready(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A medium that is loaded and does not become ready is an error."""
    monkeypatch.setattr(tape, "is_tape", lambda _: True)
    monkeypatch.setattr(tape, "wait_on_line", lambda _: False)
    printed = library.changer("load 1 /dev/nst9 0")
    assert printed.status == 1
    assert "/dev/nst9 is not ready" in printed.err


def test_what_is_no_tape_is_never_on_line() -> None:
    """A node that is not there, or no tape, is not ready, and putting it off line does nothing."""
    assert not tape.is_tape("/nowhere/nst0")
    assert not tape.is_tape("mock:lib.json#0")
    for node in ("/nowhere/nst0", "/dev/null"):
        assert not tape.wait_on_line(node, limit=0)
        tape.put_off_line(node)
