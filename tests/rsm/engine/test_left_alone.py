"""What an allocation leaves alone although it stands in a pool that it looks at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rsm.engine import allocate
from rsm.errors import Busy, InvalidState
from rsm.hardware.inventory import MediumKind
from rsm.model.states import SideState


def test_a_side_that_is_mounted_is_not_given_to_somebody_else(bench: Any, driven: Any) -> None:
    """A free medium mounted by its name is in use until it is dismounted."""
    bench.stock(driven({1000: "RSM001L9"}))
    bench.mount("RSM001L9")
    assert bench.allocate() is None
    with pytest.raises(Busy, match="is mounted"):
        bench.allocate(side="RSM001L9")
    bench.dismount("RSM001L9")
    assert bench.allocate().medium.barcode == "RSM001L9"


def test_a_side_that_is_mounted_is_not_given_back(bench: Any, driven: Any) -> None:
    """Its application may be writing to it, or waiting for its drive to become ready."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    given = bench.allocate().logical_medium
    refusals = []

    def others() -> None:
        with pytest.raises(Busy, match="is mounted") as refusal:
            bench.deallocate(given)
        refusals.append(refusal)

    library.meanwhile["ready"] = others
    bench.mount(given)
    others()
    assert len(refusals) == 2


@pytest.mark.parametrize("kind", [MediumKind.DIAGNOSTIC, MediumKind.MICROCODE, MediumKind.CLEANING])
def test_media_that_are_not_for_data_are_left_alone(
    bench: Any, driven: Any, mocker: Any, kind: MediumKind
) -> None:
    """The library's word counts for more than a label that looks like any other."""
    library = driven({1000: "FWUPD1L9"})
    report = library.report
    mocker.patch.object(library, "report", side_effect=lambda address: replace(report(address), medium=kind))
    bench.stock(library)
    assert bench.allocate() is None
    assert bench.medium("FWUPD1L9").media_type in {"Service", "Cleaning"}


def test_a_flip_side_to_be_imported_stays_so_until_it_is_imported_itself(bench: Any, driven: Any) -> None:
    """Taking side 1 over, giving it back and taking it again does not make side 2 disposable."""
    library = driven({1000: "PLATTER1"})
    bench.add(library)
    bench.look(library)
    for _ in range(2):
        given = bench.allocate("Optical", media_type="MO 5.25 RW", side="PLATTER1:1")
        assert given.medium.sides[1].state is SideState.IMPORT
        bench.deallocate(given.logical_medium)
    assert bench.medium("PLATTER1").pool == "Optical"


def test_a_medium_half_held_by_another_pool_is_not_taken_over(bench: Any, driven: Any) -> None:
    """Its other side would change hands with it."""
    library = driven({1000: "PLATTER1"})
    bench.add(library)
    bench.look(library)
    bench.allocate("One", media_type="MO 5.25 RW", side="PLATTER1:1")
    with pytest.raises(InvalidState, match="another side of PLATTER1 is allocated in pool One"):
        bench.allocate("Two", media_type="MO 5.25 RW", side="PLATTER1:2")


def test_each_reason_is_told_once_a_pool(bench: Any, driven: Any) -> None:
    """Media off line and media at hand may both be allocated already: that is one line with their number."""
    library = driven({1000: "RSM001L9", 1001: "RSM002L9", 1002: "RSM003L9"})
    bench.stock(library)
    for _ in range(2):
        bench.allocate()
    bench.mount("RSM003L9")
    del library.holds[1000]
    bench.look(library)
    with bench.context.store.reading() as reader:
        told = [(each.where, each.count, each.reason) for each in allocate.explain(reader, "Backup")]
    assert told == [("Backup", 2, "already allocated"), ("Free/LTO-9", 1, "mounted, or being moved")]
