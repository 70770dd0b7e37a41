"""The output of rsm-mtx byte for byte, as scsi.md §5 has it from mtx 1.3.12."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsm.clock import SystemClock
from rsm_dropin.wording import USAGE
from rsm_mock.building import build
from rsm_mock.state import StateFile

BLANK = " " * 32


def _tag(text: str) -> str:
    return text.ljust(32)


@pytest.fixture
def small(stage: Callable[..., Any]) -> Any:
    """Two drives, four slots of which two are full, one port."""
    return stage(slots=4, ports=1, drives=2, media=2)


def test_status(small: Any) -> None:
    """Drives stand in column 0 and say where their medium came from; tags keep their blanks."""
    small.mtx("load 2 1")
    assert small.mtx("status") == (
        0,
        (
            "  Storage Changer mock:lib.json:2 Drives, 5 Slots ( 1 Import/Export )\n"
            "Data Transfer Element 0:Empty\n"
            f"Data Transfer Element 1:Full (Storage Element 2 Loaded):VolumeTag = {_tag('RSM002L9')}\n"
            f"      Storage Element 1:Full :VolumeTag={_tag('RSM001L9')}\n"
            f"      Storage Element 2:Empty:VolumeTag={BLANK}\n"
            f"      Storage Element 3:Empty:VolumeTag={BLANK}\n"
            f"      Storage Element 4:Empty:VolumeTag={BLANK}\n"
            f"      Storage Element 5 IMPORT/EXPORT:Empty:VolumeTag={BLANK}\n"
        ),
        "",
    )


def test_status_without_tags(small: Any) -> None:
    """Asked for no bar codes, and where there is no reader, nothing stands behind the state."""
    for printed in (small.mtx("nobarcode status"),):
        assert "      Storage Element 1:Full \n      Storage Element 2:Full \n" in printed.out
        assert "Storage Element 3:Empty\n" in printed.out


def test_status_nul_padded(stage: Callable[..., Any]) -> None:
    """A tag that ends with a NUL ends there, and an empty one is not printed."""
    printed = stage("stk-l700", slots=2, ports=0, drives=1, media=1).mtx("status")
    assert printed.out.splitlines()[2:] == [
        "      Storage Element 1:Full :VolumeTag=RSM001V1",
        "      Storage Element 2:Empty",
    ]


def test_unknown_origin(stage: Callable[..., Any]) -> None:
    """A library that does not know where a medium came from is believed: no slot is invented."""
    library = stage("adic-dat")
    library.mtx("load 1 0")
    assert "Data Transfer Element 0:Full (Unknown Storage Element Loaded)\n" in library.mtx("status").out


def test_inquiry(small: Any) -> None:
    """Texts keep their blanks between the quotes."""
    assert small.mtx("inquiry") == (
        0,
        (
            "Product Type: Medium Changer\n"
            "Vendor ID: 'RSM     '\n"
            "Product ID: 'SIMULATED LIB   '\n"
            "Revision: '0100'\n"
            "Attached Changer API: No\n"
        ),
        "",
    )


def test_load_and_unload(small: Any) -> None:
    """A load and an unload say so in one line each; without a slot a medium goes where it came from."""
    assert small.mtx("load 1 0") == (0, "Loading media from Storage Element 1 into drive 0...done\n", "")
    assert small.mtx("unload") == (0, "Unloading drive 0 into Storage Element 1...done\n", "")
    assert small.mtx("transfer 1 5") == (0, "", "")
    assert small.mtx("load 5 1 unload 3 1") == (
        0,
        (
            "Loading media from Storage Element 5 into drive 1...done\n"
            "Unloading drive 1 into Storage Element 3...done\n"
        ),
        "",
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("load", "No source specified"),
        ("load x", "No source specified"),
        ("load 0", "No source specified"),
        ("load 99", "Invalid <storage-element-number> argument '99' to 'load' command"),
        ("load 2 9", "illegal <drive-number> argument '9' to 'load' command"),
        ("load 2 0", "Drive 0 Full (Storage Element 1 loaded)"),
        ("unload 2 0", "Storage Element 2 is Already Full"),
        ("unload 0 0", "illegal <storage-element-number> argument '0' to 'unload' command"),
        ("unload 99 0", "illegal <storage-element-number> argument '99' to 'unload' command"),
        ("unload 1 1", "Data Transfer Element 1 is Empty"),
        ("transfer 2", "No destination specified"),
        ("transfer 9 2", "Invalid source"),
        ("transfer 2 9", "Invalid destination"),
        ("first 9", "illegal <drive-number> argument '9' to 'first' command"),
        ("position 9", "Invalid destination"),
        ("exchange 2 3 9", "Invalid destination"),
        ("eepos 4 transfer 2 3", "eepos equires argument between 0 and 3."),
        ("erase", USAGE),
        ("bogus", USAGE),
        ("--version", f"mtx version 1.3.12\n\n{USAGE}"),
    ],
)
def test_refusals(small: Any, line: str, complaint: str) -> None:
    """What cannot be is refused on stderr with status 1, and nothing moves."""
    small.mtx("load 1 0")
    small.sent.clear()
    assert small.mtx(line) == (1, "", complaint + "\n")
    assert small.moves() == []


def test_library_refuses(small: Any) -> None:
    """Full and empty elements are named by their addresses, which scripts look for."""
    assert small.mtx("transfer 1 2") == (1, "", "Destination Element Address 1025 is Already Full\n")
    assert small.mtx("transfer 3 4") == (1, "", "Source Element Address 1026 is Empty\n")


def test_sense_report(small: Any) -> None:
    """Any other answer is reported line by line, and then as a move that failed."""
    small.simulation.faults.sense((0x4, 0x15, 0x01), on="move")
    assert small.mtx("load 1 0") == (
        1,
        "Loading media from Storage Element 1 into drive 0...",
        """\
