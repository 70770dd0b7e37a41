"""What the tests of the mtx driver share: rsm-mtx on a simulated library in the place of mtx, in this process."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from rsm_dropin import mtx, robot, sg_reading
from rsm_mock.simulation import Simulation
from rsm_mtx.changer import MtxChanger
from rsm_mtx.program import Outcome
from rsm_scsi.transport import Transport

NAME = "mock:lib.json"


class FakeMtx:
    """Runs commands with rsm-mtx; fills `rsm_mtx.program.Runner`. An answer put into `answers` is given instead."""

    device = NAME

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.runs: list[list[str]] = []
        self.answers: dict[str, list[Outcome | Exception | None]] = {}

    def run(self, words: Sequence[str], *, timeout: float) -> Outcome:
        """Run one command, or give the answer that waits for it; None there lets the command be run."""
        assert timeout > 0
        self.runs.append(list(words))
        waiting = self.answers.get(words[0])
        answer = waiting.pop(0) if waiting else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        out, err = io.BytesIO(), io.BytesIO()
        status = mtx.main(["-f", self.device, *words], out, err, {"RSM_LEASE_WAIT": "0"})
        return Outcome(status, out.getvalue(), err.getvalue())

    def moves(self) -> list[list[str]]:
        """Give the commands that move something."""
        return [words for words in self.runs if words[0] in {"load", "unload", "transfer", "invert"}]


class Stage:
    """A simulated library, the fake mtx on it, and the driver on that."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.program = FakeMtx(simulation)
        self.changer = MtxChanger(f"mtx:{NAME}", self.program, clock=simulation.clock)
        self.program.runs.clear()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Stage]:
    """Make a library of a personality; time jumps, leases are in a directory of the test, there is no store."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("RSM_STORE", str(tmp_path / "none.db"))

    def make(personality: str = "generic", **wishes: Any) -> Stage:
        simulation = Simulation(personality, **wishes)

        def transport(_: str) -> Transport:
            return simulation.transport()

        monkeypatch.setattr(sg_reading, "simulated_transport", transport)
        monkeypatch.setattr(robot, "simulated_transport", transport)
        monkeypatch.setattr(robot, "SystemClock", lambda: simulation.clock)
        return Stage(simulation)

    return make
