"""The command line over a real store and a simulated library, verb by verb, as a person types it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from rsm.cli import main, nouns
from rsm.clock import JumpingClock


class Said(NamedTuple):
    """What a command printed."""

    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, for programs."""
        return json.loads(self.out)


class Shell:
    """Types commands, and expects the exit status they end with."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self.library = str(directory / "lib.json")
        self.store = directory / "rsm.db"
        self._capsys = capsys
        self._clock = JumpingClock()

    def rsm(self, *words: str, status: int = 0) -> Said:
        """Run a command in this process and give what it printed."""
        self._capsys.readouterr()
        ended = main(words, clock=self._clock)
        said = Said(*self._capsys.readouterr())
        assert ended == status, said
        return said

    def fails(self, *words: str, status: int) -> str:
        """Run a command that must fail with one sentence, at most one hint, and no result; give the sentence."""
        said = self.rsm(*words, status=status)
        sentence, *hints = said.err.splitlines()
        assert sentence.startswith("rsm: ")
        assert not sentence.endswith(".")
        assert all(hint.startswith("hint: ") for hint in hints)
        assert len(hints) <= 1
        assert said.out == ""
        return sentence

    def by_hand(self, verb: str, *words: str) -> None:
        """Do something inside the library, with its door open meanwhile."""
        self.rsm("mock", "door", self.library, "open")
        self.rsm("mock", verb, self.library, *words)
        self.rsm("mock", "door", self.library, "close")

    def process(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "rsm", *words], stderr=subprocess.PIPE, text=True, **options
        )


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Give a shell with a store and a library of its own, neither made yet."""
    typing = Shell(tmp_path, capsys)
    monkeypatch.setenv("RSM_STORE", str(typing.store))
    monkeypatch.delenv("RSM_DEBUG", raising=False)
    return typing


@pytest.fixture
def lib(shell: Shell) -> Shell:
    """Give a shell with the library `lib` known and inventoried: 8 slots, 4 tapes, 2 drives, a port."""
    sizes = ["--slots", "8", "--drives", "2", "--ports", "1", "--media", "4"]
    shell.rsm("mock", "create", shell.library, *sizes)
    shell.rsm("library", "add", f"mock:{shell.library}", "--name", "lib")
    shell.rsm("library", "inventory", "lib")
    return shell


@pytest.fixture
def pool(lib: Shell) -> Shell:
    """Give the same with the pool Backup holding RSM001L9 and RSM002L9."""
    lib.rsm("pool", "create", "Backup", "--type", "LTO-9")
    lib.rsm("media", "move", "RSM001L9", "RSM002L9", "Backup")
    return lib


# -- the main job ------------------------------------------------------------------------------------------


def test_the_whole_path(pool: Shell) -> None:
    """A tape is allocated, mounted, shown in its drive, dismounted and given back."""
    lmid = pool.rsm("allocate", "Backup").out.strip()
    assert str(UUID(lmid)) == lmid
    node = pool.rsm("mount", lmid).out.strip()
    assert node.startswith(f"mock:{pool.library}#")
    assert "RSM001L9" in pool.rsm("drive", "list").out
    assert "drive" in pool.rsm("where", "RSM001L9").out
    assert pool.rsm("dismount", lmid).out == "RSM001L9 is in slot 1 of lib\n"
    assert pool.rsm("deallocate", lmid).out == "RSM001L9 is in pool Backup, available\n"
    kinds = [event["kind"] for event in pool.rsm("events", "--medium", "RSM001L9", "--json").json]
    assert [kind for kind in kinds if kind in {"allocated", "mounted", "dismounted", "deallocated"}] == [
        "allocated",
        "mounted",
        "dismounted",
        "deallocated",
    ]


def test_adding_says_what_was_found(shell: Shell) -> None:
    """A library is added by its device, and called by the name that was given."""
    shell.rsm("mock", "create", shell.library)
    said = shell.rsm("library", "add", f"mock:{shell.library}", "--name", "vault", "--json").json
    assert said["name"] == "vault"
    assert said["device"] == f"mock:{shell.library}"
    assert said["inventoried"] is None
    assert "vault" in shell.rsm("library", "list").out


