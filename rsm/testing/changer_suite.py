"""What every changer must do, as tests that a driver's author subclasses.

    class TestAcme(ChangerSuite):
        @pytest.fixture
        def changer(self):
            with open_acme() as changer:
                yield changer

        @pytest.fixture
        def scratch(self):
            return Scratch(full=1001, empty=1002, drive=500)

The suite runs the same on simulated libraries and on hardware: it moves nothing but the medium in
`scratch.full`, which goes to `scratch.empty` and into `scratch.drive`, and puts it back. Tests that a changer
cannot take part in, by its own capabilities, are skipped.
"""

# ruff: noqa: S101 - a suite of tests asserts

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from rsm.hardware.faults import DeviceFault, DeviceGone, NotSupported, OperatorNeeded
from rsm.hardware.inventory import ElementAddress, ElementKind, ElementReport, Inventory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.hardware.contract import Changer

READY = 1200.0
"""Seconds that a library may need to become ready."""
LOADED = 600.0
"""Seconds that a drive may need to load or unload."""


class Scratch(NamedTuple):
    """The elements that the suite may use: a slot with a medium, an empty slot, and an empty drive."""

    full: ElementAddress
    empty: ElementAddress
    drive: ElementAddress | None = None


def scratch_of(inventory: Inventory) -> Scratch | None:
    """Choose elements to use where every medium may be moved, as in a simulated library."""
    slots = [item for item in inventory.elements if item.kind is ElementKind.STORAGE and _usable(item)]
    drives = [item for item in inventory.elements if item.kind is ElementKind.DATA_TRANSFER and _usable(item)]
    full = next((item.address for item in slots if item.full), None)
    empty = next((item.address for item in slots if item.full is False), None)
    drive = next((item.address for item in drives if item.full is False), None)
    return None if full is None or empty is None else Scratch(full, empty, drive)


def _usable(item: ElementReport) -> bool:
    return not item.disabled and (item.exception is None or not item.exception.absent)


def _state(item: ElementReport) -> tuple[int, ElementKind, bool | None, str | None]:
    """Give what must not change by looking, and must come back when a medium comes back."""
    return item.address, item.kind, item.full, item.volume_tag


def _states(inventory: Inventory) -> list[tuple[int, ElementKind, bool | None, str | None]]:
    return [_state(item) for item in inventory.elements]


