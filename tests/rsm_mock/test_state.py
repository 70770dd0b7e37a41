"""A library in a file: shared by processes, whole after a crash, and plain about what is no library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsm.clock import JumpingClock, SystemClock
from rsm.errors import AlreadyExists, InvalidName
from rsm.hardware.faults import DeviceFault, DeviceGone, OutcomeUnknown
from rsm.hardware.inventory import ElementAddress
from rsm_mock import DRIVER
from rsm_mock.building import build
from rsm_mock.document import Damaged, from_document, to_document
from rsm_mock.faults import Carried, Effect, Fault
from rsm_mock.picture import as_text
from rsm_mock.simulation import Simulation
from rsm_mock.state import StateFile, StateUnreadable, library_path
from rsm_mock.transport import SimulatedTransport
from rsm_smc.cdb import MoveMedium, PreventAllow, ReadElementStatus

if TYPE_CHECKING:
    from pathlib import Path

SLOT, FREE, SECOND_DRIVE = ElementAddress(0x400), ElementAddress(0x40F), ElementAddress(2)


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    """Make a library in a file."""
    kept = StateFile(tmp_path / "lib.json", clock=SystemClock())
    kept.create(build("generic", clock=SystemClock()))
    return kept


def run(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start another Python with a program."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), *arguments])


def test_what_one_opening_moves_another_sees(file: StateFile) -> None:
    """Two drivers on one file are two hosts of one library."""
    with DRIVER.open_changer(f"mock:{file.path}", SystemClock()) as one:
        one.inventory()
        with DRIVER.open_changer(f"mock:{file.path}", SystemClock()) as other:
            other.inventory()
            one.move(SLOT, FREE)
            seen = other.look([SLOT, FREE])
    assert [element.full for element in seen] == [False, True]


def test_two_processes_share_one_library(file: StateFile) -> None:
    """Many moves by two processes at once all happen, each exactly once, and no medium is lost."""
    program = """
        import sys
        from rsm.clock import SystemClock
        from rsm_mock.state import StateFile
        from rsm_mock.transport import SimulatedTransport
        from rsm_smc.cdb import MoveMedium
        here, away = int(sys.argv[2]), int(sys.argv[3])
        library = StateFile(sys.argv[1], clock=SystemClock())
        transport = SimulatedTransport(library, device="mock", clock=SystemClock())
        transport.execute(bytes(6))
        for _ in range(20):
            for block in (MoveMedium(here, away), MoveMedium(away, here)):
                assert transport.execute(block.encode()).status == 0
    """
    with file.hold() as machine:
        machine.changer.attentions.clear()
        machine.changed = True
    others = [run(program, str(file.path), str(SLOT + n), str(FREE + n)) for n in range(2)]
    assert [other.wait(30) for other in others] == [0, 0]
    with file.hold() as machine:
        assert machine.world.moves == 80
        assert len(list(machine.world.media())) == 10


def test_threads_share_one_file(file: StateFile) -> None:
    """Four threads with one keeper move four media there and back, and every move counts once."""

    def shuttle(number: int) -> set[int]:
        transport = SimulatedTransport(file, device="mock", clock=SystemClock())
        here, away = SLOT + number, FREE + number
        blocks = [MoveMedium(here, away).encode(), MoveMedium(away, here).encode()] * 5
        return {transport.execute(block).status for block in blocks}

    with file.hold() as machine:
        machine.changer.attentions.clear()
        machine.changed = True
    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(shuttle, range(4))) == {0}
    with StateFile(file.path, clock=SystemClock()).hold() as machine:
        assert machine.world.moves == 40


def test_a_kill_while_writing_leaves_a_whole_file(file: StateFile) -> None:
    """A kill -9 at any moment leaves a library that opens, with every medium in one place."""
    program = """
        import sys
        from rsm.clock import SystemClock
        from rsm_mock.state import StateFile
        library = StateFile(sys.argv[1], clock=SystemClock())
        while True:
            with library.hold() as machine:
                element = machine.world.elements[0x400]
                empty = machine.world.elements[0x40F]
                source, target = (0x400, 0x40F) if element.medium else (0x40F, 0x400)
                machine.world.move(source, target)
                machine.changed = True
    """
    for tick in range(6):
        with file.hold() as machine:
            before = machine.world.moves
        other = run(program, str(file.path))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with StateFile(file.path, clock=SystemClock()).hold() as machine:
                if machine.world.moves > before + 2:
                    break
        time.sleep(0.003 * tick)
        other.send_signal(signal.SIGKILL)
        other.wait(10)
        with StateFile(file.path, clock=SystemClock()).hold() as machine:
            assert machine.world.moves > before
            assert len({medium.id for medium in machine.world.media()}) == 10


def test_a_kill_in_a_move_does_not_stop_the_library(file: StateFile) -> None:
    """The robot finishes alone: the medium is still in the source during the move, and arrives after it."""
    with file.hold() as machine:
        machine.changer.attentions.clear()
        machine.pace, machine.changed = 0.05, True  # a move takes half a second
    program = """
        import sys
        from rsm.clock import SystemClock
        from rsm_mock.state import StateFile
        from rsm_mock.transport import SimulatedTransport
        from rsm_smc.cdb import MoveMedium
        library = StateFile(sys.argv[1], clock=SystemClock())
        transport = SimulatedTransport(library, device="mock", clock=SystemClock())
        transport.execute(MoveMedium(0x400, 0x40F).encode(), timeout=900)
    """
    other = run(program, str(file.path))
    deadline = time.monotonic() + 20
    begun = False
    while not begun and time.monotonic() < deadline:
        with file.hold() as machine:
            begun = machine.motion is not None
        time.sleep(0.01)
    assert begun
    other.kill()
    other.wait(10)
    with file.hold() as machine:
        assert machine.world.elements[SLOT].medium is not None
    time.sleep(0.6)
    with file.hold() as machine:
        machine.settle()
        assert machine.world.elements[SLOT].medium is None
        assert machine.world.elements[FREE].medium is not None


def test_faults_reach_another_opening(file: StateFile) -> None:
    """A fault that was scripted through the file happens to whoever moves next, and only once."""
    with file.hold() as machine:
        machine.faults.timeout(Carried.OUT)
        machine.changed = True
    with DRIVER.open_changer(f"mock:{file.path}", JumpingClock()) as changer:
        changer.inventory()
        with pytest.raises(OutcomeUnknown):
            changer.move(SLOT, FREE)
        changer.inventory()
        changer.move(FREE, SLOT)


def test_reading_does_not_write(file: StateFile) -> None:
    """Commands that change nothing leave the file alone."""
    transport = SimulatedTransport(file, device="mock", clock=SystemClock())
    transport.execute(bytes(6))
    before = file.path.stat()
    for _ in range(5):
        transport.execute(bytes(6))
        transport.execute(ReadElementStatus().encode(), reply_length=65535)
        transport.execute(PreventAllow(prevent=False).encode())
    assert file.path.stat().st_ino == before.st_ino
    transport.execute(MoveMedium(SLOT, FREE).encode())
    assert file.path.stat().st_ino != before.st_ino


def test_an_edit_by_hand_is_seen(file: StateFile) -> None:
    """A person may change the file with an editor; the next command reads it."""
    with file.hold() as machine:
        assert machine.pace == 0
    document = json.loads(file.path.read_text())
    document["pace"] = 2.0
    file.path.write_text(json.dumps(document))
    with file.hold() as machine:
        assert machine.pace == 2.0


def test_who_holds_it_may_hold_it_again(file: StateFile) -> None:
    """Holding twice in one thread is one holding, kept at the end of the outer one."""
    with file.hold() as machine, file.hold() as again:
        assert again is machine
        again.world.move(SLOT, FREE)
        again.changed = True
    with StateFile(file.path, clock=SystemClock()).hold() as machine:
        assert machine.world.elements[FREE].medium is not None


def test_a_failed_block_keeps_nothing(file: StateFile) -> None:
    """If something goes wrong while the machine is held, the file stays as it was."""
    with pytest.raises(RuntimeError), file.hold() as machine:
        machine.world.move(SLOT, FREE)
        machine.changed = True
        raise RuntimeError
    with file.hold() as machine:
        assert machine.world.elements[SLOT].medium is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe garbage",
        b"[]",
        b"{}",
        b'{"format":"rsm-mock"}',
        b'{"format":"rsm-mock","version":1}',
        b'{"format":"rsm-mock","version":1,"revision":"x"}',
        b'{"format":"rsm-mock","version":true,"revision":1}',
        b"[" * 100_000,
    ],
    ids=["empty", "bytes", "array", "object", "no version", "nothing else", "revision", "boolean", "nested"],
)
def test_garbage_gets_one_sentence_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    """A file that holds no library is a device fault with its name in it, and is left alone."""
    path = tmp_path / "lib.json"
    path.write_bytes(content)
    with pytest.raises(StateUnreadable, match=str(path)) as caught:
        DRIVER.open_changer(f"mock:{path}", SystemClock())
    assert isinstance(caught.value, DeviceFault)
    assert caught.value.hint is not None
    assert path.read_bytes() == content


def test_a_library_from_the_future_is_left_alone(file: StateFile) -> None:
    """A newer version is refused with both numbers, not guessed at."""
    document = json.loads(file.path.read_text())
    document["version"] = 2
    file.path.write_text(json.dumps(document))
    with pytest.raises(StateUnreadable, match="version 2, this rsm knows up to 1"):
        DRIVER.open_changer(f"mock:{file.path}", SystemClock())


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """The error is `DeviceGone` with `rsm mock create` as its hint, and no file appears."""
    path = tmp_path / "none.json"
    with pytest.raises(DeviceGone, match="no simulated library") as caught:
        DRIVER.open_changer(f"mock:{path}", SystemClock())
    assert caught.value.hint == f"make one: rsm mock create {path}"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_vanishes_is_gone(file: StateFile) -> None:
    """An open changer whose file is deleted says so."""
    with DRIVER.open_changer(f"mock:{file.path}", SystemClock()) as changer:
        file.path.unlink()
        with pytest.raises(DeviceGone):
            changer.inventory()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_is_named(file: StateFile) -> None:
    """A read-only directory is a device fault, and the library stays as it was."""
    file.path.parent.chmod(0o500)
    try:
        with pytest.raises(DeviceGone, match="cannot be"), file.hold() as machine:
            machine.changed = True
    finally:
        file.path.parent.chmod(0o700)


def test_a_full_disk_keeps_the_old_library(file: StateFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the new state cannot be written, the fault says so and the old one is still there."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    transport = SimulatedTransport(file, device="mock", clock=SystemClock())
    transport.execute(bytes(6))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DeviceGone, match="No space left on device"):
            transport.execute(MoveMedium(SLOT, FREE).encode())
    with file.hold() as machine:
        assert machine.world.elements[SLOT].medium is not None


def test_create_does_not_replace_unless_told(file: StateFile) -> None:
    """A file that is there stays, with a hint; `replace` makes a new one."""
    before = file.path.read_bytes()
    with pytest.raises(AlreadyExists, match=r"lib\.json"):
        file.create(build("spectra", clock=SystemClock()))
    assert file.path.read_bytes() == before
    file.create(build("spectra", clock=SystemClock()), replace=True)
    with file.hold() as machine:
        assert machine.personality.name == "spectra"


@pytest.mark.parametrize("name", ["lib", "mock:lib.txt", ".json", "mock:"])
def test_names_that_are_no_library_are_refused(name: str) -> None:
    """The name ends with .json, with or without `mock:`."""
    with pytest.raises(InvalidName, match="names no simulated library"):
        library_path(name)


def test_the_driver_takes_only_its_own_names() -> None:
    """`mock:` must be asked for; a drive of a library is not a library."""
    assert DRIVER.accepts("mock:/tmp/lib.json")
    assert not DRIVER.accepts("/tmp/lib.json")
    assert not DRIVER.accepts("/dev/sg3")
    with pytest.raises(DeviceGone, match="is a drive of"):
        DRIVER.open_changer("mock:/tmp/lib.json#0", SystemClock())


def test_a_mount_returns_the_drives_name(file: StateFile) -> None:
    """The node of drive N is the library's name with #N, matched because it is simulated."""
    with DRIVER.open_changer(f"mock:{file.path}", SystemClock()) as changer:
        changer.inventory()
        changer.move(SLOT, SECOND_DRIVE)
        with changer.drive(SECOND_DRIVE) as drive:
            assert drive.node == f"mock:{file.path}#1"
            assert drive.matched_by == "simulated"
            drive.wait_ready(5)