def test_a_preview_records_nothing(shell: Shell) -> None:
    """What a preview tells, the inventory then records; places in a row are told in one line."""
    shell.rsm("mock", "create", shell.library, "--slots", "30", "--media", "3")
    shell.rsm("library", "add", f"mock:{shell.library}", "--name", "lib")
    preview = shell.rsm("library", "inventory", "lib", "--preview").out.splitlines()
    assert shell.rsm("media", "list", "--json").json == []
    real = shell.rsm("library", "inventory", "lib").out.splitlines()
    assert real[:-1] == preview[:-1]
    assert any(line.startswith("slot 1-30 ") for line in real)
    assert "nothing recorded" in preview[-1]
    assert "recorded" in real[-1]
    assert len(shell.rsm("media", "list", "--json").json) == 3
    assert "as recorded" in shell.rsm("library", "inventory", "lib").out


def test_the_library_is_drawn(pool: Shell) -> None:
    """The drawing shows every medium, the mounted one in its drive."""
    pool.rsm("mount", "RSM002L9")
    drawing = pool.rsm("library", "show", "lib").out
    for barcode in ("RSM001L9", "RSM002L9", "RSM003L9", "RSM004L9"):
        assert drawing.count(barcode) == 1
    assert "RSM002L9  mounted" in drawing
    assert ">0" in drawing
    assert "\x1b" not in drawing
    cells = pool.rsm("library", "show", "lib", "--json").json["cells"]
    assert {cell["medium"]["barcode"] for cell in cells if cell["medium"]} == {
        f"RSM00{n}L9" for n in range(1, 5)
    }


def test_a_medium_is_shown_whole(pool: Shell) -> None:
    """`media show` tells place, pool and sides, by bar code and by the beginning of the id."""
    by_barcode = pool.rsm("media", "show", "RSM001L9", "--json").json
    assert by_barcode["pool"] == "Backup"
    assert pool.rsm("media", "show", by_barcode["id"][:8], "--json").json == by_barcode
    assert pool.rsm("media", "show", by_barcode["id"], "--json").json == by_barcode
    assert "slot 1 of lib" in pool.rsm("media", "show", "RSM001L9").out


def test_media_are_listed_by_filter(pool: Shell) -> None:
    """Each filter of `media list` narrows the list."""

    def listed(*filters: str) -> list[str]:
        return [row["barcode"] for row in pool.rsm("media", "list", "--json", *filters).json]

    assert len(listed("--library", "lib")) == 4
    assert listed("--pool", "Backup") == ["RSM001L9", "RSM002L9"]
    assert listed("--state", "import") == ["RSM003L9", "RSM004L9"]
    assert listed("--state", "import", "--pool", "Backup") == []
    assert listed("--type", "LTO-8") == []


def test_pools_are_made_changed_and_deleted(lib: Shell) -> None:
    """A pool of pools and one below it come and go; what is set is shown."""
    lib.rsm("pool", "create", "Office")
    lib.rsm("pool", "create", "Office/Weekly", "--type", "LTO-9", "--max-allocates", "5")
    lib.rsm("pool", "set", "Office/Weekly", "--draw-from-free", "--name", "Monthly")
    shown = lib.rsm("pool", "show", "Office/Monthly", "--json").json
    assert (shown["max_allocates"], shown["draws_from_free"]) == (5, True)
    lib.rsm("pool", "set", "Office/Monthly", "--no-draw-from-free")
    assert "draws from free  no" in lib.rsm("pool", "show", "Office/Monthly").out
    lib.rsm("pool", "delete", "Office/Monthly")
    paths = [row["path"] for row in lib.rsm("pool", "list", "--json").json]
    assert "Office" in paths
    assert "Office/Monthly" not in paths


def test_a_very_side_and_a_drive_can_be_asked_for(pool: Shell) -> None:
    """--side takes that medium, --drive that drive, and a second mount finds it there already."""
    taken = pool.rsm("allocate", "Backup", "--side", "RSM002L9", "--json").json
    assert taken["medium"]["barcode"] == "RSM002L9"
    mounted = pool.rsm("mount", taken["logical_medium"], "--drive", "1", "--json").json
    assert (mounted["drive"], mounted["already"]) == (1, False)
    assert pool.rsm("mount", "RSM002L9", "--json").json["already"] is True


