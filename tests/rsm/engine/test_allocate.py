"""Allocation: the plain cases of ntms.md §4.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rsm.engine import allocate, names, pools
from rsm.errors import (
    AmbiguousName,
    InvalidMediaPool,
    InvalidRequest,
    InvalidState,
    MediaIncompatible,
    MediaOffline,
    MediaUnavailable,
    TimedOut,
    UnknownMedium,
    UnknownPool,
)
from rsm.model.outcome import Allocation
from rsm.model.states import NewMedia, SideState


class Shop:
    """A library and two pools, and the verbs on them."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench

    def create(self, path: str, media_type: str | None = "LTO-9", **policy: Any) -> None:
        values = {"draws_from_free": False, "returns_to_free": False, "max_allocates": 0} | policy
        with self.bench.context.store.writing() as writer:
            pools.create(self.bench.context, writer, path, media_type=media_type, **values)

    def move(self, medium: str, pool: str) -> None:
        with self.bench.context.store.writing() as writer:
            pools.move_medium(
                self.bench.context, writer, names.medium(writer, medium), names.pool(writer, pool)
            )

    def allocate(self, pool: str, *, error_if_unavailable: bool = False, **options: Any) -> Allocation:
        with self.bench.context.store.writing() as writer:
            given = allocate.allocate(self.bench.context, writer, pool, **options)
        if given is None:
            with self.bench.context.store.reading() as reader:
                raise allocate.unavailable(reader, pool, error_if_unavailable=error_if_unavailable)
        return given

    def deallocate(self, logical: object) -> Any:
        with self.bench.context.store.writing() as writer:
            return allocate.deallocate(self.bench.context, writer, str(logical))

    def reasons(self, pool: str) -> list[tuple[str, int, str]]:
        with self.bench.context.store.reading() as reader:
            return [(each.where, each.count, each.reason) for each in allocate.explain(reader, pool)]

    def states(self, medium: str) -> list[SideState]:
        return [side.state for side in self.bench.medium(medium).sides]


@pytest.fixture
def stock(bench: Any, plain: Any) -> Callable[..., Shop]:
    """A shop whose library holds the given media, new media going to Free."""

    def stock(*tags: str, new_media: NewMedia = NewMedia.FREE) -> Shop:
        library = plain({1000 + slot: tag for slot, tag in enumerate(tags)})
        bench.add(library, new_media=new_media)
        bench.look(library)
        shop = Shop(bench)
        shop.library = library  # type: ignore[attr-defined]
        return shop

    return stock


def test_the_own_pool_is_drawn_on_first(stock: Any) -> None:
    """A medium of the pool itself comes before any of the free pool."""
    shop = stock("RSM001L9", "RSM002L9")
    shop.create("Backup", draws_from_free=True)
    shop.move("RSM002L9", "Backup")
    first, second = shop.allocate("Backup"), shop.allocate("Backup")
    assert (first.medium.barcode, first.allocated_from) == ("RSM002L9", "Backup")
    assert (second.medium.barcode, second.allocated_from) == ("RSM001L9", "Free/LTO-9")
    assert second.medium.pool == "Backup"


def test_the_free_pool_is_drawn_on_only_if_the_policy_says_so(stock: Any) -> None:
    """Without the policy the free pool stays untouched, and the refusal says what would help."""
    shop = stock("RSM001L9")
    shop.create("Backup")
    with pytest.raises(MediaUnavailable, match="does not draw from the free pool") as refusal:
        shop.allocate("Backup", error_if_unavailable=True)
    assert "--draw-from-free" in str(refusal.value.hint)


def test_nothing_to_be_had_and_no_time_to_wait_is_a_time_out(stock: Any) -> None:
    """Timeout 0 does not wait: TIMEOUT, unless the caller asked for MEDIA_UNAVAILABLE (ntms.md §4.3 #1)."""
    shop = stock()
    shop.create("Backup")
    with pytest.raises(TimedOut):
        shop.allocate("Backup")


def test_the_pick_is_least_used_then_longest_unused_then_by_bar_code(stock: Any) -> None:
    """The documented order: wear is spread, and equal candidates come in the order of their labels."""
    shop = stock("RSM003L9", "RSM001L9", "RSM002L9")
    shop.create("Backup")
    for tag in ("RSM003L9", "RSM001L9", "RSM002L9"):
        shop.move(tag, "Backup")
    order = []
    for _ in range(5):
        given = shop.allocate("Backup")
        order.append(given.medium.barcode)
        shop.deallocate(given.logical_medium)
        shop.bench.context.clock.sleep(60)
    assert order == ["RSM001L9", "RSM002L9", "RSM003L9", "RSM001L9", "RSM002L9"]


def test_a_medium_idle_in_a_drive_is_preferred(stock: Any) -> None:
    """What stands in a drive and is used by nobody needs no robot."""
    shop = stock("RSM001L9", "RSM002L9")
    shop.create("Backup", draws_from_free=True)
    shop.library.carry(1001, 256)
    shop.bench.look(shop.library)
    assert shop.allocate("Backup").medium.barcode == "RSM002L9"


def test_media_off_line_are_not_allocated(stock: Any) -> None:
    """What is on the shelf waits there, and the refusal says so."""
    shop = stock("RSM001L9")
    shop.create("Backup", draws_from_free=True)
    shop.library.holds = {}
    shop.bench.look(shop.library)
    assert shop.reasons("Backup") == [("Free/LTO-9", 1, "off line: on the shelf")]
    with pytest.raises(TimedOut, match="off line"):
        shop.allocate("Backup")
    with pytest.raises(MediaOffline):
        shop.allocate("Backup", side="RSM001L9")


