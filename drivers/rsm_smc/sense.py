"""Sense data in all four formats, 70h to 73h (SPC; scsi.md §2.1)."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from .errors import EncodeError

BUFFER = 96
"""Bytes to offer for sense: mhvtl sends 96, Spectra 34 with text, Quantum 18 or 24."""


class SenseKey(IntEnum):
    """What sort of thing happened (SPC)."""

    NO_SENSE = 0
    RECOVERED_ERROR = 1
    NOT_READY = 2
    MEDIUM_ERROR = 3
    HARDWARE_ERROR = 4
    ILLEGAL_REQUEST = 5
    UNIT_ATTENTION = 6
    DATA_PROTECT = 7
    BLANK_CHECK = 8
    VENDOR_SPECIFIC = 9
    COPY_ABORTED = 10
    ABORTED_COMMAND = 11
    VOLUME_OVERFLOW = 13
    MISCOMPARE = 14
    COMPLETED = 15


class Sense(NamedTuple):
    """What sense data say; None wherever they do not hold it or do not mark it valid."""

    key: int | None
    asc: int | None = None
    ascq: int | None = None
    deferred: bool = False
    """It belongs to an earlier command; the one it came with was not executed."""
    information: int | None = None
    field_pointer: int | None = None
    """The byte in error of an ILLEGAL REQUEST."""
    field_in_cdb: bool | None = None
    """True if `field_pointer` counts in the CDB, False if in the parameter list."""
    bit_pointer: int | None = None
    response_code: int = 0
    command_specific: int | None = None
    field_replaceable_unit: int | None = None
    progress: float | None = None
    """0 to 1, with NO SENSE and NOT READY."""
    filemark: bool = False
    end_of_medium: bool = False
    incorrect_length: bool = False
    raw: bytes = b""

    def __str__(self) -> str:
        if self.key is None:
            return f"unreadable sense {self.raw.hex(' ')}" if self.raw else "no sense data"
        codes = "/".join("--" if code is None else f"{code:02X}" for code in (self.key, self.asc, self.ascq))
        return f"{codes} (deferred)" if self.deferred else codes


def decode(data: bytes) -> Sense:
    """Return what any sense data say, however short; never raises.

    Response codes other than 70h-73h (7Fh is a vendor's own) give `key` None with the bytes kept. ASC and ASCQ
    are None, not 0, where the data end before them.
    """
    code = data[0] & 0x7F if data else 0
    if code in {0x70, 0x71}:
        return _fixed(data, code)
    if code in {0x72, 0x73}:
        return _descriptors(data, code)
    return Sense(None, response_code=code, raw=data)


def _fixed(data: bytes, code: int) -> Sense:
    # The additional length counts from byte 8; a zero-filled buffer goes on after it.
    end = min(len(data), 8 + data[7]) if len(data) > 7 else len(data)
    if end < 3:
        return Sense(None, response_code=code, deferred=code == 0x71, raw=data)
    has_codes = end >= 14
    sense = Sense(
        key=data[2] & 0x0F,
        asc=data[12] if has_codes else None,
        ascq=data[13] if has_codes else None,
        deferred=code == 0x71,
        information=int.from_bytes(data[3:7], "big") if data[0] & 0x80 and end >= 7 else None,
        response_code=code,
        command_specific=int.from_bytes(data[8:12], "big") if end >= 12 else None,
        field_replaceable_unit=data[14] if end >= 15 else None,
        filemark=bool(data[2] & 0x80),
        end_of_medium=bool(data[2] & 0x40),
        incorrect_length=bool(data[2] & 0x20),
        raw=data,
    )
    return _with_key_specific(sense, data[15:18]) if end >= 18 else sense


def _descriptors(data: bytes, code: int) -> Sense:
    if len(data) < 2:
        return Sense(None, response_code=code, deferred=code == 0x73, raw=data)
    has_codes = len(data) >= 4
    sense = Sense(
        key=data[1] & 0x0F,
        asc=data[2] if has_codes else None,
        ascq=data[3] if has_codes else None,
        deferred=code == 0x73,
        response_code=code,
        raw=data,
    )
    end = min(len(data), 8 + data[7]) if len(data) > 7 else 0
    position = 8
    while position + 2 <= end:
        kind, length = data[position], data[position + 1]
        body = data[position + 2 : min(end, position + 2 + length)]
        if len(body) == length:
            sense = _with_descriptor(sense, kind, body)
        position += 2 + length
    return sense


def _with_descriptor(sense: Sense, kind: int, body: bytes) -> Sense:
    """Return `sense` with what one descriptor adds; types and places as in SPC, bodies of the right length."""
    if kind == 0x00 and len(body) >= 10:
        return sense._replace(information=int.from_bytes(body[2:10], "big")) if body[0] & 0x80 else sense
    if kind == 0x01 and len(body) >= 10:
        return sense._replace(command_specific=int.from_bytes(body[2:10], "big"))
    if kind == 0x02 and len(body) >= 6:
        return _with_key_specific(sense, body[2:5])
    if kind == 0x03 and len(body) >= 2:
        return sense._replace(field_replaceable_unit=body[1])
    if kind == 0x04 and len(body) >= 2:
        flags = body[1]
        return sense._replace(
            filemark=bool(flags & 0x80), end_of_medium=bool(flags & 0x40), incorrect_length=bool(flags & 0x20)
        )
    return sense


def _with_key_specific(sense: Sense, field: bytes) -> Sense:
    """Return `sense` with the sense-key specific bytes read, if SKSV says that they mean something."""
    if not field[0] & 0x80:
        return sense
    value = int.from_bytes(field[1:3], "big")
    if sense.key == SenseKey.ILLEGAL_REQUEST:
        bit = field[0] & 0x07 if field[0] & 0x08 else None
        return sense._replace(field_pointer=value, field_in_cdb=bool(field[0] & 0x40), bit_pointer=bit)
    if sense.key in {SenseKey.NO_SENSE, SenseKey.NOT_READY}:
        return sense._replace(progress=value / 65536)
    return sense


def encode(
    key: int,
    asc: int,
    ascq: int,
    *,
    deferred: bool = False,
    information: int | None = None,
    field_pointer: int | None = None,
    in_cdb: bool = True,
    bit_pointer: int | None = None,
    descriptor: bool = False,
) -> bytes:
    """Return sense data that say this: 18 bytes of fixed format, or descriptor format.

    Raises EncodeError for a value that its field cannot hold.
    """
    for name, value, largest in (
        ("sense key", key, 0x0F),
        ("additional sense code", asc, 0xFF),
        ("additional sense code qualifier", ascq, 0xFF),
        ("information", information or 0, (1 << (64 if descriptor else 32)) - 1),
        ("field pointer", field_pointer or 0, 0xFFFF),
        ("bit pointer", bit_pointer or 0, 7),
    ):
        if not 0 <= value <= largest:
            raise EncodeError(f"{name} {value} is not between 0 and {largest}")
    specific = _key_specific(field_pointer, bit_pointer, in_cdb=in_cdb)
    if not descriptor:
        head = bytes([0x70 | deferred | (0x80 if information is not None else 0), 0, key])
        return b"".join(
            (head, (information or 0).to_bytes(4, "big"), b"\x0a", bytes(4), bytes([asc, ascq, 0, *specific]))
        )
    body = b""
    if information is not None:
        body += bytes([0x00, 0x0A, 0x80, 0]) + information.to_bytes(8, "big")
    if field_pointer is not None:
        body += bytes([0x02, 0x06, 0, 0, *specific, 0])
    return bytes([0x72 | deferred, key, asc, ascq, 0, 0, 0, len(body)]) + body


def _key_specific(pointer: int | None, bit: int | None, *, in_cdb: bool) -> bytes:
    if pointer is None:
        return bytes(3)
    flags = 0x80 | 0x40 * in_cdb | (0 if bit is None else 0x08 | bit)
    return bytes([flags]) + pointer.to_bytes(2, "big")
