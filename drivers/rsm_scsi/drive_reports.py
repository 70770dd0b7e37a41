"""What a drive tells of its medium and of its troubles: the medium's chip, mode data and TapeAlert."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rsm.hardware.contract import DriveMedium, Severity, TapeAlert
from rsm.hardware.inventory import MediumKind
from rsm_smc import attributes, logpage, mode
from rsm_smc.cdb import LogSense, ModeSense6, ModeSense10, ReadAttribute
from rsm_smc.errors import DecodeError

if TYPE_CHECKING:
    from rsm_scsi.unit import Command, LogicalUnit
    from rsm_scsi.verdict import Verdict
    from rsm_smc.attributes import Attribute
    from rsm_smc.mode import ModeReply

_LOG = logging.getLogger(__name__)

_DEVICE_CONFIGURATION = 0x10
_ALL_PAGES = 0x3F

_KINDS = {0x00: MediumKind.DATA, 0x01: MediumKind.CLEANING, 0x80: MediumKind.WORM}
"""Values of the attribute 0408h, medium type."""

_I, _W, _C = Severity.INFORMATION, Severity.WARNING, Severity.CRITICAL

_MEANINGS = {
    1: (_W, "reading has become difficult"),
    2: (_W, "writing has become difficult"),
    3: (_W, "an error could not be corrected"),
    4: (_C, "the medium is faulty: copy its data and take it out of use"),
    5: (_C, "the medium cannot be read"),
    6: (_C, "the medium cannot be written"),
    7: (_W, "the medium has reached the end of its life"),
    8: (_W, "the medium is not of data grade"),
    9: (_C, "a write was tried on a write-protected medium"),
    10: (_I, "the medium was to be ejected while it was in use"),
    11: (_I, "the medium is a cleaning medium"),
    12: (_I, "the medium's format is not supported"),
    13: (_C, "the medium has broken and can be ejected"),
    14: (_C, "the medium has broken and cannot be ejected"),
    15: (_W, "the medium's chip has failed"),
    16: (_C, "the medium was ejected by force while it was in use"),
    17: (_W, "the medium can only be read"),
    18: (_W, "the medium's directory was damaged: searching is slow"),
    19: (_I, "the medium is near the end of its life"),
    20: (_C, "the drive must be cleaned now"),
    21: (_W, "the drive is due for cleaning"),
    22: (_C, "the cleaning medium is used up"),
    23: (_C, "the cleaning medium is not one for this drive"),
    24: (_W, "the drive asks for the tape to be wound once"),
    25: (_W, "one of the drive's interfaces has failed"),
    26: (_W, "a fan of the drive has failed"),
    27: (_W, "a power supply of the drive has failed"),
    28: (_W, "the drive draws more power than it should"),
    29: (_W, "the drive is due for maintenance"),
    30: (_C, "the drive has a fault that a reset may clear"),
    31: (_C, "the drive has a fault that its self-test found"),
    32: (_W, "the drive has trouble with its connection to the host"),
    33: (_C, "the drive asks for its medium to be taken out and put in again"),
    34: (_W, "a firmware update of the drive failed"),
    35: (_W, "the drive is too damp or too dry"),
    36: (_W, "the drive is too warm or too cold"),
    37: (_W, "the drive's supply voltage is out of bounds"),
    38: (_C, "the drive is expected to fail"),
    39: (_W, "the drive asks for diagnostics"),
    50: (_W, "the drive's statistics were lost"),
    51: (_W, "the medium's directory is not valid: searching will be slow"),
    52: (_C, "the medium's system area could not be written"),
    53: (_C, "the medium's system area cannot be read"),
    54: (_C, "no data can be found on the medium: it may have been erased in bulk"),
    55: (_C, "the medium cannot be loaded or threaded"),
    56: (_C, "the medium cannot be unloaded"),
    57: (_C, "the drive has trouble with its connection to the library"),
    58: (_W, "the drive's firmware has failed"),
    59: (_W, "a write-once medium is not as it was left"),
    60: (_W, "a write-once medium was to be overwritten"),
}
"""TapeAlert flags of drives (SSC). 40 to 46 belonged to built-in loaders, the rest is reserved."""


def read_alerts(unit: LogicalUnit) -> frozenset[TapeAlert]:
    """Give the TapeAlert flags that are raised, by page 12h, which leaves them, else by 2Eh (scsi.md §1.15).

    A drive that has neither page has no flags. Raises the fault of a drive that cannot be asked.
    """
    for page in (logpage.TAPE_ALERT_RESPONSE, logpage.TAPE_ALERT):
        command = LogSense(page)
        reply = _answer(unit, command, "report its TapeAlert flags", command.allocation)
        try:
            flags = None if reply is None else logpage.decode_tape_alert(reply)
        except DecodeError as error:
            _LOG.info("%s: log page %02Xh cannot be read: %s", unit.device, page, error)
            continue
        if flags is not None:
            return frozenset(map(_alert, flags))
    return frozenset()


def _alert(flag: int) -> TapeAlert:
    severity, meaning = _MEANINGS.get(flag, (_W, "a flag without a meaning in the standard"))
    return TapeAlert(flag, meaning, severity)


def read_medium(unit: LogicalUnit) -> DriveMedium | None:
    """Tell of the medium in a drive; None if there is none.

    Raises `NotReadyYet` while it is loading, and the fault of a drive that cannot be asked.
    """
    verdict = unit.probe()
    if verdict.is_code(0x02, 0x3A):
        return None
    if verdict.sense is not None and (verdict.sense.asc, verdict.sense.ascq) == (0x30, 0x03):
        return DriveMedium(kind=MediumKind.CLEANING)  # neither its chip nor its mode data can be had
    if verdict.fault is not None:
        raise verdict.fault
    chip, state = read_chip(unit), _mode_data(unit)
    return DriveMedium(
        barcode=_text(chip, attributes.BARCODE),
        serial=_text(chip, attributes.MEDIUM_SERIAL),
        kind=_KINDS.get(_number(chip, attributes.MEDIUM_TYPE, -1), MediumKind.UNSPECIFIED),
        density=_number(chip, attributes.MEDIUM_DENSITY, 0) or _density(state),
        write_protected=None if state is None else bool(state.device_specific & 0x80),
        loads=chip[attributes.LOAD_COUNT].number if attributes.LOAD_COUNT in chip else None,
        pool=_text(chip, attributes.MEDIA_POOL),
    )


def read_chip(unit: LogicalUnit) -> dict[int, Attribute]:
    """Give what the medium's chip holds, by identifier; nothing if there is no chip or it cannot be read.

    All is read from 0000h on: IBM drives refuse a first identifier that is absent (scsi.md §1.16).
    """
    command = ReadAttribute()
    reply = _answer(unit, command, "read its medium's chip", command.allocation)
    try:
        return {} if reply is None else {item.id: item for item in attributes.decode(reply)}
    except DecodeError as error:
        _LOG.info("%s: the medium's chip cannot be read: %s", unit.device, error)
        return {}


def _mode_data(unit: LogicalUnit) -> ModeReply | None:
    """Give mode data with the block descriptor and the write-protect bit; any page will do."""
    for ten in (False, True):
        for page in (_DEVICE_CONFIGURATION, _ALL_PAGES):
            command = ModeSense10(page, dbd=False) if ten else ModeSense6(page, dbd=False)
            reply = _answer(unit, command, "tell the state of its medium", command.allocation)
            try:
                if reply is not None:
                    return mode.decode(reply, ten=ten)
            except DecodeError as error:
                _LOG.info("%s: mode page %02Xh cannot be read: %s", unit.device, page, error)
    return None


def _density(state: ModeReply | None) -> int | None:
    return state.block_descriptors[0] or None if state is not None and state.block_descriptors else None


def _answer(unit: LogicalUnit, command: Command, doing: str, room: int) -> bytes | None:
    """Give the data of a reply; None if the device has no such thing. Raises what hinders any answer."""
    opcode = command.encode()[0]
    if opcode in unit.refused:
        return None
    reply, verdict = unit.ask(command, doing, reply_length=room)
    if verdict.fault is None:
        return reply.data
    if verdict.is_code(0x05, 0x20):
        unit.refused.add(opcode)
    elif not _says_absent(verdict):
        raise verdict.fault
    _LOG.info("%s: %s", unit.device, verdict.fault)
    return None


def _says_absent(verdict: Verdict) -> bool:
    """Tell whether a refusal is about what was asked for: some drives call the chip not accessible (04/10)."""
    sense = verdict.sense
    return sense is not None and (sense.key in {0x3, 0x5} or (sense.asc, sense.ascq) == (0x04, 0x10))


def _text(chip: dict[int, Attribute], identifier: int) -> str | None:
    return (chip[identifier].text or None) if identifier in chip else None


def _number(chip: dict[int, Attribute], identifier: int, otherwise: int) -> int:
    number = chip[identifier].number if identifier in chip else None
    return otherwise if number is None else number