def test_everything_survives_the_file() -> None:
    """A machine with a bit of everything is the same after writing and reading it."""
    simulation = Simulation("optical-jukebox", two_sided=2, cleaning=1, worm=1, pace=1.0)
    machine, hand = simulation.machine, simulation.operator
    hand.insert("PORT01")
    hand.swap("RSM001", "RSM002", force=True)
    hand.relabel("RSM003", "SPOILT", readable=False, force=True)
    hand.enable("slot:16", enabled=False)
    hand.remove("RSM004", force=True)
    hand.reserve_elsewhere(reserved=True)
    machine.faults.add(Fault(Effect.SENSE, frozenset({0xA5}), after=2, sense=(4, 0x15, 1)))
    machine.changer.reserved_elsewhere = False
    machine.changer.attentions.clear()
    simulation.transport().execute(MoveMedium(0x00B, 0x001).encode(), timeout=1)
    document = json.loads(json.dumps(to_document(machine)))
    assert document["motion"] is not None
    again = from_document(document, machine.clock)
    assert to_document(again) == to_document(machine)


def test_a_medium_in_two_places_is_refused() -> None:
    """A file in which one medium is twice is damaged, not believed."""
    document = to_document(build("generic", clock=JumpingClock()))
    rows = document["world"]["elements"]
    full = next(row for row in rows if len(row) == 3 and "medium" in row[2])
    document["world"]["shelf"].append(full[2]["medium"])
    with pytest.raises(Damaged, match="is in two places"):
        from_document(document, JumpingClock())


_DOCUMENT = json.dumps(to_document(build("generic", clock=JumpingClock(), slots=2, media=2)))
_VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=3)
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_damage_is_told_as_damage(data: st.DataObject) -> None:
    """Whatever single value of a document is replaced by another, it is read or refused, never worse."""
    document = json.loads(_DOCUMENT)
    node: Any = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.integers(0, 9)):
            node = node[key]
            continue
        node[key] = data.draw(_VALUES)
        break
    try:
        machine = from_document(document, JumpingClock())
    except (Damaged, ValueError):
        return
    assert len({medium.id for medium in machine.world.media()}) == len(list(machine.world.media()))
    machine.faults.entries.clear()
    simulation = Simulation()
    simulation.machine = machine
    transport = simulation.transport()
    for block in (bytes(6), bytes(6), ReadElementStatus().encode(), MoveMedium(SLOT, SLOT + 1).encode()):
        transport.execute(block, reply_length=65535, timeout=10)
    list(as_text(machine, "x"))
