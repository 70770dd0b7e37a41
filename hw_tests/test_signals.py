"""A robot that does not answer, and signals meanwhile: one command each, and nothing hangs."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from hw_tests import robot
from hw_tests.child import Child
from hw_tests.conftest import look, places
from hw_tests.target import UnfitError, node_of
from hw_tests.tracing import dispatched
from rsm.clock import SystemClock
from rsm.hardware.faults import DeviceFault
from rsm.hardware.registry import open_changer
from rsm_mock.simulation import Simulation
from rsm_scsi import timeouts
from rsm_scsi.driver import ScsiDriver
from rsm_scsi.sg import GRACE, open_sg
from rsm_scsi.sgio import open_sgio
from rsm_scsi.wrappers import Wrapper
from rsm_smc.cdb import MoveMedium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hw_tests.target import Target
    from rsm.hardware.inventory import Inventory
    from rsm_scsi.transport import Reply, Transport

pytestmark = [pytest.mark.usefixtures("virtual", "put_back"), pytest.mark.timeout(300)]


class HoldingBack(Wrapper):
    """Holds the robot just before MOVE MEDIUM goes out, so that it is in flight until the robot is let go."""

    def __init__(self, inner: Transport, tell: Callable[[], None]) -> None:
        super().__init__(inner)
        self._tell = tell

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send a command; the first move is announced."""
        if cdb[0] == MoveMedium.OPCODE:
            robot.hold()
            self._tell()
        return self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)


def _move_while(
    target: Target,
    disturb: Callable[[Child], None],
    *,
    scheme: str = "",
    opener: Callable[[str], Transport] = open_sg,
) -> dict[str, Any]:
    """Disturb a process whose move is in flight, then let the robot go; give what the process saw."""
    source, destination = target.scratch[:2]

    def work(tell: Callable[[], None]) -> dict[str, Any]:
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.siginterrupt(signal.SIGALRM, False)  # SA_RESTART

        def opened(device: str) -> Transport:
            return HoldingBack(opener(device), tell)

        driver = ScsiDriver(opener=opened, sgio_opener=opened)
        with driver.open_changer(f"{scheme}{target.device}", SystemClock()) as changer:
            changer.inventory()
            try:
                fault, seen = None, changer.move(source, destination).seen
            except DeviceFault as refused:
                fault, seen = type(refused).__name__, refused.seen
        return {"fault": fault, **{str(int(item.address)): item.full for item in seen}}

    with dispatched(MoveMedium.OPCODE) as moves, Child(work) as child:
        try:
            child.await_mark(30)
            _until(lambda: moves.count() == 1, "the move was not sent")
            disturb(child)
        finally:
            robot.let_go()
        outcome = child.outcome(30)
        outcome["commands"] = moves.count()
    with open_changer(target.device, SystemClock()) as changer:
        changer.inventory()
        changer.move(destination, source)
    return outcome


