"""The whole path through the one door, over the shipping driver and a simulated library of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsm.clock import JumpingClock
from rsm.errors import (
    Busy,
    InvalidState,
    LibraryFull,
    MediaOffline,
    ObjectNotFound,
    StoreFailure,
    Unavailable,
)
from rsm.hardware.faults import DeviceFault, DeviceGone, NotReadyYet, NotSupported, OperatorNeeded
from rsm.hardware.inventory import ElementKind
from rsm.hardware.registry import open_changer
from rsm.model.states import LibraryKind, NewMedia, SideState
from rsm.session import Session
from rsm_mock.building import build
from rsm_mock.faults import Carried
from rsm_mock.machine import Machine
from rsm_mock.operator import Operator
from rsm_mock.personalities import PERSONALITIES
from rsm_mock.state import StateFile


class Site:
    """A store, a clock that jumps, and one simulated library on disk."""

    def __init__(self, directory: Path, personality: str, **wishes: Any) -> None:
        self.clock = JumpingClock()
        self.path = directory / "library.json"
        self.file = StateFile(self.path, clock=self.clock)
        self.file.create(build(personality, clock=self.clock, **wishes))
        self.device = f"mock:{self.path}"
        self.session = Session(directory / "rsm.db", clock=self.clock)
        self.steps: list[str] = []

    def manage(self, **options: Any) -> None:
        """Add the library and take its inventory."""
        self.session.add_library(self.device, name="lib", **options)
        self.session.inventory("lib")

    def change(self, act: Callable[[Machine], object]) -> None:
        """Do something to the simulated library behind the manager's back."""
        with self.file.hold() as machine:
            act(machine)
            machine.changed = True

    def through_the_door(self, act: Callable[[Operator], object]) -> None:
        """Open the door, do something, close it: the library scans its slots anew and says so."""
        self.by_hand(lambda hand: hand.open_door())
        self.by_hand(act)
        self.by_hand(lambda hand: hand.close_door())

    def by_hand(self, act: Callable[[Operator], object]) -> None:
        """Do something as a person standing before the library."""
        self.change(lambda machine: act(Operator(machine)))

    def really(self) -> dict[str, int]:
        """Where every labelled medium really is, by element address."""
        with self.file.hold() as machine:
            return {
                element.medium.barcode: address
                for address, element in machine.world.elements.items()
                if element.medium is not None and element.medium.barcode
            }

    def recorded(self) -> dict[str, int]:
        """Where the store says that every labelled medium is."""
        cells = self.session.library("lib").cells
        return {
            cell.medium.barcode: cell.place.address for cell in cells if cell.medium and cell.medium.barcode
        }

    def agrees(self) -> bool:
        """Whether store and library agree on where media are; without a reader, on which elements are full."""
        view = self.session.library("lib")
        full = {cell.place.address for cell in view.cells if cell.medium}
        with self.file.hold() as machine:
            really_full = {
                address for address, each in machine.world.elements.items() if each.medium is not None
            }
        return full == really_full and self.recorded().items() <= self.really().items()

    def ready(self, pool: str = "Backup") -> str:
        """Make a pool that draws from everything free, and give its path."""
        media_type = next(iter(self.listed("media")))[1]
        self.session.create_pool(pool, media_type=media_type, draws_from_free=True)
        return pool

    def listed(self, name: str, **filters: Any) -> list[tuple[Any, ...]]:
        """All rows of a listing."""
        with self.session.listing(name, **filters) as rows:
            return list(rows)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    """Make a site; its leases stay in the test's own directory."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr("rsm.hardware.lease.SYSTEM_DIRECTORY", tmp_path / "no")
    (tmp_path / "run").mkdir(mode=0o700)

    def make(personality: str = "generic", **wishes: Any) -> Site:
        return Site(tmp_path, personality, **wishes)

    return make


CHANGERS = [name for name, personality in PERSONALITIES.items() if not personality.stand_alone]


@pytest.mark.parametrize("personality", CHANGERS)
def test_the_whole_path_on_every_kind_of_library(site: Callable[..., Site], personality: str) -> None:
    """From element status to a mounted side and back; at every step the store agrees with the library."""
    here = site(personality)
    here.manage(new_media=NewMedia.FREE)
    assert here.agrees()
    media = [cell.medium for cell in here.session.library("lib").cells if cell.medium]
    assert media, "the personality has media"
    for medium in media:
        if medium.pool.startswith("Unrecognized"):
            here.session.move_medium(str(medium.id), medium.pool.replace("Unrecognized", "Free"))
    before = here.really()
    given = here.session.allocate(here.ready())
    mounted = here.session.mount(str(given.logical_medium))
    assert mounted.node.startswith("mock:")
    assert here.agrees()
    assert here.session.mount(str(given.logical_medium)).already
    put = here.session.dismount(str(given.logical_medium))
    assert put.place.id == given.medium.home
    assert here.agrees()
    assert here.really() == before
    assert here.session.deallocate(str(given.logical_medium)).sides[0].state is SideState.AVAILABLE
    assert here.session.inventory("lib").changes == ()


def test_both_sides_of_a_medium_in_turn(site: Callable[..., Site]) -> None:
    """The jukebox turns a medium over for side 2, and back again on the way home."""
    here = site("optical-jukebox", media=0, two_sided=3)
    here.manage(new_media=NewMedia.FREE)
    here.ready("Optical")
    first = here.session.allocate("Optical", new=True)
    second = here.session.allocate("Optical", next_of=str(first.logical_medium))
    for given, upside_down in ((first, False), (second, True), (first, False)):
        mounted = here.session.mount(str(given.logical_medium))
        assert mounted.side == given.side
        with here.file.hold() as machine:
            bay = next(e for e in machine.world.of_kind(ElementKind.DATA_TRANSFER) if e.medium)
            assert bay.medium is not None
            assert bool(bay.medium.up) is upside_down
        here.session.dismount(str(given.logical_medium))
    with here.file.hold() as machine:
        assert not any(medium.up for medium in machine.world.media())


@pytest.mark.parametrize("personality", ["generic", "hpe-msl", "spectra", "stk-l700", "ibm-ts4500"])
def test_the_side_asked_for_is_the_side_that_lies_up(site: Callable[..., Site], personality: str) -> None:
    """Libraries say `turned over since its source` of quite different sources; we keep account of our moves."""
    here = site(personality, media=0, two_sided=2, slots=6)
    here.manage(new_media=NewMedia.FREE, media_type="MO 5.25 RW")
    for wanted in (2, 1, 2, 2, 1, 1):
        here.session.mount(f"RSM001:{wanted}")
        with here.file.hold() as machine:
            (medium,) = [
                each.medium for each in machine.world.of_kind(ElementKind.DATA_TRANSFER) if each.medium
            ]
            assert medium.up == wanted - 1
        here.session.dismount("RSM001")
        with here.file.hold() as machine:
            assert {medium.up for medium in machine.world.media()} == {0}


def test_a_library_that_only_pretends_to_turn_media_is_found_out(site: Callable[..., Site]) -> None:
    """Tgt accepts INVERT and does nothing; the wrong side is never called mounted."""
    here = site("tgt", media=0, two_sided=2, slots=6)
    here.manage(new_media=NewMedia.FREE, media_type="MO 5.25 RW")
    with pytest.raises(DeviceFault, match="came with side 1 up"):
        here.session.mount("RSM001:2")
    assert [row[3] for row in here.listed("drives") if row[3]] == ["RSM001"]
    assert all(row[4] is None for row in here.listed("drives")), "nothing is mounted"


def test_dismounting_one_side_does_not_take_out_the_other(site: Callable[..., Site]) -> None:
    """Whoever names a side means that side; the bar code alone means whatever is mounted."""
    here = site("optical-jukebox", media=0, two_sided=3)
    here.manage(new_media=NewMedia.FREE)
    here.session.mount("RSM001:2")
    with pytest.raises(InvalidState, match="side 2 of RSM001 is what is mounted"):
        here.session.dismount("RSM001:1")
    here.session.dismount("RSM001")


def test_what_a_program_uses_is_not_dismounted(site: Callable[..., Site]) -> None:
    """A use keeps a dismount out, is named to whoever tries, and ends with its program."""
    here = site("generic", media=1)
    here.manage(new_media=NewMedia.FREE)
    mounted = here.session.mount("RSM001L9")
    with here.session.using(mounted, "tar -c"), here.session.using(mounted, "cat"):
        assert here.session.is_used(mounted)
        with pytest.raises(Busy, match="in use by"):
            here.session.dismount("RSM001L9")
    assert not here.session.is_used(mounted)
    here.session.dismount("RSM001L9")


@pytest.mark.parametrize("personality", ["autoloader", "generic"])
def test_another_medium_in_the_place_of_a_held_one_is_found_out(
    site: Callable[..., Site], personality: str
) -> None:
    """Where labels are missing, or were exchanged, the serial number in the medium's chip tells."""
    here = site(personality, media=2, slots=4)
    here.manage(new_media=NewMedia.FREE)
    given = here.session.allocate(here.ready())
    here.session.mount(str(given.logical_medium))
    here.session.dismount(str(given.logical_medium))
    assert given.medium.chip_serial is None
    known = here.session.medium(str(given.medium.id))
    assert known.chip_serial is not None
    assert known.place is not None
    address = known.place.address
    with here.file.hold() as machine:
        slots = machine.world.of_kind(ElementKind.STORAGE)
        other = next(each.address for each in slots if each.medium is not None and each.address != address)
    if personality == "generic":
        here.through_the_door(lambda hand: hand.swap_labels(address, other))
        here.through_the_door(lambda hand: hand.swap(address, other))
    else:
        here.through_the_door(lambda hand: hand.swap(address, other))
    with pytest.raises(InvalidState, match="its chip says"):
        here.session.mount(str(given.logical_medium))
    assert all(row[4] is None for row in here.listed("drives")), "nothing is mounted"
    here.session.dismount(str(given.medium.id))


