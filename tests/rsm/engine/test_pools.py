"""Pools: the tree and its policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rsm.engine import allocate, names, pools
from rsm.errors import (
    AlreadyExists,
    InvalidMediaPool,
    InvalidName,
    InvalidRequest,
    MediaIncompatible,
    NotEmpty,
    ObjectNotFound,
    Refused,
    UnknownPool,
)
from rsm.model.objects import Medium, Pool
from rsm.model.states import NewMedia, PoolKind, SideState


@pytest.fixture
def create(bench: Any) -> Callable[..., Pool]:
    """Make a pool with few words."""

    def create(path: str, media_type: str | None = "LTO-9", **policy: Any) -> Pool:
        values = {"draws_from_free": False, "returns_to_free": False, "max_allocates": 0} | policy
        with bench.context.store.writing() as writer:
            return pools.create(bench.context, writer, path, media_type=media_type, **values)

    return create


@pytest.fixture
def move(bench: Any) -> Callable[[str, str], Medium]:
    """Move a medium to a pool."""

    def move(medium: str, pool: str) -> Medium:
        with bench.context.store.writing() as writer:
            return pools.move_medium(
                bench.context, writer, names.medium(writer, medium), names.pool(writer, pool)
            )

    return move


def test_pools_are_a_tree_made_level_by_level(create: Any) -> None:
    """A pool's parent must be there first, and a pool is found by its path."""
    with pytest.raises(UnknownPool, match="no parent"):
        create("Backup/Daily")
    create("Backup", None)
    assert create("Backup/Daily").path == "Backup/Daily"
    with pytest.raises(AlreadyExists):
        create("Backup/Daily")


def test_a_pool_holds_pools_or_media_never_both(create: Any) -> None:
    """No pool is made inside one that holds media."""
    create("Backup")
    with pytest.raises(InvalidMediaPool, match="holds media"):
        create("Backup/Daily")


@pytest.mark.parametrize("path", ["Free/LTO-9/Mine", "Import/Mine", "Unrecognized/x"])
def test_system_pools_are_left_alone(create: Any, path: str) -> None:
    """Nobody makes pools under Free, Import or Unrecognized."""
    with pytest.raises((InvalidMediaPool, UnknownPool)):
        create(path)


@pytest.mark.parametrize("path", ["", "a//b", " a", "a\\b", "x" * 65, "a\nb"])
def test_a_path_that_cannot_be_one_is_refused(create: Any, path: str) -> None:
    """Names are up to 64 printable characters."""
    with pytest.raises(InvalidName):
        create(path)


def test_a_type_must_exist_and_be_for_applications(create: Any) -> None:
    """Types are found in any case; cleaning media are not for applications."""
    assert create("a", "lto-9 worm").media_type == "LTO-9 WORM"
    with pytest.raises(ObjectNotFound, match="LTO-99"):
        create("b", "LTO-99")
    with pytest.raises(InvalidRequest, match="not for applications"):
        create("c", "Cleaning")


def test_a_pool_of_pools_has_no_policy(create: Any) -> None:
    """Policies belong to pools that hold media."""
    with pytest.raises(InvalidRequest):
        create("a", None, draws_from_free=True)


def test_renaming_a_pool_takes_its_pools_along(bench: Any, create: Any) -> None:
    """The paths below a renamed pool change with it, and those of others do not."""
    create("Back", None)
    create("Back/Daily")
    create("Back2", None)
    with bench.context.store.writing() as writer:
        pools.change(
            bench.context,
            writer,
            "Back",
            new_name="Up",
            draws_from_free=None,
            returns_to_free=None,
            max_allocates=None,
        )
    with bench.context.store.reading() as reader:
        assert [row["path"] for row in reader.all("pool.paths")] == ["Back2", "Up", "Up/Daily"]


def test_only_an_empty_application_pool_can_be_deleted(
    bench: Any, create: Any, plain: Any, move: Any
) -> None:
    """A pool that holds pools or media, and a system pool, stay."""
    create("Backup", None)
    create("Backup/Daily")
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    move("RSM001L9", "Backup/Daily")
    for path, error in (("Backup", NotEmpty), ("Backup/Daily", NotEmpty), ("Free", InvalidMediaPool)):
        with bench.context.store.writing() as writer, pytest.raises(error):
            pools.delete(bench.context, writer, path)
    with bench.context.store.writing() as writer:
        assert pools.system_pool(bench.context, writer, PoolKind.FREE, "LTO-9")
    move("RSM001L9", "Free/LTO-9")
    with bench.context.store.writing() as writer:
        assert pools.delete(bench.context, writer, "Backup/Daily").path == "Backup/Daily"


def test_imported_media_become_available_in_an_application_pool(
    bench: Any, create: Any, plain: Any, move: Any
) -> None:
    """Moving out of import makes every side available."""
    library = plain({1000: "PLATTER1"})
    bench.add(library)
    bench.look(library)
    create("Optical", "MO 5.25 RW")
    moved = move("PLATTER1", "Optical")
    assert [side.state for side in moved.sides] == [SideState.AVAILABLE] * 2


def test_media_and_pool_must_be_of_one_type(bench: Any, create: Any, plain: Any, move: Any) -> None:
    """An LTO-9 medium does not enter a pool of LTO-8."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    create("Old", "LTO-8")
    with pytest.raises(MediaIncompatible):
        move("RSM001L9", "Old")


def test_unrecognized_media_go_to_the_free_pool_only(bench: Any, create: Any, plain: Any, move: Any) -> None:
    """What nobody recognises may hold data; it enters Free by a person's word and nothing else."""
    library = plain({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.add(library, new_media=NewMedia.UNRECOGNIZED)
    bench.look(library)
    create("Backup")
    with pytest.raises(InvalidMediaPool, match="only go to the free pool"):
        move("RSM001L9", "Backup")


def test_a_held_medium_does_not_leave_its_pool(bench: Any, create: Any, plain: Any, move: Any) -> None:
    """An allocated side keeps its medium where its owner looks for it."""
    library = plain({1000: "RSM001L9"})
    bench.add(library)
    bench.look(library)
    create("Backup")
    create("Other")
    move("RSM001L9", "Backup")
    with bench.context.store.writing() as writer:
        allocate.allocate(bench.context, writer, "Backup")
    with pytest.raises(Refused, match="allocated"):
        move("RSM001L9", "Other")
