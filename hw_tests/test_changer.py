"""The shipped suite on the changer under test: over /dev/sg, and through the real mtx."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from hw_tests.target import in_virtual_library
from rsm.clock import SystemClock
from rsm.hardware.inventory import ElementAddress, ElementKind
from rsm.hardware.registry import open_changer
from rsm.testing.changer_suite import ChangerSuite, Scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hw_tests.target import Target
    from rsm.hardware.contract import Changer
    from rsm.hardware.inventory import ElementReport, Inventory

pytestmark = [pytest.mark.usefixtures("put_back"), pytest.mark.timeout(1800)]

MTX_DRIVES_FROM = 50_000


class TestOverSg(ChangerSuite):
    """The driver `scsi` on /dev/sg."""

    @pytest.fixture
    def changer(self, target: Target) -> Iterator[Changer]:
        """Open the changer."""
        with open_changer(target.device, SystemClock()) as changer:
            yield changer

    @pytest.fixture
    def scratch(self, target: Target) -> Scratch:
        """Give the elements that may be used."""
        return target.scratch

    def test_it_is_the_one_that_was_named(self, changer: Changer, target: Target) -> None:
        """The device says itself that it has the serial number by which the kernel's files named it."""
        assert changer.identity.serial == target.serial

    def test_every_element_has_its_kind(self, inventory: Inventory) -> None:
        """A library has slots and drives, and each drive that gives a serial number gives its own."""
        kinds = {item.kind for item in inventory.elements}
        assert {ElementKind.STORAGE, ElementKind.DATA_TRANSFER} <= kinds
        serials = [item.drive_serial for item in inventory.elements if item.drive_serial]
        assert len(serials) == len(set(serials))

    @pytest.mark.usefixtures("virtual")
    def test_no_element_is_lost_to_short_replies(self, inventory: Inventory) -> None:
        """The virtual robot ends its replies 8 bytes early: every element is there, and a warning says it."""
        counted = {kind: sum(item.kind is kind for item in inventory.elements) for kind in ElementKind}
        assert counted == {
            ElementKind.TRANSPORT: 1,
            ElementKind.STORAGE: int(os.environ["VTL_SLOTS"]),
            ElementKind.IMPORT_EXPORT: int(os.environ["VTL_IE"]),
            ElementKind.DATA_TRANSFER: len(os.environ["VTL_DRIVES"].split()),
        }
        tags = [item.volume_tag for item in inventory.elements if item.full]
        assert tags == os.environ["VTL_MEDIA"].split()
        assert any("reply ends" in warning for warning in inventory.warnings)

    @pytest.mark.usefixtures("virtual")
    def test_drives_are_the_kernels(self, changer: Changer, inventory: Inventory) -> None:
        """Each drive element opens the st node that the kernel gave it, whatever order they came in."""
        drives = [item.address for item in inventory.elements if item.kind is ElementKind.DATA_TRANSFER]
        nodes = []
        for address in drives:
            with changer.drive(address) as drive:
                nodes.append(drive.node)
        assert nodes == os.environ["VTL_DRIVES"].split()

    @pytest.mark.usefixtures("_restored")
    def test_port_and_back(
        self, changer: Changer, scratch: Scratch, inventory: Inventory, pytestconfig: pytest.Config
    ) -> None:
        """A medium goes to an import/export element and back."""
        if pytestconfig.getoption("--changer"):
            pytest.skip("a real port may open and wait for a person")
        ports = [item for item in inventory.elements if item.kind is ElementKind.IMPORT_EXPORT]
        if not ports:
            pytest.skip("no import/export elements")
        out = {item.address: item.full for item in changer.move(scratch.full, ports[0].address).seen}
        assert out[ports[0].address]
        back = {item.address: item.full for item in changer.move(ports[0].address, scratch.full).seen}
        assert back[scratch.full]