def test_a_cleaning_medium_is_not_mounted(site: Callable[..., Site]) -> None:
    """It is for the drive, not for data."""
    here = site("generic", media=0, cleaning=1)
    here.manage(new_media=NewMedia.FREE)
    with pytest.raises(InvalidState, match="not for data"):
        here.session.mount("CLN001L9")


def test_only_adding_makes_a_store(site: Callable[..., Site], tmp_path: Path) -> None:
    """A mistyped path is told, not filled with an empty store."""
    session = Session(tmp_path / "typo" / "rsm.db")
    for act in (
        lambda: session.deallocate("abcdef"),
        lambda: session.allocate("x"),
        lambda: session.move_medium("a", "b"),
        lambda: session.remove_library("x"),
        lambda: session.delete_pool("x"),
    ):
        with pytest.raises(StoreFailure, match="there is no store"):
            act()
    assert not (tmp_path / "typo").exists()


def test_the_other_side_of_a_mounted_medium_waits(site: Callable[..., Site]) -> None:
    """Two sides cannot be read at once, and the refusal says what to dismount."""
    here = site("optical-jukebox", media=0, two_sided=3)
    here.manage(new_media=NewMedia.FREE)
    here.ready("Optical")
    first = here.session.allocate("Optical", new=True)
    here.session.mount(str(first.logical_medium))
    with pytest.raises(Busy, match="side 1"):
        here.session.mount(f"{first.medium.barcode}:2")


