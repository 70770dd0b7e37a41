"""Where mtx is wrong: what rsm-mtx does instead when a move does not go as planned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsm.clock import SystemClock
from rsm.hardware import lease
from rsm.store.sqlite import SqliteStore
from rsm_dropin import store_mark
from rsm_mock.faults import Carried
from rsm_scsi.transport import HostStatus
from rsm_smc.cdb import MoveMedium

LOADING = "Loading media from Storage Element 1 into drive 0..."


@pytest.fixture
def library(stage: Callable[..., Any]) -> Any:
    """A plain library."""
    return stage(slots=4, ports=0, drives=2, media=2)


def test_timeout_and_made(library: Any) -> None:
    """A move whose answer was lost, and that was made, is a move: found out by looking."""
    library.simulation.faults.timeout(Carried.OUT)
    assert library.mtx("load 1 0") == (0, LOADING + "done\n", "")
    assert len(library.moves()) == 1


def test_timeout_and_not_made(library: Any) -> None:
    """A move whose answer was lost, and that was not made, fails (mtx prints `done`), and is not sent again."""
    library.simulation.faults.timeout(Carried.NOT)
    printed = library.mtx("load 1 0")
    assert (printed.status, printed.out) == (1, LOADING)
    assert "no answer in time" in printed.err
    assert printed.err.endswith("MOVE MEDIUM from Element Address 1024 to 1 Failed\n")
    assert len(library.moves()) == 1


def test_good_and_elsewhere(library: Any) -> None:
    """A library that puts a medium elsewhere and reports GOOD is not believed (scsi.md §0.10)."""
    library.simulation.faults.elsewhere()
    printed = library.mtx("load 1 0")
    assert printed.status == 1
    assert "is not seen in element 1" in printed.err


def test_attention_before_a_move(stage: Callable[..., Any]) -> None:
    """Attentions that wait are taken away first: the move is made, and the status has its bar codes."""
    library = stage(settled=False)
    library.simulation.operator.power_cycle()
    assert "VolumeTag=RSM001L9" in library.mtx("status").out
    library.simulation.operator.power_cycle()
    assert library.mtx("load 1 0").status == 0


def test_attention_instead_of_a_move(library: Any) -> None:
    """An attention in answer to the move itself: what it touches is looked at, and it is sent again."""
    library.simulation.faults.sense((0x6, 0x28, 0x01), on="move")
    assert library.mtx("load 1 0") == (0, LOADING + "done\n", "")
    assert len(library.moves()) == 2


def test_changed_in_the_meantime(library: Any) -> None:
    """If the look shows that somebody else has moved the medium by now, the move is not sent again."""
    other = library.simulation.transport()
    library.simulation.faults.sense((0x6, 0x28, 0x00), on="move", after=1)
    library.sent = _Overtaken(lambda: other.execute(MoveMedium(1024, 1026).encode()))
    printed = library.mtx("load 1 0")
    assert printed.status == 1
    assert "has changed in the meantime" in printed.err
    assert len(library.moves()) == 1


class _Overtaken(list[bytes]):
    """Commands sent; before each move something else happens."""

    def __init__(self, overtake: Callable[[], object]) -> None:
        super().__init__()
        self._overtake = overtake

    def append(self, item: bytes) -> None:
        """Keep it."""
        super().append(item)
        if item[0] == MoveMedium.OPCODE:
            self._overtake()


def test_busy(library: Any) -> None:
    """A library that is busy with somebody else's move is waited for (mtx reports all zeros)."""
    library.simulation.faults.status(0x08, on="move", times=3)
    assert library.mtx("load 1 0").status == 0
    library.simulation.faults.status(0x08, on="elements", times=3)
    assert library.mtx("status").status == 0


def test_reserved_elsewhere(library: Any) -> None:
    """A reservation of another host is told as such."""
    library.simulation.operator.reserve_elsewhere(reserved=True)
    printed = library.mtx("load 1 0")
    assert printed.status == 1
    assert "reserved by another host" in printed.err


def test_status_without_an_answer(library: Any) -> None:
    """A status that got no answer is no empty library (mtx shows one, and ends with 0)."""
    library.simulation.faults.host(HostStatus.TIME_OUT, on="elements", times=0)
    printed = library.mtx("status")
    assert (printed.status, printed.out) == (1, "")
    assert "host status 03h" in printed.err
    assert printed.err.endswith("READ ELEMENT STATUS Command Failed\n")


def test_operator_needed(library: Any) -> None:
    """A library with its door open ends a move before it begins, with the report of its sense data."""
    library.simulation.operator.open_door()
    printed = library.mtx("load 1 0")
    assert (printed.status, printed.out) == (1, "")
    assert "Sense Key=Not Ready" in printed.err
    assert library.moves() == []


def test_contents_after_a_move(library: Any) -> None:
    """A status after a move in the same run shows the bar code in the drive (mtx leaves it behind)."""
    assert (
        "Data Transfer Element 0:Full (Storage Element 1 Loaded):VolumeTag = RSM001L9"
        in library.mtx("load 1 0 status").out
    )


