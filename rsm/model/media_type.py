"""Media types: one for each generation and each WORM kind, with the NTMS code as an attribute (interfaces.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID, uuid5

from rsm.model.barcode import CLEANING_TYPE, MEDIA_TYPE_BY_SUFFIX

_NAMESPACE = UUID("5f1d6c6e-8f0e-4d0b-9a55-7a3f0c9d2b11")


class ReadWrite(IntEnum):
    """NtmsReadWriteCharacteristics (ntms.md §2)."""

    UNKNOWN = 0
    REWRITABLE = 1
    WRITE_ONCE = 2
    READ_ONLY = 3


class DeviceType(IntEnum):
    """SCSI-derived device types of NTMS (ntms.md §2)."""

    UNKNOWN = 0
    CD_ROM = 0x02
    DISK = 0x07
    TAPE = 0x1F
    DVD = 0x33


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """A kind of medium; media and pools of different types never mix."""

    id: UUID
    name: str
    ntms_code: int
    """NTMS media type code, 0 where Windows has none (ntms.md §2)."""
    sides: int = 1
    read_write: ReadWrite = ReadWrite.REWRITABLE
    device: DeviceType = DeviceType.TAPE
    cleaning: bool = False
    """Not for data: cleaning, diagnostic and microcode media are never allocated."""

    def __post_init__(self) -> None:
        """Refuse a type without sides."""
        if self.sides < 1:
            raise ValueError(f"media type {self.name} has {self.sides} sides")


def type_id(name: str) -> UUID:
    """Give the id that a built-in media type has in every store, so that stores can be compared and joined."""
    return uuid5(_NAMESPACE, name)


class _Row(NamedTuple):
    name: str
    code: int
    sides: int = 1
    read_write: ReadWrite = ReadWrite.REWRITABLE
    device: DeviceType = DeviceType.TAPE
    cleaning: bool = False


_LTO, _3592, _OTHER_TAPE = 0x56, 0x2B, 0
_ONCE, _READ = ReadWrite.WRITE_ONCE, ReadWrite.READ_ONLY

UNKNOWN_TYPE = "Unknown"
"""Media of which neither bar code, library nor drives tell the type."""

SERVICE_TYPE = "Service"
"""Diagnostic and microcode media: for the library's maker, never for applications."""

TWO_SIDED_OPTICAL = "MO 5.25 RW"
"""What a jukebox that turns media over is taken to hold unless told otherwise."""

_TABLE = (
    *(
        _Row(name, _LTO, read_write=_ONCE if name.endswith("WORM") else ReadWrite.REWRITABLE)
        for name in dict.fromkeys(MEDIA_TYPE_BY_SUFFIX.values())
        if name.startswith("LTO")
    ),
    *(
        _Row(name, _3592, read_write=_ONCE if name.endswith("WORM") else ReadWrite.REWRITABLE)
        for name in dict.fromkeys(MEDIA_TYPE_BY_SUFFIX.values())
        if name.startswith("3592")
    ),
    _Row("T10000 T1", _OTHER_TAPE),
    _Row("T10000 T2", _OTHER_TAPE),
    _Row("9840", 0x55),
    _Row("9940", 0x5C),
    _Row("DLT", 0x27),
    _Row("DDS", 0x20),
    _Row("AIT", 0x59),
    _Row("8mm", 0x24),
    _Row("VXA", 0x53),
    _Row(TWO_SIDED_OPTICAL, 0x3B, 2, device=DeviceType.DISK),
    _Row("MO 5.25 WO", 0x3A, 2, _ONCE, DeviceType.DISK),
    _Row("UDO RW", _OTHER_TAPE, 2, device=DeviceType.DISK),
    _Row("UDO WO", _OTHER_TAPE, 2, _ONCE, DeviceType.DISK),
    _Row("DVD-RAM", 0x58, 2, device=DeviceType.DVD),
    _Row("DVD-R", 0x37, 1, _ONCE, DeviceType.DVD),
    _Row("DVD-ROM", 0x36, 1, _READ, DeviceType.DVD),
    _Row("CD-ROM", 0x33, 1, _READ, DeviceType.CD_ROM),
    _Row("RDX", _OTHER_TAPE, device=DeviceType.DISK),
    _Row(CLEANING_TYPE, 0x32, read_write=ReadWrite.UNKNOWN, cleaning=True),
    _Row(SERVICE_TYPE, 0, read_write=ReadWrite.UNKNOWN, cleaning=True),
    _Row(UNKNOWN_TYPE, 0, read_write=ReadWrite.UNKNOWN, device=DeviceType.UNKNOWN),
)

BUILT_IN: tuple[MediaType, ...] = tuple(
    MediaType(
        id=type_id(row.name),
        name=row.name,
        ntms_code=row.code,
        sides=row.sides,
        read_write=row.read_write,
        device=row.device,
        cleaning=row.cleaning,
    )
    for row in _TABLE
)
"""The types that every store has from its creation; further ones may be added to a store."""

_DRIVE_GENERATIONS = {
    **{f"TD{generation}": f"LTO-{generation}" for generation in range(1, 10)},
    **{f"HH{generation}": f"LTO-{generation}" for generation in range(1, 10)},
    **{f"ULTRIUM {generation}": f"LTO-{generation}" for generation in range(1, 10)},
    **{f"ULTRIUM-{generation}": f"LTO-{generation}" for generation in range(1, 10)},
    "03592": "3592 JC",
    "T10000": "T10000 T2",
    "DLT": "DLT",
    "DAT": "DDS",
}


def type_of_drive(product: str) -> str | None:
    """Guess from a drive's product name what it is fed with; None if the name says nothing.

    Used only for media that carry no bar code telling their type.
    """
    upper = product.upper()
    return next((name for mark, name in _DRIVE_GENERATIONS.items() if mark in upper), None)