def test_a_library_that_cannot_turn_media_refuses_the_second_side(site: Callable[..., Site]) -> None:
    """Whether the robot turns media over is asked before anything moves."""
    here = site("generic", media=1, prefix="DISC", suffix="")
    here.manage(new_media=NewMedia.FREE, media_type="MO 5.25 RW")
    name = next(iter(here.recorded()))
    with pytest.raises(NotSupported, match="cannot turn"):
        here.session.mount(f"{name}:2")


def test_all_drives_in_use_is_told_with_who_is_where(site: Callable[..., Site]) -> None:
    """A mount that finds no drive names what the drives hold."""
    here = site("generic", drives=1, media=2)
    here.manage(new_media=NewMedia.FREE)
    one, two = sorted(here.recorded())
    here.session.mount(one)
    with pytest.raises(Busy, match=f"drive 0 holds {one}"):
        here.session.mount(two)


def test_a_drive_can_be_asked_for(site: Callable[..., Site]) -> None:
    """The drive asked for is used, and a drive that is not there is told."""
    here = site("generic", drives=3, media=2)
    here.manage(new_media=NewMedia.FREE)
    name = min(here.recorded())
    assert here.session.mount(name, drive=2).drive == 2
    with pytest.raises(Busy, match="in drive 2"):
        here.session.mount(name, drive=1)
    with pytest.raises(ObjectNotFound, match="no drive 7"):
        here.session.mount(sorted(here.recorded())[1], drive=7)


def test_wear_is_spread_over_the_drives(site: Callable[..., Site]) -> None:
    """The empty drive that mounted least is taken."""
    here = site("generic", drives=2, media=1)
    here.manage(new_media=NewMedia.FREE)
    name = min(here.recorded())
    used = []
    for _ in range(4):
        used.append(here.session.mount(name).drive)
        here.session.dismount(name)
    assert used == [0, 1, 0, 1]


def test_a_home_that_was_taken_means_another_slot(site: Callable[..., Site]) -> None:
    """A medium whose slot is full goes to the first empty one."""
    here = site("generic", slots=3, drives=1, media=1)
    here.manage(new_media=NewMedia.FREE)
    name = min(here.recorded())
    home = here.recorded()[name]
    here.session.mount(name)
    here.through_the_door(lambda hand: hand.insert("RSM900L9", at=home))
    here.session.inventory("lib")
    put = here.session.dismount(name)
    assert put.place.address != home
    assert here.recorded() == here.really()


