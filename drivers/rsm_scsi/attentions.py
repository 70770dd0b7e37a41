"""What a unit attention makes doubtful (scsi.md §2.2, §2.3 key 06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rsm_smc.sense import Sense

_HARMLESS = {
    (0x0B, None),  # warnings: temperature, background self test
    (0x2A, 0x02),  # log parameters
    (0x2A, 0x03), (0x2A, 0x04), (0x2A, 0x05),  # reservations and registrations
    (0x2A, 0x10),  # timestamp
    (0x2A, 0x15),  # prevention of removal preempted
    (0x41, None),  # vendor's own
    (0x53, 0x02),  # an operator asks for removal
    (0x5A, None),  # an operator asks for something
    (0x5D, None),  # failure prediction
}  # fmt: skip
"""Additional sense codes that say nothing of elements, qualifier None meaning all of them.

Everything else, known or not, makes the inventory doubtful: 28 elements changed, 29 reset, 3B magazines and
drives, 3F firmware or units, and whatever a vendor invents.
"""


def unsettles(sense: Sense) -> bool:
    """Tell whether elements may have changed; a deferred error belongs to an earlier command, maybe a move."""
    return sense.deferred or not ({(sense.asc, sense.ascq), (sense.asc, None)} & _HARMLESS)


def shows_new_pages(sense: Sense) -> bool:
    """Tell whether mode pages may read differently now: reset, mode parameters, firmware changed."""
    return sense.asc in {0x29, 0x3F} or (sense.asc, sense.ascq) == (0x2A, 0x01)


def reserves_anew(sense: Sense) -> bool:
    """Tell whether PREVENT is forgotten: after a reset, or when another host took it away."""
    return sense.asc == 0x29 or (sense.asc, sense.ascq) == (0x2A, 0x15)
