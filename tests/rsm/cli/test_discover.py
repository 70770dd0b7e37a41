"""`rsm discover`: who belongs to whom, what to type next, who comes and goes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from rsm.cli import following, main, survey
from rsm.clock import Clock, JumpingClock, SystemClock
from rsm.hardware import discovery
from rsm.hardware.contract import Changer
from rsm.hardware.discovery import DeviceKind, DevicePath, Found, FoundDevice
from rsm.hardware.faults import DeviceGone
from rsm.hardware.inventory import DeviceIdentity
from rsm_mock.simulation import Simulation

if TYPE_CHECKING:
    from pathlib import Path

NAME = "/dev/changer/by-serial/LIB1"


def changer(*, names: tuple[str, ...] = (NAME,), problem: str | None = None, **more: object) -> FoundDevice:
    """Give a changer as found."""
    return FoundDevice(
        kind=DeviceKind.CHANGER,
        identity=DeviceIdentity("STK", "L700 (big)", "1", "LIB1"),
        paths=(
            DevicePath(address="1:0:0:1", sg="/dev/sg1", problem=problem, group="tape" if problem else None),
        ),
        names=names,
        **more,  # type: ignore[arg-type]  # the fields of the value, as each test names them
    )


def drive(number: int, node: str) -> FoundDevice:
    """Give a drive as found."""
    return FoundDevice(
        kind=DeviceKind.DRIVE,
        identity=DeviceIdentity("IBM", "ULT3580-TD8", "1", f"DRV{number}"),
        paths=(DevicePath(address=f"1:0:{number}:0", sg=f"/dev/sg{number}", node=node),),
        names=(f"/dev/tape/by-serial/DRV{number}-sg",),
    )


class Library:
    """A simulated library that is opened by a device name."""

    def __init__(self) -> None:
        self._simulation = Simulation(clock=JumpingClock())
        self.opened: list[str] = []

    def __call__(self, device: str, clock: Clock) -> Changer:
        """Open it, noting by which name."""
        self.opened.append(device)
        return self._simulation.open_changer()

    def nodes(self) -> list[str]:
        """Give the nodes of its drives."""
        with self._simulation.open_changer() as opened:
            addresses = [each.address for each in opened.inventory().elements if each.kind.value == 4]
            found = []
            for address in addresses:
                with opened.drive(address) as one:
                    found.append(one.node)
        return found


def test_the_changer_says_which_drives_are_its_own() -> None:
    """Drives are matched by the changer's driver; a drive that no changer claims stands alone."""
    library = Library()
    nodes = library.nodes()
    found = Found((changer(), drive(2, nodes[0]), drive(3, "/dev/nst9")), {})
    seen = survey.survey(JumpingClock(), found=found, opener=library)
    (robot,) = seen.changers
    assert library.opened == [NAME]
    assert robot.drives is not None
    assert [element.node for element in robot.drives] == nodes
    assert robot.drives[0].name == "/dev/tape/by-serial/DRV2-sg"
    assert robot.drives[0].matched_by == "simulated"
    assert [alone.device.identity.serial for alone in seen.alone] == ["DRV3"]
    assert seen.certain


def test_what_to_type_is_told_with_the_most_stable_name_and_a_free_one() -> None:
    """The command to add a device is whole; names do not collide, with the store's either."""
    found = Found((changer(), drive(2, "/dev/nst0"), drive(3, "/dev/nst1")), {})
    known = {("A", "B", "C"): "l700-big"}
    seen = survey.survey(JumpingClock(), found=found, opener=Library(), known=known)
    assert seen.changers[0].add == f"rsm library add {NAME} --name l700-big-2"
    assert [alone.add for alone in seen.alone] == [
        "rsm library add /dev/tape/by-serial/DRV2-sg --name ult3580-td8",
        "rsm library add /dev/tape/by-serial/DRV3-sg --name ult3580-td8-2",
    ]


def test_a_managed_library_is_named_and_not_offered() -> None:
    """What is in the store already is called by its name there."""
    known = {("STK", "L700 (big)", "LIB1"): "tower"}
    seen = survey.survey(JumpingClock(), found=Found((changer(),), {}), opener=Library(), known=known)
    assert (seen.changers[0].library, seen.changers[0].add) == ("tower", None)


@pytest.mark.parametrize("ask", [True, False])
def test_no_command_is_sent_where_none_may_be(ask: bool) -> None:
    """A changer that may not be opened is not tried, nor any with --no-open; drives are then left undecided."""
    library = Library()
    found = Found(
        (changer(problem="only root may open /dev/sg1" if ask else None), drive(2, "/dev/nst0")), {}
    )
    seen = survey.survey(JumpingClock(), ask=ask, found=found, opener=library)
    assert library.opened == []
    assert seen.changers[0].drives is None
    assert not seen.certain
    assert seen.alone[0].add is None


def test_a_changer_that_fails_is_told_with_its_reason() -> None:
    """A fault of one changer is a sentence beside it, whatever its driver raised."""
    for error, said in ((DeviceGone("nothing answers"), "nothing answers"), (KeyError("x"), "KeyError: 'x'")):

        def fails(device: str, clock: Clock, error: Exception = error) -> Changer:
            raise error

        seen = survey.survey(JumpingClock(), found=Found((changer(),), {}), opener=fails)
        assert seen.changers[0].problem == said


