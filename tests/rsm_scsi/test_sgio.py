"""The transport over cython-sgio: the shipped suite, its limits, and what they are turned into."""

from __future__ import annotations

import errno
import importlib.util
import itertools
import os
import signal
import struct
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from rsm.hardware.contract import Changer
from rsm.hardware.faults import (
    DeviceFault,
    DeviceGone,
    InventoryStale,
    MoveRefused,
    NotReadyYet,
    NotSupported,
    OutcomeUnknown,
)
from rsm.hardware.inventory import ElementAddress
from rsm.testing.changer_suite import ChangerSuite, Scratch, scratch_of
from rsm_mock.faults import Carried
from rsm_mock.opening import SimulatedDrives
from rsm_mock.personalities import PERSONALITIES
from rsm_mock.simulation import Simulation
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.sgio import CONSTRAINTS, LIMIT, SgioTransport, open_sgio
from rsm_scsi.standalone import StandaloneDrive
from rsm_scsi.transport import HostStatus, Status
from tests.rsm_scsi.sgio_double import FakeSgio, failed

TUR = bytes(6)
INQUIRY = bytes.fromhex("12 00 00 00 ff 00")
MOVE = 0xA5


def node() -> FileIO:
    """Give an open file in place of an sg node."""
    return FileIO("/dev/null", "r+")


class Scene:
    """A library that is reached through the module `sgio`."""

    def __init__(self, personality: str = "generic") -> None:
        self.simulation = Simulation(personality)
        self.sgio = FakeSgio(self.simulation.transport())
        self.transport = SgioTransport(
            "sgio:/dev/sg3", node(), self.sgio, monotonic=self.simulation.clock.monotonic
        )

    def open(self) -> Changer:
        """Open it as a changer."""
        clock = self.simulation.clock
        if self.simulation.machine.personality.stand_alone:
            return StandaloneDrive(self.transport, node="/dev/nst0", clock=clock)
        drives = SimulatedDrives(self.simulation, device=self.simulation.device, clock=clock)
        return ScsiChanger(self.transport, clock=clock, drives=drives, constraints=CONSTRAINTS)

    def moves(self) -> int:
        """Count MOVE MEDIUM at the device."""
        return sum(cdb[0] == MOVE for cdb in self.sgio.commands)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A generic library."""
    scene = Scene()
    yield scene
    scene.transport.close()


@pytest.mark.parametrize("personality", sorted(PERSONALITIES), scope="class")
class TestEveryPersonality(ChangerSuite):
    """The suite, through cython-sgio's eyes."""

    @pytest.fixture
    def changer(self, personality: str) -> Iterator[Changer]:
        """A new library, half of its slots filled."""
        with Scene(personality).open() as changer:
            yield changer

    @pytest.fixture
    def scratch(self, changer: Changer) -> Scratch:
        """The first full slot, the first empty one and the first drive."""
        scratch = scratch_of(changer.inventory())
        if scratch is None:
            pytest.skip("no slots")
        return scratch


@pytest.fixture
def robot(scene: Scene) -> Iterator[tuple[Changer, ElementAddress, ElementAddress]]:
    """A changer that has been looked at, a full slot and an empty one."""
    with scene.open() as changer:
        scratch = scratch_of(changer.inventory())
        assert scratch is not None
        scene.sgio.commands.clear()
        yield changer, scratch.full, scratch.empty


Robot = tuple[Changer, ElementAddress, ElementAddress]


def contents(fault: DeviceFault, *addresses: ElementAddress) -> list[bool | None]:
    """Tell which elements a fault has seen full."""
    full = {item.address: item.full for item in fault.seen}
    return [full[address] for address in addresses]


def test_stopped_and_continued_during_a_move(scene: Scene, robot: Robot) -> None:
    """A move that the kernel sent twice is not reported as refused: it is unknown, and the look shows it done."""
    changer, full, empty = robot
    scene.sgio.stops.add(MOVE)
    with pytest.raises(OutcomeUnknown, match="twice") as caught:
        changer.move(full, empty)
    assert scene.moves() == 2  # by the kernel, not by us
    assert contents(caught.value, full, empty) == [False, True]
    assert caught.value.sense


def test_refused_twice_is_refused(scene: Scene, robot: Robot) -> None:
    """A move that is refused, sent twice or not, and changed nothing stays refused."""
    changer, full, empty = robot
    scene.sgio.stops.add(MOVE)
    with pytest.raises(MoveRefused) as caught:
        changer.move(empty, full)
    assert caught.value.executed is False
    assert contents(caught.value, empty, full) == [False, True]


