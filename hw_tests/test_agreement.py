"""`rsm-mtx` beside the real mtx on the same changer: the same bytes, the same exit status."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hw_tests.conftest import look, places
from rsm.hardware.inventory import ElementKind
from rsm_dropin.mtx import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hw_tests.target import Target
    from rsm.hardware.inventory import ElementAddress

pytestmark = pytest.mark.timeout(1800)


class Said(NamedTuple):
    """What a run of either program gave."""

    status: int
    out: bytes
    err: bytes


class Numbers(NamedTuple):
    """mtx's numbers of the scratch elements, of a drive that does not exist and of slots to be refused."""

    full: int
    empty: int
    drive: int
    other_full: int
    nowhere: int


class Both:
    """Runs a command in both programs, undoing each, and compares."""

    def __init__(self, device: str) -> None:
        self._device = device

    def mtx(self, *words: str) -> Said:
        """Run the real mtx."""
        done = subprocess.run(["mtx", "-f", self._device, *words], check=False, capture_output=True)
        return Said(done.returncode, done.stdout, done.stderr)

    def ours(self, *words: str) -> Said:
        """Run rsm-mtx, in this process: starting Python takes seconds under an emulated processor."""
        out, err = io.BytesIO(), io.BytesIO()
        status = main(["-f", self._device, *words], out, err, os.environ)
        return Said(status, out.getvalue(), err.getvalue())

    def agree(self, words: str, *, undo: str | None = None) -> Said:
        """Make sure that both say the same; `undo` is done with mtx after each."""
        said = []
        for program in (self.mtx, self.ours):
            said.append(program(*words.split()))
            if undo is not None and said[-1].status == 0:
                undone = self.mtx(*undo.split())
                assert undone.status == 0, undone
        assert said[1] == said[0], words
        return said[0]


@pytest.fixture(scope="module")
def both(target: Target) -> Iterator[Both]:
    """Give both programs, and make sure at the end that everything is back in its place."""
    if shutil.which("mtx") is None:
        pytest.skip("mtx is not installed")
    before = places(look(target.device))
    yield Both(target.device)
    assert places(look(target.device)) == before


@pytest.fixture(scope="module")
def numbers(target: Target) -> Numbers:
    """Count elements as mtx does: slots from 1, then ports; drives from 0; what is absent is left out."""
    present = [
        item for item in look(target.device).elements if item.exception is None or not item.exception.absent
    ]
    slots = [item for item in present if item.kind is ElementKind.STORAGE]
    ports = [item for item in present if item.kind is ElementKind.IMPORT_EXPORT]
    drives = [item.address for item in present if item.kind is ElementKind.DATA_TRANSFER]
    if target.scratch.drive is None:
        pytest.skip("no empty drive to use")
    others = [item.address for item in slots if item.full and item.address != target.scratch.full]
    if not others:
        pytest.skip("only one full slot")
    order = [item.address for item in (*slots, *ports)]

    def number(address: ElementAddress) -> int:
        return order.index(address) + 1

    return Numbers(
        full=number(target.scratch.full),
        empty=number(target.scratch.empty),
        drive=drives.index(target.scratch.drive),
        other_full=number(others[0]),
        nowhere=len(order) + 70,
    )


@pytest.mark.parametrize("words", ["status", "inquiry", "nobarcode status", "--version", "bogus"])
def test_looking(both: Both, words: str) -> None:
    """What moves nothing."""
    both.agree(words)


def test_load_status_unload(both: Both, numbers: Numbers) -> None:
    """A load and an unload, the status in between, and what is refused while the drive is full."""
    load, unload = (f"{verb} {numbers.full} {numbers.drive}" for verb in ("load", "unload"))
    both.agree(load, undo=unload)
    assert both.mtx(*load.split()).status == 0
    both.agree("status")
    both.agree(f"load {numbers.other_full} {numbers.drive}")
    both.agree(f"unload {numbers.other_full} {numbers.drive}")
    both.agree(unload, undo=load)
    if numbers.drive == 0:
        both.agree("unload", undo=load)  # back to where it came from
    assert both.mtx(*unload.split()).status == 0


def test_transfer(both: Both, numbers: Numbers) -> None:
    """A transfer and its way back."""
    there, back = f"{numbers.full} {numbers.empty}", f"{numbers.empty} {numbers.full}"
    both.agree(f"transfer {there}", undo=f"transfer {back}")


def test_refusals(both: Both, numbers: Numbers) -> None:
    """Full and empty elements, numbers that do not exist, and an empty drive: the same words, and status 1."""
    full, empty, drive, other, nowhere = numbers
    for words in (
        f"transfer {full} {other}",
        f"transfer {other} {full}",
        f"transfer {empty} {full}",
        f"transfer {empty} {empty}",
        f"transfer {nowhere} {full}",
        f"transfer {full} {nowhere}",
        f"load {empty} {drive}",
        f"load {full} 4711",
        f"load {nowhere}",
        f"unload {empty} {drive}",
        f"unload {empty} 4711",
    ):
        assert both.agree(words).status == 1, words


@pytest.mark.usefixtures("virtual")
def test_what_the_virtual_robot_cannot_do(both: Both) -> None:
    """Commands that the robot refuses as unknown are reported with the same sense data."""
    for words in ("position 1", "exchange 1 4", "exchange 3 4"):
        assert both.agree(words).status == 1, words


@pytest.mark.usefixtures("virtual")
def test_inventory(both: Both) -> None:
    """A new inventory, which may keep a real library busy for an hour."""
    both.agree("inventory")


@pytest.mark.usefixtures("virtual")
def test_next(both: Both) -> None:
    """`next` puts a medium back and fetches the following one."""
    assert both.mtx("load", "1", "0").status == 0
    said = []
    for program in (both.mtx, both.ours):
        said.append(program("next", "0"))
        assert both.mtx("unload", "2", "0").status == 0
        assert both.mtx("load", "1", "0").status == 0
    assert said[1] == said[0]
    assert both.mtx("unload", "1", "0").status == 0


def test_the_installed_program(both: Both, target: Target) -> None:
    """The program that is installed says what was compared above."""
    done = subprocess.run(["rsm-mtx", "-f", target.device, "status"], check=False, capture_output=True)
    assert Said(done.returncode, done.stdout, done.stderr) == both.mtx("status")


def test_inventory_agrees_with_status(both: Both, target: Target) -> None:
    """What rsm sees in each slot and drive is what mtx prints of it, tag by tag."""
    shown = [line for line in both.mtx("status").out.decode().splitlines() if "Element " in line]
    seen = [
        item
        for item in look(target.device).elements
        if item.kind is not ElementKind.TRANSPORT and (item.exception is None or not item.exception.absent)
    ]
    order = (ElementKind.DATA_TRANSFER, ElementKind.STORAGE, ElementKind.IMPORT_EXPORT)
    ordered = [item for kind in order for item in seen if item.kind is kind]
    assert len(shown) == len(ordered)
    for line, item in zip(shown, ordered, strict=True):
        assert (":Full" in line) is item.full, line
        assert (line.partition("VolumeTag")[2].strip(" =") or None) == item.volume_tag, line
