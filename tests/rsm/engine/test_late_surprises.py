"""What others do in the last moment before a verb decides."""

from __future__ import annotations

from typing import Any

import pytest

from rsm.errors import Busy, LeaseHeld, ResourceDisabled
from rsm.hardware.faults import DeviceGone, HardwareFailed
from rsm.hardware.inventory import Capabilities
from rsm.session import Session


def test_while_a_drive_puts_its_medium_out_nobody_else_has_it(bench: Any, driven: Any) -> None:
    """Neither another dismount nor a mount comes in between, and the first one ends well."""
    library = driven({1000: "RSM001L9"}, drives=1)
    bench.stock(library)
    bench.mount("RSM001L9")

    def others() -> None:
        with pytest.raises(LeaseHeld, match="drive 0 is in use by"):
            bench.dismount("RSM001L9")
        with pytest.raises(Busy, match="being dismounted"):
            bench.mount("RSM001L9")

    library.meanwhile["unload"] = others
    assert bench.dismount("RSM001L9").place.number == 1
    assert library.holds == {1000: "RSM001L9"}


def test_a_medium_in_a_drive_without_a_node_is_not_called_mounted(bench: Any, driven: Any) -> None:
    """Whoever gets no node has nothing mounted, and nobody else is kept from the medium."""
    library = driven({256: "RSM001L9"}, nodeless={256})
    bench.stock(library)
    with pytest.raises(DeviceGone, match="no node"):
        bench.mount("RSM001L9")
    assert bench.mounted() == []


def test_where_finds_a_medium_by_its_id(bench: Any, driven: Any) -> None:
    """An id is longer than any bar code can be, and leads to its medium all the same."""
    bench.stock(driven({1000: "RSM001L9"}))
    medium = bench.medium("RSM001L9")
    assert Session(bench.context.store.path).where(str(medium.id)) == (medium,)


def test_a_medium_that_left_a_stand_alone_drive_meanwhile_stays_where_it_went(
    bench: Any, driven: Any
) -> None:
    """It was put out, taken by hand, and inventoried in another library before the dismount ended."""
    alone = driven({256: "RSM001L9"}, slots=0, drives=1, capabilities=Capabilities(moves=False))
    other = driven(serial="PLAIN2", device="plain:2")
    bench.stock(alone)
    bench.stock(other, "other")
    bench.mount("RSM001L9")

    def others() -> None:
        other.holds[1000] = alone.holds.pop(256)
        bench.look(alone)
        bench.look(other, "other")

    alone.meanwhile["unload"] = others
    bench.dismount("RSM001L9")
    assert bench.place("RSM001L9") == "slot 1 of other"


def test_a_drive_exchanged_by_hand_is_not_being_dismounted_any_more(bench: Any, driven: Any) -> None:
    """The mark belongs to the medium that was being put out, and goes with it."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)
    bench.mount("RSM001L9")
    library.on_move = lambda *_: HardwareFailed("the arm is stuck")
    with pytest.raises(HardwareFailed):
        bench.dismount("RSM001L9")
    library.on_move, library.holds = None, {256: "RSM002L9"}
    bench.look(library)
    assert bench.mount("RSM002L9").drive == 0


def test_a_library_disabled_meanwhile_moves_nothing(bench: Any, driven: Any) -> None:
    """What is disabled while somebody waits for the lease is left alone from then on."""
    library = driven({1000: "RSM001L9"})
    bench.stock(library)

    def others() -> None:
        with bench.context.store.writing() as writer:
            writer.connection.execute("UPDATE library SET enabled = 0 WHERE name = 'lib'")

    library.meanwhile["lease"] = others
    with pytest.raises(ResourceDisabled):
        bench.mount("RSM001L9")


def test_a_flip_side_is_not_called_idle_while_its_medium_is_in_use(bench: Any, driven: Any) -> None:
    """The explanation of an allocation is true: side 1 is mounted for somebody."""
    bench.stock(driven({1000: "PLATTER1"}))
    bench.mount("PLATTER1:1")
    given = bench.allocate(media_type="MO 5.25 RW")
    assert "idle in a drive" not in given.explanation[0]
