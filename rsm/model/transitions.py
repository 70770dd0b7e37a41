"""The legal changes of state, as tables.

Two rules: every change of a side's state goes through `side`, and nothing else in the manager writes one.

A *side* is the unit of the life cycle (ntms.md §5.2). It is found (UNKNOWN), then either bears a label we
know the type of (IMPORT) or not (UNRECOGNIZED); entering a free pool makes it AVAILABLE, by way of
UNPREPARED where a label is to be written first. An application allocates it (ALLOCATED), may declare it
full (COMPLETE), and gives it back (AVAILABLE, or DECOMMISSIONED when its pool's maximum is reached). Its
siblings on the same medium are RESERVED when the application asked for the whole medium.

IMPORT goes to ALLOCATED in one step when an application takes exactly that side over, and to AVAILABLE
when a person moves the medium into an application pool. A side whose medium is moved back to import or
unrecognized by hand returns to that state; that costs nothing, since no data is touched.
"""

from __future__ import annotations

from rsm.errors import InvalidState
from rsm.model.states import SideState as S

SIDE: dict[S, frozenset[S]] = {
    S.UNKNOWN: frozenset({S.IMPORT, S.UNRECOGNIZED, S.AVAILABLE, S.UNPREPARED, S.INCOMPATIBLE}),
    S.UNPREPARED: frozenset({S.AVAILABLE, S.UNRECOGNIZED, S.IMPORT}),
    S.INCOMPATIBLE: frozenset({S.UNKNOWN}),
    S.DECOMMISSIONED: frozenset(),
    S.AVAILABLE: frozenset(
        {S.ALLOCATED, S.RESERVED, S.DECOMMISSIONED, S.UNPREPARED, S.IMPORT, S.UNRECOGNIZED}
    ),
    S.ALLOCATED: frozenset({S.COMPLETE, S.AVAILABLE, S.DECOMMISSIONED}),
    S.COMPLETE: frozenset({S.AVAILABLE, S.DECOMMISSIONED}),
    S.UNRECOGNIZED: frozenset({S.UNPREPARED, S.AVAILABLE, S.IMPORT}),
    S.IMPORT: frozenset({S.ALLOCATED, S.AVAILABLE, S.UNPREPARED, S.UNRECOGNIZED}),
    S.RESERVED: frozenset({S.ALLOCATED, S.AVAILABLE, S.DECOMMISSIONED}),
}

HELD = frozenset({S.ALLOCATED, S.COMPLETE, S.RESERVED})
"""States in which a side belongs to an application: its medium may not leave its pool."""


def side(current: S, new: S, name: str) -> S:
    """Give the new state of the side called `name`, or raise `InvalidState` if there is no such change."""
    if new != current and new not in SIDE[current]:
        raise InvalidState(f"side {name} is {word(current)} and cannot become {word(new)}")
    return new


def word(state: S) -> str:
    """Give a state as people read it."""
    return state.name.lower()