def test_the_second_side_is_turned_up(shell: Shell) -> None:
    """BARCODE:2 mounts the second side of a two-sided medium."""
    shell.rsm(
        "mock",
        "create",
        shell.library,
        "--personality",
        "optical-jukebox",
        "--media",
        "0",
        "--two-sided",
        "2",
    )
    shell.rsm("library", "add", f"mock:{shell.library}", "--name", "jukebox", "--new-media", "free")
    shell.rsm("library", "inventory", "jukebox")
    (barcode, *_) = [row["barcode"] for row in shell.rsm("media", "list", "--json").json]
    sentence = shell.fails("mount", barcode, status=2)
    assert "2 sides" in sentence
    assert shell.rsm("mount", f"{barcode}:2", "--json").json["side"] == 2
    assert "side 2 mounted" in shell.rsm("library", "show", "jukebox").out
    shell.rsm("dismount", barcode)


def test_explain_tells_why(pool: Shell) -> None:
    """--explain tells on standard error why a side was taken, and why none was."""
    taken = pool.rsm("allocate", "Backup", "--explain")
    assert UUID(taken.out.strip())
    assert "RSM001L9" in taken.err
    pool.rsm("allocate", "Backup")
    none = pool.rsm("allocate", "Backup", "--explain", "--error-if-unavailable", status=5)
    assert none.out == ""
    assert "Backup: 2 sides already allocated" in none.err


def test_every_listing_and_action_speaks_json(pool: Shell) -> None:
    """Listings are arrays of objects, everything else is an object, with --json."""
    for words in (
        "library list",
        "drive list",
        "media list",
        "media types",
        "pool list",
        "events",
        "where RSM001L9",
    ):
        rows = pool.rsm(*words.split(), "--json").json
        assert isinstance(rows, list)
        assert rows
        assert all(isinstance(row, dict) for row in rows)
    lmid = pool.rsm("allocate", "Backup", "--json").json["logical_medium"]
    device = f"mock:{pool.library}"
    for typed in (
        ["library", "inventory", "lib"],
        ["library", "show", "lib"],
        ["changer", "status", device],
        ["changer", "inquiry", device],
        ["media", "show", "RSM001L9"],
        ["media", "move", "RSM003L9", "Backup"],
        ["pool", "create", "Other", "--type", "LTO-9"],
        ["pool", "show", "Other"],
        ["pool", "set", "Other", "--return-to-free"],
        ["pool", "delete", "Other"],
        ["mount", lmid],
        ["dismount", lmid],
        ["deallocate", lmid],
        ["version"],
        ["mock", "show", pool.library],
        ["library", "remove", "lib"],
    ):
        assert isinstance(pool.rsm(*typed, "--json").json, dict), typed


def test_a_device_is_asked_without_a_store(shell: Shell) -> None:
    """`rsm changer` needs no store, and makes none."""
    shell.rsm(
        "mock", "create", shell.library, "--slots", "4", "--media", "2", "--drives", "1", "--ports", "1"
    )
    device = f"mock:{shell.library}"
    status = shell.rsm("changer", "status", device).out
    assert "RSM001L9" in status
    assert status.count(" storage ") == 4
    assert "data transfer" in status
    assert "import/export" in status
    assert "SIMULATED LIB" in shell.rsm("changer", "inquiry", device).out
    assert not shell.store.exists()


def test_a_captured_reply_is_decoded(shell: Shell) -> None:
    """`rsm changer decode` reaches the driver's own verb."""
    capture = shell.directory / "reply.hex"
    capture.write_text("# an empty library\n00 00 00 00 00 00 00 00\n")
    assert isinstance(shell.rsm("changer", "decode", str(capture), "--json").json, dict)
    assert "rsm changer decode" in shell.rsm("changer", "decode", "--help").out
    assert "decode" in shell.rsm("changer", "--help").out


