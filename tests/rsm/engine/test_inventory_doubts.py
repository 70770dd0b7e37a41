"""Inventories of libraries that learn, hesitate, lose sight of a medium or answer nonsense."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rsm.engine import inventory, libraries, moves
from rsm.errors import Busy, Unavailable, UnknownLibrary
from rsm.hardware.faults import BadReply, HardwareFailed
from rsm.hardware.inventory import Capabilities, Inventory
from rsm.model.states import NewMedia, SideState

BLIND = Capabilities(reads_volume_tags=False)
"""Of a library without a bar code reader."""


def sorted_as(bench: Any, name: str) -> tuple[str, str, list[SideState]]:
    """A medium's type, its pool, and the states of its sides."""
    medium = bench.medium(name)
    return medium.media_type, medium.pool, [side.state for side in medium.sides]


# -- a label read later ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "tag", "sorting"),
    [
        (NewMedia.IMPORT, "RSM001L9", ("LTO-9", "Import/LTO-9", [SideState.IMPORT])),
        (NewMedia.FREE, "RSM001L9", ("LTO-9", "Free/LTO-9", [SideState.AVAILABLE])),
        (NewMedia.IMPORT, "CLN001L1", ("Cleaning", "Import/Cleaning", [SideState.IMPORT])),
        (NewMedia.IMPORT, "PLATTER1", ("MO 5.25 RW", "Import/MO 5.25 RW", [SideState.IMPORT] * 2)),
    ],
)
def test_a_label_read_later_sorts_the_medium_as_one_read_at_once(
    bench: Any, driven: Any, policy: NewMedia, tag: str, sorting: tuple[str, str, list[SideState]]
) -> None:
    """A library that was still scanning is no reason for another type, pool, state or number of sides."""
    library = driven({1000: ""})
    bench.add(library, new_media=policy)
    bench.look(library)
    library.holds = {1000: tag}
    bench.look(library)
    assert sorted_as(bench, tag) == sorting
    assert bench.count("medium") == 1


def test_a_label_read_later_leaves_an_application_its_medium(bench: Any, driven: Any) -> None:
    """What is allocated keeps its type, its pool and its sides, whatever its label turns out to say."""
    library = driven({1000: ""}, capabilities=replace(BLIND, rotates=True))
    bench.stock(library)
    given = bench.allocate(media_type="MO 5.25 RW").logical_medium
    library.holds = {1000: "RSM001L9"}
    bench.look(library)
    assert sorted_as(bench, "RSM001L9") == (
        "MO 5.25 RW",
        "Backup",
        [SideState.ALLOCATED, SideState.AVAILABLE],
    )
    assert bench.mount(given).medium.barcode == "RSM001L9"


def test_a_label_first_read_after_our_own_move_doubles_nothing(bench: Any, driven: Any) -> None:
    """A drive shows no tag; the reader of the slot that a dismount brings the medium to does."""
    library = driven({256: ""})
    bench.add(library)
    bench.look(library)

    def labelled(_: object, source: int, destination: int) -> None:
        library.carry(source, destination)
        library.holds[destination] = "RSM001L9"

    library.on_move = labelled
    identity = bench.medium_at(256)
    bench.dismount(identity)
    assert str(bench.medium("RSM001L9").id) == identity
    assert bench.count("medium") == 1


def test_whether_a_library_reads_labels_is_learnt_by_looking(bench: Any, driven: Any) -> None:
    """Some libraries show only with their first elements that they have no reader; the store keeps that."""
    library = driven({1000: ""})
    bench.add(library, new_media=NewMedia.FREE)
    library.capabilities = BLIND
    bench.look(library)
    assert not bench.library().reads_volume_tags
    assert bench.medium(bench.medium_at(1000)).pool.startswith("Free/")


def test_a_known_label_in_the_place_of_an_unlabelled_medium_is_its_own_medium(
    bench: Any, driven: Any
) -> None:
    """The one without a label has gone, and is itself again when it is back in its home."""
    library = driven({1000: "", 1001: "RSM002L9"})
    bench.stock(library)
    identity = bench.medium_at(1000)
    library.holds = {1000: "RSM002L9"}
    bench.look(library)
    assert (bench.place("RSM002L9"), bench.place(identity)) == ("slot 1 of lib", "on the shelf")
    library.holds = {1000: "", 1001: "RSM002L9"}
    bench.look(library)
    assert bench.medium_at(1000) == identity
    assert bench.count("medium") == 2


# -- out of sight ----------------------------------------------------------------------------------------------