def test_a_full_library_says_so_and_leaves_the_medium_in_its_drive(site: Callable[..., Site]) -> None:
    """Without an empty slot nothing is moved."""
    here = site("generic", slots=1, drives=1, media=1)
    here.manage(new_media=NewMedia.FREE)
    name = min(here.recorded())
    home = here.recorded()[name]
    here.session.mount(name)
    here.through_the_door(lambda hand: hand.insert("RSM900L9", at=home))
    here.session.inventory("lib")
    with pytest.raises(LibraryFull):
        here.session.dismount(name)
    assert here.recorded() == here.really()


def test_what_is_in_no_drive_cannot_be_dismounted(site: Callable[..., Site]) -> None:
    """The refusal says where the medium is."""
    here = site()
    here.manage()
    name = min(here.recorded())
    with pytest.raises(InvalidState, match="in no drive: slot 1 of lib"):
        here.session.dismount(name)


def test_media_on_the_shelf_cannot_be_mounted(site: Callable[..., Site]) -> None:
    """What was taken out is off line, and the hint says how it comes back."""
    here = site()
    here.manage()
    name = min(here.recorded())
    here.through_the_door(lambda hand: hand.remove(name))
    here.session.inventory("lib")
    with pytest.raises(MediaOffline, match="on the shelf"):
        here.session.mount(name)


def test_media_swapped_by_hand_are_told_apart_before_a_move(site: Callable[..., Site]) -> None:
    """The library says that its door was open; the right medium is mounted all the same, in one move."""
    here = site("generic", media=2, slots=4)
    here.manage(new_media=NewMedia.FREE)
    one, two = sorted(here.recorded())
    here.through_the_door(lambda hand: hand.swap(one, two))
    assert here.session.mount(one).medium.barcode == one
    with here.file.hold() as machine:
        assert machine.world.moves == 1
    assert here.recorded() == here.really()


def test_another_program_that_heard_of_the_door_first_does_not_mislead_us(site: Callable[..., Site]) -> None:
    """The unit attention may be spent on somebody else; both ends are looked at before every move."""
    here = site("generic", media=2, slots=4)
    here.manage(new_media=NewMedia.FREE)
    one, two = sorted(here.recorded())
    here.through_the_door(lambda hand: hand.swap(one, two))
    with open_changer(here.device, here.clock) as changer:
        changer.inventory()
    assert here.session.mount(one).medium.barcode == one
    with here.file.hold() as machine:
        assert machine.world.moves == 1
    assert here.recorded() == here.really()


@pytest.mark.parametrize("carried", [Carried.OUT, Carried.NOT])
def test_a_time_out_is_looked_into_and_never_resent(site: Callable[..., Site], carried: Carried) -> None:
    """Moved: the mount goes on. Not moved: the error says so, and store and library agree."""
    here = site("generic", media=1)
    here.manage(new_media=NewMedia.FREE)
    name = min(here.recorded())
    here.change(lambda machine: machine.faults.timeout(carried))
    if carried is Carried.OUT:
        assert here.session.mount(name).medium.barcode == name
    else:
        with pytest.raises(DeviceFault):
            here.session.mount(name)
    with here.file.hold() as machine:
        assert machine.world.moves == (1 if carried is Carried.OUT else 0)
    assert here.recorded() == here.really()
    here.clock.sleep(2000)
    here.session.inventory("lib")
    assert here.recorded() == here.really()


def test_a_medium_put_elsewhere_with_good_status_is_found(site: Callable[..., Site]) -> None:
    """GOOD is not believed; the next inventory finds the medium where the library put it."""
    here = site("generic", media=1, slots=4)
    here.manage(new_media=NewMedia.FREE)
    name = min(here.recorded())
    here.session.mount(name)
    other = max(here.really().values()) + 0
    with here.file.hold() as machine:
        other = machine.world.of_kind(ElementKind.STORAGE)[-1].address
    here.change(lambda machine: machine.faults.elsewhere(other))
    with pytest.raises(DeviceFault):
        here.session.dismount(name)
    here.session.inventory("lib")
    assert here.recorded() == here.really() == {name: other}


def test_a_device_that_is_now_another_library_is_refused(site: Callable[..., Site], tmp_path: Path) -> None:
    """Names of device nodes change; the serial number does not."""
    here = site()
    here.manage()
    here.file.create(build("generic", clock=here.clock, serial="OTHER"), replace=True)
    with pytest.raises(DeviceGone, match="not library lib"):
        here.session.inventory("lib")