def test_the_store_can_be_named_before_and_after_the_verb(
    lib: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--store is taken at either place, and wins over $RSM_STORE."""
    monkeypatch.setenv("RSM_STORE", "/nonexistent/rsm.db")
    path = str(lib.store)
    assert "lib" in lib.rsm("--store", path, "library", "list").out
    assert "lib" in lib.rsm(f"--store={path}", "library", "list").out
    assert "lib" in lib.rsm("library", "list", "--store", path).out
    lib.fails("library", "list", status=7)


def test_the_demo_runs_and_leaves_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo plays to its end, shows each command before its result, and takes its files away."""
    monkeypatch.setenv("TMPDIR", str(shell.directory))
    monkeypatch.setattr("tempfile.tempdir", None)
    said = shell.rsm("demo").out
    for step in (
        "mock create",
        "library inventory vault --preview",
        "allocate Backup",
        "mount $OTHER_SIDE",
        "where",
    ):
        assert f"rsm {step}" in said
    assert "side 2 mounted" in said
    assert list(shell.directory.glob("rsm-demo-*")) == []
    assert os.environ["RSM_STORE"] == str(shell.store)
    assert not shell.store.exists()
    shell.rsm("demo", "--keep")
    (kept,) = shell.directory.glob("rsm-demo-*")
    assert "vault" in shell.rsm("--store", str(kept / "rsm.db"), "library", "list").out


# -- mount around a command --------------------------------------------------------------------------------


def test_a_command_runs_with_the_tape(pool: Shell) -> None:
    """CMD finds the node in $TAPE and $RSM_NODE; afterwards the medium is back in its slot."""
    found = pool.directory / "found"
    script = f'echo "$TAPE $RSM_NODE $RSM_BARCODE $RSM_SIDE" > {found}'
    assert pool.rsm("mount", "RSM001L9", "--", "sh", "-c", script).out == ""
    node, same, barcode, side = found.read_text().split()
    assert node == same
    assert node.startswith("mock:")
    assert (barcode, side) == ("RSM001L9", "1")
    assert "slot 1" in pool.rsm("where", "RSM001L9").out


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["sh", "-c", "exit 42"], 42),
        (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
        (["no-such-command-anywhere"], 127),
        (["/dev/null"], 126),
    ],
)
def test_the_status_of_the_command_is_passed_on(
    pool: Shell, command: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However CMD ends, its status is passed on and the medium is dismounted."""
    monkeypatch.setenv("PATH", os.defpath)  # a directory on it that may not be read would make 127 a 126
    pool.rsm("mount", "RSM001L9", "--", *command, status=status)
    assert "slot 1" in pool.rsm("where", "RSM001L9").out


def test_a_failed_mount_is_no_status_of_the_command(pool: Shell) -> None:
    """When rsm itself fails, CMD is not run and the status is 125."""
    marker = pool.directory / "ran"
    pool.fails("mount", "NOSUCH", "--", "touch", str(marker), status=125)
    assert not marker.exists()


def test_what_was_mounted_before_stays_mounted(pool: Shell) -> None:
    """A medium that somebody mounted before is not taken from under them."""
    pool.rsm("mount", "RSM001L9")
    pool.rsm("mount", "RSM001L9", "--", "true")
    assert "drive 0" in pool.rsm("where", "RSM001L9").out


def test_being_told_to_go_dismounts_first(pool: Shell) -> None:
    """SIGTERM to rsm reaches CMD, and the medium is dismounted before rsm ends."""
    marker = pool.directory / "started"
    script = f"touch {marker}; exec sleep 60"
    with pool.process("mount", "RSM001L9", "--", "sh", "-c", script) as process:
        while not marker.exists():
            assert process.poll() is None
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM, err
    assert "slot 1" in pool.rsm("where", "RSM001L9").out


# -- what goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status", "named"),
    [
        ("library show nosuch", 3, "'nosuch'"),
        ("library inventory nosuch", 3, "'nosuch'"),
        ("library remove nosuch", 3, "'nosuch'"),
        ("media list --library nosuch", 3, "'nosuch'"),
        ("media list --pool No/Such", 3, "'No/Such'"),
        ("media show NOSUCH", 3, "'NOSUCH'"),
        ("media move RSM001L9 No/Such", 3, "'No/Such'"),
        ("media move NOSUCH Backup", 3, "'NOSUCH'"),
        ("media move RSM001L9 Free/LTO-8", 3, "'Free/LTO-8'"),
        ("pool create Backup --type LTO-9", 4, "Backup"),
        ("pool create A/B --type LTO-9", 3, "A"),
        ("pool create Other --type LTO-99", 3, "'LTO-99'"),
        ("pool create A//B --type LTO-9", 2, "'A//B'"),
        ("pool delete Backup", 4, "Backup"),
        ("pool delete Free", 4, "Free"),
        ("pool show NoSuch", 3, "'NoSuch'"),
        ("allocate NoSuch", 3, "'NoSuch'"),
        ("allocate Free/LTO-9", 4, "Free/LTO-9"),
        ("allocate Backup --side RSM003L8", 3, "RSM003L8"),
        ("deallocate RSM001L9", 3, "RSM001L9"),
        ("mount NOSUCH", 3, "'NOSUCH'"),
        ("mount RSM001L9:2", 3, "RSM001L9"),
        ("mount RSM001L9 --drive 7", 3, "7"),
        ("dismount RSM001L9", 4, "RSM001L9"),
        ("where NOSUCH", 3, "NOSUCH"),
        ("events --medium NOSUCH", 3, "NOSUCH"),
        ("library add floppy", 2, "'floppy'"),
        ("library add /dev/no-such-node", 6, "/dev/no-such-node"),
        ("library add mock:/no/such.json", 6, "/no/such.json"),
        ("changer status /dev/null", 6, "/dev/null"),
        ("changer decode /no/such.hex", 2, "/no/such.hex"),
        (f"where {'X' * 33}", 2, "33"),
        (f"media show {'X' * 33}", 2, "33"),
    ],
)
def test_a_failure_is_one_sentence_that_names_the_thing(
    pool: Shell, words: str, status: int, named: str
) -> None:
    """Each failure names the object, ends with its documented status, and changes nothing."""
    before = pool.rsm("media", "list", "--json").out
    assert named in pool.fails(*words.split(), status=status)
    assert status in dict(nouns.STATUSES)
    assert pool.rsm("media", "list", "--json").out == before


def test_a_pool_that_holds_pools_gives_no_media(lib: Shell) -> None:
    """Allocation from a pool of pools is refused."""
    lib.rsm("pool", "create", "Office")
    lib.rsm("pool", "create", "Office/Weekly", "--type", "LTO-9")
    assert "Office" in lib.fails("allocate", "Office", status=4)
    assert "Office" in lib.fails("media", "move", "RSM001L9", "Office", status=4)


def test_a_pool_of_another_type_takes_no_such_medium(lib: Shell) -> None:
    """Media and pools of different types never mix."""
    lib.rsm("pool", "create", "Old", "--type", "LTO-8")
    sentence = lib.fails("media", "move", "RSM001L9", "Old", status=4)
    assert "LTO-9" in sentence
    assert "LTO-8" in sentence


def test_an_empty_pool_gives_a_reason(lib: Shell) -> None:
    """Allocation that cannot be met says why, with the status for what is unavailable."""
    lib.rsm("pool", "create", "Backup", "--type", "LTO-9")
    assert "Backup" in lib.fails("allocate", "Backup", "--error-if-unavailable", status=5)


def test_no_free_drive_is_unavailable(pool: Shell) -> None:
    """With all drives taken a mount names who is in them."""
    pool.rsm("mount", "RSM001L9")
    pool.rsm("mount", "RSM002L9")
    sentence = pool.fails("mount", "RSM003L9", status=5)
    assert "RSM001L9" in sentence
    assert "RSM002L9" in sentence
    assert "RSM001L9" in pool.fails("mount", "RSM001L9", "--drive", "1", status=5)


def test_two_media_with_one_bar_code(lib: Shell) -> None:
    """`where` shows both, anything else asks which, and an id tells them apart."""
    lib.by_hand("relabel", "RSM002L9", "RSM001L9")
    lib.rsm("library", "inventory", "lib")
    where = lib.rsm("where", "RSM001L9").out.splitlines()
    assert len(where) == 2
    assert where[0] != where[1]
    assert "RSM001L9" in lib.fails("media", "show", "RSM001L9", status=2)
    for medium in lib.rsm("where", "RSM001L9", "--json").json:
        assert lib.rsm("media", "show", medium["id"], "--json").json["id"] == medium["id"]
    assert "!" in lib.rsm("library", "show", "lib").out


def test_a_missing_medium_is_off_line(pool: Shell) -> None:
    """A medium that was taken out stays on record, is where-abouts unknown, and cannot be mounted."""
    pool.by_hand("remove", "RSM001L9")
    pool.rsm("library", "inventory", "lib")
    assert "missing since" in pool.rsm("where", "RSM001L9").out
    assert "RSM001L9" in pool.fails("mount", "RSM001L9", status=5)


def test_an_open_door_is_the_devices_failure(pool: Shell) -> None:
    """With the door open a mount fails as the device does, and the medium stays where it was."""
    pool.rsm("mock", "door", pool.library, "open")
    pool.fails("mount", "RSM001L9", status=6)
    pool.rsm("mock", "door", pool.library, "close")
    assert "slot 1" in pool.rsm("where", "RSM001L9").out


def test_a_reply_of_zeros_loses_nothing(pool: Shell) -> None:
    """An element status of zeros is refused, and what was known stays known."""
    pool.rsm("mock", "fault", pool.library, "zeros", "--times", "0")
    pool.fails("library", "inventory", "lib", status=6)
    assert len(pool.rsm("media", "list", "--library", "lib", "--json").json) == 4


def test_a_state_file_of_garbage(shell: Shell) -> None:
    """A simulated library that is garbage is named and left alone."""
    garbage = shell.directory / "lib.json"
    garbage.write_text("no library at all")
    assert "lib.json" in shell.fails("library", "add", f"mock:{garbage}", status=6)
    assert garbage.read_text() == "no library at all"


def test_a_store_that_is_garbage(shell: Shell) -> None:
    """A store that is no database is named and left alone, by readers and writers."""
    shell.store.write_text("no database at all" * 100)
    for words in (["library", "list"], ["pool", "create", "Backup"]):
        assert "rsm.db" in shell.fails(*words, status=7)
    assert shell.store.read_text() == "no database at all" * 100


def test_no_store_yet(shell: Shell) -> None:
    """Reading before anything was written says what to do first, and makes no store."""
    assert "rsm library add" in shell.rsm("media", "list", status=7).err
    assert not shell.store.exists()


def test_a_store_from_the_future(lib: Shell) -> None:
    """A store written by a newer rsm is neither read nor written."""
    with closing(sqlite3.connect(lib.store)) as connection:
        connection.execute("PRAGMA user_version = 999")
    for words in (["media", "list"], ["pool", "create", "Backup"]):
        assert "999" in lib.fails(*words, status=7)


def test_a_store_that_cannot_be_written(shell: Shell) -> None:
    """A place where no store can be made is named."""
    assert "/proc/" in shell.fails("--store", "/proc/rsm/rsm.db", "pool", "create", "Backup", status=7)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_read_only_store_is_refused_to_writers(lib: Shell) -> None:
    """Changing a store that may only be read is refused in one sentence, and leaves it as it was."""
    before = lib.store.read_bytes()
    lib.store.chmod(0o400)
    lib.directory.chmod(0o500)
    try:
        assert "rsm.db" in lib.fails("pool", "create", "Backup", status=7)
    finally:
        lib.directory.chmod(0o700)
    assert lib.store.read_bytes() == before


def test_a_bar_code_of_33_characters_is_refused_by_the_mock(lib: Shell) -> None:
    """A label that no volume tag can hold is refused before anything is changed."""
    assert "33" in lib.fails("mock", "insert", lib.library, "X" * 33, status=2)


def test_media_moved_before_a_failure_are_told(lib: Shell) -> None:
    """When one of several media cannot be moved, those before it are moved and told."""
    lib.rsm("pool", "create", "Backup", "--type", "LTO-9")
    said = lib.rsm("media", "move", "RSM001L9", "NOSUCH", "RSM002L9", "Backup", status=3)
    assert said.out == "RSM001L9 is in pool Backup, available\n"
    assert "'NOSUCH'" in said.err


# -- where output goes -------------------------------------------------------------------------------------


@pytest.fixture
def full(shell: Shell) -> Shell:
    """Give a shell whose library holds more media than a pipe holds of their listing."""
    shell.rsm("mock", "create", shell.library, "--slots", "500", "--media", "500")
    shell.rsm("library", "add", f"mock:{shell.library}", "--name", "lib")
    shell.rsm("library", "inventory", "lib")
    return shell


def test_a_reader_who_leaves_is_no_error(full: Shell) -> None:
    """`rsm media list --json | head -1` says nothing on standard error."""
    with full.process("media", "list", "--json", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "[\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_a_full_disk_under_the_output_is_one_sentence(pool: Shell) -> None:
    """Output to a full disk fails with status 1, once, and an allocated id is not lost."""
    with (
        Path("/dev/full").open("w", encoding="utf-8") as full,
        pool.process("allocate", "Backup", stdout=full) as process,
    ):
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    first, *rest = err.splitlines()
    lmid = first.removeprefix("rsm: allocated ").partition(",")[0]
    pool.rsm("deallocate", lmid)
    assert "could not be written" in rest[0]
    assert "Traceback" not in err


def test_a_closed_standard_output_is_survived(lib: Shell) -> None:
    """`rsm media list >&-` does not end in a traceback."""
    command = f"exec {sys.executable} -m rsm media list >&-"
    ended = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_plain_encoding_gets_plain_characters(lib: Shell) -> None:
    """Where the output can hold ASCII only, the drawing is ASCII."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    with lib.process("library", "show", "lib", stdout=subprocess.PIPE, env=environment) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out.isascii()
    assert ". empty" in out
