"""The lease: one holder at a time, known by name, gone with its process."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rsm.clock import JumpingClock, SystemClock
from rsm.errors import LeaseHeld, Unavailable
from rsm.hardware.inventory import DeviceIdentity
from rsm.hardware.lease import hold, lease_directory, lease_key

CLOCK = JumpingClock()

_HOLDER = """
import sys, time
from pathlib import Path
from rsm.clock import SystemClock
from rsm.hardware.lease import hold
with hold("CHG001", holder="rsm mount X", timeout=0, clock=SystemClock(), directory=Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_file_says_who_holds_it(tmp_path: Path) -> None:
    """While it is held, the file tells holder, process and time, and nobody else may write it."""
    with hold("CHG001", holder="rsm mount X", timeout=0, clock=CLOCK, directory=tmp_path) as path:
        content = json.loads(path.read_text())
        assert content["holder"] == "rsm mount X"
        assert content["pid"] == os.getpid()
        assert content["since"] == CLOCK.now()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_second_holder_is_told_the_first(tmp_path: Path) -> None:
    """Who does not get it in time is told who has it, by command, process and time."""
    with (
        hold("CHG001", holder="rsm mount X", timeout=0, clock=CLOCK, directory=tmp_path),
        pytest.raises(LeaseHeld, match=rf"rsm mount X \(process {os.getpid()}") as caught,
        hold("CHG001", holder="other", timeout=5, clock=CLOCK, directory=tmp_path),
    ):
        pytest.fail("two holders")
    assert caught.value.hint


def test_waiting_is_bounded(tmp_path: Path) -> None:
    """Waiting takes as long as was asked for, and no longer."""
    clock = JumpingClock()
    with hold("CHG001", holder="a", timeout=0, clock=clock, directory=tmp_path):
        began = clock.monotonic()
        with pytest.raises(LeaseHeld), hold("CHG001", holder="b", timeout=7, clock=clock, directory=tmp_path):
            pytest.fail("two holders")
        assert clock.monotonic() - began == pytest.approx(7)


def test_given_back(tmp_path: Path) -> None:
    """After the block, also one that failed, the next one gets it at once."""
    with pytest.raises(KeyError), hold("CHG001", holder="a", timeout=0, clock=CLOCK, directory=tmp_path):
        raise KeyError
    with hold("CHG001", holder="b", timeout=0, clock=CLOCK, directory=tmp_path) as path:
        assert json.loads(path.read_text())["holder"] == "b"


def test_keys_are_independent(tmp_path: Path) -> None:
    """Two libraries are two leases."""
    with (
        hold("ONE", holder="a", timeout=0, clock=CLOCK, directory=tmp_path) as one,
        hold("TWO", holder="b", timeout=0, clock=CLOCK, directory=tmp_path) as two,
    ):
        assert one != two


def test_dies_with_its_holder(tmp_path: Path) -> None:
    """A holder that is killed leaves no lease behind."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        clock = SystemClock()
        with (
            pytest.raises(LeaseHeld, match=rf"rsm mount X \(process {process.pid}"),
            hold("CHG001", holder="b", timeout=0, clock=clock, directory=tmp_path),
        ):
            pytest.fail("two holders")
        process.kill()
        process.wait()
        with hold("CHG001", holder="b", timeout=5, clock=clock, directory=tmp_path):
            pass


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "..", ".", "", "a\0b", "x" * 5000, "Löwe 1", "a/b", "-rf"]
)
def test_key_stays_in_its_directory(tmp_path: Path, key: str) -> None:
    """Whatever a device gives as its serial number, the file is made in the directory of leases."""
    directory = tmp_path / "leases"
    directory.mkdir()
    with hold(key, holder="a", timeout=0, clock=CLOCK, directory=directory) as path:
        assert path.parent == directory
        assert [entry.name for entry in directory.iterdir()] == [path.name]
    assert [entry.name for entry in tmp_path.iterdir()] == ["leases"]


def test_different_keys_differ(tmp_path: Path) -> None:
    """Keys that differ only in characters a file name cannot have are still two leases."""
    with (
        hold("a/b", holder="a", timeout=0, clock=CLOCK, directory=tmp_path),
        hold("a_b", holder="b", timeout=0, clock=CLOCK, directory=tmp_path),
        hold("a%2Fb", holder="c", timeout=0, clock=CLOCK, directory=tmp_path),
    ):
        assert len(list(tmp_path.iterdir())) == 3


def test_long_keys_differ(tmp_path: Path) -> None:
    """Keys that differ only at their end are two leases, however long they are."""
    with (
        hold("x" * 300 + "1", holder="a", timeout=0, clock=CLOCK, directory=tmp_path),
        hold("x" * 300 + "2", holder="b", timeout=0, clock=CLOCK, directory=tmp_path),
    ):
        assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("garbage", ["", "{", "[]", "null", '{"pid": []}', "\udce9"])
def test_garbage_in_the_file(tmp_path: Path, garbage: str) -> None:
    """What stands in the file does not matter for who holds it; garbage is overwritten, or not named."""
    with hold("CHG001", holder="a", timeout=0, clock=CLOCK, directory=tmp_path) as path:
        path.write_bytes(garbage.encode("utf-8", "surrogateescape"))
        with pytest.raises(LeaseHeld), hold("CHG001", holder="b", timeout=0, clock=CLOCK, directory=tmp_path):
            pytest.fail("two holders")
    with hold("CHG001", holder="b", timeout=0, clock=CLOCK, directory=tmp_path) as path:
        assert json.loads(path.read_text())["holder"] == "b"


def test_no_symbolic_links(tmp_path: Path) -> None:
    """A link planted under the lease's name is not followed."""
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "CHG001.lease").symlink_to(target)
    with (
        pytest.raises(Unavailable, match=r"CHG001\.lease"),
        hold("CHG001", holder="a", timeout=0, clock=CLOCK, directory=tmp_path),
    ):
        pytest.fail("followed a link")
    assert target.read_text() == "precious"


def test_missing_directory(tmp_path: Path) -> None:
    """A directory that is not there is one clear sentence."""
    with (
        pytest.raises(Unavailable, match="cannot be opened"),
        hold("CHG001", holder="a", timeout=0, clock=CLOCK, directory=tmp_path / "missing"),
    ):
        pytest.fail("held nothing")


def test_directories_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's directory is taken if it can be written, else the runtime one, else a private temporary."""
    system, runtime, temporary = tmp_path / "run", tmp_path / "user", tmp_path / "tmp"
    for directory in (system, runtime, temporary):
        directory.mkdir()
    environment = {"XDG_RUNTIME_DIR": str(runtime)}
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(temporary))
    assert lease_directory(environment, system) == system
    assert lease_directory(environment, tmp_path / "missing") == runtime / "rsm"
    private = lease_directory({}, tmp_path / "missing")
    assert private == temporary / f"rsm-{os.getuid()}"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert lease_directory({}, tmp_path / "missing") == private


def test_temporary_directory_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private directory that is a link, as somebody else could plant it, is refused."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"rsm-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="somebody else"):
        lease_directory({}, tmp_path / "missing")


def test_key_of_a_changer() -> None:
    """The serial number is the key; without one, vendor, product and path."""
    assert lease_key(DeviceIdentity("V", "P", "1", "CHG001"), "/dev/sg3") == "CHG001"
    assert lease_key(DeviceIdentity("V", "P", "1", ""), "/dev/sg3") == "V-P-/dev/sg3"
