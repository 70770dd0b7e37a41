"""What every test on genuine nodes uses: the changer, and the installed `rsm` with a store of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hw_tests.target import (
    Target,
    UnfitError,
    any_scratch,
    in_virtual_library,
    named_scratch,
    node_of,
)
from rsm.clock import SystemClock
from rsm.errors import LeaseHeld
from rsm.hardware import lease
from rsm.hardware.registry import open_changer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rsm.hardware.inventory import Inventory

NOT_AS_NAMED = 4
"""pytest's own status for a wrong command line."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what names the changer and the elements that may be used."""
    group = parser.getgroup("hardware")
    add = group.addoption
    add("--changer", metavar="SERIAL", help="use the changer with this serial number, and no other")
    add("--slots", metavar="ADDRESS,ADDRESS", help="a full slot and an empty one that the tests may use")
    add("--drive", metavar="ADDRESS", type=int, help="an empty drive that the tests may load")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop at once if the changer that was named is not attached, or it is not said what may be used of it."""
    serial, slots = session.config.getoption("--changer"), session.config.getoption("--slots")
    if serial is None:
        return
    try:
        node_of(serial)
    except UnfitError as error:
        pytest.exit(str(error), NOT_AS_NAMED)
    if slots is None:
        pytest.exit("--changer moves media: name the slots it may use, --slots FULL,EMPTY", NOT_AS_NAMED)


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> Target:
    """Give the changer under test; skip without one, and end the session if it is not as it was named."""
    serial = pytestconfig.getoption("--changer")
    if serial is None and not in_virtual_library():
        pytest.skip("no changer is named (--changer SERIAL), and this is not the VM: run ./dev test --vm")
    try:
        device = node_of(serial or os.environ["VTL_SERIAL"])
        seen = look(device)
        if serial is None:
            return Target(os.environ["VTL_SERIAL"], device, any_scratch(seen))
        slots = [int(word) for word in pytestconfig.getoption("--slots").split(",")]
        return Target(serial, device, named_scratch(seen, slots, pytestconfig.getoption("--drive")))
    except (UnfitError, ValueError) as error:
        pytest.exit(str(error), NOT_AS_NAMED)


def look(device: str) -> Inventory:
    """Give an inventory of a changer that nobody has open."""
    with open_changer(device, SystemClock()) as changer:
        changer.wait_ready(1200)
        return changer.inventory()


@pytest.fixture(scope="module")
def untouched(target: Target) -> Iterator[Inventory]:
    """Hold the changer's lease for a module, and make sure that all is in its place when it ends.

    Not for modules that start `rsm` or `rsm-mtx` to move media: those take the lease themselves.
    """
    clock = SystemClock()
    with open_changer(target.device, clock) as changer:
        key = lease.lease_key(changer.identity, target.device)
    try:
        with lease.hold(key, holder="hw_tests", timeout=30, clock=clock):
            before = look(target.device)
            yield before
            assert places(look(target.device)) == places(before)
    except LeaseHeld as held:
        pytest.exit(str(held), NOT_AS_NAMED)


@pytest.fixture
def put_back(target: Target, untouched: Inventory) -> Iterator[None]:
    """Put the scratch medium back after a test that left it elsewhere, so that one failure is one failure."""
    yield
    full, empty, drive = target.scratch
    with open_changer(target.device, SystemClock()) as changer:
        now = changer.inventory()
        if places(now) == places(untouched):
            return
        seen = {item.address: item.full for item in now.elements}
        if drive is not None and seen[drive]:
            with changer.drive(drive) as tape:
                tape.unload(600)
            changer.move(drive, full)
        elif seen[empty]:
            changer.move(empty, full)


def places(inventory: Inventory) -> list[tuple[int, bool | None, str | None]]:
    """Give what must be the same when everything is back in its place."""
    return [(int(item.address), item.full, item.volume_tag) for item in inventory.elements]


@pytest.fixture
def virtual() -> None:
    """Skip where the robot is not the VM's, which may be stopped and killed."""
    if not in_virtual_library():
        pytest.skip("only in the VM, where the robot is a process that may be stopped: ./dev test --vm")


class Steps:
    """Runs one command after the other and prints each with its output, as a person would see them."""

    def __init__(self, capture: pytest.CaptureFixture[str], store: Path) -> None:
        self._capture = capture
        self._environment = {**os.environ, "RSM_STORE": str(store)}
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line although pytest captures output."""
        with self._capture.disabled():
            print(text, flush=True)

    def run(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command; fail the test, with all it said, unless it ends with this status."""
        self.say(f"\n[{time.monotonic() - self._started:5.1f} s] $ {shlex.join(words)}")
        done = subprocess.run(words, check=False, capture_output=True, text=True, env=self._environment)
        self.say((done.stdout + done.stderr).rstrip())
        if done.returncode != status:
            pytest.fail(
                f"{shlex.join(words)}: status {done.returncode}, not {status}\n{done.stdout}{done.stderr}",
                pytrace=False,
            )
        return done

    def rsm(self, *words: str, status: int = 0) -> str:
        """Run the installed `rsm`; give what it printed on standard output, without the last newline."""
        return self.run("rsm", *words, status=status).stdout.rstrip("\n")

    def rsm_json(self, *words: str) -> Any:
        """Run the installed `rsm` with --json; give what that says."""
        return json.loads(self.rsm(*words, "--json"))


class Nodes(NamedTuple):
    """The device nodes of the library under test, as the kernel named them."""

    changer: str
    drives: list[str]
    disk: str
    barcodes: list[str]


@pytest.fixture(scope="session")
def nodes() -> Nodes:
    """Give the nodes of the virtual library, or skip where there is none."""
    if "VTL_CHANGER" not in os.environ:
        pytest.skip("no virtual tape library here ($VTL_CHANGER is not set): run ./dev test --vm")
    names = ("VTL_CHANGER", "VTL_DRIVES", "VTL_DISK_SG", "VTL_MEDIA")
    changer, drives, disk, barcodes = (os.environ[name] for name in names)
    return Nodes(changer, drives.split(), disk, barcodes.split())


@pytest.fixture
def steps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Steps:
    """Give a runner of commands that share an empty store."""
    return Steps(capsys, tmp_path / "rsm.db")