def test_cleaning_media_are_never_allocated(stock: Any) -> None:
    """A cleaning medium is nobody's data medium."""
    shop = stock("CLN001CU")
    shop.create("Backup", draws_from_free=True)
    with pytest.raises(TimedOut):
        shop.allocate("Backup")


def test_a_pool_that_holds_pools_is_refused_with_what_it_holds(stock: Any) -> None:
    """Only leaf application pools give media."""
    shop = stock("RSM001L9")
    shop.create("Backup", None)
    shop.create("Backup/Daily")
    with pytest.raises(InvalidMediaPool, match="holds pools") as refusal:
        shop.allocate("Backup")
    assert "Backup/Daily" in str(refusal.value.hint)
    with pytest.raises(InvalidMediaPool, match="system pool"):
        shop.allocate("Free/LTO-9")
    with pytest.raises(UnknownPool):
        shop.allocate("Nowhere")


def test_a_given_side_is_taken_or_refused_for_its_own_reason(stock: Any) -> None:
    """Each unsuitable side tells why it is unsuitable."""
    shop = stock("RSM001L9", "RSM002L8")
    shop.create("Backup")
    assert shop.allocate("Backup", side="RSM001L9").allocated_from == "Free/LTO-9"
    with pytest.raises(InvalidState, match="already allocated"):
        shop.allocate("Backup", side="RSM001L9")
    with pytest.raises(MediaIncompatible):
        shop.allocate("Backup", side="RSM002L8")
    with pytest.raises(UnknownMedium):
        shop.allocate("Backup", side="RSM009L9")


def test_importing_one_side_leaves_the_other_to_be_imported(stock: Any) -> None:
    """Allocation of an import side moves the medium in one step; the flip side stays IMPORT."""
    shop = stock("PLATTER1", new_media=NewMedia.IMPORT)
    shop.create("Optical", "MO 5.25 RW")
    given = shop.allocate("Optical", side="PLATTER1:2")
    assert (given.side, given.allocated_from, given.medium.pool) == (2, "Import/MO 5.25 RW", "Optical")
    assert shop.states("PLATTER1") == [SideState.IMPORT, SideState.ALLOCATED]


def test_a_two_sided_medium_must_be_named_with_its_side(stock: Any) -> None:
    """A bare bar code of a two-sided medium is ambiguous."""
    shop = stock("PLATTER1")
    shop.create("Optical", "MO 5.25 RW")
    with pytest.raises(AmbiguousName):
        shop.allocate("Optical", side="PLATTER1")


def test_new_sets_the_other_side_aside_and_next_takes_it(stock: Any) -> None:
    """NEW reserves the siblings, NEXT gives them out on the same medium and no other."""
    shop = stock("PLATTER1", "PLATTER2")
    shop.create("Optical", "MO 5.25 RW", draws_from_free=True)
    first = shop.allocate("Optical", new=True)
    assert shop.states("PLATTER1") == [SideState.ALLOCATED, SideState.RESERVED]
    second = shop.allocate("Optical", next_of=str(first.logical_medium))
    assert (second.medium.id, second.side) == (first.medium.id, 2)
    assert second.logical_medium != first.logical_medium
    with pytest.raises(MediaUnavailable, match="no side left"):
        shop.allocate("Optical", next_of=str(first.logical_medium))


def test_new_wants_a_medium_of_which_no_side_is_held(stock: Any) -> None:
    """Whoever takes a whole medium owns all the data on it."""
    shop = stock("PLATTER1", "PLATTER2")
    shop.create("Optical", "MO 5.25 RW", draws_from_free=True)
    shop.allocate("Optical", side="PLATTER1:1")
    assert shop.allocate("Optical", new=True).medium.barcode == "PLATTER2"


def test_new_and_next_exclude_each_other(stock: Any) -> None:
    """Both at once make no sense (ntms.md §4.3 #10)."""
    shop = stock()
    with pytest.raises(InvalidRequest):
        shop.allocate("x", new=True, next_of="y")


def test_a_side_given_back_is_available_and_its_siblings_too(stock: Any) -> None:
    """When the last held side is given back nothing stays set aside."""
    shop = stock("PLATTER1")
    shop.create("Optical", "MO 5.25 RW", draws_from_free=True)
    first = shop.allocate("Optical", new=True)
    medium = shop.deallocate(first.logical_medium)
    assert [side.state for side in medium.sides] == [SideState.AVAILABLE] * 2
    assert medium.pool == "Optical"
    with pytest.raises(UnknownMedium):
        shop.deallocate(first.logical_medium)


def test_a_worn_side_is_decommissioned(stock: Any) -> None:
    """At the pool's maximum a side is not given out again."""
    shop = stock("RSM001L9")
    shop.create("Backup", draws_from_free=True, max_allocates=2)
    for expected in (SideState.AVAILABLE, SideState.DECOMMISSIONED):
        assert shop.deallocate(shop.allocate("Backup").logical_medium).sides[0].state is expected
    with pytest.raises(TimedOut, match="decommissioned"):
        shop.allocate("Backup")


def test_media_return_to_the_free_pool_by_policy(stock: Any) -> None:
    """With the policy, what is given back is free for every pool."""
    shop = stock("RSM001L9")
    shop.create("Backup", draws_from_free=True, returns_to_free=True)
    assert shop.deallocate(shop.allocate("Backup").logical_medium).pool == "Free/LTO-9"


def test_an_explanation_tells_of_every_group(stock: Any) -> None:
    """Per pool and reason: what would be taken, and what is in the way."""
    shop = stock("RSM001L9", "RSM002L9", "RSM003L9")
    shop.create("Backup", draws_from_free=True)
    shop.allocate("Backup")
    assert shop.reasons("Backup") == [
        ("Backup", 1, "already allocated"),
        ("Free/LTO-9", 2, "can be allocated"),
    ]