class ChangerSuite:
    """Subclass it, and supply the fixtures `changer` (ready) and `scratch`."""

    @pytest.fixture
    def inventory(self, changer: Changer) -> Inventory:
        """Give the library as it was before the test."""
        changer.wait_ready(READY)
        return changer.inventory()

    @pytest.fixture
    def robot(self, changer: Changer) -> Changer:
        """Give a changer that moves media; the test is skipped for a stand-alone drive."""
        if not changer.capabilities.moves:
            pytest.skip("only a person moves media here")
        return changer

    @pytest.fixture
    def _restored(self, robot: Changer, inventory: Inventory) -> Iterator[None]:
        """Make sure that the library is like before after the test, apart from sources."""
        before = _states(inventory)
        yield
        assert _states(robot.inventory()) == before

    # Who it is

    def test_identity(self, changer: Changer) -> None:
        """Vendor and product are told, and no text has blanks or NULs around it."""
        identity = changer.identity
        assert identity.vendor
        assert identity.product
        for text in (identity.vendor, identity.product, identity.revision, identity.serial):
            assert text == text.strip(" \0")

    def test_device_name(self, changer: Changer) -> None:
        """It knows the name it was opened by."""
        assert changer.device

    def test_limit(self, changer: Changer) -> None:
        """A move is not given up in less than a minute."""
        assert changer.move_limit >= 60

    def test_ready_at_once(self, changer: Changer, inventory: Inventory) -> None:
        """A changer that has answered an inventory is ready without waiting."""
        assert inventory.elements
        changer.wait_ready(0)

    # Looking

    def test_inventory_in_order(self, inventory: Inventory) -> None:
        """Each address comes once, in ascending order."""
        addresses = [item.address for item in inventory.elements]
        assert addresses == sorted(set(addresses))

    def test_inventory_stable(self, changer: Changer, inventory: Inventory) -> None:
        """Looking changes nothing: two inventories in a row agree in every field."""
        assert changer.inventory().elements == inventory.elements

    def test_inventory_ends_stale(self, changer: Changer, inventory: Inventory) -> None:
        """After an inventory nothing is stale."""
        assert inventory.elements
        assert not changer.stale

    def test_look_agrees(self, changer: Changer, inventory: Inventory) -> None:
        """A look at every address gives what the inventory gave, in address order."""
        seen = changer.look([item.address for item in reversed(inventory.elements)])
        assert seen == inventory.elements

    def test_look_at_one(self, changer: Changer, inventory: Inventory) -> None:
        """A look at one element gives that element only."""
        last = inventory.elements[-1]
        assert changer.look([last.address]) == (last,)

    def test_look_leaves_out_unknown(self, changer: Changer, inventory: Inventory) -> None:
        """Addresses that no element has are left out of a look."""
        assert changer.look([_unknown(inventory)]) == ()
        assert changer.look([]) == ()

    def test_tags_are_honest(self, changer: Changer, inventory: Inventory) -> None:
        """A changer that says it reads no volume tags reports none, and no tag is blank."""
        tags = [item.volume_tag for item in inventory.elements if item.volume_tag is not None]
        assert all(tag.strip() for tag in tags)
        if not changer.capabilities.reads_volume_tags:
            assert not tags

    # Moving

    @pytest.mark.usefixtures("_restored")
    def test_there_and_back(self, robot: Changer, scratch: Scratch, inventory: Inventory) -> None:
        """A medium moved is seen where it was sent and not where it was, with its tag; and so back."""
        before = {item.address: item for item in inventory.elements}
        there = {item.address: item for item in robot.move(scratch.full, scratch.empty).seen}
        assert there[scratch.empty].full
        assert there[scratch.full].full is False
        assert there[scratch.empty].volume_tag == before[scratch.full].volume_tag
        back = {item.address: item for item in robot.move(scratch.empty, scratch.full).seen}
        assert back[scratch.full].full
        assert back[scratch.empty].full is False

    @pytest.mark.usefixtures("_restored")
    def test_drive_and_back(self, robot: Changer, scratch: Scratch) -> None:
        """A medium goes into a drive, which becomes ready, unloads, and gives it back."""
        if scratch.drive is None:
            pytest.skip("no empty drive to use")
        loaded = {item.address: item for item in robot.move(scratch.full, scratch.drive).seen}
        assert loaded[scratch.drive].full
        with robot.drive(scratch.drive) as drive:
            assert drive.node
            assert drive.matched_by
            drive.wait_ready(LOADED)
            drive.unload(LOADED)
            drive.unload(LOADED)  # an empty drive is fine
        back = {item.address: item for item in robot.move(scratch.drive, scratch.full).seen}
        assert back[scratch.full].full
        assert back[scratch.drive].full is False

    @pytest.mark.usefixtures("_restored")
    def test_full_destination(self, robot: Changer, scratch: Scratch, inventory: Inventory) -> None:
        """A move to a full slot is refused, says that nothing was done, and shows both elements full."""
        full = [item.address for item in inventory.elements if item.kind is ElementKind.STORAGE and item.full]
        others = [address for address in full if address != scratch.full]
        if not others:
            pytest.skip("only one full slot")
        with pytest.raises(DeviceFault) as caught:
            robot.move(scratch.full, others[0])
        assert caught.value.executed is False
        seen = {item.address: item.full for item in caught.value.seen}
        assert seen[scratch.full]
        assert seen[others[0]]

    @pytest.mark.usefixtures("_restored")
    def test_empty_source(self, robot: Changer, scratch: Scratch) -> None:
        """A move from an empty slot is refused, says that nothing was done, and shows the slot empty."""
        with pytest.raises(DeviceFault) as caught:
            robot.move(scratch.empty, scratch.full)
        assert caught.value.executed is False
        assert {item.address: item.full for item in caught.value.seen}[scratch.empty] is False

    @pytest.mark.usefixtures("_restored")
    def test_unknown_address(self, robot: Changer, scratch: Scratch, inventory: Inventory) -> None:
        """A move to or from an address that no element has is refused, and names it."""
        nowhere = _unknown(inventory)
        for source, destination in ((scratch.full, nowhere), (nowhere, scratch.empty)):
            with pytest.raises(DeviceFault, match=str(nowhere)) as caught:
                robot.move(source, destination)
            assert caught.value.executed is False

    @pytest.mark.usefixtures("_restored")
    def test_impossible_address(self, robot: Changer, scratch: Scratch) -> None:
        """An address that fits no command is refused before anything is sent."""
        for address in (-1, 0x10000):
            with pytest.raises(NotSupported):
                robot.move(scratch.full, ElementAddress(address))

    @pytest.mark.usefixtures("_restored")
    def test_faults_speak(self, robot: Changer, scratch: Scratch) -> None:
        """A refusal is one sentence that names the device."""
        with pytest.raises(DeviceFault) as caught:
            robot.move(scratch.empty, scratch.full)
        message = str(caught.value)
        assert robot.device in message
        assert "\n" not in message
        assert not message.endswith(".")

    # What may be left out

    def test_exchange_is_honest(self, changer: Changer, inventory: Inventory) -> None:
        """A changer that says it cannot exchange media raises `NotSupported`."""
        if changer.capabilities.exchanges:
            pytest.skip("it exchanges media")
        first, second = (item.address for item in inventory.elements[:2])
        with pytest.raises(NotSupported):
            changer.exchange(first, second, first)

    def test_moves_between(self, changer: Changer, scratch: Scratch) -> None:
        """Where it says between which kinds it moves, slots are among them."""
        pairs = changer.capabilities.moves_between
        if pairs is None or not changer.capabilities.moves:
            pytest.skip("it does not say")
        assert (ElementKind.STORAGE, ElementKind.STORAGE) in pairs
        if scratch.drive is not None:
            assert (ElementKind.STORAGE, ElementKind.DATA_TRANSFER) in pairs

    def test_lock_is_honest(self, changer: Changer) -> None:
        """A changer that says it locks, locks and unlocks."""
        if not changer.capabilities.locks:
            pytest.skip("it does not say that it locks")
        changer.lock(True)
        changer.lock(False)

    @pytest.mark.usefixtures("_restored")
    def test_position_is_honest(self, changer: Changer, scratch: Scratch) -> None:
        """A changer that says it positions its transport does, and nothing else moves."""
        if not changer.capabilities.positions:
            pytest.skip("it does not say that it positions")
        changer.position(scratch.empty)

    def test_only_a_person(self, changer: Changer, inventory: Inventory) -> None:
        """Where only a person moves media, a move says what that person must do."""
        if changer.capabilities.moves:
            pytest.skip("it moves media itself")
        drive = next(item for item in inventory.elements if item.kind is ElementKind.DATA_TRANSFER)
        port = next(item for item in inventory.elements if item.kind is ElementKind.IMPORT_EXPORT)
        source, destination = (drive, port) if drive.full else (port, drive)
        with pytest.raises(OperatorNeeded, match="by hand"):
            changer.move(source.address, destination.address)

    # Drives and the end

    def test_no_drive_there(self, changer: Changer, inventory: Inventory) -> None:
        """An element that holds no drive opens no drive."""
        other = next(item for item in inventory.elements if item.kind is not ElementKind.DATA_TRANSFER)
        with pytest.raises(DeviceGone):
            changer.drive(other.address)

    def test_close_twice(self, changer: Changer, inventory: Inventory) -> None:
        """Closing twice is fine; afterwards everything says that the device is gone."""
        changer.close()
        changer.close()
        for use in (changer.inventory, lambda: changer.look([inventory.elements[0].address])):
            with pytest.raises(DeviceGone):
                use()

    def test_with_block(self, changer: Changer) -> None:
        """A `with` block gives the changer itself and closes it."""
        with changer as inner:
            assert inner is changer
        with pytest.raises(DeviceGone):
            changer.inventory()


def _unknown(inventory: Inventory) -> ElementAddress:
    """Give an address beyond every element's."""
    return ElementAddress(min(0xFFFE, max(item.address for item in inventory.elements) + 999))
