"""A robot that does not answer, and the installed command line: everything ends, and says why."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hw_tests import robot
from hw_tests.conftest import look, places
from rsm_scsi import sg, timeouts

if TYPE_CHECKING:
    from pathlib import Path

    from hw_tests.conftest import Nodes, Steps
    from hw_tests.target import Target

pytestmark = [pytest.mark.usefixtures("virtual"), pytest.mark.timeout(500)]

LIMIT = timeouts.QUICK + sg.GRACE
"""Seconds for the first command that each sends, which is INQUIRY; when it is lost, nothing else is tried.

The kernel's iSCSI gives the connection up some 15 s after the command's own limit, and the device with it.
"""

START_UP = 30.0
"""Seconds for an emulated processor to start five Pythons at once."""


class Ended(NamedTuple):
    """What a command said, and after how many seconds it had ended."""

    status: int
    out: str
    err: str
    seconds: float


class Running:
    """An `rsm` that was started and is not waited for."""

    def __init__(self, store: Path, *words: str) -> None:
        self._began = time.monotonic()
        self._words = words
        self._process = subprocess.Popen(
            ["rsm", *words],
            env={**os.environ, "RSM_STORE": str(store)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def is_waiting(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def ended(self, limit: float) -> Ended:
        """Wait for its end; fail the test, and end it, unless that comes within the limit since its start."""
        try:
            out, err = self._process.communicate(timeout=max(0.0, self._began + limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.stop()
            pytest.fail(f"rsm {' '.join(self._words)} had not ended after {limit:.0f} s", pytrace=False)
        seconds = time.monotonic() - self._began
        print(f"rsm {' '.join(self._words)}: status {self._process.returncode} after {seconds:.1f} s\n{err}")
        return Ended(self._process.returncode, out, err, seconds)

    def stop(self) -> None:
        """Kill it if it still runs."""
        if self.is_waiting():
            self._process.kill()
            self._process.communicate()


def test_every_command_ends_while_the_robot_does_not_answer(
    steps: Steps, nodes: Nodes, target: Target, tmp_path: Path
) -> None:
    """Each command ends in its limit with one sentence and status 6; the other library is not held up; later all is well."""
    before, store = places(look(target.device)), tmp_path / "rsm.db"
    steps.rsm("library", "add", nodes.changer, "--name", "vtl", "--new-media", "free")
    steps.rsm("library", "inventory", "vtl")
    steps.rsm("pool", "create", "Backup", "--type", "LTO-8", "--draw-from-free")
    medium = steps.rsm("allocate", "Backup")
    simulated = str(tmp_path / "other.json")
    steps.rsm("mock", "create", simulated, "--media", "4")
    steps.rsm("library", "add", f"mock:{simulated}", "--name", "other")

    refused = {
        "inventory": ("library", "inventory", "vtl"),
        "mount": ("mount", medium),
        "status": ("changer", "status", nodes.changer),
    }
    waiting: dict[str, Running] = {}
    with robot.held():
        try:
            waiting = {name: Running(store, *words) for name, words in refused.items()}
            waiting["discover"] = Running(store, "discover")
            time.sleep(10)  # until each has begun to wait for the robot
            other = Running(store, "library", "inventory", "other").ended(START_UP)
            assert other.status == 0, other
            assert all(one.is_waiting() for one in waiting.values()), "the robot was not silent"
            ends = {name: one.ended(LIMIT + START_UP) for name, one in waiting.items()}
        finally:
            for one in waiting.values():
                one.stop()

    for name in refused:
        assert ends[name].status == 6, ends[name]
        assert ends[name].out == "", ends[name]
        sentence, *hint = ends[name].err.splitlines()
        assert sentence.startswith(f"rsm: {nodes.changer}: "), ends[name]
        assert [line.partition(" ")[0] for line in hint] in ([], ["hint:"]), ends[name]
    # What does not answer is still listed, for it is attached.
    assert ends["discover"].status == 0, ends["discover"]
    assert target.serial in ends["discover"].out
    assert "not asked" in ends["discover"].out

    _until_well(store, nodes.changer)
    steps.rsm("mount", medium)
    steps.rsm("dismount", medium)
    assert places(look(target.device)) == before


def _until_well(store: Path, device: str) -> None:
    """Take inventories until one succeeds, as the kernel connects again."""
    deadline = time.monotonic() + 60
    while Running(store, "library", "inventory", "vtl").ended(LIMIT + START_UP).status:
        assert time.monotonic() < deadline, "the library did not come back"
        robot.take_back(device)
        time.sleep(1)