def _until(is_so: Callable[[], bool], otherwise: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def _arrived(target: Target) -> dict[str, Any]:
    """Give what the process must have seen: the medium where it was sent, and not where it was."""
    source, destination = map(int, target.scratch[:2])
    seen = {"1": False, str(source): False, str(destination): True}
    return {"result": {"fault": None, **seen}, "commands": 1}


def _stop_and_continue(child: Child) -> None:
    """Do as Ctrl-Z and `fg` do, three times."""
    for _ in range(3):
        child.send(signal.SIGSTOP)
        child.await_stopped(5)
        child.send(signal.SIGCONT)
        time.sleep(0.2)


def test_stop_and_continue(target: Target) -> None:
    """Ctrl-Z and `fg` during a move, three times over: one command, and the move is seen to have been made."""
    assert _move_while(target, _stop_and_continue) == _arrived(target)


def test_stop_and_continue_over_sgio(target: Target) -> None:
    """SG_IO is sent again by the kernel, and the second is refused: the outcome is unknown, and the look is true."""
    pytest.importorskip("sgio", reason="cython-sgio is not installed")
    outcome = _move_while(target, _stop_and_continue, scheme="sgio:", opener=open_sgio)
    print(f"the kernel sent {outcome['commands']} commands for one")
    assert outcome["commands"] > 1, "the kernel no longer sends SG_IO again: say so in decision 3"
    assert outcome["result"] == {**_arrived(target)["result"], "fault": "OutcomeUnknown"}


def test_signal_that_restarts_system_calls(target: Target) -> None:
    """Signals with SA_RESTART during a move: one command, and the move is seen to have been made."""

    def disturb(child: Child) -> None:
        for _ in range(5):
            child.send(signal.SIGALRM)
            time.sleep(0.1)

    assert _move_while(target, disturb) == _arrived(target)


def test_freezer(target: Target, cgroup: Path) -> None:
    """A cgroup frozen and thawed during a move (`docker pause`): one command, and the move has been made."""

    def disturb(child: Child) -> None:
        (cgroup / "cgroup.procs").write_text(str(child.pid))
        for state in ("1", "0", "1", "0"):
            (cgroup / "cgroup.freeze").write_text(state)
            _until(lambda now=state: f"frozen {now}" in (cgroup / "cgroup.events").read_text(), "no freeze")  # type: ignore[misc]
            time.sleep(0.2)

    assert _move_while(target, disturb) == _arrived(target)


@pytest.fixture
def cgroup(tmp_path: Path) -> Iterator[Path]:
    """Make a cgroup that can be frozen, or skip where the kernel has none."""
    root = tmp_path / "cgroup"
    root.mkdir()
    mounted = subprocess.run(["mount", "-t", "cgroup2", "none", str(root)], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("cgroup v2 cannot be mounted here")
    group = root / "rsm-test"
    group.mkdir()
    yield group
    group.rmdir()
    subprocess.run(["umount", str(root)], check=True)


def test_counting_sees_every_command(target: Target) -> None:
    """Two moves are counted as two: the counter of the tests above is not blind."""
    source, destination = target.scratch[:2]
    with dispatched(MoveMedium.OPCODE) as moves, open_changer(target.device, SystemClock()) as changer:
        changer.inventory()
        changer.move(source, destination)
        changer.move(destination, source)
        assert moves.count() == 2


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> float:
    """Give every command a few seconds instead of minutes; return how many."""
    limit = 3.0
    monkeypatch.setattr(timeouts, "QUICK", limit)
    monkeypatch.setattr(timeouts, "LIMITS", {})
    return limit


def test_robot_that_does_not_answer(target: Target, short_limits: float, untouched: Inventory) -> None:
    """A look at a robot that does not answer ends within its limit with a fault; others are not held up."""
    with open_changer(target.device, SystemClock()) as changer:
        changer.inventory()
        answer: list[BaseException | Inventory] = []

        def ask() -> None:
            try:
                answer.append(changer.inventory())
            except DeviceFault as fault:
                answer.append(fault)

        with robot.held():
            began = time.monotonic()
            asking = threading.Thread(target=ask)
            asking.start()
            time.sleep(0.5)
            with Simulation("generic").open_changer() as other:
                other.inventory()
            assert asking.is_alive(), "the other library was held up"
            asking.join(short_limits + GRACE)
            took = time.monotonic() - began
        assert not asking.is_alive(), "no answer within the limit"
        print(f"{answer[0]!r} after {took:.1f} s")
        assert isinstance(answer[0], DeviceFault)
        assert target.device in str(answer[0])
        assert took < short_limits + GRACE
    _until_back(target, untouched)


def test_robot_that_is_killed(target: Target, short_limits: float, untouched: Inventory) -> None:
    """A robot that dies is reported gone within the limit; brought back, it is found again by its serial number."""
    with open_changer(target.device, SystemClock()) as changer:
        changer.inventory()
        robot.kill()
        try:
            began = time.monotonic()
            with pytest.raises(DeviceFault) as caught:
                changer.inventory()
            took = time.monotonic() - began
            print(f"{caught.value!r} after {took:.1f} s")
            assert target.device in str(caught.value)
            assert took < short_limits + GRACE
        finally:
            robot.bring_back()
        _until_back(target, untouched)
        assert places(changer.inventory()) == places(untouched)


def _until_back(target: Target, before: Inventory) -> None:
    """Wait until the kernel has the changer again, and make sure that it is the same with the same in it."""
    began = time.monotonic()

    def is_back() -> bool:
        robot.take_back(target.device)
        try:
            return places(look(node_of(target.serial))) == places(before)
        except (DeviceFault, UnfitError):
            return False

    _until(is_back, "the changer did not come back", 60)
    print(f"back after {time.monotonic() - began:.1f} s")
