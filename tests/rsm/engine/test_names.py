"""What a person means: bar codes before ids, whole ids before their beginnings, and never a guess."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from rsm.engine import names
from rsm.errors import AmbiguousName, InvalidName, InvalidState, UnknownLibrary, UnknownMedium, UnknownPool
from rsm.hardware.inventory import Capabilities


@pytest.fixture
def side(bench: Any) -> Any:
    """Ask which side a name means: the bar code of its medium, and its number."""

    def side(name: object) -> tuple[str | None, int]:
        with bench.context.store.reading() as reader:
            medium, found = names.side(reader, str(name))
        return medium.barcode, found.number

    return side


def test_a_label_that_looks_like_an_id_is_a_label_first(bench: Any, driven: Any) -> None:
    """Labels are often numbered; `00000013` is the medium that bears it, not one whose id begins so."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9"}, capabilities=Capabilities())
    bench.stock(library)
    code = str(bench.medium("RSM001L9").sides[0].id)[:8]
    library.holds[1002] = code
    bench.look(library)
    assert bench.mount(code).medium.barcode == code


def test_a_label_is_dismounted_before_a_logical_medium_that_begins_so(bench: Any, driven: Any) -> None:
    """The medium of that label is in no drive; the one in the drive was not meant."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    given = bench.allocate().logical_medium
    library.holds[1002] = str(given)[:8]
    bench.look(library)
    bench.mount(given)
    with pytest.raises(InvalidState, match=f"{str(given)[:8]} is in no drive"):
        bench.dismount(str(given)[:8])
    assert bench.dismount(given).medium.barcode == "RSM001L9"


def test_every_handle_of_a_side_leads_to_it(bench: Any, driven: Any, side: Any) -> None:
    """Label and number, the side's id, the logical medium's, and the beginning of either."""
    bench.stock(driven({1000: "PLATTER1"}))
    second = bench.medium("PLATTER1").sides[1]
    given = bench.allocate(media_type="MO 5.25 RW", side="PLATTER1:2").logical_medium
    for name in ("PLATTER1:2", second.id, given, str(second.id)[:8], str(given)[:8], str(given).upper()):
        assert side(name) == ("PLATTER1", 2), name


def test_a_two_sided_medium_is_asked_which_side(bench: Any, driven: Any, side: Any) -> None:
    """Neither its label nor its id says which, and the hint gives both answers."""
    bench.stock(driven({1000: "PLATTER1", 1001: "RSM001L9"}))
    for name in ("PLATTER1", bench.medium_at(1000)):
        with pytest.raises(AmbiguousName, match="has 2 sides") as refusal:
            side(name)
        assert refusal.value.hint == "say which: PLATTER1:1 or PLATTER1:2"
    assert side("RSM001L9") == side("RSM001L9:1") == side(bench.medium_at(1001)) == ("RSM001L9", 1)
    with pytest.raises(UnknownMedium, match="not a side 3"):
        side("PLATTER1:3")


def test_a_label_may_hold_a_colon(bench: Any, driven: Any, side: Any) -> None:
    """`TAPE:2` is the medium labelled so if there is one."""
    library = driven({1000: "TAPE0001", 1001: "TAPE0001:2"})
    bench.stock(library)
    with pytest.raises(AmbiguousName, match="TAPE0001:2 has 2 sides"):
        side("TAPE0001:2")
    assert side("TAPE0001:2:2") == ("TAPE0001:2", 2)


def test_the_beginning_of_an_id_must_fit_once_and_be_long_enough(bench: Any, driven: Any) -> None:
    """Several that fit are named, and three characters are no id at all."""
    bench.stock(driven({1000: "RSM001L9", 1001: "RSM002L9"}))
    with pytest.raises(AmbiguousName, match="begin with '0000'") as refusal:
        bench.medium("0000")
    assert str(refusal.value.hint).count("0000-0000") > 1
    for name in ("000", "ffff", "no such", str(UUID(int=1))):
        with pytest.raises(UnknownMedium):
            bench.medium(name)


def test_of_one_label_on_several_media_the_ids_are_told(bench: Any, driven: Any) -> None:
    """Each bearer is named with its id and where it is, and can be asked for by that id."""
    bench.stock(driven({1000: "RSM001L9", 1004: "RSM001L9"}))
    first, second = bench.medium_at(1000), bench.medium_at(1004)
    with pytest.raises(AmbiguousName, match="2 media bear") as refusal:
        bench.medium("RSM001L9")
    assert {f"{first} (slot 1 of lib)", f"{second} (slot 5 of lib)"} == set(
        str(refusal.value.hint).removeprefix("say which by its id: ").split(", ")
    )
    assert str(bench.medium(second).id) == second


@pytest.mark.parametrize("name", ["", "  ", "RSM\n001", "x" * 33])
def test_what_can_be_neither_label_nor_id_is_refused(bench: Any, driven: Any, name: str) -> None:
    """Whatever is typed ends in one clear sentence."""
    bench.stock(driven({1000: "RSM001L9"}))
    with pytest.raises((InvalidName, UnknownMedium)):
        bench.medium(name)


def test_media_without_a_label_are_called_by_the_beginning_of_their_id(bench: Any, driven: Any) -> None:
    """The name that listings show leads back to the medium."""
    bench.stock(driven({1000: ""}, capabilities=Capabilities(reads_volume_tags=False)))
    medium = bench.medium(bench.medium_at(1000))
    assert bench.medium(medium.name).id == medium.id


def test_libraries_and_pools_are_found_by_id_and_missed_with_a_hint(bench: Any, driven: Any) -> None:
    """An id leads there too, and for what is not there the nearest names are told."""
    bench.stock(driven({1000: "RSM001L9"}))
    bench.allocate("Backup")
    assert bench.library(str(bench.library().id)).name == "lib"
    with bench.context.store.reading() as reader:
        pool = names.pool(reader, "/Backup/")
        assert names.pool(reader, str(pool.id)) == pool
        with pytest.raises(UnknownPool) as missed:
            names.pool(reader, "Bakcup")
    assert "Backup" in str(missed.value.hint)
    with pytest.raises(UnknownLibrary) as unknown:
        bench.library("libb")
    assert unknown.value.hint == "libraries: lib"
