"""What every test on genuine nodes uses: the changer, and the installed `rsm` with a store of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class Steps:
    """Runs one command after the other and prints each with its output, as a person would see them."""

    def __init__(self, capture: pytest.CaptureFixture[str], store: Path) -> None:
        self._capture = capture
        self._environment = {**os.environ, "RSM_STORE": str(store)}
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line although pytest captures output."""
        with self._capture.disabled():
            print(text, flush=True)

    def run(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command; fail the test, with all it said, unless it ends with this status."""
        self.say(f"\n[{time.monotonic() - self._started:5.1f} s] $ {shlex.join(words)}")
        done = subprocess.run(words, check=False, capture_output=True, text=True, env=self._environment)
        self.say((done.stdout + done.stderr).rstrip())
        if done.returncode != status:
            pytest.fail(
                f"{shlex.join(words)}: status {done.returncode}, not {status}\n{done.stdout}{done.stderr}",
                pytrace=False,
            )
        return done

    def rsm(self, *words: str, status: int = 0) -> str:
        """Run the installed `rsm`; give what it printed on standard output, without the last newline."""
        return self.run("rsm", *words, status=status).stdout.rstrip("\n")

    def rsm_json(self, *words: str) -> Any:
        """Run the installed `rsm` with --json; give what that says."""
        return json.loads(self.rsm(*words, "--json"))


class Nodes(NamedTuple):
    """The device nodes of the library under test, as the kernel named them."""

    changer: str
    drives: list[str]
    disk: str
    barcodes: list[str]


@pytest.fixture(scope="session")
def nodes() -> Nodes:
    """Give the nodes of the virtual library, or skip where there is none."""
    if "VTL_CHANGER" not in os.environ:
        pytest.skip("no virtual tape library here ($VTL_CHANGER is not set): run ./dev test --vm")
    names = ("VTL_CHANGER", "VTL_DRIVES", "VTL_DISK_SG", "VTL_MEDIA")
    changer, drives, disk, barcodes = (os.environ[name] for name in names)
    return Nodes(changer, drives.split(), disk, barcodes.split())


@pytest.fixture
def steps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Steps:
    """Give a runner of commands that share an empty store."""
    return Steps(capsys, tmp_path / "rsm.db")
