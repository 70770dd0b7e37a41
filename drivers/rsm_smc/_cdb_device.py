"""The commands that any device has, and those of a drive that a changer's user needs (SPC, SSC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ._cdb_fields import Command, Field, bits, flag, number
from .errors import DecodeError


@dataclass(frozen=True, slots=True)
class TestUnitReady(Command):
    """TEST UNIT READY (scsi.md §1.2)."""

    __test__: ClassVar[bool] = False  # its name is SCSI's, not pytest's
    OPCODE: ClassVar[int] = 0x00
    LENGTH: ClassVar[int] = 6


@dataclass(frozen=True, slots=True)
class RequestSense(Command):
    """REQUEST SENSE (scsi.md §1.2)."""

    OPCODE: ClassVar[int] = 0x03
    LENGTH: ClassVar[int] = 6
    FIELDS: ClassVar[tuple[Field, ...]] = (flag("descriptor", 1, 0), number("allocation", 4, 1))
    descriptor: bool = False
    allocation: int = 252


@dataclass(frozen=True, slots=True)
class Inquiry(Command):
    """INQUIRY (scsi.md §1.1): the standard data, or the vital product data page `page`."""

    OPCODE: ClassVar[int] = 0x12
    LENGTH: ClassVar[int] = 6
    FIELDS: ClassVar[tuple[Field, ...]] = (
        flag("evpd", 1, 0),
        number("page", 2, 1),
        number("allocation", 3, 2),
    )
    page: int | None = None
    allocation: int = 255

    def _values(self) -> dict[str, int]:
        return {"evpd": self.page is not None, "page": self.page or 0, "allocation": self.allocation}

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:  # noqa: ARG003 - see Command
        if values["page"] and not values["evpd"]:
            raise DecodeError(f"INQUIRY for page {values['page']:02X}h without EVPD")
        return cls(values["page"] if values["evpd"] else None, values["allocation"])


@dataclass(frozen=True, slots=True)
class ModeSense6(Command):
    """MODE SENSE(6) (scsi.md §1.3)."""

    OPCODE: ClassVar[int] = 0x1A
    LENGTH: ClassVar[int] = 6
    FIELDS: ClassVar[tuple[Field, ...]] = (
        flag("dbd", 1, 3),
        bits("page_control", 2, 6, 2),
        bits("page", 2, 0, 6),
        number("subpage", 3, 1),
        number("allocation", 4, 1),
    )
    page: int
    subpage: int = 0
    page_control: int = 0
    dbd: bool = True
    allocation: int = 255


@dataclass(frozen=True, slots=True)
class ModeSense10(Command):
    """MODE SENSE(10) (scsi.md §1.3)."""

    OPCODE: ClassVar[int] = 0x5A
    LENGTH: ClassVar[int] = 10
    FIELDS: ClassVar[tuple[Field, ...]] = (*ModeSense6.FIELDS[:-1], number("allocation", 7, 2))
    page: int
    subpage: int = 0
    page_control: int = 0
    dbd: bool = True
    allocation: int = 256


@dataclass(frozen=True, slots=True)
class LoadUnload(Command):
    """LOAD UNLOAD (scsi.md §1.17), the drive's 1Bh, and the SuperLoader 3 changer's."""

    OPCODE: ClassVar[int] = 0x1B
    LENGTH: ClassVar[int] = 6
    FIELDS: ClassVar[tuple[Field, ...]] = (
        flag("immediate", 1, 0),
        flag("hold", 4, 3),
        flag("eot", 4, 2),
        flag("retension", 4, 1),  # codespell:ignore retension
        flag("load", 4, 0),
    )
    load: bool
    immediate: bool = False
    hold: bool = False
    retension: bool = False  # codespell:ignore retension
    eot: bool = False


@dataclass(frozen=True, slots=True)
class Reserve(Command):
    """RESERVE of the whole unit (scsi.md §1.14): (6) as 16h, (10) as 56h with `ten`."""

    OPCODE: ClassVar[int] = 0x16
    LENGTH: ClassVar[int] = 6
    ten: bool = False

    def encode(self) -> bytes:
        """Return the CDB, of 10 bytes with `ten`."""
        return bytes([0x56, *bytes(9)]) if self.ten else bytes([0x16, *bytes(5)])


@dataclass(frozen=True, slots=True)
class Release(Command):
    """RELEASE of the whole unit (scsi.md §1.14): (6) as 17h, (10) as 57h with `ten`."""

    OPCODE: ClassVar[int] = 0x17
    LENGTH: ClassVar[int] = 6
    ten: bool = False

    def encode(self) -> bytes:
        """Return the CDB, of 10 bytes with `ten`."""
        return bytes([0x57, *bytes(9)]) if self.ten else bytes([0x17, *bytes(5)])


@dataclass(frozen=True, slots=True)
class PersistentReserveIn(Command):
    """PERSISTENT RESERVE IN (scsi.md §1.14): 0 keys, 1 reservation, 2 capabilities, 3 full status."""

    OPCODE: ClassVar[int] = 0x5E
    LENGTH: ClassVar[int] = 10
    FIELDS: ClassVar[tuple[Field, ...]] = (bits("action", 1, 0, 5), number("allocation", 7, 2))
    action: int
    allocation: int = 252


@dataclass(frozen=True, slots=True)
class PersistentReserveOut(Command):
    """PERSISTENT RESERVE OUT (scsi.md §1.14): 0 register, 1 reserve, 2 release, 3 clear, 4 and 5 preempt, 6."""

    OPCODE: ClassVar[int] = 0x5F
    LENGTH: ClassVar[int] = 10
    FIELDS: ClassVar[tuple[Field, ...]] = (
        bits("action", 1, 0, 5),
        bits("scope", 2, 4, 4),
        bits("type", 2, 0, 4),
        number("list_length", 5, 4),
    )
    action: int
    scope: int = 0
    type: int = 0
    list_length: int = 24


@dataclass(frozen=True, slots=True)
class LogSense(Command):
    """LOG SENSE (scsi.md §1.15); page control 1 is the current cumulative values."""

    OPCODE: ClassVar[int] = 0x4D
    LENGTH: ClassVar[int] = 10
    FIELDS: ClassVar[tuple[Field, ...]] = (
        flag("save", 1, 0),
        bits("page_control", 2, 6, 2),
        bits("page", 2, 0, 6),
        number("subpage", 3, 1),
        number("parameter", 5, 2),
        number("allocation", 7, 2),
    )
    page: int
    subpage: int = 0
    page_control: int = 1
    parameter: int = 0
    allocation: int = 512
    save: bool = False


@dataclass(frozen=True, slots=True)
class ReadAttribute(Command):
    """READ ATTRIBUTE (scsi.md §1.16): action 0 values, 1 the list of identifiers.

    Start at 0000h and filter: IBM drives answer 05/24/00 if the first identifier is absent.
    """

    OPCODE: ClassVar[int] = 0x8C
    LENGTH: ClassVar[int] = 16
    FIELDS: ClassVar[tuple[Field, ...]] = (
        bits("action", 1, 0, 5),
        number("element", 2, 2),
        number("volume", 5, 1),
        number("partition", 7, 1),
        number("first", 8, 2),
        number("allocation", 10, 4),
        flag("cache", 14, 0),
    )
    action: int = 0
    element: int = 0
    volume: int = 0
    partition: int = 0
    first: int = 0
    allocation: int = 32768
    cache: bool = False
