"""`rsm doctor`: every fault of a host is told, with the next step, and nothing is changed."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from rsm.cli import main
from rsm.cli.checks import CHECKS, Level, examine
from rsm.cli.checks import host as hosts
from rsm.cli.checks.host import Finding, Host
from rsm.clock import JumpingClock
from rsm.errors import Unavailable
from rsm.hardware.discovery import DeviceKind, DevicePath, Found, FoundDevice
from rsm.hardware.inventory import DeviceIdentity
from rsm.session import Session


class Machine:
    """A machine of files, to be spoilt by the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = JumpingClock()
        self.store = str(root / "rsm.db")
        self.found: list[FoundDevice] = []
        self.skipped: dict[str, str] = {}
        self.groups = {"tape"}

    def host(self) -> Host:
        """Give it to be examined."""
        return Host(
            root=self.root,
            store=self.store,
            clock=self.clock,
            leases=lambda: self.root / "run/rsm",
            look=lambda: Found(tuple(self.found), self.skipped),
            groups=lambda name: name in self.groups,
        )

    def said(self, check: str) -> list[Finding]:
        """Give what one check finds."""
        return [finding for finding in examine(self.host()) if finding.check == check]

    def file(self, path: str, text: str = "") -> Path:
        """Make a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def library(self) -> None:
        """Take a simulated library into the store."""
        state = str(self.root / "lib.json")
        assert main(["mock", "create", state]) == 0
        Session(self.store, clock=self.clock).add_library(f"mock:{state}", name="lib1")

    def sql(self, statement: str, *values: object) -> None:
        """Change the store behind everybody's back."""
        connection = sqlite3.connect(self.store)
        with connection:
            connection.execute(statement, values)
        connection.close()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    return Machine(tmp_path)


def device(
    kind: DeviceKind = DeviceKind.CHANGER,
    *,
    serial: str = "LIB1",
    sg: str | None = "/dev/sg1",
    node: str | None = None,
    problem: str | None = None,
    group: str | None = None,
    names: tuple[str, ...] = (),
    doubts: tuple[str, ...] = (),
) -> FoundDevice:
    """Give a device as found."""
    return FoundDevice(
        kind=kind,
        identity=DeviceIdentity("STK", "L700", "1", serial),
        paths=(DevicePath(address="1:0:0:1", sg=sg, node=node, problem=problem, group=group),),
        names=names,
        doubts=doubts,
    )


def levels(findings: list[Finding]) -> list[Level]:
    """Give how bad the findings are."""
    return [finding.level for finding in findings]


def test_sg_not_loaded_is_a_problem_only_where_devices_are(machine: Machine) -> None:
    """Without devices a missing module is worth a warning; with them nothing works."""
    assert levels(machine.said("sg")) == [Level.WARNING]
    machine.found.append(device(sg=None, problem="no node"))
    (finding,) = machine.said("sg")
    assert finding.level is Level.PROBLEM
    assert "modprobe sg" in str(finding.hint)
    (machine.root / "sys/class/scsi_generic").mkdir(parents=True)
    assert levels(machine.said("sg")) == [Level.OK]


def test_a_discovery_driver_that_is_left_out_is_a_problem(machine: Machine) -> None:
    """Its devices are hidden."""
    machine.skipped["acme"] = "ImportError: no acme"
    (finding,) = machine.said("discovery")
    assert (finding.level, "acme" in finding.text) == (Level.PROBLEM, True)


def test_what_is_attached_is_counted_and_doubts_are_told(machine: Machine) -> None:
    """No changer is a warning; each doubt is one."""
    assert levels(machine.said("changers")) == [Level.WARNING]
    machine.found.append(device(DeviceKind.DRIVE))
    assert "no changer, 1 tape drive" in machine.said("changers")[0].text
    machine.found.append(device(doubts=("sg2 says that it is the same device",)))
    counted, doubt = machine.said("changers")
    assert (counted.level, counted.text) == (Level.OK, "1 changer and 1 tape drive attached")
    assert doubt.level is Level.WARNING


def test_missing_rights_name_the_group(machine: Machine) -> None:
    """Who may not open a device is told which group to join, or that there is none."""
    machine.found += [device(problem="only the group tape may open /dev/sg1", group="tape")]
    (finding,) = machine.said("rights")
    assert finding.level is Level.PROBLEM
    assert finding.hint == "sudo usermod -aG tape $USER, then log in anew"
    machine.found[:] = [device(problem="only root may open /dev/sg1")]
    assert machine.said("rights")[0].hint == "sudo rsm udev install"
    machine.found[:] = [device()]
    assert levels(machine.said("rights")) == [Level.OK]
    machine.groups.clear()
    assert levels(machine.said("rights")) == [Level.PROBLEM, Level.OK]


