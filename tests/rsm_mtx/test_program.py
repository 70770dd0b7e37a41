"""Running mtx: which program, with what around it, and what becomes of one that does not end."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rsm.clock import SystemClock
from rsm.hardware.faults import DeviceGone, OutcomeUnknown
from rsm_mock.building import build
from rsm_mock.state import StateFile
from rsm_mtx import DRIVER, program
from rsm_mtx.program import Program

TELLS = """\
import json, os, sys
print(json.dumps({"words": sys.argv[1:], "environment": dict(os.environ), "session": os.getsid(0)}))
sys.stderr.write("complaint")
sys.exit(3)
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """Make a program of Python text and give its path."""

    def make(text: str, name: str = "fake-mtx") -> str:
        path = tmp_path / name
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
        return str(path)

    return make


def _told(outcome: program.Outcome) -> dict[str, object]:
    told: dict[str, object] = json.loads(outcome.output)
    return told


def test_arguments_and_environment(script: Callable[..., str]) -> None:
    """The words arrive as they are, whatever a shell would make of them; the environment is clean."""
    environment = {
        "RSM_MTX": script(TELLS),
        "CHANGER": "/dev/other",
        "TAPE": "/dev/other",
        "LANG": "de_DE.UTF-8",
        "LC_MESSAGES": "de_DE.UTF-8",
        "KEPT": "yes",
    }
    outcome = Program("/dev/sg3; rm -rf $HOME", environment=environment).run(["load", "1 2"], timeout=30)
    told = _told(outcome)
    assert told["words"] == ["-f", "/dev/sg3; rm -rf $HOME", "load", "1 2"]
    variables = told["environment"]
    assert isinstance(variables, dict)
    assert {"CHANGER", "TAPE", "LANG", "LC_MESSAGES"}.isdisjoint(variables)
    assert variables["LC_ALL"] == "C"
    assert variables["KEPT"] == "yes"
    assert (outcome.status, outcome.complaint) == (3, b"complaint")


def test_out_of_reach_of_the_terminal(script: Callable[..., str]) -> None:
    """It has a session of its own: Ctrl-Z would make the kernel send its command twice, Ctrl-C kill it."""
    outcome = Program("x", environment={"RSM_MTX": script(TELLS)}).run([], timeout=30)
    assert _told(outcome)["session"] != os.getsid(0)


def test_not_killed(script: Callable[..., str], tmp_path: Path) -> None:
    """A program that does not end in time is left alone, and what it goes on to print harms nobody."""
    mark = tmp_path / "mark"
    text = (
        f"import time\ntime.sleep(0.4)\nprint('x' * 200000, flush=True)\nopen({str(mark)!r}, 'w').close()\n"
    )
    runner = Program("x", environment={"RSM_MTX": script(text)})
    with pytest.raises(OutcomeUnknown, match="goes on as process"):
        runner.run(["load", "1", "0"], timeout=0.05)
    assert program._LEFT
    for _ in range(200):
        if mark.exists() and all(process.poll() is not None for process in program._LEFT):
            break
        time.sleep(0.05)
    assert mark.exists()
    with pytest.raises(OutcomeUnknown):
        runner.run([], timeout=0.01)
    assert len(program._LEFT) == 1
    program._LEFT.pop().wait(30)


def test_found_where_debian_puts_it(script: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Mtx is looked for on the PATH and then where only root's PATH leads."""
    path = Path(script(TELLS, "mtx"))
    monkeypatch.setattr(program, "_ADMIN_PATH", str(path.parent))
    assert Program("x", environment={"PATH": "/nowhere"}).run([], timeout=30).status == 3


@pytest.mark.parametrize("environment", [{"RSM_MTX": "/nowhere/mtx"}, {"PATH": "/nowhere"}])
def test_no_program(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without mtx the hint says how to get it."""
    monkeypatch.setattr(program, "_ADMIN_PATH", "/nowhere")
    with pytest.raises(DeviceGone, match="there is no program") as caught:
        Program("x", environment=environment).run([], timeout=1)
    assert "apt install mtx" in str(caught.value.hint)


def test_program_that_cannot_be_started(tmp_path: Path) -> None:
    """A program whose interpreter is not there is a fault, not a traceback."""
    broken = tmp_path / "broken"
    broken.write_text("#!/nowhere/python\n")
    broken.chmod(0o755)
    with pytest.raises(DeviceGone, match="cannot be started"):
        Program("x", environment={"RSM_MTX": str(broken)}).run([], timeout=1)


def test_the_whole_way(script: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Driver, process, rsm-mtx and a library in a file: a medium goes into a drive and is seen there."""
    clock = SystemClock()
    keeper = StateFile(tmp_path / "lib.json", clock=clock)
    keeper.create(build("generic", clock=clock, slots=3, ports=0, media=1))
    monkeypatch.setenv(
        "RSM_MTX", script("import sys\nfrom rsm_dropin.mtx import run\nsys.exit(run())\n", "rsm-mtx")
    )
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("RSM_STORE", str(tmp_path / "none.db"))
    device = f"mtx:mock:{tmp_path}/lib.json"
    with DRIVER.open_changer(device, clock) as changer:
        assert changer.identity.vendor == "RSM"
        elements = changer.inventory().elements
        report = changer.move(elements[0].address, elements[-1].address)
    assert [item.full for item in report.seen] == [False, True]
    assert report.seen[1].volume_tag == "RSM001L9"
