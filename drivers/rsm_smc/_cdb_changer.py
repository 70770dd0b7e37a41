"""The commands of a medium changer (SMC-3; scsi.md §1.4-§1.13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar, Self

from ._cdb_fields import Command, Field, bits, flag, number
from .errors import DecodeError, UnknownOpcodeError

ALL_ELEMENTS = 0xFFFF
"""A NUMBER OF ELEMENTS that libraries take as "all" (scsi.md §1.5)."""
LARGEST_ALLOCATION = 65535
"""Some libraries look at the low two bytes only (scsi.md §3 row 1)."""


@dataclass(frozen=True, slots=True)
class InitializeElementStatus(Command):
    """INITIALIZE ELEMENT STATUS (scsi.md §1.4); `no_barcode` is the vendor bit NBL of Quantum and IBM."""

    OPCODE: ClassVar[int] = 0x07
    LENGTH: ClassVar[int] = 6
    FIELDS: ClassVar[tuple[Field, ...]] = (flag("no_barcode", 5, 7),)
    no_barcode: bool = False


@dataclass(frozen=True, slots=True)
class InitializeElementStatusWithRange(Command):
    """INITIALIZE ELEMENT STATUS WITH RANGE (scsi.md §1.4); `vendor` sends it as E7h (ADIC, IBM, mhvtl)."""

    OPCODE: ClassVar[int] = 0x37
    ALIASES: ClassVar[tuple[int, ...]] = (0xE7,)
    LENGTH: ClassVar[int] = 10
    FIELDS: ClassVar[tuple[Field, ...]] = (
        flag("fast", 1, 1),
        flag("ranged", 1, 0),
        number("start", 2, 2),
        number("count", 6, 2),
        flag("no_barcode", 9, 7),
    )
    start: int = 0
    count: int = 0
    ranged: bool = True
    fast: bool = False
    vendor: bool = False
    no_barcode: bool = False

    def _opcode(self) -> int:
        return 0xE7 if self.vendor else self.OPCODE

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:
        return cls(vendor=opcode != cls.OPCODE, **values)


@dataclass(frozen=True, slots=True)
class ReadElementStatus(Command):
    """READ ELEMENT STATUS (scsi.md §1.5); `kind` 0 is all types, `attached` sends it as B4h (§1.12)."""

    OPCODE: ClassVar[int] = 0xB8
    ALIASES: ClassVar[tuple[int, ...]] = (0xB4,)
    LENGTH: ClassVar[int] = 12
    FIELDS: ClassVar[tuple[Field, ...]] = (
        flag("voltag", 1, 4),
        bits("kind", 1, 0, 4),
        number("start", 2, 2),
        number("count", 4, 2),
        flag("mixed", 6, 2),
        flag("curdata", 6, 1),
        flag("dvcid", 6, 0),
        number("allocation", 7, 3),
    )
    kind: int = 0
    start: int = 0
    count: int = ALL_ELEMENTS
    voltag: bool = True
    dvcid: bool = False
    curdata: bool = False
    mixed: bool = False
    allocation: int = LARGEST_ALLOCATION
    attached: bool = False

    def _opcode(self) -> int:
        return 0xB4 if self.attached else self.OPCODE

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:
        return cls(attached=opcode != cls.OPCODE, **values)


@dataclass(frozen=True, slots=True)
class MoveMedium(Command):
    """MOVE MEDIUM (scsi.md §1.6); transport 0 is the default robot, `attached` sends it as A7h (§1.12)."""

    OPCODE: ClassVar[int] = 0xA5
    ALIASES: ClassVar[tuple[int, ...]] = (0xA7,)
    LENGTH: ClassVar[int] = 12
    FIELDS: ClassVar[tuple[Field, ...]] = (
        number("transport", 2, 2),
        number("source", 4, 2),
        number("destination", 6, 2),
        flag("invert", 10, 0),
        number("control", 11, 1),
    )
    source: int
    destination: int
    transport: int = 0
    invert: bool = False
    control: int = 0
    """Its bits 7-6 are a vendor's: import/export door position for mtx eepos."""
    attached: bool = False

    def _opcode(self) -> int:
        return 0xA7 if self.attached else self.OPCODE

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:
        return cls(attached=opcode != cls.OPCODE, **values)


class InvertOrder(Enum):
    """Which bit of EXCHANGE MEDIUM byte 10 inverts the first medium (scsi.md §1.13)."""

    SCSI2 = "SCSI-2: bit 0"
    """Optical jukeboxes, IBM, Linux, the BSDs, Windows."""
    SMC3 = "SMC-3: bit 1"
    """Quantum's guide, Wireshark, PySCSI."""


@dataclass(frozen=True, slots=True)
class ExchangeMedium(Command):
    """EXCHANGE MEDIUM (scsi.md §1.13): source to first, what was in first to second."""

    OPCODE: ClassVar[int] = 0xA6
    LENGTH: ClassVar[int] = 12
    FIELDS: ClassVar[tuple[Field, ...]] = (
        number("transport", 2, 2),
        number("source", 4, 2),
        number("first", 6, 2),
        number("second", 8, 2),
        flag("bit_1", 10, 1),
        flag("bit_0", 10, 0),
        number("control", 11, 1),
    )
    source: int
    first: int
    second: int
    transport: int = 0
    invert_first: bool = False
    invert_second: bool = False
    order: InvertOrder = InvertOrder.SCSI2
    control: int = 0

    def _values(self) -> dict[str, int]:
        first, second = ("bit_0", "bit_1") if self.order is InvertOrder.SCSI2 else ("bit_1", "bit_0")
        names = (field.name for field in self.FIELDS if field.name not in {first, second})
        values: dict[str, int] = {name: getattr(self, name) for name in names}
        return values | {first: self.invert_first, second: self.invert_second}

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:  # noqa: ARG003 - see Command
        return cls(invert_first=values.pop("bit_0"), invert_second=values.pop("bit_1"), **values)

    def read_in(self, order: InvertOrder) -> ExchangeMedium:
        """Return the command that the same bytes mean to a device of the other bit order."""
        if order is self.order:
            return self
        return replace(self, order=order, invert_first=self.invert_second, invert_second=self.invert_first)


