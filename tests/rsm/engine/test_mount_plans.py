"""How a mount is planned: which way up, where to, and what the library says and does meanwhile."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from rsm.errors import Busy
from rsm.hardware.faults import DeviceGone, HardwareFailed, InventoryStale, MoveRefused, NotSupported
from rsm.hardware.inventory import Capabilities, ElementAddress
from rsm.model.states import NewMedia

BLIND = Capabilities(reads_volume_tags=False)
"""Of a library without a bar code reader."""


def killed_after_moving(library: Any, source: int, destination: int) -> None:
    """The command is carried out, and the process that sent it dies."""
    library.carry(source, destination)
    raise KeyboardInterrupt


# -- which way up ----------------------------------------------------------------------------------------------


def test_the_journal_knows_that_an_interrupted_move_turned_the_medium(bench: Any, driven: Any) -> None:
    """A library that keeps no account of turning is no reason to take side 2 for side 1."""
    library = driven({1000: "PLATTER1", 1001: "RSM001L9"})
    bench.stock(library)
    library.on_move = killed_after_moving
    with pytest.raises(KeyboardInterrupt):
        bench.mount("PLATTER1:2")
    library.on_move = None
    bench.mount("RSM001L9")
    with pytest.raises(Busy, match="side 2 of PLATTER1 is in drive 0"):
        bench.mount("PLATTER1:1")
    assert bench.mount("PLATTER1:2").side == 2


def test_turning_that_the_robot_cannot_do_is_refused_before_anything_moves(bench: Any, driven: Any) -> None:
    """Nothing is journaled for a command that is never sent."""
    library = driven({1000: "PLATTER1"})
    bench.stock(library)
    library.capabilities = Capabilities(rotates=False)
    with pytest.raises(NotSupported, match="cannot turn PLATTER1 over"):
        bench.mount("PLATTER1:2")
    assert (library.commands, bench.count("intent")) == ([], 0)


# -- where to --------------------------------------------------------------------------------------------------


def test_the_home_of_a_medium_in_a_drive_is_kept_for_it(bench: Any, driven: Any) -> None:
    """A medium without a home takes a slot that is nobody's."""
    library = driven({1000: "RSM001L9", 257: "RSM002L9"}, slots=3)
    bench.stock(library)
    bench.mount("RSM001L9", drive=0)
    bench.dismount("RSM002L9")
    assert bench.place("RSM002L9") == "slot 2 of lib"


def test_the_last_empty_slot_is_taken_whosever_home_it_is(bench: Any, driven: Any) -> None:
    """A reserved home is a wish, not a reason to leave a drive blocked."""
    library = driven({1000: "RSM001L9", 257: "RSM002L9"}, slots=1)
    bench.stock(library)
    bench.mount("RSM001L9", drive=0)
    bench.dismount("RSM002L9")
    assert bench.place("RSM002L9") == "slot 1 of lib"


def test_a_drive_filled_by_hand_is_planned_round(bench: Any, driven: Any) -> None:
    """The look finds it full, and the other drive is taken in the same call."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    library.holds[256] = "RSM009L9"
    assert bench.mount("RSM001L9").drive == 1
    assert library.commands == [(1000, 257, False)]


def test_a_home_filled_by_hand_is_planned_round(bench: Any, driven: Any) -> None:
    """The medium goes to another slot in the same call, and the drive is not unloaded twice."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.holds[1000] = "RSM009L9"
    assert bench.dismount("RSM001L9").place.number == 2
    assert library.unloaded == [256]


# -- what the library says and does ----------------------------------------------------------------------------


