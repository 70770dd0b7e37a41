"""How long each command may take, in seconds, before it counts as lost (scsi.md §2.4).

They are long on purpose: when one of these limits passes, the kernel aborts the command and then resets what
it must, which on a changer that sits behind a drive hits the drive as well. A robot that is shared with other
partitions lets a move wait for its turn.
"""

from __future__ import annotations

QUICK = 60.0
MOVE = 900.0

LIMITS = {
    0x07: 3600.0,  # INITIALIZE ELEMENT STATUS: worst case three hours in documents, 20 s a column as a rule
    0x1B: 1200.0,  # LOAD UNLOAD of a drive; OPEN/CLOSE IMPORT/EXPORT ELEMENT of a changer
    0x2B: MOVE,  # POSITION TO ELEMENT
    0x37: 3600.0,  # INITIALIZE ELEMENT STATUS WITH RANGE
    0x8C: 300.0,  # READ ATTRIBUTE reads the chip, and may have to position the medium
    0xA5: MOVE,  # MOVE MEDIUM
    0xA6: MOVE,  # EXCHANGE MEDIUM
    0xA7: MOVE,  # MOVE MEDIUM ATTACHED
    0xB4: 300.0,  # READ ELEMENT STATUS ATTACHED
    0xB5: 300.0,  # REQUEST VOLUME ELEMENT ADDRESS
    0xB6: 300.0,  # SEND VOLUME TAG
    0xB8: 300.0,  # READ ELEMENT STATUS, which waits for a running move on some libraries
    0xE7: 3600.0,  # INITIALIZE ELEMENT STATUS WITH RANGE, vendor code
}

MOTION = frozenset({0x07, 0x1B, 0x2B, 0x37, 0xA5, 0xA6, 0xA7, 0xE7})
"""Operation codes that set something moving, and therefore are sent once and never again by the driver."""

SETTLED = 30.0
"""For a changer to be ready just before a motion command; whoever can wait longer has done so before."""

READY = 900.0
"""How long a command that moves nothing waits for a device that says it is becoming ready."""

BUSY = 900.0
"""How long it waits while the device answers BUSY or TASK SET FULL: a move of somebody else may be running."""

BUSY_STEP = 2.0

ATTENTIONS = 10
"""Unit attentions in a row that are taken for a queue; more are taken for a device that is out of order."""

PATH_TRIES = 3
"""How often a command that moves nothing is sent when the path, not the device, fails."""

LOADED_STEP = 1.0
"""Seconds between two looks at a drive that is loading or unloading."""


def limit(opcode: int) -> float:
    """Give the seconds that a command with this operation code may take."""
    return LIMITS.get(opcode, QUICK)
