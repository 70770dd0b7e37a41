"""What the tests of the drop-ins share: a simulated library behind the programs, in this process."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rsm_dropin import changer, mtx, robot, sg_reading
from rsm_mock.simulation import Simulation
from rsm_scsi.transport import Reply
from rsm_scsi.wrappers import Wrapper

DEVICE = "mock:lib.json"


class Printed(NamedTuple):
    """What a run of a program left behind."""

    status: int
    out: str
    err: str


class Wire(Wrapper):
    """A transport that remembers the commands that went through it."""

    def __init__(self, simulation: Simulation, sent: list[bytes]) -> None:
        super().__init__(simulation.transport())
        self._sent = sent

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Note and hand on."""
        self._sent.append(cdb)
        return super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)


class Stage:
    """A simulated library, and the programs to use it with."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.sent: list[bytes] = []
        self.environment = {"RSM_LEASE_WAIT": "0", "USER": "tester"}

    def mtx(self, line: str) -> Printed:
        """Run rsm-mtx with these words on the library."""
        return self._run(mtx.main, ["-f", DEVICE, *line.split()])

    def changer(self, line: str) -> Printed:
        """Run rsm-changer with these words on the library."""
        return self._run(changer.main, [DEVICE, *line.split()])

    def moves(self) -> list[bytes]:
        """Give the motion commands that were sent."""
        return [cdb for cdb in self.sent if cdb[0] in {0xA5, 0xA6, 0xA7}]

    def _run(self, main: Callable[..., int], words: list[str]) -> Printed:
        out, err = io.BytesIO(), io.BytesIO()
        status = main(words, out, err, self.environment)
        return Printed(status, out.getvalue().decode("latin-1"), err.getvalue().decode("latin-1"))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Stage]:
    """Make a library of a personality; time jumps, leases are in a directory of the test, there is no store."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("RSM_STORE", str(tmp_path / "none.db"))

    def make(personality: str = "generic", *, settled: bool = True, **wishes: Any) -> Stage:
        made = Stage(Simulation(personality, **wishes))
        if settled:
            settle(made.simulation)

        def transport(_: str) -> Wire:
            return Wire(made.simulation, made.sent)

        monkeypatch.setattr(sg_reading, "simulated_transport", transport)
        monkeypatch.setattr(robot, "simulated_transport", transport)
        monkeypatch.setattr(robot, "SystemClock", lambda: made.simulation.clock)
        monkeypatch.setattr(sg_reading, "time", _Time(made.simulation))
        return made

    return make


class _Time:
    """The module `time` as far as it is used, on the library's own clock."""

    def __init__(self, simulation: Simulation) -> None:
        self.monotonic = simulation.clock.monotonic
        self.sleep = simulation.clock.sleep


def settle(simulation: Simulation) -> None:
    """Take the attentions away that tell of the power having come on."""
    transport = simulation.transport()
    for _ in range(8):
        transport.execute(bytes(6))


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the library that puts a simulated changer before the installed mtx."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to build sg_to_socket.c with (sudo apt install gcc)")
    if shutil.which("mtx", path="/usr/bin:/usr/sbin:/sbin:/usr/local/bin:/usr/local/sbin") is None:
        pytest.skip("no mtx to compare with (sudo apt install mtx)")
    built = tmp_path_factory.mktemp("shim") / "sg_to_socket.so"
    source = Path(__file__).with_name("sg_to_socket.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", built, source, "-ldl"], check=True)
    return built