def test_a_medium_that_a_look_lost_is_on_the_shelf_after_the_next_inventory(bench: Any, driven: Any) -> None:
    """A few elements do not tell where it went; all of them tell that it is gone."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.stock(library)
    library.on_move = lambda _, source, __: library.holds.pop(source) and HardwareFailed("it fell down")
    with pytest.raises(HardwareFailed):
        bench.mount("RSM001L9")
    assert bench.place("RSM001L9") == "not found in lib"
    bench.look(library)
    assert bench.place("RSM001L9") == "on the shelf"


def test_an_unlabelled_medium_on_its_way_is_neither_lost_nor_doubled(bench: Any, driven: Any) -> None:
    """While a killed move may still be under way an inventory waits for its medium to arrive."""
    library = driven({1000: ""}, capabilities=BLIND)
    bench.stock(library)
    identity = bench.medium_at(1000)

    def killed(_: object, source: int, __: int) -> None:
        del library.holds[source]
        raise KeyboardInterrupt

    library.on_move = killed
    with pytest.raises(KeyboardInterrupt):
        bench.mount(identity)
    (warning,) = moves.settle_if_possible(bench.context, library, bench.library())
    assert "may still be under way" in warning
    assert bench.look(library).media == 0
    assert bench.place(identity) == "slot 1 of lib"
    library.on_move = None
    library.holds[256] = ""
    assert bench.mount(identity).drive == 0
    assert bench.count("medium") == 1


def test_an_unlabelled_medium_stuck_in_the_robots_hand_is_the_same_medium(bench: Any, driven: Any) -> None:
    """What one of our own moves has lost on the way is what the transport holds."""
    library = driven({1000: ""}, capabilities=BLIND)
    bench.stock(library)
    identity = bench.medium_at(1000)

    def stuck(_: object, source: int, __: int) -> HardwareFailed:
        library.carry(source, 1)
        return HardwareFailed("the arm is stuck")

    library.on_move = stuck
    with pytest.raises(HardwareFailed):
        bench.mount(identity)
    bench.look(library)
    assert bench.place(identity) == "changer 1 of lib"
    assert bench.count("medium") == 1


def test_a_move_with_an_unknown_end_keeps_its_library(bench: Any, driven: Any) -> None:
    """The journal is the only witness of where the medium may be."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    library.on_move = killed
    with pytest.raises(KeyboardInterrupt):
        bench.mount("RSM001L9")
    with pytest.raises(Busy, match="interrupted"):
        bench.remove()


# -- nonsense --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [set(), {256, 257, 16}, {1000, 1001, 16}, {1000, 1001, 256, 257}])
def test_an_inventory_without_a_whole_kind_of_element_changes_nothing(
    bench: Any, driven: Any, kept: set[int]
) -> None:
    """That is a broken reply, not an empty library: media stay where they are, and mounted."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"}, slots=2)
    bench.stock(library)
    bench.mount("RSM001L9")
    library.gone = set(library.kinds()) - kept
    with pytest.raises(BadReply, match="nothing was changed"):
        bench.look(library)
    library.gone = set()
    assert bench.look(library).changes == ()
    assert bench.mounted() == [(0, "RSM001L9")]


def test_a_library_without_a_robot_element_is_whole_all_the_same(bench: Any, driven: Any) -> None:
    """Some report their transport only now and then."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    library.gone = {1}
    bench.look(library)
    assert bench.mount("RSM001L9").drive == 0


def test_a_library_removed_during_its_inventory_is_told_as_such(bench: Any, driven: Any) -> None:
    """What was seen of it has nowhere to be recorded, and that is no failure of the store."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    known, seen = bench.library(), library.inventory()
    bench.remove()
    with pytest.raises(UnknownLibrary, match="removed meanwhile"):
        inventory.record(bench.context, library, known, seen)


def test_an_element_that_the_library_does_not_know_any_more_stops_a_move(bench: Any, driven: Any) -> None:
    """A slot of which nothing is reported is not taken for a full one."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    library.slots = 0
    with pytest.raises((BadReply, Unavailable)):
        bench.mount("RSM001L9")
    assert library.commands == []


def test_warnings_reach_the_caller(bench: Any, driven: Any) -> None:
    """What was odd about the replies is told with the outcome, and is no reason not to record."""
    library = driven({1000: "RSM001L9"})
    bench.add(library)
    seen = Inventory(library.inventory().elements, warnings=("a page was too short",))
    outcome = inventory.record(bench.context, library, bench.library(), seen)
    assert (outcome.warnings, outcome.media) == (("a page was too short",), 1)


def test_the_default_type_of_a_library_names_what_no_label_names(bench: Any, driven: Any) -> None:
    """Said by a person when the library was added, or told by what its robot can do."""
    library = driven({1000: ""}, capabilities=BLIND)
    with bench.context.store.writing() as writer:
        libraries.add(
            bench.context,
            writer,
            library.device,
            library.identity,
            BLIND,
            name="lib",
            new_media=NewMedia.FREE,
            media_type="lto-7",
        )
    bench.look(library)
    assert sorted_as(bench, bench.medium_at(1000)) == ("LTO-7", "Free/LTO-7", [SideState.AVAILABLE])
