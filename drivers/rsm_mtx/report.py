"""Reading what mtx prints: text in, values out; knows no process.

The forms are those of mtx 1.3.12 (scsi.md §5.2, §5.3). Whatever is not of that form raises `UnreadableError`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_HEADER = re.compile(
    r"  Storage Changer (.*):(\d{1,6}) Drives, (\d{1,6}) Slots \( (\d{1,6}) Import/Export \)"
)
_DRIVE = re.compile(
    r"Data Transfer Element (\d{1,6}):(?:Empty|Full \((?:Storage Element -?\d{1,6}|Unknown Storage Element) Loaded\)"
    r"(?::VolumeTag = (.*?))?(?::AlternateVolumeTag = (.*))?)"
)
_SLOT = re.compile(
    r"      Storage Element (\d{1,6})( IMPORT/EXPORT)?:(Empty|Full )(?::VolumeTag=(.*?))?(?::AlternateVolumeTag=(.*))?"
)
_QUOTED = {
    "vendor": re.compile(r"^Vendor ID: '(.*)'$", re.MULTILINE),
    "product": re.compile(r"^Product ID: '(.*)'$", re.MULTILINE),
    "revision": re.compile(r"^Revision: '(.*)'$", re.MULTILINE),
}
_BLANKS = " \0\t\r"


class UnreadableError(ValueError):
    """The text is not what mtx prints."""


class Place(NamedTuple):
    """A drive or slot; `tag` None where none was printed, or only blanks."""

    number: int
    full: bool
    tag: str | None
    alternate: str | None
    is_port: bool = False


class Counts(NamedTuple):
    """How many of each kind there are; slots without the ports. Where these change, all numbers may mean others."""

    drives: int
    slots: int
    ports: int


class StatusReport(NamedTuple):
    """What `mtx status` printed; drives by their numbers from 0, slots and ports by theirs from 1.

    The slot that a drive's medium is said to come from is left out: mtx invents one where it knows of none.
    """

    drives: dict[int, Place]
    slots: dict[int, Place]

    @property
    def counts(self) -> Counts:
        """How many of each kind were printed."""
        ports = sum(place.is_port for place in self.slots.values())
        return Counts(len(self.drives), len(self.slots) - ports, ports)


class Introduction(NamedTuple):
    """What `mtx inquiry` printed, stripped."""

    vendor: str
    product: str
    revision: str


def read_status(text: str) -> StatusReport:
    """Read the output of `mtx status`.

    Raises `UnreadableError` for a line of no known form, a missing header, a number out of turn, and an end
    before all that the header announces.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip(_BLANKS):
        lines.pop()
    header = _HEADER.fullmatch(lines[0]) if lines else None
    if header is None:
        raise UnreadableError(f"no header, but {_shown(lines[0] if lines else '')}")
    drives: dict[int, Place] = {}
    slots: dict[int, Place] = {}
    for line in lines[1:]:
        drive, slot = _DRIVE.fullmatch(line), _SLOT.fullmatch(line)
        if drive is not None:
            place = Place(int(drive[1]), not line.endswith(":Empty"), _tag(drive[2]), _tag(drive[3]))
            _add(drives, place, first=0)
        elif slot is not None:
            is_full, is_port = slot[3] == "Full ", slot[2] is not None
            _add(slots, Place(int(slot[1]), is_full, _tag(slot[4]), _tag(slot[5]), is_port=is_port), first=1)
        else:
            raise UnreadableError(f"neither drive nor slot: {_shown(line)}")
    announced = int(header[2]), int(header[3])
    if announced != (len(drives), len(slots)):
        raise UnreadableError(
            f"{announced[0]} drives and {announced[1]} slots are announced, {len(drives)} and {len(slots)} follow"
        )
    return StatusReport(drives, slots)


def read_inquiry(text: str) -> Introduction:
    """Read the output of `mtx inquiry`; raises `UnreadableError` if a line is missing."""
    found = {}
    for name, form in _QUOTED.items():
        match = form.search(text)
        if match is None:
            raise UnreadableError(f"no {name} in {_shown(text)}")
        found[name] = match[1].strip(_BLANKS)
    return Introduction(**found)


def _add(places: dict[int, Place], place: Place, *, first: int) -> None:
    if place.number != first + len(places):
        raise UnreadableError(f"number {place.number} where {first + len(places)} should be")
    places[place.number] = place


def _tag(text: str | None) -> str | None:
    return (text or "").rstrip(_BLANKS) or None


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:60] + "…")