def test_what_the_library_says_during_a_move_is_told_before_the_drive_is_waited_for(
    bench: Any, driven: Any
) -> None:
    """A unit attention is said once; others hear of it through the store, and not ten minutes later."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)

    def noticed(_: object, source: int, destination: int) -> None:
        library.carry(source, destination)
        library.stale = True

    library.on_move = noticed
    seen: list[bool] = []
    library.meanwhile["ready"] = lambda: seen.append(bench.library().stale)
    bench.mount("RSM001L9")
    assert seen == [True]


def test_a_mark_set_while_waiting_for_the_lease_is_heeded(bench: Any, driven: Any, mocker: Any) -> None:
    """What another process heard of the library is a reason for an inventory before the move."""
    library = driven({1000: "", 1001: ""}, capabilities=BLIND)
    bench.stock(library)
    name, identity = bench.medium_at(1000), str(bench.library().id)
    inventory = mocker.spy(library, "inventory")

    def others() -> None:
        with bench.context.store.writing() as writer:
            writer.run("library.set_stale", id=identity, stale=1)

    library.meanwhile["lease"] = others
    bench.mount(name)
    assert inventory.call_count == 1
    assert not bench.library().stale


def test_a_library_that_keeps_changing_is_given_up_after_three_plans(bench: Any, driven: Any) -> None:
    """Each plan is made on a fresh inventory, and the last refusal reaches the caller."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    library.on_move = lambda *_: InventoryStale("a door was closed")
    with pytest.raises(InventoryStale):
        bench.mount("RSM001L9")
    assert len(library.commands) == 3


def test_an_answer_that_nothing_moved_leaves_the_robot_to_others(bench: Any, driven: Any) -> None:
    """A failure that was answered, both ends as before, needs no waiting for its time limit."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.stock(library)
    library.on_move = lambda *_: HardwareFailed("drive 0 does not take it")
    with pytest.raises(HardwareFailed):
        bench.mount("RSM001L9", drive=0)
    library.on_move = None
    assert bench.mount("RSM002L9", drive=1).drive == 1


def test_a_busy_robot_is_waited_for_before_the_intent_is_written(
    bench: Any, driven: Any, mocker: Any
) -> None:
    """The limit of a move counts from its sending: what is waited for before must not use it up."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    intents: list[int] = []
    mocker.patch.object(library, "wait_ready", side_effect=lambda _: intents.append(bench.count("intent")))
    bench.mount("RSM001L9")
    assert intents == [0, 0]


def test_a_process_killed_while_moving_keeps_others_from_sending_it_again(bench: Any, driven: Any) -> None:
    """Whatever of its limit has passed before, the next mount waits for the rest of it."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)

    def killed(*_: object) -> NoReturn:
        bench.context.clock.sleep(library.move_limit - 1)
        raise KeyboardInterrupt

    library.on_move = killed
    with pytest.raises(KeyboardInterrupt):
        bench.mount("RSM001L9")
    library.on_move = None
    with pytest.raises(Busy, match="still be under way"):
        bench.mount("RSM001L9")
    bench.context.clock.sleep(1)
    assert not bench.mount("RSM001L9").already


def test_a_neighbour_that_the_arm_took_is_not_called_the_medium_asked_for(bench: Any, driven: Any) -> None:
    """Source empty and destination full is not enough: the tag in the drive says who was brought."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.stock(library)

    def mistaken(_: object, source: int, destination: int) -> None:
        del library.holds[source]
        library.carry(1001, destination)

    library.on_move = mistaken
    with pytest.raises(MoveRefused, match="called the move of RSM001L9 to drive 0 good"):
        bench.mount("RSM001L9")
    assert bench.mounted() == []
    assert bench.place("RSM002L9") == "drive 0 of lib"


def test_a_preview_keeps_what_the_library_said(bench: Any, driven: Any) -> None:
    """Whoever hears of an opened door and records nothing leaves the mark for those who come after."""
    library = driven({1000: "", 1001: ""}, capabilities=BLIND)
    bench.stock(library)
    library.stale = True
    bench.preview(library)
    assert not library.stale
    assert bench.library().stale


def test_another_device_at_the_same_name_is_refused_without_a_serial_number_too(
    bench: Any, driven: Any, mocker: Any
) -> None:
    """Vendor and product tell two models apart where nothing else does."""
    library = driven({1000: "RSM001L9"}, serial="")
    bench.add(library, new_media=NewMedia.FREE)
    bench.look(library)
    other = mocker.patch.object(type(library), "identity", autospec=False)
    other.vendor, other.product, other.serial = "OTHER", "JUKEBOX", ""
    with pytest.raises(DeviceGone, match="not library lib"):
        bench.mount("RSM001L9")
    assert library.look([ElementAddress(1000)])[0].full