mtx: Request Sense: Long Report=yes
mtx: Request Sense: Valid Residual=no
mtx: Request Sense: Error Code=70 (Current)
mtx: Request Sense: Sense Key=Hardware Error
mtx: Request Sense: FileMark=no
mtx: Request Sense: EOM=no
mtx: Request Sense: ILI=no
mtx: Request Sense: Additional Sense Code = 15
mtx: Request Sense: Additional Sense Qualifier = 01
mtx: Request Sense: BPV=no
mtx: Request Sense: Error in CDB=no
mtx: Request Sense: SKSV=no
MOVE MEDIUM from Element Address 1024 to 1 Failed
""",
    )


def test_first_is_already_right(small: Any) -> None:
    """`first` where the first is loaded moves nothing and says so in mtx's way."""
    small.mtx("load 1 0")
    assert small.mtx("first") == (0, "loading...done.\n", "")


@pytest.mark.parametrize("name", ["/nowhere/sg7", "mock:/nowhere/lib.json"])
def test_no_such_device(name: str) -> None:
    """A device that is not there is told in mtx's words."""
    found = _program("-f", name, "status")
    assert (found.returncode, found.stdout) == (1, b"")
    assert found.stderr == f"cannot open SCSI device '{name}' - No such file or directory\n".encode()


def test_not_a_changer_node() -> None:
    """A device that takes no SCSI commands is told in mtx's words."""
    found = _program("-f", "/dev/null", "status")
    assert found.stderr == b"/dev/null is not an sg device, or old sg driver\n"


def test_the_device_of_the_environment() -> None:
    """Without -f the device is $CHANGER, and $TAPE if that is not set."""
    assert b"'/nowhere/a'" in _program("status", CHANGER="/nowhere/a", TAPE="/nowhere/b").stderr
    assert b"'/nowhere/b'" in _program("status", TAPE="/nowhere/b").stderr
    assert b"'/dev/changer'" in _program("status").stderr


def test_nothing_to_do() -> None:
    """No words at all, and options alone, do nothing and succeed."""
    assert _program().returncode == 0
    assert _program("invert", "altres").returncode == 0


def test_looking_loads_next_to_nothing() -> None:
    """The command line, as far as it only looks, loads neither rsm nor the codec, nor what they need."""
    code = "import sys, rsm_dropin.mtx, rsm_dropin.changer; print(' '.join(sys.modules))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    heavy = {"rsm", "rsm_smc", "rsm_scsi", "rsm_mock", "dataclasses", "ctypes", "logging", "argparse", "json"}
    assert not heavy & loaded


def _program(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "rsm_dropin.mtx", *words], capture_output=True, check=False, env=environment
    )


def test_reader_that_goes_away(tmp_path: Path) -> None:
    """A reader of the output that has had enough (`head`) is no reason for a traceback."""
    clock = SystemClock()
    path = tmp_path / "lib.json"
    StateFile(path, clock=clock).create(build("generic", clock=clock))
    for module, words in (("mtx", f"-f mock:{path} status"), ("changer", f"mock:{path} list")):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", f"rsm_dropin.{module}", *words.split()]
        found = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        assert (found.returncode, found.stderr) == (1, b"")