def test_a_changer_that_hangs_does_not_hold_up_another() -> None:
    """The second changer's drives are shown although the first never answers."""
    gate = threading.Event()
    library = Library()

    def opener(device: str, clock: Clock) -> Changer:
        if device == NAME:
            gate.wait()
        return library(device, clock)

    other = FoundDevice(
        kind=DeviceKind.CHANGER,
        identity=DeviceIdentity("HP", "MSL", "1", "LIB2"),
        paths=(DevicePath(address="2:0:0:0", sg="/dev/sg5"),),
    )
    try:
        seen = survey.survey(SystemClock(), found=Found((changer(), other), {}), opener=opener, patience=0.5)
    finally:
        gate.set()
    assert "did not answer within" in str(seen.changers[0].problem)
    assert seen.changers[1].drives


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FoundDevice]]:
    """What the command finds, to be filled by the test."""
    devices: list[FoundDevice] = []
    monkeypatch.setattr(
        discovery, "discover", lambda: Found(tuple(devices), {"acme": "ImportError: no acme"})
    )
    return devices  # type: ignore[return-value]  # pytest takes either


def test_a_person_reads_names_problems_and_next_steps(
    attached: list[FoundDevice], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The output names devices, doubts, the group that is missing, and the driver that was left out."""
    attached += [
        changer(
            problem="only root and members of the group tape may open /dev/sg1",
            contested=("/dev/tape/by-id/scsi-1",),
            doubts=("two look alike",),
        ),
        drive(2, "/dev/nst0"),
    ]
    assert main(["discover", "--store", str(tmp_path / "none.db")]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "changer STK L700 (big), serial LIB1",
        "  name      /dev/changer/by-serial/LIB1",
        "  path      /dev/sg1 at 1:0:0:1",
        "  problem   only root and members of the group tape may open /dev/sg1",
        "  next      sudo usermod -aG tape $USER, then log in anew",
        "  unsure    /dev/tape/by-id/scsi-1 is claimed by several devices",
        "  doubt     two look alike",
        "  add       rsm library add /dev/changer/by-serial/LIB1 --name l700-big",
        "",
        "drive IBM ULT3580-TD8, serial DRV2, alone, or of a changer that did not tell",
        "  name      /dev/tape/by-serial/DRV2-sg",
        "  path      /dev/sg2 /dev/nst0 at 1:0:2:0",
    ]
    assert err == "rsm: warning: discovery driver acme is left out: ImportError: no acme\n"


def test_a_program_reads_an_array(
    attached: list[FoundDevice], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With --json there is one array, empty if nothing is attached."""
    words = ["discover", "--json", "--no-open", "--store", str(tmp_path / "none.db")]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == []
    attached += [changer(), drive(2, "/dev/nst0")]
    assert main(words) == 0
    robot, tape = json.loads(capsys.readouterr().out)
    assert robot["kind"] == "changer"
    assert robot["paths"][0]["sg"] == "/dev/sg1"
    assert robot["drives"] is None
    assert tape.keys() == robot.keys()


def test_arrivals_departures_and_changes_are_told_one_by_one() -> None:
    """A device that comes, loses a path, or goes is one event each; what stays is none."""
    one, two = changer(), drive(2, "/dev/nst0")
    second = DevicePath(address="3:0:0:1", sg="/dev/sg8")
    both = changer(names=())
    wider = FoundDevice(kind=both.kind, identity=both.identity, paths=(*one.paths, second), names=one.names)
    looks = iter([(one,), (one, two), (wider, two), (one, two), (both, two), (two,), ()])
    events = following.changes(lambda: Found(next(looks), {}), lambda: None)
    seen = [(event, device.identity.serial, detail) for event, device, detail in _until_over(events)]
    assert seen == [
        ("present", "LIB1", ""),
        ("arrived", "DRV2", ""),
        ("changed", "LIB1", "now also /dev/sg8"),
        ("changed", "LIB1", "no longer /dev/sg8"),
        ("changed", "LIB1", "now /dev/sg1"),
        ("gone", "LIB1", ""),
        ("gone", "DRV2", ""),
    ]


def _until_over(events: Iterator[tuple[str, FoundDevice, str]]) -> Iterator[tuple[str, FoundDevice, str]]:
    """Give the events until nothing more is to be looked at."""
    with contextlib.suppress(RuntimeError):  # what a generator makes of the StopIteration of the looks
        yield from events


def test_a_driver_that_fails_once_is_no_departure() -> None:
    """What a discovery driver could not see this time is not told as gone."""
    looks = iter([Found((changer(),), {}), Found((), {"udev": "timed out"}), Found((changer(),), {})])
    events = following.changes(lambda: next(looks), lambda: None)
    assert [event for event, _, _ in _until_over(events)] == ["present"]


def test_following_prints_a_line_at_a_time_and_ends_well(
    attached: list[FoundDevice], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is how following ends: status 0; with --json each line is an object."""
    attached.append(changer())

    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(discovery, "watches", lambda: ())
    monkeypatch.setattr(following, "_wait", interrupted)
    assert main(["discover", "--follow"]) == 0
    line = capsys.readouterr().out
    assert line.endswith("present  changer  STK L700 (big), serial LIB1  /dev/changer/by-serial/LIB1\n")
    assert main(["discover", "--follow", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["name"]) == ("present", NAME)