def test_a_changer_without_stable_name_is_a_warning(machine: Machine) -> None:
    """A node, or a name of the cabling alone, does not survive."""
    machine.found[:] = [device()]
    assert "no stable name, only /dev/sg1" in machine.said("names")[0].text
    machine.found[:] = [device(names=("/dev/changer/by-path/x",))]
    assert "but that of its cabling" in machine.said("names")[0].text
    machine.found[:] = [device(names=("/dev/changer/by-serial/LIB1",))]
    assert machine.said("names") == []


def test_drives_need_st_and_lin_tape_is_in_the_way(machine: Machine) -> None:
    """A drive without /dev/nst* is a problem; lin_tape is named as its likely cause."""
    machine.found[:] = [device(DeviceKind.DRIVE, node="/dev/nst0")]
    assert levels(machine.said("tape driver")) == [Level.OK]
    machine.found[:] = [device(DeviceKind.DRIVE)]
    assert "modprobe st" in str(machine.said("tape driver")[0].hint)
    (machine.root / "sys/module/lin_tape").mkdir(parents=True)
    (finding,) = machine.said("tape driver")
    assert (finding.level, "lin_tape" in finding.text) == (Level.PROBLEM, True)


@pytest.mark.parametrize(("init", "expected"), [("1\n", [Level.WARNING]), ("0\n", []), (None, [])])
def test_ch_with_init_is_a_warning(machine: Machine, init: str | None, expected: list[Level]) -> None:
    """A library scans its slots at each start if ch is loaded with init=1."""
    if init is not None:
        machine.file("sys/module/ch/parameters/init", init)
    assert levels(machine.said("changer driver")) == expected


def test_rules_that_are_missing_or_old_are_warnings(machine: Machine) -> None:
    """Both files are looked at; the next step is to install them."""
    assert levels(machine.said("udev")) == [Level.WARNING, Level.WARNING]
    machine.file("etc/udev/rules.d/61-rsm-changer.rules", "# an old version\n")
    old, missing = machine.said("udev")
    assert "is not that of this version" in old.text
    assert "is not installed" in missing.text
    assert old.hint == "sudo rsm udev install"