def test_refusal_without_a_look_is_doubted(scene: Scene, robot: Robot) -> None:
    """A refusal after which the library cannot be looked at proves nothing."""
    changer, full, empty = robot
    scene.simulation.faults.sense((5, 0x3B, 0x0E), on="move")

    def break_afterwards(cdb: bytes) -> None:
        if cdb[0] == MOVE:
            scene.simulation.faults.sense((4, 0x40, 0x01), on="elements", times=0)

    scene.sgio.during = break_afterwards
    with pytest.raises(OutcomeUnknown):
        changer.move(full, empty)
    assert scene.moves() == 1


def test_unit_attention_at_the_look_before(scene: Scene, robot: Robot) -> None:
    """If the look before a move finds that elements may have changed, nothing is moved."""
    changer, full, empty = robot
    scene.simulation.faults.sense((6, 0x28, 0x00), on="elements")
    with pytest.raises(InventoryStale):
        changer.move(full, empty)
    assert scene.moves() == 0


def test_interrupted_move(scene: Scene, robot: Robot) -> None:
    """A move whose ioctl was interrupted is unknown, sent once, and looked at."""
    changer, full, empty = robot
    scene.sgio.errors.append((MOVE, failed(errno.EINTR)))
    with pytest.raises(OutcomeUnknown) as caught:
        changer.move(full, empty)
    assert scene.moves() == 1
    assert contents(caught.value, full, empty) == [False, True]


@pytest.mark.parametrize("host", [HostStatus.TIME_OUT, HostStatus.RESET, HostStatus.NO_CONNECT])
def test_unspecified_error_of_a_move(scene: Scene, robot: Robot, host: HostStatus) -> None:
    """An unspecified error of a move is unknown whatever it was, sent once, and looked at."""
    changer, full, empty = robot
    scene.simulation.faults.host(host, on="move")
    with pytest.raises(OutcomeUnknown, match="sgio:/dev/sg3") as caught:
        changer.move(full, empty)
    assert scene.moves() == 1
    assert contents(caught.value, full, empty) in ([True, False], [False, True])


@pytest.mark.parametrize("status", [Status.BUSY, Status.RESERVATION_CONFLICT, Status.TASK_SET_FULL])
def test_status_without_sense_of_a_move(scene: Scene, robot: Robot, status: Status) -> None:
    """Busy and reserved cannot be told from a lost path here, so even they leave a move unknown."""
    changer, full, empty = robot
    scene.simulation.faults.status(status, on="move")
    with pytest.raises(OutcomeUnknown, match="cannot be told apart") as caught:
        changer.move(full, empty)
    assert scene.moves() == 1
    assert contents(caught.value, full, empty) == [True, False]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.EPERM, DeviceGone), (errno.ENODEV, OutcomeUnknown), (errno.EIO, OutcomeUnknown)],
)
def test_errors_of_the_ioctl(scene: Scene, number: int, expected: type[DeviceFault]) -> None:
    """Only an error that comes before sending proves that a motion command was not sent."""
    scene.sgio.errors.append((MOVE, failed(number)))
    with pytest.raises(expected, match=os.strerror(number)):
        scene.transport.execute(bytes([MOVE]) + bytes(11))
    assert not scene.sgio.commands


def test_node_that_went_away(scene: Scene) -> None:
    """A command that moves nothing and meets no device says that it is gone."""
    scene.sgio.errors.append((0, failed(errno.ENODEV)))
    with pytest.raises(DeviceGone, match="sgio:/dev/sg3"):
        scene.transport.execute(TUR)


def test_interrupted_look_is_taken_again(scene: Scene, robot: Robot) -> None:
    """A look that a signal interrupted is taken again, for it moves nothing."""
    changer, full, _ = robot
    scene.sgio.errors.append((0xB8, failed(errno.EINTR)))
    assert changer.look([full])[0].full


def test_busy_look(scene: Scene, robot: Robot) -> None:
    """A look that keeps failing without a word may be tried again later."""
    changer, full, _ = robot
    scene.simulation.faults.status(Status.BUSY, on="elements", times=0)
    with pytest.raises(NotReadyYet):
        changer.look([full])


def test_recovered_error_is_success(scene: Scene, robot: Robot) -> None:
    """A recovered error comes as an exception, and is a success all the same."""
    changer, full, empty = robot
    scene.simulation.faults.sense((1, 0x17, 0x01), on="move", carried=Carried.OUT)
    seen = {item.address: item.full for item in changer.move(full, empty).seen}
    assert (seen[full], seen[empty]) == (False, True)


def test_sense_data_are_whole(scene: Scene) -> None:
    """Sense data are asked for at their full length, not at the package's 32 bytes."""
    sense = bytes.fromhex("70 00 05 00 00 00 00 58 00 00 00 00 3b 0e 00 00 00 00") + bytes(78)

    def fail(_: bytes) -> None:
        raise scene.sgio.CheckConditionError(sense)

    scene.sgio.during = fail
    reply = scene.transport.execute(TUR)
    assert (reply.status, reply.sense) == (Status.CHECK_CONDITION, sense)


