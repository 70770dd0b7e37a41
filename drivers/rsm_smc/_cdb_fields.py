"""A CDB as one big-endian number, and the places of its fields in it: one table reads and writes a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

from .errors import DecodeError, EncodeError


class Field(NamedTuple):
    """Where one value stands in a CDB."""

    name: str
    last: int
    """The byte that holds its lowest bit."""
    shift: int
    width: int
    """Bits."""
    is_flag: bool = False

    def place(self, value: int, length: int) -> int:
        """Return the value at its place. Raises EncodeError if it does not fit."""
        if not 0 <= value < 1 << self.width:
            raise EncodeError(f"{self.name} {value} is not between 0 and {(1 << self.width) - 1}")
        return int(value) << self._position(length)

    def pick(self, number: int, length: int) -> int:
        """Return the value found at its place."""
        value = number >> self._position(length) & ((1 << self.width) - 1)
        return bool(value) if self.is_flag else value

    def _position(self, length: int) -> int:
        return 8 * (length - 1 - self.last) + self.shift


def number(name: str, first: int, count: int) -> Field:
    """Return the field of `count` whole bytes from byte `first`."""
    return Field(name, first + count - 1, 0, 8 * count)


def bits(name: str, byte: int, low: int, width: int) -> Field:
    """Return the field of `width` bits of one byte, the lowest being bit `low`."""
    return Field(name, byte, low, width)


def flag(name: str, byte: int, bit: int) -> Field:
    """Return the field of a single bit."""
    return Field(name, byte, bit, 1, is_flag=True)


@dataclass(frozen=True, slots=True)
class Command:
    """A SCSI command as a value; `encode` gives its CDB and raises EncodeError if a field cannot hold it."""

    OPCODE: ClassVar[int]
    LENGTH: ClassVar[int]
    FIELDS: ClassVar[tuple[Field, ...]] = ()
    ALIASES: ClassVar[tuple[int, ...]] = ()
    """Other operation codes with the same layout (attached changer, ten-byte, vendor's own)."""

    def encode(self) -> bytes:
        """Return the CDB."""
        values = self._values()
        cdb = self._opcode() << 8 * (self.LENGTH - 1)
        for field in self.FIELDS:
            cdb |= field.place(values[field.name], self.LENGTH)
        return cdb.to_bytes(self.LENGTH, "big")

    @classmethod
    def parse(cls, cdb: bytes) -> Self:
        """Return the command in a CDB that begins with its operation code; longer CDBs are cut.

        Raises DecodeError if the CDB is shorter than the command.
        """
        if len(cdb) < cls.LENGTH:
            raise DecodeError(f"CDB of {len(cdb)} bytes, {cls.__name__} has {cls.LENGTH}")
        whole = int.from_bytes(cdb[: cls.LENGTH], "big")
        return cls._from(cdb[0], {field.name: field.pick(whole, cls.LENGTH) for field in cls.FIELDS})

    def _opcode(self) -> int:
        return self.OPCODE

    def _values(self) -> dict[str, int]:
        """Return what the fields hold; a command whose arguments are not its fields overrides this."""
        return {field.name: getattr(self, field.name) for field in self.FIELDS}

    @classmethod
    def _from(cls, opcode: int, values: dict[str, Any]) -> Self:  # noqa: ARG003 - for commands with two opcodes
        return cls(**values)
