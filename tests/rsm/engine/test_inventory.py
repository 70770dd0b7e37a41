"""What an inventory makes of what it sees."""

from __future__ import annotations

from typing import Any

import pytest

from rsm.engine import inventory
from rsm.model.outcome import ChangeKind
from rsm.model.states import BarcodeState, Identity, NewMedia, SideState


def kinds(outcome: Any) -> list[ChangeKind]:
    """The kinds of change, places left out."""
    return [change.kind for change in outcome.changes if not change.kind.value.startswith("place")]


def test_new_media_enter_the_import_pool_of_their_type(bench: Any, plain: Any) -> None:
    """A label tells the type, and the library's policy the pool."""
    library = plain({1000: "RSM001L9", 1001: "RSM002LX", 1002: "CLN001CU", 1003: "PLATTER"})
    bench.add(library)
    bench.look(library)
    assert bench.medium("RSM001L9").pool == "Import/LTO-9"
    assert bench.medium("RSM002LX").pool == "Import/LTO-7 WORM"
    assert bench.medium("CLN001CU").pool == "Import/Cleaning"
    assert [side.state for side in bench.medium("PLATTER").sides] == [SideState.IMPORT, SideState.IMPORT]


@pytest.mark.parametrize(
    ("policy", "pool", "state"),
    [
        (NewMedia.FREE, "Free/LTO-9", SideState.AVAILABLE),
        (NewMedia.UNRECOGNIZED, "Unrecognized/LTO-9", SideState.UNRECOGNIZED),
    ],
)
def test_a_library_has_a_policy_for_new_media(
    bench: Any, plain: Any, policy: NewMedia, pool: str, state: SideState
) -> None:
    """The policy decides the pool that new media enter."""
    library = plain({1000: "RSM001L9"})
    bench.add(library, new_media=policy)
    bench.look(library)
    medium = bench.medium("RSM001L9")
    assert (medium.pool, medium.sides[0].state) == (pool, state)


def test_the_same_again_changes_nothing(bench: Any, plain: Any) -> None:
    """A second inventory of an untouched library finds no difference."""
    library = plain({1000: "RSM001L9", 256: "RSM002L9", 1002: ""})
    bench.add(library)
    bench.look(library)
    assert bench.look(library).changes == ()


def test_a_preview_tells_and_writes_nothing(bench: Any, plain: Any) -> None:
    """A preview gives the changes of the inventory to come and leaves the store alone."""
    library = plain({1000: "RSM001L9"})
    added = bench.add(library)
    told = inventory.preview(
        bench.context, library, added, inventory.take(bench.context, library, bench.library())
    )
    assert ChangeKind.MEDIUM_FOUND in kinds(told)
    assert bench.count("medium") == 0
    assert [c.text for c in bench.look(library).changes] == [c.text for c in told.changes]


def test_a_medium_moved_by_hand_is_the_same_medium(bench: Any, plain: Any) -> None:
    """The bar code is the identity; the slot is only a hint."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    before = bench.medium("RSM001L9").id
    library.holds = {1005: "RSM001L9"}
    assert kinds(bench.look(library)) == [ChangeKind.MEDIUM_MOVED]
    assert bench.medium("RSM001L9").id == before
    assert bench.place("RSM001L9") == "slot 6 of lib"


def test_two_media_swapped_by_hand_change_places(bench: Any, plain: Any) -> None:
    """Two media can change places in one inventory, and neither is lost or doubled."""
    library = plain({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.add(library)
    bench.look(library)
    library.holds = {1001: "RSM001L9", 1000: "RSM002L9"}
    assert kinds(bench.look(library)) == [ChangeKind.MEDIUM_MOVED] * 2
    assert (bench.place("RSM001L9"), bench.place("RSM002L9")) == ("slot 2 of lib", "slot 1 of lib")
    assert bench.count("medium") == 2


def test_a_medium_taken_out_is_kept_and_comes_back_as_itself(bench: Any, plain: Any) -> None:
    """Absent media are on the shelf, with their record, and return to it."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    before = bench.medium("RSM001L9")
    library.holds = {}
    assert kinds(bench.look(library)) == [ChangeKind.MEDIUM_MISSING]
    gone = bench.medium("RSM001L9")
    assert (gone.library, gone.place, gone.missing_since is not None) == ("shelf", None, True)
    library.holds = {16: "RSM001L9"}
    assert kinds(bench.look(library)) == [ChangeKind.MEDIUM_RETURNED]
    back = bench.medium("RSM001L9")
    assert (back.id, back.library, back.missing_since) == (before.id, "lib", None)
    assert back.home == before.home


def test_a_medium_that_went_to_another_library_is_followed_there(bench: Any, plain: Any) -> None:
    """Once its old library no longer shows it, the new one may claim it; before, it is disputed."""
    first, second = plain({1000: "RSM001L9"}), plain(serial="PLAIN2", device="plain:2")
    bench.add(first, "first")
    bench.add(second, "second")
    bench.look(first, "first")
    identity = bench.medium("RSM001L9").id
    first.holds, second.holds = {}, {1003: "RSM001L9"}
    assert kinds(bench.look(second, "second")) == [ChangeKind.DUPLICATE]
    assert bench.place("RSM001L9") == "slot 1 of first"
    bench.look(first, "first")
    assert kinds(bench.look(second, "second")) == [ChangeKind.MEDIUM_RETURNED]
    assert (bench.medium("RSM001L9").id, bench.place("RSM001L9")) == (identity, "slot 4 of second")


