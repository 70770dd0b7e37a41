"""Parameter data of PERSISTENT RESERVE IN and OUT (SPC; scsi.md §1.14)."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from .errors import DecodeError, EncodeError

LIST_LENGTH = 24
_STATUS_DESCRIPTOR = 24


class InAction(IntEnum):
    """Service actions of PERSISTENT RESERVE IN."""

    READ_KEYS = 0
    READ_RESERVATION = 1
    REPORT_CAPABILITIES = 2
    READ_FULL_STATUS = 3


class OutAction(IntEnum):
    """Service actions of PERSISTENT RESERVE OUT."""

    REGISTER = 0
    RESERVE = 1
    RELEASE = 2
    CLEAR = 3
    PREEMPT = 4
    PREEMPT_AND_ABORT = 5
    REGISTER_AND_IGNORE = 6


class ReservationType(IntEnum):
    """How far a persistent reservation excludes others."""

    WRITE_EXCLUSIVE = 1
    EXCLUSIVE_ACCESS = 3
    WRITE_EXCLUSIVE_REGISTRANTS = 5
    EXCLUSIVE_ACCESS_REGISTRANTS = 6
    WRITE_EXCLUSIVE_ALL = 7
    EXCLUSIVE_ACCESS_ALL = 8


class Keys(NamedTuple):
    """READ KEYS: every registered key."""

    generation: int
    keys: tuple[int, ...] = ()


class Reservation(NamedTuple):
    """READ RESERVATION: who holds the unit; `key` is None if nobody does."""

    generation: int
    key: int | None = None
    scope: int = 0
    type: int = 0


class Capabilities(NamedTuple):
    """REPORT CAPABILITIES."""

    persists_power_loss: bool = False
    """PTPL_C: registrations can be made to survive loss of power."""
    persists_now: bool = False
    """PTPL_A: they do at present."""
    all_target_ports: bool = False
    specify_initiators: bool = False
    compatible_reserve: bool = False
    """CRH: RESERVE(6) from a registered host counts as done."""
    types: frozenset[int] | None = None
    """The reservation types supported; None if the device does not say."""


class Registration(NamedTuple):
    """One registered host of READ FULL STATUS."""

    key: int
    holder: bool = False
    all_target_ports: bool = False
    scope: int = 0
    type: int = 0
    port: int = 0
    transport_id: bytes = b""


class FullStatus(NamedTuple):
    """READ FULL STATUS: every registered host, with its key."""

    generation: int
    registrations: tuple[Registration, ...] = ()


class OutList(NamedTuple):
    """The 24-byte parameter list of PERSISTENT RESERVE OUT."""

    key: int
    service_action_key: int = 0
    persist: bool = False
    """APTPL: keep registrations over loss of power."""
    all_target_ports: bool = False
    specify_initiators: bool = False

    def encode(self) -> bytes:
        """Return the list. Raises EncodeError for a key of more than 64 bits."""
        flags = self.persist | self.all_target_ports << 2 | self.specify_initiators << 3
        return _key(self.key) + _key(self.service_action_key) + bytes(4) + bytes([flags, 0, 0, 0])


def decode_out_list(data: bytes) -> OutList:
    """Return what a parameter list says. Raises DecodeError for fewer than 24 bytes."""
    if len(data) < LIST_LENGTH:
        raise DecodeError(f"persistent reserve list of {len(data)} bytes, it has {LIST_LENGTH}")
    flags = data[20]
    return OutList(
        _number(data[0:8]), _number(data[8:16]), bool(flags & 0x01), bool(flags & 0x04), bool(flags & 0x08)
    )


def decode_keys(reply: bytes) -> Keys:
    """Return the registered keys; one that was cut is left out. Raises DecodeError for fewer than 8 bytes."""
    generation, body = _body(reply)
    return Keys(generation, tuple(_number(body[at : at + 8]) for at in range(0, len(body) - 7, 8)))


def encode_keys(value: Keys) -> bytes:
    """Return the reply to READ KEYS."""
    return _reply(value.generation, b"".join(_key(key) for key in value.keys))


def decode_reservation(reply: bytes) -> Reservation:
    """Return the reservation. Raises DecodeError for fewer than 8 bytes, or one that was cut."""
    generation, body = _body(reply)
    if not any(reply[4:8]):
        return Reservation(generation)
    if len(body) < 16:
        raise DecodeError(f"reservation descriptor of {len(body)} bytes, it has 16")
    return Reservation(generation, _number(body[0:8]), body[13] >> 4, body[13] & 0x0F)


def encode_reservation(value: Reservation) -> bytes:
    """Return the reply to READ RESERVATION."""
    if value.key is None:
        return _reply(value.generation, b"")
    kind = _scope_and_type(value.scope, value.type)
    return _reply(value.generation, _key(value.key) + bytes(5) + bytes([kind, 0, 0]))


def decode_capabilities(reply: bytes) -> Capabilities:
    """Return what persistent reservations the device can make. Raises DecodeError for fewer than 8 bytes."""
    if len(reply) < 8 or _number(reply[0:2]) < 8:
        raise DecodeError(f"persistent reservation capabilities of {len(reply)} bytes, they have 8")
    able, state = reply[2], reply[3]
    mask = reply[4] | (reply[5] & 0x01) << 8
    types = frozenset(kind for kind, bit in _TYPE_BITS.items() if mask >> bit & 1)
    return Capabilities(
        persists_power_loss=bool(able & 0x01),
        persists_now=bool(state & 0x01),
        all_target_ports=bool(able & 0x04),
        specify_initiators=bool(able & 0x08),
        compatible_reserve=bool(able & 0x10),
        types=types if state & 0x80 else None,
    )


_TYPE_BITS = {
    ReservationType.WRITE_EXCLUSIVE: 1,
    ReservationType.EXCLUSIVE_ACCESS: 3,
    ReservationType.WRITE_EXCLUSIVE_REGISTRANTS: 5,
    ReservationType.EXCLUSIVE_ACCESS_REGISTRANTS: 6,
    ReservationType.WRITE_EXCLUSIVE_ALL: 7,
    ReservationType.EXCLUSIVE_ACCESS_ALL: 8,
}
"""Bits of the type mask: byte 4, and from 8 on byte 5."""


def encode_capabilities(value: Capabilities) -> bytes:
    """Return the reply to REPORT CAPABILITIES. Raises EncodeError for an unknown reservation type."""
    able = value.persists_power_loss | value.all_target_ports << 2
    able |= value.specify_initiators << 3 | value.compatible_reserve << 4
    state = value.persists_now | (value.types is not None) << 7
    bits = {int(kind): bit for kind, bit in _TYPE_BITS.items()}
    types = value.types or frozenset()
    if not types <= bits.keys():
        raise EncodeError(f"reservation types {sorted(types - bits.keys())} do not exist")
    mask = sum(1 << bits[kind] for kind in types)
    return bytes([0, 8, able, state, mask & 0xFF, mask >> 8, 0, 0])


def decode_full_status(reply: bytes) -> FullStatus:
    """Return every registered host; one that was cut is left out. Raises DecodeError for fewer than 8 bytes."""
    generation, body = _body(reply)
    found = []
    position = 0
    while position + _STATUS_DESCRIPTOR <= len(body):
        head = body[position : position + _STATUS_DESCRIPTOR]
        end = position + _STATUS_DESCRIPTOR + _number(head[20:24])
        if end <= len(body):
            found.append(
                Registration(
                    key=_number(head[0:8]),
                    holder=bool(head[12] & 0x01),
                    all_target_ports=bool(head[12] & 0x02),
                    scope=head[13] >> 4,
                    type=head[13] & 0x0F,
                    port=_number(head[18:20]),
                    transport_id=body[position + _STATUS_DESCRIPTOR : end],
                )
            )
        position = end
    return FullStatus(generation, tuple(found))


def encode_full_status(value: FullStatus) -> bytes:
    """Return the reply to READ FULL STATUS. Raises EncodeError for values that do not fit."""
    return _reply(value.generation, b"".join(_status_descriptor(each) for each in value.registrations))


def _status_descriptor(value: Registration) -> bytes:
    if not 0 <= value.port <= 0xFFFF:
        raise EncodeError(f"relative target port {value.port} is not between 0 and 65535")
    flags = value.holder | value.all_target_ports << 1
    head = _key(value.key) + bytes(4) + bytes([flags, _scope_and_type(value.scope, value.type)]) + bytes(4)
    return (
        head + value.port.to_bytes(2, "big") + len(value.transport_id).to_bytes(4, "big") + value.transport_id
    )


def _body(reply: bytes) -> tuple[int, bytes]:
    if len(reply) < 8:
        raise DecodeError(f"persistent reservation data of {len(reply)} bytes are shorter than their header")
    return _number(reply[0:4]), reply[8 : 8 + _number(reply[4:8])]


def _reply(generation: int, body: bytes) -> bytes:
    if not 0 <= generation < 1 << 32:
        raise EncodeError(f"generation {generation} is not between 0 and 4294967295")
    return generation.to_bytes(4, "big") + len(body).to_bytes(4, "big") + body


def _key(key: int) -> bytes:
    if not 0 <= key < 1 << 64:
        raise EncodeError(f"reservation key {key} is not between 0 and 2^64 - 1")
    return key.to_bytes(8, "big")


def _scope_and_type(scope: int, type_: int) -> int:
    if not (0 <= scope <= 15 and 0 <= type_ <= 15):
        raise EncodeError(f"scope {scope} and type {type_} are four bits each")
    return scope << 4 | type_


def _number(field: bytes) -> int:
    return int.from_bytes(field, "big")
