"""LOG SENSE data: TapeAlert, as page 2Eh and as page 12h (SSC, SMC; scsi.md §1.15)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from .errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TAPE_ALERT = 0x2E
"""One parameter a flag; reading it clears the flags (Quantum, Exabyte)."""
TAPE_ALERT_RESPONSE = 0x12
"""One parameter for all flags; reading it clears nothing. mhvtl's drives have none."""

FLAGS = 64


class DriveAlert(IntEnum):
    """TapeAlert flags of a drive that say something of the medium or of cleaning."""

    HARD_ERROR = 0x03
    MEDIA = 0x04
    READ_FAILURE = 0x05
    WRITE_FAILURE = 0x06
    MEDIA_LIFE = 0x07
    NO_REMOVAL = 0x0A
    CLEANING_MEDIA = 0x0B
    MEMORY_CHIP_FAILURE = 0x0F
    CLEAN_NOW = 0x14
    CLEAN_PERIODIC = 0x15
    EXPIRED_CLEANING_MEDIA = 0x16
    INVALID_CLEANING_MEDIA = 0x17


def decode_tape_alert(reply: bytes) -> frozenset[int]:
    """Return the flags that are set, 1 to 64, from either page.

    Parameters that were cut are left out. Raises DecodeError for another page, or for one that announces
    parameters and holds no whole one.
    """
    if len(reply) < 4:
        raise DecodeError(f"log page of {len(reply)} bytes is shorter than its 4-byte header")
    page = reply[0] & 0x3F
    if page not in {TAPE_ALERT, TAPE_ALERT_RESPONSE}:
        raise DecodeError(f"log page {page:02X}h is not TapeAlert")
    parameters = list(_parameters(reply[4 : 4 + int.from_bytes(reply[2:4], "big")]))
    if not parameters and any(reply[2:4]):
        raise DecodeError(f"log page {page:02X}h holds no whole parameter")
    if page == TAPE_ALERT:
        return frozenset(code for code, value in parameters if 1 <= code <= FLAGS and value and value[-1] & 1)
    flags = next((value[:8] for code, value in parameters if code == 0), b"")
    return frozenset(1 + flag for flag in range(8 * len(flags)) if flags[flag >> 3] >> (7 - flag % 8) & 1)


def _parameters(body: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(body):
        length = body[position + 3]
        value = body[position + 4 : position + 4 + length]
        if len(value) == length:
            yield int.from_bytes(body[position : position + 2], "big"), value
        position += 4 + length


def encode_tape_alert(flags: Iterable[int], page: int = TAPE_ALERT) -> bytes:
    """Return TapeAlert page 2Eh, or 12h, with `flags` set. Raises EncodeError for a flag not 1 to 64."""
    wanted = frozenset(flags)
    if not all(1 <= each <= FLAGS for each in wanted):
        raise EncodeError(f"TapeAlert flags {sorted(wanted)} are not all between 1 and {FLAGS}")
    if page == TAPE_ALERT:
        body = b"".join(bytes([0, code, 0x43, 1, code in wanted]) for code in range(1, FLAGS + 1))
    elif page == TAPE_ALERT_RESPONSE:
        bits = sum(1 << (FLAGS - flag) for flag in wanted)
        body = bytes([0, 0, 0x43, 8]) + bits.to_bytes(8, "big")
    else:
        raise EncodeError(f"log page {page:02X}h is not TapeAlert")
    return bytes([page, 0]) + len(body).to_bytes(2, "big") + body