def test_the_directory_of_leases(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, it separates only one user's programs; not writable, it separates nothing."""
    assert levels(machine.said("leases")) == [Level.WARNING]
    (machine.root / "run/rsm").mkdir(parents=True)
    assert levels(machine.said("leases")) == [Level.OK]
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert levels(machine.said("leases")) == [Level.PROBLEM]


def test_a_lease_that_is_held_is_told_and_an_old_one_doubted(machine: Machine) -> None:
    """The holder is named; a file that nobody has locked is no lease."""
    content = {"holder": "rsm mount", "pid": 42, "since": machine.clock.now(), "key": "LIB1"}
    path = machine.file("run/rsm/LIB1.lease", json.dumps(content))
    machine.file("run/rsm/OTHER.lease", "{}")
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        machine.clock.sleep(5)
        _, held = machine.said("leases")
        assert (held.level, held.text) == (Level.OK, "LIB1 is in use by rsm mount (process 42, for 5 s)")
        machine.clock.sleep(7200)
        assert machine.said("leases")[1].level is Level.WARNING
        path.write_text("not json")
        assert "in use by another process" in machine.said("leases")[1].text
    assert len(machine.said("leases")) == 1


def test_leases_that_cannot_be_kept_are_a_problem(machine: Machine) -> None:
    """The reason and its hint are those of the lease itself."""

    def nowhere() -> Path:
        raise Unavailable("the lease directory belongs to somebody else", hint="remove it")

    host = machine.host()
    host.leases = nowhere
    told = [finding for finding in examine(host) if finding.check == "leases"]
    assert told[1].level is Level.PROBLEM
    assert told[1].hint == "remove it"


def test_a_store_that_is_missing_whole_or_damaged(machine: Machine) -> None:
    """No store yet is a warning; a file that is none, or a damaged one, a problem."""
    assert levels(machine.said("store")) == [Level.WARNING]
    machine.library()
    (finding,) = machine.said("store")
    assert (finding.level, "is whole, with schema" in finding.text) == (Level.OK, True)
    with Path(machine.store).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    assert levels(machine.said("store")) == [Level.PROBLEM]
    Path(machine.store).write_bytes(b"no database at all, though it is long enough for a header")
    assert levels(machine.said("store")) == [Level.PROBLEM]


def test_the_version_of_sqlite_is_told_with_its_fault(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions with the WAL-reset bug are well under rsm's gate, which is said."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    assert "WAL-reset bug" in machine.said("sqlite")[0].text
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    (finding,) = machine.said("sqlite")
    assert (finding.level, "bug" in finding.text) == (Level.OK, False)


def _at(machine: Machine, name: str, serial: str = "LIB1") -> None:
    machine.sql(
        "UPDATE library SET device = ?, vendor = 'STK', product = 'L700', serial = ? WHERE kind <> 1",
        name,
        serial,
    )


def test_libraries_that_are_there_gone_or_another_device(machine: Machine) -> None:
    """The device behind a library's name is compared with what the store knows of it."""
    machine.library()
    link = machine.root / "dev/changer/by-serial/LIB1"
    _at(machine, "/dev/changer/by-serial/LIB1")
    (gone, _) = machine.said("libraries")
    assert (gone.level, gone.text.endswith("/dev/changer/by-serial/LIB1 is gone")) == (Level.PROBLEM, True)
    machine.file("dev/sg1")
    link.parent.mkdir(parents=True)
    link.symlink_to(machine.root / "dev/sg1")
    assert machine.said("libraries")[0].level is Level.WARNING  # there, but found by no discovery driver
    machine.found[:] = [device(serial="LIB2")]
    (other, _) = machine.said("libraries")
    assert (other.level, "is another device, STK L700, serial LIB2" in other.text) == (Level.PROBLEM, True)
    machine.found.append(device(sg="/dev/sg5"))
    assert "it is at /dev/sg5 now" in machine.said("libraries")[0].text
    machine.found[:] = [device()]
    assert machine.said("libraries")[0] == Finding(
        Level.OK, "lib1 is at /dev/changer/by-serial/LIB1", None, "libraries"
    )


def test_a_simulated_library_that_is_gone(machine: Machine) -> None:
    """Its file is what it is."""
    machine.library()
    assert levels(machine.said("libraries")) == [Level.WARNING]  # never looked at
    (machine.root / "lib.json").unlink()
    assert machine.said("libraries")[0].level is Level.PROBLEM


def test_stale_inventories_and_open_moves(machine: Machine) -> None:
    """What only a look settles is told with the command that looks."""
    machine.library()
    assert "was never looked at" in machine.said("libraries")[0].text
    Session(machine.store, clock=machine.clock).inventory("lib1")
    assert machine.said("libraries") == machine.said("moves") == []
    machine.sql("UPDATE library SET stale = 1")
    assert machine.said("libraries")[0].hint == "rsm library inventory lib1"
    machine.sql(
        "INSERT INTO intent (id, library, source, destination, reason, holder, sent, limit_ms)"
        " SELECT 'i', id, 1000, 500, 'mount', 'rsm mount', 0, 1 FROM library WHERE kind <> 1"
    )
    (move,) = machine.said("moves")
    assert "from element 1000 to 500 by rsm mount has no recorded end" in move.text


def test_rich_is_an_extra(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it there is no live view, which is a warning."""
    monkeypatch.setattr("rsm.cli.checks.records.find_spec", lambda _: None)
    assert levels(machine.said("rich")) == [Level.WARNING]
    monkeypatch.setattr("rsm.cli.checks.records.find_spec", lambda _: object())
    assert levels(machine.said("rich")) == [Level.OK]


def test_a_check_that_breaks_is_told_and_the_others_go_on(machine: Machine) -> None:
    """A fault of the doctor is a finding as well."""

    def broken(_: Host) -> list[Finding]:
        raise ValueError("oops")

    first, *rest = examine(machine.host(), (("broken", broken), *CHECKS))
    assert (first.level, first.check) == (Level.PROBLEM, "broken")
    assert "ValueError: oops" in first.text
    assert rest


@pytest.fixture
def command(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run `rsm doctor` on the machine."""
    monkeypatch.setattr(hosts, "this_host", lambda *_: machine.host())
    return lambda *words: main(["doctor", *words])


def test_warnings_do_not_count_and_problems_do(
    machine: Machine, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is 0 without a problem, 1 with one; each finding is a line with its next step below."""
    assert command() == 0
    lines = capsys.readouterr().out.splitlines()
    assert "warning  sg: the module sg is not loaded" in lines
    assert lines[lines.index("warning  sg: the module sg is not loaded") + 1].startswith("         next: ")
    machine.skipped["acme"] = "ImportError"
    assert command() == 1
    assert "problem  discovery: the discovery driver acme is left out: ImportError" in capsys.readouterr().out


def test_programs_read_an_array(
    machine: Machine, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json the same as objects, and the same status."""
    machine.skipped["acme"] = "ImportError"
    assert command("--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert {tuple(row) for row in told} == {("check", "level", "text", "next")}
    assert {row["level"] for row in told} <= {"ok", "warning", "problem"}
