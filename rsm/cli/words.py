"""How values read: enumerations, times and places in words, nothing that a terminal would obey."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from enum import Enum

    from rsm.model.objects import Medium, Place, Side

SHELF = "shelf"
"""Name of the library for media that are in none."""

SIDE_STATES = (
    "unknown",
    "unprepared",
    "incompatible",
    "decommissioned",
    "available",
    "allocated",
    "complete",
    "unrecognized",
    "import",
    "reserved",
)
"""Words of rsm.model.states.SideState by number, so that a listing is filtered without the model."""


def cell(value: object) -> str:
    """Give a value as a table shows it: `-` for nothing, control characters escaped."""
    if value is None:
        return "-"
    if value is True:
        return "yes"
    if value is False:
        return "no"
    return clean(str(value))


def clean(text: str) -> str:
    """Give a text with control characters escaped, since a bar code may hold anything a label printer can."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def enumerated(value: Enum) -> str:
    """Give an enumeration's value in words: `being cleaned`."""
    return value.value if isinstance(value.value, str) else value.name.lower().replace("_", " ")


def local_time(moment: str | float | None) -> str:
    """Give a moment in local time, from ISO 8601 text or seconds since 1970; `never` for None."""
    from datetime import UTC, datetime

    if moment is None:
        return "never"
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else datetime.fromtimestamp(moment, UTC)
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso_time(moment: float | None) -> str | None:
    """Give seconds since 1970 as ISO 8601 in UTC, to the second."""
    from datetime import UTC, datetime

    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def count(number: int, one: str, many: str | None = None) -> str:
    """Give a number with its noun: `1 drive`, `2 drives`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def place(at: Place) -> str:
    """Give a place as people count: `slot 3`, `drive 0`."""
    return f"{enumerated(at.kind) if at.kind.name != 'CHANGER' else 'transport'} {at.number}"


def whereabouts(medium: Medium) -> str:
    """Give where a medium is: `slot 3 of lib1`, `on the shelf`."""
    if medium.place is not None:
        return f"{place(medium.place)} of {clean(medium.library)}"
    return "on the shelf" if medium.library == SHELF else f"missing from {clean(medium.library)}"


def side(at: Side) -> str:
    """Give a side in a few words: `side 2 allocated`."""
    return f"side {at.number} {enumerated(at.state)}"


def sides(medium: Medium) -> str:
    """Give the states of a medium's sides: the state alone if there is one side."""
    if len(medium.sides) == 1:
        return enumerated(medium.sides[0].state)
    return ", ".join(side(at) for at in medium.sides)
