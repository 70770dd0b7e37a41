"""Mounts and dismounts while others mount and dismount, and of what is in a drive already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from rsm.errors import (
    Busy,
    InvalidState,
    LibraryFull,
    MediaOffline,
    Unavailable,
    UnknownLibrary,
    UnknownMedium,
)
from rsm.hardware.faults import DeviceGone, HardwareFailed, NotReadyYet
from rsm.hardware.inventory import Capabilities


def raises(error: BaseException) -> Callable[..., NoReturn]:
    """Something that happens and ends so."""

    def act(*_: object) -> NoReturn:
        raise error

    return act


def killed_after_moving(library: Any, source: int, destination: int) -> None:
    """The command is carried out, and the process that sent it dies."""
    library.carry(source, destination)
    raise KeyboardInterrupt


# -- others are quicker ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["open", "lease"])
def test_a_drive_that_serves_another_medium_by_then_is_not_unloaded(
    bench: Any, driven: Any, moment: str
) -> None:
    """What is in the drive is found out under the lease, not when the dismount was asked for."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"}, drives=1)
    bench.stock(library)
    bench.mount("RSM001L9")

    def others() -> None:
        bench.dismount("RSM001L9")
        bench.mount("RSM002L9")
        library.unloaded.clear()

    library.meanwhile[moment] = others
    with pytest.raises(InvalidState, match="in no drive"):
        bench.dismount("RSM001L9")
    assert library.unloaded == []
    assert bench.mounted() == [(0, "RSM002L9")]


def test_a_medium_is_unloaded_by_the_drive_that_it_is_taken_out_of(bench: Any, driven: Any) -> None:
    """A medium that went to another drive meanwhile is followed there, and that drive puts it out first."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9", drive=0)

    def others() -> None:
        bench.dismount("RSM001L9")
        bench.mount("RSM001L9", drive=1)
        library.commands.clear()
        library.unloaded.clear()
        library.meanwhile["unload"] = lambda: before.extend(library.commands)

    before: list[object] = []
    library.meanwhile["lease"] = others
    bench.dismount("RSM001L9")
    assert (library.unloaded, library.commands) == ([257], [(257, 1000, False)])
    assert before == [], "nothing was moved before the drive had let go"


def test_a_logical_medium_given_back_meanwhile_is_not_mounted_for_its_former_owner(
    bench: Any, driven: Any
) -> None:
    """While a mount waits for the lease its side may have been given to somebody else."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    first = bench.allocate().logical_medium

    def others() -> None:
        bench.deallocate(first)
        bench.allocate()

    library.meanwhile["lease"] = others
    with pytest.raises(UnknownMedium):
        bench.mount(first)
    assert library.commands == []


def test_a_side_cannot_be_given_back_while_the_robot_carries_its_medium(bench: Any, driven: Any) -> None:
    """The open intent says that the medium is in use; the mount ends with the side it was asked for."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    given = bench.allocate().logical_medium

    def during(_: object, source: int, destination: int) -> None:
        with pytest.raises(Busy, match="being moved"):
            bench.deallocate(given)
        library.carry(source, destination)

    library.on_move = during
    assert bench.mount(given).logical_medium == given


def test_a_medium_that_went_to_the_shelf_meanwhile_is_off_line(bench: Any, driven: Any) -> None:
    """Another process's inventory may have found it gone while this one waited for the lease."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)

    def others() -> None:
        library.holds = {}
        bench.look(library)

    library.meanwhile["lease"] = others
    with pytest.raises(MediaOffline, match="on the shelf"):
        bench.mount("RSM001L9")


def test_a_medium_that_went_to_another_library_is_not_looked_for_at_its_address_here(
    bench: Any, driven: Any
) -> None:
    """Slot 4 of the other library is not slot 4 of this one, and what stands here is left alone."""
    one = driven({1000: "RSM001L9", 1003: "RSM004L9"})
    two = driven(serial="PLAIN2", device="plain:2")
    bench.stock(one, "one")
    bench.stock(two, "two")

    def others() -> None:
        two.holds[1003] = one.holds.pop(1000)
        bench.look(one, "one")
        bench.look(two, "two")

    one.meanwhile["lease"] = others
    with pytest.raises(Unavailable, match="slot 4 of two"):
        bench.mount("RSM001L9")
    assert one.commands == []


def test_nobody_is_given_a_medium_that_is_being_put_out(bench: Any, driven: Any) -> None:
    """A mount during somebody's unloading is refused instead of answered `already`."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")

    def others() -> None:
        with pytest.raises(Busy, match="being dismounted"):
            bench.mount("RSM001L9")

    library.meanwhile["unload"] = others
    bench.dismount("RSM001L9")
    assert library.meanwhile == {}, "the other one did come"


def test_a_dismount_during_the_wait_for_the_drive_ends_the_mount(bench: Any, driven: Any) -> None:
    """Whoever waits for a drive that has been emptied meanwhile gets no node."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    library.meanwhile["ready"] = lambda: bench.dismount("RSM001L9")
    with pytest.raises(InvalidState, match="taken away"):
        bench.mount("RSM001L9")