def test_absent_drive_keeps_its_number(stage: Callable[..., Any]) -> None:
    """A drive that is not installed is empty, and the next one keeps its number (mtx moves it up)."""
    library = stage("quantum-scalar")
    library.simulation.operator.install_drive(0, installed=False)
    settle = library.mtx("status").out.splitlines()
    assert settle[1:3] == ["Data Transfer Element 0:Empty", "Data Transfer Element 1:Empty"]
    assert library.mtx("load 1 1").status == 0


def test_ports_stay_ports(stage: Callable[..., Any]) -> None:
    """Fewer slots than mode page 1Dh counts do not make ports look like slots."""
    assert stage("quantum-scalar").mtx("status").out.count(" IMPORT/EXPORT:") == 5


def test_many_slots(stage: Callable[..., Any]) -> None:
    """Two thousand slots need more than one reply, also where the device ignores how many are asked for."""
    for personality in ("generic", "tgt", "pedantic", "low-word"):
        library = stage(personality, slots=2000, media=3)
        printed = library.mtx("status")
        assert printed.err == ""
        assert printed.out.startswith(
            "  Storage Changer mock:lib.json:2 Drives, 2002 Slots ( 2 Import/Export )"
        )
        assert printed.out.count("Storage Element") == 2002


def test_eject_that_failed(stage: Callable[..., Any]) -> None:
    """An eject that the device refuses ends with 1 (mtx: 0)."""
    printed = stage("tgt").mtx("eject")
    assert printed.status == 1
    assert printed.err.endswith("Eject (0x1B) failed\nmtx:eject failed\n")


def test_door_position(library: Any) -> None:
    """`eepos` goes into the control byte of the move."""
    library.mtx("eepos 2 transfer 1 3")
    assert [cdb[11] for cdb in library.moves()] == [0x80]


# The lease and the store


def test_lease_held(library: Any) -> None:
    """While somebody else holds the robot a move waits its time and then fails, naming the holder; a look does not."""
    with (
        library.simulation.open_changer() as changer,
        lease.hold(
            lease.lease_key(changer.identity, changer.device),
            holder="rsm mount SOMETHING",
            timeout=0,
            clock=SystemClock(),
        ),
    ):
        printed = library.mtx("load 1 0")
        assert printed.status == 1
        assert "in use by rsm mount SOMETHING" in printed.err
        assert library.moves() == []
        assert library.mtx("status").status == 0
    assert library.mtx("load 1 0").status == 0


def _store(path: Path, library: Any, **other: object) -> SqliteStore:
    store = SqliteStore(str(path))
    identity = library.simulation.open_changer().identity
    row = {"vendor": identity.vendor, "product": identity.product, "serial": identity.serial}
    with store.writing() as writer:
        writer.run(
            "library.add",
            **{
                "id": "7", "name": "lib", "kind": 2, "device": "mock:lib.json", "revision": "", "new_media": "import",
                "default_type": None, "reads_volume_tags": 1, "rotates": 0, "created": 0, **row, **other,
            },
        )  # fmt: skip
    return store


def _stale(store: SqliteStore) -> bool:
    with store.reading() as reader:
        row = reader.one("library.by_name", name="lib")
    assert row is not None
    return bool(row["stale"])


@pytest.mark.parametrize("line", ["load 1 0", "transfer 1 3", "inventory"])
def test_store_is_told(library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """After a move the inventory of the managed library is stale; a look leaves it."""
    monkeypatch.setenv("RSM_STORE", str(tmp_path / "rsm.db"))
    store = _store(tmp_path / "rsm.db", library)
    library.mtx("status inquiry")
    assert not _stale(store)
    library.mtx(line)
    assert _stale(store)


def test_store_is_told_again(library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inventory that is recorded while the medium is under way does not stand."""
    monkeypatch.setenv("RSM_STORE", str(tmp_path / "rsm.db"))
    store = _store(tmp_path / "rsm.db", library)

    def record() -> None:
        with store.writing() as writer:
            writer.run("library.set_stale", id="7", stale=0)

    library.sent = _Overtaken(record)
    library.mtx("load 1 0")
    assert _stale(store)


def test_store_of_another_library(library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not know the robot is left as it is."""
    monkeypatch.setenv("RSM_STORE", str(tmp_path / "rsm.db"))
    store = _store(tmp_path / "rsm.db", library, serial="ANOTHER")
    assert library.mtx("load 1 0").status == 0
    assert not _stale(store)


def test_store_in_trouble(library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is none does not keep a move from being made, and none is made where there was none."""
    path = tmp_path / "rsm.db"
    monkeypatch.setenv("RSM_STORE", str(path))
    assert library.mtx("load 1 0").status == 0
    assert not path.exists()
    path.write_text("no database, but long enough to be taken for one by somebody careless " * 20)
    assert library.mtx("unload").status == 0
    with library.simulation.open_changer() as changer:
        assert not store_mark.inventory_stale(changer.identity, changer.device)