class TestOverSgio(ChangerSuite):
    """The driver `scsi` on the same node, by cython-sgio."""

    @pytest.fixture
    def changer(self, target: Target) -> Iterator[Changer]:
        """Open the same changer through cython-sgio."""
        pytest.importorskip("sgio", reason="cython-sgio is not installed")
        with open_changer(f"sgio:{target.device}", SystemClock()) as changer:
            yield changer

    @pytest.fixture
    def scratch(self, target: Target) -> Scratch:
        """Give the same elements, but no drive of the virtual robot.

        It ends replies 8 bytes early, in the last drive's serial number; cython-sgio does not tell where a reply
        ends, and what stood there before completes the number of another drive.
        """
        return target.scratch._replace(drive=None) if in_virtual_library() else target.scratch

    def test_it_sees_what_sg_sees(self, changer: Changer, untouched: Inventory) -> None:
        """By cython-sgio the same elements hold the same media."""
        through = [
            (item.address, item.kind, item.full, item.volume_tag) for item in changer.inventory().elements
        ]
        direct = [(item.address, item.kind, item.full, item.volume_tag) for item in untouched.elements]
        assert through == direct


class TestOverMtx(ChangerSuite):
    """The driver `mtx`, which runs the mtx of this machine."""

    @pytest.fixture
    def changer(self, target: Target) -> Iterator[Changer]:
        """Open the same changer through mtx."""
        if shutil.which("mtx") is None:
            pytest.skip("mtx is not installed")
        with open_changer(f"mtx:{target.device}", SystemClock()) as changer:
            yield changer

    @pytest.fixture
    def scratch(self, target: Target, untouched: Inventory) -> Scratch:
        """Give the same elements by mtx's numbers; no drive, since mtx cannot tell which node one has."""
        full, empty = (_slot_number(untouched, address) for address in target.scratch[:2])
        return Scratch(full, empty)

    @pytest.mark.usefixtures("_restored")
    def test_load_and_unload(
        self, changer: Changer, scratch: Scratch, target: Target, untouched: Inventory
    ) -> None:
        """A medium is loaded into a drive, with its tag, and unloaded."""
        if target.scratch.drive is None:
            pytest.skip("no empty drive to use")
        drives = [item for item in _present(untouched) if item.kind is ElementKind.DATA_TRANSFER]
        number = [item.address for item in drives].index(target.scratch.drive)
        drive = ElementAddress(MTX_DRIVES_FROM + number)
        tag = {item.address: item.volume_tag for item in changer.inventory().elements}[scratch.full]
        loaded = {item.address: item for item in changer.move(scratch.full, drive).seen}
        assert (loaded[drive].full, loaded[drive].volume_tag) == (True, tag)
        with open_changer(target.device, SystemClock()) as direct, direct.drive(target.scratch.drive) as tape:
            tape.wait_ready(600)
            tape.unload(600)
        back = {item.address: item for item in changer.move(drive, scratch.full).seen}
        assert back[scratch.full].full

    def test_it_sees_what_sg_sees(self, changer: Changer, untouched: Inventory) -> None:
        """Through mtx the same slots and drives are full, with the same tags, in the same order."""
        through = [(item.kind, item.full, item.volume_tag) for item in changer.inventory().elements]
        order = (ElementKind.STORAGE, ElementKind.IMPORT_EXPORT, ElementKind.DATA_TRANSFER)
        direct = [item for kind in order for item in _present(untouched) if item.kind is kind]
        assert through == [(item.kind, item.full, item.volume_tag) for item in direct]


def _present(inventory: Inventory) -> list[ElementReport]:
    """Leave out what mtx leaves out: elements that are not installed."""
    return [item for item in inventory.elements if item.exception is None or not item.exception.absent]


def _slot_number(inventory: Inventory, address: ElementAddress) -> ElementAddress:
    """Give mtx's number of a slot, counted from 1."""
    slots = [item.address for item in _present(inventory) if item.kind is ElementKind.STORAGE]
    return ElementAddress(slots.index(address) + 1)
