"""Two media bearing one label: neither is used, neither is lost, and it ends when the doubling ends."""

from __future__ import annotations

from typing import Any

import pytest

from rsm.engine import inventory
from rsm.errors import AmbiguousName, InvalidState, MediaOffline
from rsm.model.outcome import ChangeKind
from rsm.model.states import BarcodeState

ONE = "RSM001L9"


@pytest.fixture
def lent(bench: Any, driven: Any) -> Any:
    """A library with one medium in slot 1, which an application holds; the library and the logical medium."""
    library = driven({1000: ONE})
    bench.stock(library)
    return library, bench.allocate().logical_medium


def bearers(bench: Any) -> list[tuple[object, ...]]:
    """Every record: its bar code, its state, the address it is at, and whether anything of it is usable."""
    return sorted(
        bench.rows(
            "SELECT m.barcode, m.barcode_state, p.address, max(s.usable) FROM medium m"
            " LEFT JOIN place p ON p.id = m.place JOIN side s ON s.medium = m.id GROUP BY m.id"
        ),
        key=str,
    )


def test_neither_of_two_is_mounted_or_allocated(bench: Any, lent: Any) -> None:
    """Nobody can tell which of them the data is on."""
    library, given = lent
    library.holds[1004] = ONE
    bench.look(library)
    for name in (given, bench.medium_at(1000), bench.medium_at(1004)):
        with pytest.raises(InvalidState, match="another medium bears"):
            bench.mount(name)
    with pytest.raises(AmbiguousName, match="2 media bear"):
        bench.mount(ONE)
    assert bench.allocate() is None
    assert library.commands == []


def test_a_medium_seen_in_two_places_by_one_reading_is_looked_at_again(bench: Any, driven: Any) -> None:
    """Elements are read kind by kind: what somebody moves meanwhile is one medium all the same."""
    library = driven({256: ONE})
    bench.stock(library)
    library.meanwhile["look"] = lambda: library.holds.pop(1000)
    library.holds[1000] = ONE
    seen = inventory.take(bench.context, library, bench.library())
    assert [each.address for each in seen.elements if each.full] == [256]


def test_a_doubling_that_ended_is_over(bench: Any, lent: Any) -> None:
    """When one place holds the label again it is the medium it was, and can be used."""
    library, given = lent
    library.holds[256] = ONE
    bench.look(library)
    del library.holds[256]
    bench.look(library)
    assert bench.mount(given).medium.barcode == ONE


def test_relabelling_the_other_one_sets_the_first_free(bench: Any, lent: Any) -> None:
    """What the hint advises helps, and the relabelled one becomes usable as well."""
    library, given = lent
    library.holds[1004] = ONE
    bench.look(library)
    library.holds[1004] = "RSM555L9"
    bench.look(library)
    bench.look(library)
    assert bench.medium("RSM555L9").barcode_state is BarcodeState.OK
    assert bench.mount(given).medium.id != bench.medium("RSM555L9").id


def test_taking_the_other_one_out_sets_the_first_free(bench: Any, lent: Any) -> None:
    """A double on the shelf, marked as one, does not stand in the way of its namesake."""
    library, given = lent
    library.holds[1004] = ONE
    bench.look(library)
    del library.holds[1004]
    bench.look(library)
    assert bench.mount(ONE).logical_medium == given


def test_a_double_that_comes_back_is_the_record_it_was(bench: Any, lent: Any) -> None:
    """Out and in again, in other slots or not: two media stay two records."""
    library, _ = lent
    for slot in (1004, 1005, 1006):
        library.holds[slot] = ONE
        bench.look(library)
        del library.holds[slot]
        bench.look(library)
    assert bench.count("medium") == 2


def test_two_that_changed_places_stay_two_and_unusable(bench: Any, lent: Any) -> None:
    """However they are rearranged, no third record is made, and none is taken for the one with the data."""
    library, given = lent
    library.holds[1004] = ONE
    bench.look(library)
    for first, second in ((1001, 1005), (1002, 1006), (1000, 1004)):
        library.holds = {first: ONE, second: ONE}
        bench.look(library)
        assert bearers(bench) == [
            (ONE, BarcodeState.DUPLICATE, first, 0),
            (ONE, BarcodeState.DUPLICATE, second, 0),
        ]
    with pytest.raises(InvalidState):
        bench.mount(given)


def test_of_two_that_left_their_places_the_one_that_is_back_is_not_believed(bench: Any, lent: Any) -> None:
    """Once both have moved, a label alone no longer tells which of the two it is."""
    library, given = lent
    library.holds[1004] = ONE
    bench.look(library)
    library.holds = {1001: ONE, 1005: ONE}
    bench.look(library)
    library.holds = {1001: ONE}
    bench.look(library)
    with pytest.raises((InvalidState, MediaOffline)):
        bench.mount(given)
    assert bench.count("medium") == 2


def test_a_double_met_on_the_way_is_found_out(bench: Any, driven: Any) -> None:
    """A look at a few elements that sees a label recorded elsewhere ends in an inventory and in no use of it."""
    library = driven({1000: ONE, 1001: "RSM002L9"})
    bench.stock(library)
    bench.mount("RSM002L9", drive=0)
    library.holds[1001] = ONE
    assert bench.dismount("RSM002L9").place.address not in {1000, 1001}
    assert bearers(bench) == [
        (ONE, BarcodeState.DUPLICATE, 1000, 0),
        (ONE, BarcodeState.DUPLICATE, 1001, 0),
        ("RSM002L9", BarcodeState.OK, 1002, 1),
    ]


def test_a_label_seen_where_it_is_not_recorded_leaves_a_doubt(bench: Any, driven: Any) -> None:
    """Whether the medium is really gone from its other place only a full inventory tells; one is called for."""
    library = driven({1000: ONE})
    bench.stock(library)
    library.holds[1001] = ONE
    known = bench.library()
    with bench.context.store.writing() as writer:
        inventory.observe(bench.context, writer, known, library.look([1001]))
    assert bench.library().stale


def test_one_label_in_each_of_two_libraries_makes_two_records(bench: Any, driven: Any) -> None:
    """After both libraries have spoken the second medium is listed too, and neither is used."""
    one, two = driven({1000: ONE}), driven({1003: ONE}, serial="PLAIN2", device="plain:2")
    bench.stock(one, "one")
    bench.stock(two, "two")
    for _ in range(2):
        bench.look(one, "one")
        bench.look(two, "two")
    assert bearers(bench) == [
        (ONE, BarcodeState.DUPLICATE, 1000, 0),
        (ONE, BarcodeState.DUPLICATE, 1003, 0),
    ]
    assert bench.look(one, "one").changes == bench.look(two, "two").changes == ()


def test_a_dispute_is_told_once(bench: Any, driven: Any) -> None:
    """While the other library has not spoken every inventory finds the same, and says it the first time only."""
    one, two = driven({1000: ONE}), driven({1003: ONE}, serial="PLAIN2", device="plain:2")
    bench.stock(one, "one")
    bench.add(two, "two")
    outcomes = []
    for _ in range(2):
        bench.context.clock.sleep(60)
        outcomes.append(bench.look(two, "two"))
    first, again = outcomes
    assert [each.kind for each in first.changes].count(ChangeKind.DUPLICATE) == 1
    assert again.changes == ()
    assert bench.place(ONE) == "slot 1 of one"