def test_a_library_is_managed_once_and_can_be_told_its_new_name(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    """The same serial number under another device is the same library."""
    here = site()
    here.manage()
    moved = tmp_path / "moved.json"
    here.path.rename(moved)
    with pytest.raises(Exception, match="is library lib already"):
        here.session.add_library(f"mock:{moved}")
    assert here.session.add_library(f"mock:{moved}", name="lib").device == f"mock:{moved}"
    assert here.session.inventory("lib").changes == ()


def test_a_removed_library_leaves_its_media_on_the_shelf(site: Callable[..., Site]) -> None:
    """Nothing is forgotten with a library, and what is mounted keeps it from going."""
    here = site()
    here.manage(new_media=NewMedia.FREE)
    names = sorted(here.recorded())
    here.session.mount(names[0])
    with pytest.raises(Busy):
        here.session.remove_library("lib")
    here.session.dismount(names[0])
    ids = {name: here.session.medium(name).id for name in names}
    here.session.remove_library("lib")
    assert {here.session.medium(name).library for name in names} == {"shelf"}
    here.manage()
    assert {name: here.session.medium(name).id for name in names} == ids


def test_a_stand_alone_drive_is_a_library_too(site: Callable[..., Site]) -> None:
    """One drive, no slots and one port; a person is its robot."""
    here = site("standalone-drive")
    added = here.session.add_library(here.device, name="lib", new_media=NewMedia.FREE)
    assert added.kind is LibraryKind.STANDALONE
    here.session.inventory("lib")
    view = here.session.library("lib")
    assert sorted(cell.place.kind.name for cell in view.cells) == ["DRIVE", "PORT"]
    if not here.recorded() and not any(cell.medium for cell in view.cells):
        here.by_hand(lambda hand: hand.insert("RSM001L9"))
        here.session.inventory("lib")
    medium = next(cell.medium for cell in here.session.library("lib").cells if cell.medium)
    mounted = here.session.mount(str(medium.id))
    assert mounted.drive == 0
    here.session.dismount(str(medium.id))
    assert here.session.medium(str(medium.id)).library == "shelf"
    with pytest.raises((Unavailable, OperatorNeeded)):
        here.session.mount(str(medium.id))


def test_an_open_door_is_the_operators_business(site: Callable[..., Site]) -> None:
    """The error names the door, nothing is recorded, and after closing all is well."""
    here = site()
    here.manage()
    here.by_hand(lambda hand: hand.open_door())
    with pytest.raises((OperatorNeeded, NotReadyYet)):
        here.session.inventory("lib")
    here.by_hand(lambda hand: hand.close_door())
    here.session.inventory("lib")
    assert here.recorded() == here.really()


def test_a_power_cycle_before_a_move_is_survived(site: Callable[..., Site]) -> None:
    """The unit attention means look again; the move is then made once."""
    here = site("generic", media=1)
    here.manage(new_media=NewMedia.FREE)
    name = min(here.recorded())
    here.by_hand(lambda hand: hand.power_cycle())
    assert here.session.mount(name).medium.barcode == name
    with here.file.hold() as machine:
        assert machine.world.moves == 1


def test_the_first_load_of_an_lto_9_medium_is_waited_for(site: Callable[..., Site]) -> None:
    """Its optimisation takes up to two hours, once; later loads are given ten minutes."""
    here = site("generic", media=1)
    here.manage(new_media=NewMedia.FREE)
    becoming_ready = (0x02, 0x04, 0x01)
    here.change(lambda machine: machine.faults.sense(becoming_ready, on="ready", drive=0, times=4000))
    begun = here.clock.now()
    assert here.session.mount("RSM001L9").medium.barcode == "RSM001L9"
    assert here.clock.now() - begun > 3000
    here.session.dismount("RSM001L9")
    here.change(lambda machine: machine.faults.sense(becoming_ready, on="ready", drive=1, times=4000))
    with pytest.raises(NotReadyYet):
        here.session.mount("RSM001L9")


def test_progress_is_told_in_words(site: Callable[..., Site], tmp_path: Path) -> None:
    """Before each step that takes time the caller hears what is being done."""
    here = site("generic", media=1)
    here.manage(new_media=NewMedia.FREE)
    heard: list[str] = []
    session = Session(tmp_path / "rsm.db", clock=here.clock, progress=heard.append)
    session.mount(min(here.recorded()))
    assert any("moving RSM001" in text for text in heard)