@dataclass(frozen=True, slots=True)
class PositionToElement(Command):
    """POSITION TO ELEMENT (scsi.md §1.7). On a tape drive 2Bh is LOCATE: never send it there."""

    OPCODE: ClassVar[int] = 0x2B
    LENGTH: ClassVar[int] = 10
    FIELDS: ClassVar[tuple[Field, ...]] = (
        number("transport", 2, 2),
        number("destination", 4, 2),
        flag("invert", 8, 0),
    )
    destination: int
    transport: int = 0
    invert: bool = False


@dataclass(frozen=True, slots=True)
class PreventAllow(Command):
    """PREVENT ALLOW MEDIUM REMOVAL (scsi.md §1.8); `preempt` is Quantum's bit 7."""

    OPCODE: ClassVar[int] = 0x1E
    LENGTH: ClassVar[int] = 6
    FIELDS: ClassVar[tuple[Field, ...]] = (flag("preempt", 4, 7), flag("prevent", 4, 0))
    prevent: bool
    preempt: bool = False


@dataclass(frozen=True, slots=True)
class OpenCloseImportExport(Command):
    """OPEN/CLOSE IMPORT/EXPORT ELEMENT (scsi.md §1.9), the changer's 1Bh."""

    OPCODE: ClassVar[int] = 0x1B
    LENGTH: ClassVar[int] = 6
    FIELDS: ClassVar[tuple[Field, ...]] = (number("address", 2, 2), bits("close", 4, 0, 5))
    address: int
    close: bool

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:  # noqa: ARG003 - see Command
        if values["close"] > 1:
            # mtx's `eject` sends 2 here: it means a drive's LOAD UNLOAD.
            raise DecodeError(f"OPEN/CLOSE IMPORT/EXPORT ELEMENT has no action {values['close']}")
        return cls(values["address"], close=bool(values["close"]))


@dataclass(frozen=True, slots=True)
class SendVolumeTag(Command):
    """SEND VOLUME TAG (scsi.md §1.10); action 5 searches primary tags, whatever their sequence number."""

    OPCODE: ClassVar[int] = 0xB6
    LENGTH: ClassVar[int] = 12
    FIELDS: ClassVar[tuple[Field, ...]] = (
        bits("kind", 1, 0, 4),
        number("start", 2, 2),
        bits("action", 5, 0, 5),
        number("list_length", 8, 2),
    )
    kind: int = 0
    start: int = 0
    action: int = 5
    list_length: int = 40


@dataclass(frozen=True, slots=True)
class RequestVolumeElementAddress(Command):
    """REQUEST VOLUME ELEMENT ADDRESS (scsi.md §1.10): the hits of the last SEND VOLUME TAG, from anyone."""

    OPCODE: ClassVar[int] = 0xB5
    LENGTH: ClassVar[int] = 12
    FIELDS: ClassVar[tuple[Field, ...]] = (
        flag("voltag", 1, 4),
        bits("kind", 1, 0, 4),
        number("start", 2, 2),
        number("count", 4, 2),
        number("allocation", 7, 3),
    )
    kind: int = 0
    start: int = 0
    count: int = ALL_ELEMENTS
    voltag: bool = True
    allocation: int = LARGEST_ALLOCATION


_REPORT_ELEMENT_INFORMATION = 0x10


@dataclass(frozen=True, slots=True)
class ReportElementInformation(Command):
    """REPORT ELEMENT INFORMATION (scsi.md §1.11): page 0 list, 2 static, 3 state, 4 location, 7Fh all."""

    OPCODE: ClassVar[int] = 0x9E
    LENGTH: ClassVar[int] = 16
    FIELDS: ClassVar[tuple[Field, ...]] = (
        bits("service_action", 1, 0, 5),
        number("page", 2, 1),
        flag("nev", 3, 5),
        flag("curdata", 3, 4),
        bits("kind", 3, 0, 4),
        number("start", 6, 4),
        number("allocation", 10, 4),
        number("number", 14, 1),
    )
    page: int
    kind: int = 0
    start: int = 0
    number: int | None = None
    """Elements wanted; None clears NEV, so that all are reported."""
    curdata: bool = False
    allocation: int = LARGEST_ALLOCATION

    def _values(self) -> dict[str, int]:
        return {
            "service_action": _REPORT_ELEMENT_INFORMATION,
            "page": self.page,
            "nev": self.number is not None,
            "curdata": self.curdata,
            "kind": self.kind,
            "start": self.start,
            "allocation": self.allocation,
            "number": 0xFF if self.number is None else self.number,
        }

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:  # noqa: ARG003 - see Command
        if values.pop("service_action") != _REPORT_ELEMENT_INFORMATION:
            raise UnknownOpcodeError("service action of operation code 9Eh is not REPORT ELEMENT INFORMATION")
        if not values.pop("nev"):
            values["number"] = None
        return cls(**values)
