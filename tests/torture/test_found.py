"""What the walks and the kills have found, each in its shortest form."""

# ruff: noqa: S311 - ids that repeat themselves are what these tests need

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import pytest

from rsm.errors import RsmError
from rsm.model.states import PlaceKind, SideState

SMALL = {"slots": 4, "drives": 2, "ports": 0, "media": 2, "cleaning": 0, "worm": 0}
ONE, TWO = "RSM001L9", "RSM002L9"


def in_drives(site: Any) -> list[Any]:
    """The media that really are in drives that hold on to them."""
    return [bay.medium for bay in site.truth().elements.values() if bay.bay is not None and bay.bay.threaded]


def test_a_medium_left_on_the_hand_is_not_mounted_already(new_site: Any) -> None:
    """While it is not known how a dismount ended, the emptied drive is not handed out as mounted already."""
    site = new_site("generic", ids=Random(1), **SMALL)
    site.session.mount(ONE)
    site.change(lambda machine: machine.faults.stuck())
    with pytest.raises(RsmError):
        site.session.dismount(ONE)
    with suppress(RsmError):
        site.session.mount(ONE)
        assert [medium.barcode for medium in in_drives(site)] == [ONE]
    site.check()


def test_a_drive_that_has_put_its_medium_out_is_not_mounted_already(new_site: Any) -> None:
    """After a refused move out of a drive the medium stands there unloaded: nobody can read it so."""
    site = new_site("generic", ids=Random(1), **SMALL)
    site.session.mount(ONE)
    site.change(lambda machine: machine.faults.sense((0x05, 0x3B, 0x81), on="move"))
    with pytest.raises(RsmError):
        site.session.dismount(ONE)
    with suppress(RsmError):
        site.session.mount(ONE)
        assert [medium.barcode for medium in in_drives(site)] == [ONE]
    site.check()
    site.session.dismount(ONE)
    site.session.mount(ONE)
    assert [medium.barcode for medium in in_drives(site)] == [ONE]


def test_a_doubled_label_does_not_cost_a_mounted_medium_its_record(new_site: Any) -> None:
    """The medium that we carry home is the one we mounted, whoever has come to bear its label meanwhile."""
    site = new_site("generic", ids=Random(1), **SMALL)
    given = site.session.allocate("Backup")
    name = given.medium.barcode
    site.session.mount(str(given.logical_medium))
    site.known.doubled.add(name)
    site.by_hand(
        lambda hand: hand.open_door(),
        lambda hand: hand.insert(name, at="slot:4", new=True),
        lambda hand: hand.close_door(),
    )
    site.session.inventory("lib")
    assert len(site.session.where(name)) == 2
    put = site.session.dismount(str(given.logical_medium))
    assert put.medium.id == given.medium.id
    assert put.medium.place.kind is PlaceKind.SLOT
    assert len(site.session.where(name)) == 2
    site.check_at_rest()


def test_a_medium_that_a_drive_does_not_let_go_is_not_allocated(new_site: Any) -> None:
    """After a failed dismount a side is mounted as before, and so is nobody's to allocate."""
    site = new_site("generic", ids=Random(1), **SMALL)
    site.session.mount(ONE)
    site.change(lambda machine: machine.faults.sense((0x04, 0x53, 0x00), on="load", drive=0, times=0))
    with pytest.raises(RsmError):
        site.session.dismount(ONE)
    assert site.session.allocate("Backup").medium.barcode == TWO
    with pytest.raises(RsmError):
        site.session.allocate("Backup")
    assert site.session.medium(ONE).sides[0].state is SideState.AVAILABLE
    site.check()


def test_a_power_cycle_does_not_turn_a_medium_over(new_site: Any) -> None:
    """A library that has forgotten where a medium came from says nothing of how it lies; we know."""
    site = new_site("optical-jukebox", ids=Random(1))
    site.session.mount("RSM001:2")
    site.by_hand(lambda hand: hand.power_cycle())
    site.session.dismount("RSM001")
    assert not any(medium.up for medium in site.truth().media())
    site.session.mount("RSM001:1")
    assert [medium.up for medium in in_drives(site)] == [0]


def test_a_library_that_waits_for_being_told_to_look_is_told(new_site: Any) -> None:
    """After its door was open a SuperLoader reads 83/00 for every slot until it gets 07h (scsi.md §3 row 24)."""
    site = new_site("superloader", ids=Random(1), slots=8, media=2, cleaning=0, worm=0)
    site.by_hand(
        lambda hand: hand.open_door(),
        lambda hand: hand.swap("RSM001L4", "RSM002L4"),
        lambda hand: hand.close_door(),
    )
    site.session.inventory("lib")
    site.check_at_rest()
    site.session.mount("RSM001L4")
    assert [medium.barcode for medium in in_drives(site)] == ["RSM001L4"]


def test_a_hand_that_sticks_twice_is_still_a_library(new_site: Any) -> None:
    """A medium that is on the transport already can stay there once more: 04/15/01 each time."""
    site = new_site("generic", ids=Random(1), **SMALL)
    for _ in range(2):
        site.change(lambda machine: machine.faults.stuck())
        with pytest.raises(RsmError):
            site.session.mount(ONE)
        site.calm()
        site.session.inventory("lib")
    site.check_at_rest()
    site.session.mount(ONE)
    assert [medium.barcode for medium in in_drives(site)] == [ONE]
