"""The life cycle of a side, as ntms.md §5.2 draws it."""

from __future__ import annotations

import pytest

from rsm.errors import InvalidState
from rsm.model import transitions
from rsm.model.states import SideState

DOCUMENTED = [
    (SideState.IMPORT, SideState.AVAILABLE),
    (SideState.UNRECOGNIZED, SideState.UNPREPARED),
    (SideState.UNPREPARED, SideState.AVAILABLE),
    (SideState.AVAILABLE, SideState.ALLOCATED),
    (SideState.ALLOCATED, SideState.COMPLETE),
    (SideState.ALLOCATED, SideState.AVAILABLE),
    (SideState.ALLOCATED, SideState.DECOMMISSIONED),
    (SideState.AVAILABLE, SideState.DECOMMISSIONED),
    (SideState.AVAILABLE, SideState.RESERVED),
    (SideState.RESERVED, SideState.ALLOCATED),
    (SideState.IMPORT, SideState.ALLOCATED),
]


@pytest.mark.parametrize(("current", "new"), DOCUMENTED)
def test_documented_changes_are_legal(current: SideState, new: SideState) -> None:
    """Every edge that the documents state is in the table."""
    assert transitions.side(current, new, "X") is new


@pytest.mark.parametrize("new", [state for state in SideState if state is not SideState.DECOMMISSIONED])
def test_decommissioned_is_final(new: SideState) -> None:
    """What is worn out is never given out again."""
    with pytest.raises(InvalidState, match="X is decommissioned"):
        transitions.side(SideState.DECOMMISSIONED, new, "X")


@pytest.mark.parametrize("new", [SideState.ALLOCATED, SideState.IMPORT, SideState.UNRECOGNIZED])
def test_a_complete_side_is_only_given_back(new: SideState) -> None:
    """Complete is allocated and read-only: its holder gives it back, or nobody touches it."""
    with pytest.raises(InvalidState):
        transitions.side(SideState.COMPLETE, new, "X")


def test_every_state_has_its_row() -> None:
    """The table is total, and speaks of known states only."""
    assert set(transitions.SIDE) == set(SideState)
