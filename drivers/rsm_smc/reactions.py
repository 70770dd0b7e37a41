"""What sense codes mean on a changer or its drives, and what to do about them: scsi.md §2.3 as a table."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .sense import Sense


class Reaction(Enum):
    """The class of reaction that a sense code asks for."""

    NONE = "success: note it"
    WAIT = "wait, then send the same command again"
    ATTENTION = "unit attention: the command was not executed; read what changed, then send it again once"
    REPLAN = "read the inventory and decide from it"
    FALLBACK = "do without what was asked for; never the same again"
    OPERATOR = "ask the operator"
    DOWN = "mark the element or the library down and tell the operator"


class Meaning(NamedTuple):
    """What a sense code means and how to react. Times are seconds; None where waiting is no answer."""

    text: str
    """A fragment for a sentence to an operator."""
    reaction: Reaction
    advice: str = ""
    retry_seconds: float | None = None
    """How long to wait between two tries or two looks."""
    limit_seconds: float | None = None
    """When to give up waiting and ask the operator."""


class ElementMeaning(NamedTuple):
    """What the exception of one element means."""

    text: str
    absent: bool = False
    """The element itself is missing: its magazine is out, or the drive is not installed."""
    cleaning: bool = False
    """A cleaning medium is in it."""


_WAIT = Reaction.WAIT
_ATTENTION = Reaction.ATTENTION
_REPLAN = Reaction.REPLAN
_FALLBACK = Reaction.FALLBACK
_OPERATOR = Reaction.OPERATOR
_DOWN = Reaction.DOWN
_NONE = Reaction.NONE

_REREAD = "read the whole inventory again"
_UNLOAD = "unload the drive, wait, and try once more"
_QUARANTINE = "set the medium aside"
_POLL = 30.0
_MINUTE = 60.0
_QUARTER = 900.0
_HOUR = 3600.0

_NOT_READY: dict[tuple[int, int | None], Meaning] = {
    (0x04, 0x00): Meaning(
        "not ready, cause not reported", _WAIT, "a drive may be unloading", _MINUTE, _QUARTER
    ),
    (0x04, 0x01): Meaning("becoming ready", _WAIT, "it starts up or scans its inventory", 1.0, _HOUR),
    (0x04, 0x02): Meaning(
        "an initializing command is required",
        _WAIT,
        "changer: initialize element status once; drive: load",
        1.0,
        _HOUR,
    ),
    (0x04, 0x03): Meaning("manual intervention is required", _OPERATOR, "look at the library's panel", _POLL),
    (0x04, 0x07): Meaning("an operation is in progress", _WAIT, "it moves or scans by itself", 5.0, _HOUR),
    (0x04, 0x10): Meaning("the medium's memory chip is not accessible", _WAIT, "", 5.0, _MINUTE),
    (0x04, 0x12): Meaning("offline", _OPERATOR, "set the library online at its panel", _POLL),
    (0x04, 0x15): Meaning(
        "the robotics are disabled", _OPERATOR, "enable them at the library's panel", _POLL
    ),
    (0x04, 0x17): Meaning("calibration is required", _OPERATOR, "calibrate the library", _POLL),
    (0x04, 0x18): Meaning("a door is open", _OPERATOR, "close the door", _POLL),
    (0x04, 0x19): Meaning("in sequential mode", _OPERATOR, "switch the library to random mode", _POLL),
    (0x04, 0x83): Meaning("a door is open or an aisle is without power", _OPERATOR, "close the door", _POLL),
    (0x04, 0x85): Meaning(
        "paused, or updating its firmware", _WAIT, "resume the library at its panel", _MINUTE, 54000.0
    ),
    (0x04, 0x87): Meaning("the drive is not enabled", _WAIT, "enable the drive", _POLL, _QUARTER),
    (0x04, 0x88): Meaning("the drive is busy", _WAIT, "", _POLL, _QUARTER),
    (0x04, 0x89): Meaning(
        "the drive is not empty, or the panel is in use", _WAIT, "leave the panel's menu", _POLL, _QUARTER
    ),
    (0x04, 0x8D): Meaning("offline, or its panel is in use", _OPERATOR, "set the library online", _POLL),
    (0x04, 0x8E): Meaning("in sequential mode", _OPERATOR, "switch the library to random mode", _POLL),
    (0x04, None): Meaning("not ready", _WAIT, "", _POLL, _QUARTER),
    (0x3A, 0x00): Meaning("no medium in the drive", _REPLAN, "already empty: for an unload this is success"),
    (0x3A, 0x02): Meaning("a tray, magazine or mail slot is open", _OPERATOR, "close it", _POLL),
    (0x3A, None): Meaning("no medium in the drive", _REPLAN, "already empty: for an unload this is success"),
    (0x3B, 0x12): Meaning("a magazine is removed", _OPERATOR, "put the magazine back", _POLL),
    (0x3E, 0x00): Meaning("not configured itself yet", _WAIT, "", 5.0, _HOUR),
    (0x30, 0x03): Meaning(
        "a cleaning cartridge is in the drive", _REPLAN, "unload it and mark it as cleaning"
    ),
    (0x53, 0x02): Meaning("removal is prevented", _OPERATOR, "allow removal at the library", _POLL),
    (0x74, 0x71): Meaning(
        "this host is not authorised", _FALLBACK, "enter this host in the library's configuration"
    ),
    (0x80, 0x00): Meaning(
        "a door was opened and the inventory is suspect", _REPLAN, "initialize element status, then read it"
    ),
    (0x80, 0x05): Meaning("the drive is absent", _OPERATOR, "install the drive or take it out of use", _POLL),
    (0x80, 0x06): Meaning("reprogramming itself", _OPERATOR, "wait until it has finished", _POLL),
}

_HARDWARE: dict[tuple[int, int | None], Meaning] = {
    (0x04, 0x03): Meaning("loading failed", _REPLAN, _QUARANTINE),
    (0x08, None): Meaning(
        "communication with the drive failed", _REPLAN, "the outcome is unknown: look", 5.0
    ),
    (0x15, None): Meaning(
        "a mechanical positioning error",
        _REPLAN,
        "if nothing moved try once more, else take the element out of use",
    ),
    (0x3B, 0x0D): Meaning("the destination is full", _REPLAN, _REREAD),
    (0x3B, 0x0E): Meaning("the source is empty", _REPLAN, _REREAD),
    (0x3B, 0x16): Meaning("a mechanical or changer error", _DOWN, "call service"),
    (0x40, None): Meaning("a component has failed", _DOWN, "call service"),
    (0x44, None): Meaning("an internal failure", _DOWN, "call service"),
    (0x53, 0x00): Meaning("loading or ejecting the medium failed", _REPLAN, _UNLOAD, 5.0),
    (0x53, 0x01): Meaning("the drive did not unload", _REPLAN, _UNLOAD, 5.0),
    (0x53, 0x04): Meaning("threading the medium failed", _REPLAN, _QUARANTINE),
    (0x53, 0x05): Meaning("the volume identifier is invalid", _REPLAN, _QUARANTINE),
    (0x53, 0x06): Meaning("the volume identifier is missing", _REPLAN, _QUARANTINE),
    (0x53, 0x09): Meaning("the drive failed to load or unload", _DOWN, "take the drive out of use"),
    (0x53, 0x0A): Meaning("the drive failed to load or unload", _DOWN, "take the drive out of use"),
    (0x53, 0x0B): Meaning("the drive failed to unload", _DOWN, "take the drive out of use"),
    (0x53, 0x0C): Meaning("the drive failed to eject", _DOWN, "take the drive out of use"),
    (0x53, 0x0D): Meaning(
        "communication between drive and library failed", _DOWN, "take the drive out of use"
    ),
    (0x53, 0x82): Meaning(
        "an import/export element cannot be locked", _OPERATOR, "close the mail slot", _POLL
    ),
    (0x53, 0x83): Meaning(
        "an import/export element cannot be unlocked", _OPERATOR, "look at the mail slot", _POLL
    ),
    (0x80, None): Meaning(
        "a vendor's own fault, such as a fan or its memory", _OPERATOR, "look at the panel"
    ),
    (0x83, 0x00): Meaning("a label is too short, too long or was not read", _OPERATOR, "check the label"),
}

_ILLEGAL: dict[tuple[int, int | None], Meaning] = {
    (0x15, None): _HARDWARE[(0x15, None)],
    (0x1A, None): Meaning("a parameter list of the wrong length", _FALLBACK),
    (0x20, None): Meaning(
        "a command that this device does not have", _FALLBACK, "remember it for this device"
    ),
    (0x21, 0x01): Meaning(
        "an element address that does not exist or cannot be used so", _FALLBACK, "read mode page 1Dh again"
    ),
    (0x24, None): Meaning(
        "a field of the command that this device refuses",
        _FALLBACK,
        "drop the option that the field pointer names",
    ),
    (0x25, None): Meaning("the wrong logical unit", _FALLBACK, "check the device node"),
    (0x26, None): Meaning("a parameter that this device refuses", _FALLBACK),
    (0x2C, None): Meaning("a command out of sequence", _REPLAN, _REREAD),
    (0x30, 0x03): Meaning(
        "a cleaning cartridge is in the drive", _REPLAN, "unload it and mark it as cleaning"
    ),
    (0x30, None): Meaning("this medium does not go with this drive", _FALLBACK, "use another drive"),
    (0x39, None): Meaning("saved pages are not supported", _FALLBACK),
    (0x3A, None): Meaning("no medium there, or the drive must be unloaded first", _REPLAN, _UNLOAD, 5.0),
    (0x3B, 0x0D): Meaning(
        "the destination is full", _REPLAN, "after an interrupted move this usually means that it succeeded"
    ),
    (0x3B, 0x0E): Meaning(
        "the source is empty", _REPLAN, "after an interrupted move this usually means that it succeeded"
    ),
    (0x3B, 0x11): Meaning("a magazine is not accessible", _OPERATOR, "put the magazine in place", _POLL),
    (0x3B, 0x12): Meaning("a magazine is removed", _OPERATOR, "put the magazine back", _POLL),
    (0x3B, 0x18): Meaning("the element is disabled", _DOWN, "use another element; a tape may be upside down"),
    (0x3B, 0x1A): Meaning("the drive is removed", _DOWN, "use another drive"),
    (0x3B, 0x81): Meaning("the element belongs to another logical library", _FALLBACK),
    (0x3B, 0x83): Meaning("the drive is not unloaded", _WAIT, _UNLOAD, 5.0, _MINUTE),
    (0x3B, 0x87): Meaning("the medium is stuck in the drive", _WAIT, _UNLOAD, 5.0, _MINUTE),
    (0x3B, 0x90): Meaning("the medium is inside the drive, not accessible", _WAIT, _UNLOAD, 5.0, _MINUTE),
    (0x3B, 0xA0): Meaning("the medium's type does not match", _FALLBACK, "use another element"),
    (0x44, None): _HARDWARE[(0x44, None)],
    (0x53, 0x00): _HARDWARE[(0x53, 0x00)],
    (0x53, 0x01): Meaning("the drive did not unload", _WAIT, _UNLOAD, 5.0, _MINUTE),
    (0x53, 0x02): Meaning(
        "removal is prevented",
        _OPERATOR,
        "allow removal if we prevented it; close whatever uses the drive",
        _POLL,
    ),
    (0x53, 0x03): Meaning(
        "the drive prevents removal",
        _OPERATOR,
        "close whatever has the drive's node open, then unload",
        _POLL,
    ),
    (0x53, 0x07): Meaning("two media have this volume identifier", _REPLAN, _QUARANTINE),
    (0x53, 0x08): Meaning(
        "the element's status is unknown", _REPLAN, "initialize element status of its range, then read it"
    ),
    (0x53, 0x81): Meaning("an import/export door is open", _OPERATOR, "close the mail slot", 5.0),
    (0x83, 0x02): Meaning("a label is questionable, or an element is absent", _OPERATOR, "check the element"),
    (0x83, 0x03): Meaning("a label is questionable", _OPERATOR, "check the label"),
    (0x83, 0x04): Meaning("the drive is not installed", _DOWN, "use another drive"),
    (0x83, 0x05): Meaning("the drive is varied off", _DOWN, "vary the drive on, or use another"),
    (0x83, 0x06): Meaning("the element is not accessible for the moment", _WAIT, "", 5.0, _QUARTER),
}

_UNIT_ATTENTION: dict[tuple[int, int | None], Meaning] = {
    (0x28, 0x01): Meaning(
        "an import/export element was accessed", _ATTENTION, "read the import/export elements"
    ),
    (0x28, 0x03): Meaning(
        "an import/export element was accessed and its medium changed",
        _ATTENTION,
        "read the import/export elements",
    ),
    (0x28, None): Meaning("became ready; any element may have changed", _ATTENTION, _REREAD),
    (0x29, None): Meaning(
        "was switched on or reset",
        _ATTENTION,
        f"{_REREAD}; reservations and PREVENT are gone, assert them again",
    ),
    (0x2A, 0x01): Meaning("mode parameters changed", _ATTENTION, "read mode page 1Dh again"),
    (0x2A, 0x02): Meaning("log parameters changed", _ATTENTION, "read mode page 1Dh again"),
    (0x2A, 0x03): Meaning("reservations were preempted", _ATTENTION, "reserve again, or ask the operator"),
    (0x2A, 0x04): Meaning("reservations were released", _ATTENTION, "reserve again, or ask the operator"),
    (0x2A, 0x05): Meaning("registrations were preempted", _ATTENTION, "register again, or ask the operator"),
    (0x2A, 0x10): Meaning("its clock changed", _ATTENTION),
    (0x2A, 0x15): Meaning(
        "prevention of removal was preempted", _ATTENTION, "prevent again, or ask the operator"
    ),
    (0x2A, None): Meaning("its parameters changed", _ATTENTION, "read mode page 1Dh again"),
    (0x3B, 0x12): Meaning("a magazine was removed", _ATTENTION, _REREAD),
    (0x3B, 0x13): Meaning("a magazine was inserted", _ATTENTION, _REREAD),
    (0x3B, 0x14): Meaning("a magazine was locked", _ATTENTION, _REREAD),
    (0x3B, 0x15): Meaning("a magazine was unlocked", _ATTENTION, _REREAD),
    (0x3B, 0x18): Meaning("an element was disabled", _ATTENTION, _REREAD),
    (0x3B, 0x19): Meaning("an element was enabled", _ATTENTION, _REREAD),
    (0x3B, 0x1A): Meaning("a drive was removed", _ATTENTION, _REREAD),
    (0x3B, 0x1B): Meaning("a drive was inserted", _ATTENTION, _REREAD),
    (0x3B, 0x20): Meaning("what the elements are has changed", _ATTENTION, _REREAD),
    (0x3F, 0x01): Meaning("its firmware changed", _ATTENTION, "read its identity again"),
    (0x3F, 0x03): Meaning("its inquiry data changed", _ATTENTION, "read its identity again"),
    (0x3F, 0x0E): Meaning("its logical units changed", _ATTENTION, "look for devices again"),
    (0x41, None): Meaning("a vendor's own notice", _ATTENTION, "note it"),
    (0x53, 0x02): Meaning("removal was asked for at the panel", _OPERATOR, "say whether the medium may go"),
    (0x5A, 0x01): Meaning("removal was asked for at the panel", _OPERATOR, "say whether the medium may go"),
}

_SUCCESS: dict[tuple[int, int | None], Meaning] = {
    (0x30, 0x03): Meaning("a cleaning cartridge is installed", _NONE, "mark it as cleaning"),
    (0x5B, 0x02): Meaning("a log counter is at its maximum", _NONE),
    (0x5D, None): Meaning("a failure is predicted", _NONE, "plan a visit of service"),
}

_ABORTED: dict[tuple[int, int | None], Meaning] = {
    (0x00, 0x16): Meaning("an operation is in progress on its other port", _REPLAN, "look, then decide", 5.0),
    (0x08, None): _HARDWARE[(0x08, None)],
}

_BY_KEY: dict[int, tuple[dict[tuple[int, int | None], Meaning], Meaning]] = {
    0x00: (
        {(0x5D, None): _SUCCESS[(0x5D, None)], (0x30, 0x03): _SUCCESS[(0x30, 0x03)]},
        Meaning("an error without a reason", _WAIT, "try once more", 1.0, 5.0),
    ),
    0x01: (_SUCCESS, Meaning("done, after recovering from an error", _NONE)),
    0x02: (_NOT_READY, Meaning("not ready", _WAIT, "", _POLL, _QUARTER)),
    0x03: (_HARDWARE, Meaning("a medium error", _REPLAN, _QUARANTINE)),
    0x04: (_HARDWARE, Meaning("a hardware error", _DOWN, "call service")),
    0x05: (_ILLEGAL, Meaning("a request that this device refuses", _FALLBACK)),
    0x06: (_UNIT_ATTENTION, Meaning("something changed", _ATTENTION, _REREAD)),
    0x07: ({}, Meaning("protected", _OPERATOR, "check the medium's write protection")),
    0x08: ({}, Meaning("a blank medium", _REPLAN)),
    0x09: ({}, Meaning("a vendor's own condition", _OPERATOR, "look at the panel")),
    0x0B: (_ABORTED, Meaning("the command was aborted", _REPLAN, "the outcome is unknown: look", 5.0)),
}

_UNREADABLE = Meaning("sense data that cannot be read", _REPLAN, "the outcome is unknown: look")
_UNKNOWN_KEY = Meaning("an unknown condition", _REPLAN, "the outcome is unknown: look")
_DEFERRED = "look: the current one was not executed"


def lookup(sense: Sense) -> Meaning:
    """Return what sense data mean and how to react: the row of the code, else of its ASC, else of its key.

    Deferred sense tells of an earlier command, so its text is kept and the reaction is always to look again.
    """
    if sense.key is None:
        return _UNREADABLE
    rows, otherwise = _BY_KEY.get(sense.key, ({}, _UNKNOWN_KEY))
    meaning = otherwise
    if sense.asc is not None:
        meaning = rows.get((sense.asc, sense.ascq)) or rows.get((sense.asc, None)) or otherwise
    if sense.deferred and sense.key != 0x01:
        return Meaning(f"an earlier command: {meaning.text}", _REPLAN, _DEFERRED)
    return meaning


_ELEMENTS: dict[tuple[int, int], ElementMeaning] = {
    (0x30, 0x03): ElementMeaning("holds a cleaning medium", cleaning=True),
    (0x30, 0x83): ElementMeaning("holds a medium of the wrong kind"),
    (0x3B, 0x11): ElementMeaning("its magazine is not accessible"),
    (0x3B, 0x12): ElementMeaning("its magazine is out", absent=True),
    (0x3B, 0x18): ElementMeaning("disabled"),
    (0x3B, 0x1A): ElementMeaning("its drive is removed", absent=True),
    (0x53, 0x07): ElementMeaning("its label is on another medium too"),
    (0x53, 0x08): ElementMeaning("not scanned yet"),
    (0x83, 0x00): ElementMeaning("not scanned, or its label cannot be read"),
    (0x83, 0x01): ElementMeaning("its medium has no label"),
    (0x83, 0x02): ElementMeaning("not installed: its magazine or slot is absent", absent=True),
    (0x83, 0x03): ElementMeaning("its label is questionable"),
    (0x83, 0x04): ElementMeaning("its drive is not installed", absent=True),
    (0x83, 0x05): ElementMeaning("its drive is varied off"),
    (0x83, 0x06): ElementMeaning("not accessible for the moment"),
    (0x83, 0x09): ElementMeaning("its label cannot be read"),
}


def element_meaning(asc: int, ascq: int) -> ElementMeaning:
    """Return what an element's exception means (scsi.md §2.3, element-level codes, §3 row 15)."""
    return _ELEMENTS.get((asc, ascq)) or ElementMeaning(f"abnormal, code {asc:02X}/{ascq:02X}")
