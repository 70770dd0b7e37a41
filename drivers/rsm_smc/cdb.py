"""Commands as values, and their CDBs (scsi.md §1): `Command.encode()` one way, `decode` the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._cdb_changer import (
    ALL_ELEMENTS,
    LARGEST_ALLOCATION,
    ExchangeMedium,
    InitializeElementStatus,
    InitializeElementStatusWithRange,
    InvertOrder,
    MoveMedium,
    OpenCloseImportExport,
    PositionToElement,
    PreventAllow,
    ReadElementStatus,
    ReportElementInformation,
    RequestVolumeElementAddress,
    SendVolumeTag,
)
from ._cdb_device import (
    Inquiry,
    LoadUnload,
    LogSense,
    ModeSense6,
    ModeSense10,
    PersistentReserveIn,
    PersistentReserveOut,
    ReadAttribute,
    Release,
    RequestSense,
    Reserve,
    TestUnitReady,
)
from ._cdb_fields import Command
from .errors import DecodeError, UnknownOpcodeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ALL_ELEMENTS",
    "LARGEST_ALLOCATION",
    "Command",
    "ExchangeMedium",
    "InitializeElementStatus",
    "InitializeElementStatusWithRange",
    "Inquiry",
    "InvertOrder",
    "LoadUnload",
    "LogSense",
    "ModeSense6",
    "ModeSense10",
    "MoveMedium",
    "OpenCloseImportExport",
    "PersistentReserveIn",
    "PersistentReserveOut",
    "PositionToElement",
    "PreventAllow",
    "ReadAttribute",
    "ReadElementStatus",
    "Release",
    "ReportElementInformation",
    "RequestSense",
    "RequestVolumeElementAddress",
    "Reserve",
    "SendVolumeTag",
    "TestUnitReady",
    "decode",
]

_COMMANDS: tuple[type[Command], ...] = (
    TestUnitReady,
    RequestSense,
    Inquiry,
    ModeSense6,
    ModeSense10,
    InitializeElementStatus,
    InitializeElementStatusWithRange,
    ReadElementStatus,
    MoveMedium,
    ExchangeMedium,
    PositionToElement,
    PreventAllow,
    OpenCloseImportExport,
    SendVolumeTag,
    RequestVolumeElementAddress,
    Reserve,
    Release,
    PersistentReserveIn,
    PersistentReserveOut,
    LogSense,
    ReadAttribute,
    ReportElementInformation,
)
_BY_OPCODE = {opcode: command for command in _COMMANDS for opcode in (command.OPCODE, *command.ALIASES)}


def _ten_byte(command: Callable[..., Command], cdb: bytes) -> Command:
    if len(cdb) < 10:
        raise DecodeError(f"CDB of {len(cdb)} bytes, operation code {cdb[0]:02X}h has 10")
    return command(ten=True)


def decode(cdb: bytes, *, drive: bool = False, order: InvertOrder = InvertOrder.SCSI2) -> Command:
    """Return the command in a CDB. With `drive`, 1Bh is LOAD UNLOAD; `order` is how EXCHANGE inverts.

    Bytes beyond the command's own are ignored (some hosts send every CDB in 16). Raises UnknownOpcodeError
    for a command that is none of these, DecodeError for one too short or with an impossible field.
    """
    if not cdb:
        raise DecodeError("CDB is empty")
    opcode = cdb[0]
    if opcode in {0x56, 0x57}:
        return _ten_byte(Reserve if opcode == 0x56 else Release, cdb)
    command = LoadUnload if drive and opcode == LoadUnload.OPCODE else _BY_OPCODE.get(opcode)
    if command is None:
        raise UnknownOpcodeError(f"operation code {opcode:02X}h is none of these commands")
    value = command.parse(cdb)
    return value.read_in(order) if isinstance(value, ExchangeMedium) else value