def test_a_dismount_while_a_move_may_be_under_way_is_not_begun(bench: Any, driven: Any) -> None:
    """A medium that cannot be put away yet is not put out of its drive."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.on_move = raises(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        bench.mount("RSM002L9")
    with pytest.raises(Busy, match="may still be under way"):
        bench.dismount("RSM001L9")
    assert library.unloaded == []
    assert bench.mounted() == [(0, "RSM001L9")]


def test_a_library_removed_meanwhile_is_told_as_such(bench: Any, driven: Any) -> None:
    """Removing takes no lease; a mount that was under way ends with one clear sentence."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    library.meanwhile["look"] = bench.remove
    with pytest.raises(UnknownLibrary, match="removed meanwhile"):
        bench.mount("RSM001L9")
    assert library.commands == []


# -- what is in a drive already --------------------------------------------------------------------------------


@pytest.mark.parametrize("moves", [True, False], ids=["changer", "stand-alone"])
def test_a_medium_is_looked_at_before_it_is_claimed_in_its_drive(
    bench: Any, driven: Any, *, moves: bool
) -> None:
    """Hands may have put another one into the drive, whether the library tells or not."""
    library = driven({256: "RSM001L9"}, slots=0, drives=1, capabilities=Capabilities(moves=moves))
    bench.stock(library)
    library.holds = {256: "RSM002L9"}
    with pytest.raises(MediaOffline):
        bench.mount("RSM001L9")
    assert bench.mounted() == []


def test_a_mount_after_a_killed_dismount_fetches_the_medium_anew(bench: Any, driven: Any) -> None:
    """The interrupted move is settled before the record is believed."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.on_move = killed_after_moving
    with pytest.raises(KeyboardInterrupt):
        bench.dismount("RSM001L9")
    library.on_move = None
    got = bench.mount("RSM001L9")
    assert not got.already
    assert library.holds == {256 + got.drive: "RSM001L9"}


def test_a_dismount_killed_while_unloading_is_made_anew(bench: Any, driven: Any) -> None:
    """The drive stays marked as being emptied, and the next dismount empties it."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.meanwhile["unload"] = raises(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        bench.dismount("RSM001L9")
    with pytest.raises(Busy, match="being dismounted") as refusal:
        bench.mount("RSM001L9")
    assert refusal.value.hint == "rsm dismount RSM001L9"
    bench.dismount("RSM001L9")
    assert library.holds == {1000: "RSM001L9"}
    assert not bench.mount("RSM001L9").already


def test_a_drive_that_does_not_let_go_keeps_its_medium_mounted(bench: Any, driven: Any) -> None:
    """The application that has the medium open goes on working with it."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.meanwhile["unload"] = raises(HardwareFailed("the drive is stuck"))
    with pytest.raises(HardwareFailed):
        bench.dismount("RSM001L9")
    assert bench.mounted() == [(0, "RSM001L9")]
    assert bench.mount("RSM001L9").already


def test_a_dismount_that_the_robot_failed_at_is_made_anew(bench: Any, driven: Any) -> None:
    """The medium is in its drive and put out: nobody is given it, and the next dismount takes it away."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.on_move = lambda *_: HardwareFailed("the arm is stuck")
    with pytest.raises(HardwareFailed):
        bench.dismount("RSM001L9")
    library.on_move = None
    with pytest.raises(Busy, match="being dismounted"):
        bench.mount("RSM001L9")
    assert bench.dismount("RSM001L9").place.number == 1


def test_a_drive_without_a_node_is_left_to_the_librarys_own_unloading(bench: Any, driven: Any) -> None:
    """The medium is fetched all the same, and the caller is told that the drive was not asked."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.nodeless.add(256)
    (warning,) = bench.dismount("RSM001L9").warnings
    assert "was not unloaded first" in warning
    assert library.holds == {1000: "RSM001L9"}


def test_a_drive_that_was_not_ready_is_waited_for_again(bench: Any, driven: Any) -> None:
    """A mount that failed waiting leaves the medium in its drive, mounted for nobody."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    for _ in range(2):
        library.meanwhile["ready"] = raises(NotReadyYet("still calibrating"))
        with pytest.raises(NotReadyYet):
            bench.mount("RSM001L9")
        assert bench.mounted() == []
    assert not bench.mount("RSM001L9").already
    assert library.readied == [256] * 3


def test_what_cannot_be_put_away_is_not_unloaded(bench: Any, driven: Any) -> None:
    """A full library is told before the drive puts its medium out; it stays mounted, and the drive is asked."""
    library = driven({1000: "RSM001L9"}, slots=1, drives=1)
    bench.stock(library)
    bench.mount("RSM001L9")
    library.holds[1000] = "RSM900L9"
    bench.look(library)
    with pytest.raises(LibraryFull):
        bench.dismount("RSM001L9")
    assert library.unloaded == []
    assert bench.mount("RSM001L9").already
    assert library.readied == [256, 256]


def test_a_drive_without_a_node_is_passed_over(bench: Any, driven: Any) -> None:
    """Nobody could open what is mounted there, so nothing is carried there."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"}, nodeless={256})
    bench.stock(library)
    assert bench.mount("RSM001L9").drive == 1
    library.nodeless.add(257)
    library.commands.clear()
    with pytest.raises(DeviceGone, match="no node"):
        bench.mount("RSM002L9")
    assert library.commands == []