def test_of_two_media_with_one_label_the_known_one_keeps_its_record(bench: Any, plain: Any) -> None:
    """The second bearer of a bar code is a record of its own, unrecognized and not usable."""
    library = plain({1000: "RSM001L9"})
    bench.add(library, new_media=NewMedia.FREE)
    bench.look(library)
    library.holds[1004] = "RSM001L9"
    assert ChangeKind.DUPLICATE in kinds(bench.look(library))
    rows = sorted(
        bench.rows(
            "SELECT p.address, m.barcode_state, o.path, s.usable FROM medium m JOIN place p ON p.id = m.place"
            " JOIN pool o ON o.id = m.pool JOIN side s ON s.medium = m.id"
        )
    )
    assert rows == [
        (1000, BarcodeState.DUPLICATE, "Free/LTO-9", 0),
        (1004, BarcodeState.DUPLICATE, "Unrecognized/LTO-9", 0),
    ]
    assert kinds(bench.look(library)) == [], "a third look finds the same two"


def test_a_label_that_cannot_be_read_any_more_does_not_lose_the_medium(bench: Any, plain: Any) -> None:
    """What stands where it stood is taken for the same medium, and marked."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    library.holds[1000] = ""
    assert kinds(bench.look(library)) == [ChangeKind.BARCODE_LOST]
    medium = bench.medium("RSM001L9")
    assert (medium.barcode_state, medium.identity) == (BarcodeState.UNREADABLE, Identity.INFERRED)
    library.holds[1000] = "RSM001L9"
    bench.look(library)
    assert bench.medium("RSM001L9").barcode_state is BarcodeState.OK


def test_a_drive_that_shows_no_tag_keeps_its_medium(bench: Any, plain: Any) -> None:
    """Many drives report no tag; the source address tells which medium came."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    library.holds, library.reports_source = {256: ""}, {256: 1000}
    assert kinds(bench.look(library)) == [ChangeKind.MEDIUM_MOVED]
    assert bench.place("RSM001L9") == "drive 0 of lib"
    assert bench.medium("RSM001L9").barcode_state is BarcodeState.OK


def test_an_unlabelled_medium_is_followed_by_its_source(bench: Any, plain: Any) -> None:
    """Without a label continuity is the only identity, and is marked as such."""
    library = plain({1000: ""})
    bench.add(library)
    bench.look(library)
    library.holds, library.reports_source = {256: ""}, {256: 1000}
    bench.look(library)
    assert bench.count("medium") == 1
    assert list(bench.rows("SELECT identity FROM medium")) == [("inferred",)]


def test_an_unlabelled_medium_back_in_its_home_is_taken_for_the_same(bench: Any, plain: Any) -> None:
    """A magazine that was out and is in again brings its media back to their records."""
    library = plain({1000: ""})
    bench.add(library)
    bench.look(library)
    library.holds = {}
    bench.look(library)
    library.holds = {1000: ""}
    assert kinds(bench.look(library)) == [ChangeKind.MEDIUM_RETURNED]
    assert bench.count("medium") == 1


def test_a_label_that_becomes_readable_is_given_to_the_record(bench: Any, plain: Any) -> None:
    """A medium entered without a label keeps its record when its label is read later."""
    library = plain({1000: ""})
    bench.add(library)
    bench.look(library)
    library.holds = {1000: "RSM001L9"}
    assert kinds(bench.look(library)) == [ChangeKind.BARCODE_READ]
    assert bench.count("medium") == 1


def test_an_element_the_library_cannot_tell_about_keeps_its_medium(bench: Any, plain: Any) -> None:
    """Unknown is not empty: an unscanned slot loses nothing."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    library.holds, library.unknown = {}, {1000}
    assert kinds(bench.look(library)) == []
    assert bench.place("RSM001L9") == "slot 1 of lib"


def test_slots_no_longer_reported_are_kept_as_absent(bench: Any, plain: Any) -> None:
    """A magazine that vanishes takes its media to the shelf; both return together."""
    library = plain({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.add(library)
    bench.look(library)
    library.gone, library.holds = {1001}, {1000: "RSM001L9"}
    outcome = bench.look(library)
    assert {ChangeKind.PLACE_MISSING, ChangeKind.MEDIUM_MISSING} == {
        change.kind for change in outcome.changes
    }
    library.gone, library.holds = set(), {1000: "RSM001L9", 1001: "RSM002L9"}
    outcome = bench.look(library)
    assert {ChangeKind.PLACE_RETURNED, ChangeKind.MEDIUM_RETURNED} == {
        change.kind for change in outcome.changes
    }
    assert bench.place("RSM002L9") == "slot 2 of lib"


def test_numbers_stay_when_a_library_grows(bench: Any, plain: Any) -> None:
    """New slots get new numbers; what people wrote down stays true."""
    library = plain({1001: "RSM001L9"}, slots=2)
    bench.add(library)
    bench.look(library)
    library.slots = 4
    bench.look(library)
    assert bench.place("RSM001L9") == "slot 2 of lib"
    assert list(bench.rows("SELECT number FROM place WHERE kind = 16 ORDER BY address")) == [
        (1,),
        (2,),
        (3,),
        (4,),
    ]


def test_every_change_is_an_event(bench: Any, plain: Any) -> None:
    """The history tells each medium's appearance and disappearance in words."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    library.holds = {}
    bench.look(library)
    texts = [
        str(text)
        for (text,) in bench.rows("SELECT text FROM event WHERE kind LIKE 'medium%' ORDER BY number")
    ]
    assert texts == [
        "lib: RSM001L9 is new, in slot 1: goes to Import/LTO-9",
        "lib: RSM001L9 is no longer in slot 1",
    ]
