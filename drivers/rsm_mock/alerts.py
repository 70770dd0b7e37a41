"""LOG SENSE of a simulated unit: the TapeAlert flags (scsi.md §1.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm_mock.answers import invalid_field
from rsm_smc import logpage

if TYPE_CHECKING:
    from rsm_mock.machine import LogicalUnit, Machine
    from rsm_smc.cdb import LogSense

_SUPPORTED = bytes((0x00, logpage.TAPE_ALERT_RESPONSE, logpage.TAPE_ALERT))


def log_sense(machine: Machine, unit: LogicalUnit, command: LogSense) -> bytes:
    """Give a log page; reading 2Eh clears the flags, reading 12h does not."""
    if command.subpage:
        raise invalid_field(3)
    if command.page == 0:
        return (bytes((0, 0, 0, len(_SUPPORTED))) + _SUPPORTED)[: command.allocation]
    if command.page not in {logpage.TAPE_ALERT, logpage.TAPE_ALERT_RESPONSE}:
        raise invalid_field(2)
    reply = logpage.encode_tape_alert(unit.alerts, command.page)
    if command.page == logpage.TAPE_ALERT and unit.alerts:
        unit.alerts.clear()
        machine.changed = True
    return reply[: command.allocation]