def test_time_limit_is_recognised_by_the_clock(scene: Scene) -> None:
    """An unspecified error after 30 minutes is a time limit; earlier it is what cannot be told."""

    def late(_: bytes) -> None:
        scene.simulation.clock.sleep(LIMIT)
        raise scene.sgio.UnspecifiedError

    scene.sgio.during = late
    assert scene.transport.execute(TUR, timeout=60).host_status == HostStatus.TIME_OUT

    def soon(_: bytes) -> None:
        raise scene.sgio.UnspecifiedError

    scene.sgio.during = soon
    assert scene.transport.execute(TUR).host_status == HostStatus.UNTOLD


def test_move_limit_covers_the_fixed_limit(robot: Robot) -> None:
    """Whoever waits for a move to be lost waits as long as cython-sgio does."""
    assert robot[0].move_limit >= LIMIT


def test_signals_wait_for_a_move(scene: Scene, robot: Robot) -> None:
    """Signals are held back from the thread that moves, and from no other command."""
    changer, full, empty = robot
    blocked: dict[int, bool] = {}

    def note(cdb: bytes) -> None:
        now = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        blocked[cdb[0]] = {signal.SIGALRM, signal.SIGINT, signal.SIGTERM} <= now

    scene.sgio.during = note
    changer.move(full, empty)
    assert blocked[MOVE]
    assert not blocked[0xB8]
    assert signal.SIGALRM not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_data_either_way(scene: Scene) -> None:
    """Data go out or come in, never both; a reply has the room that was made for it."""
    assert len(scene.transport.execute(INQUIRY, reply_length=255).data) == 255
    seen: list[bytes] = []
    scene.sgio.during = seen.append
    scene.transport.execute(bytes.fromhex("b6") + bytes(11), data_out=bytes(40), reply_length=8)
    assert seen


def test_each_reply_gets_a_new_kernel_buffer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's buffer is renewed before each reply, or it would show the reply before (tgt's short replies)."""
    sizes: list[int] = []

    def ioctl(file: FileIO, request: int, argument: bytes) -> None:
        assert request == 0x2275  # SG_SET_RESERVED_SIZE, which renews the buffer if the size is another
        sizes.append(struct.unpack("i", argument)[0])

    monkeypatch.setattr("rsm_scsi.sgio.fcntl.ioctl", ioctl)
    for _ in range(3):
        scene.transport.execute(INQUIRY, reply_length=255)
        scene.transport.execute(TUR)
    assert len(sizes) == 3
    assert all(one != other for one, other in itertools.pairwise(sizes))


def test_close_twice_and_use_afterwards(scene: Scene) -> None:
    """Closing twice is fine; a command afterwards says that the device was closed."""
    with scene.transport as transport:
        transport.close()
    with pytest.raises(DeviceGone, match="closed"):
        transport.execute(TUR)


# Opening


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cython-sgio one sentence says what to install; nothing else is tried in its place."""
    real: Callable[..., Any] = importlib.import_module

    def missing(name: str, package: str | None = None) -> object:
        if name == "sgio":
            raise ModuleNotFoundError("No module named 'sgio'", name="sgio")
        return real(name, package)

    monkeypatch.setattr("rsm_scsi.sgio.importlib.import_module", missing)
    with pytest.raises(NotSupported, match="cython-sgio") as caught:
        open_sgio("/dev/sg3")
    assert "pip install 'rsm-linux[sgio]'" in str(caught.value.hint)
    assert "\n" not in str(caught.value)


def test_no_such_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that is not there is refused in the words of the other transport, and none is created."""
    monkeypatch.setattr("rsm_scsi.sgio._load", lambda: None)
    with pytest.raises(DeviceGone, match="there is no device"):
        open_sgio(str(tmp_path / "sg3"))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(importlib.util.find_spec("sgio") is None, reason="cython-sgio is not installed")
def test_the_real_module() -> None:
    """The real module takes what this transport hands it, and refuses a file that is no sg node before sending."""
    from rsm_scsi.sgio import _load  # noqa: PLC0415 - beside the check that it is there

    with SgioTransport("sgio:/dev/null", node(), _load()) as transport:
        for cdb, room, out in ((TUR, 0, b""), (INQUIRY, 255, b""), (bytes([MOVE]) + bytes(11), 0, bytes(40))):
            with pytest.raises(DeviceGone, match=os.strerror(errno.ENOTTY)):
                transport.execute(cdb, reply_length=room, data_out=out)
