"""PERSISTENT RESERVE IN and OUT of a simulated unit that one host talks to (scsi.md §1.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm_mock.answers import Answer, Check, invalid_field
from rsm_mock.traits import Code
from rsm_scsi.transport import Status
from rsm_smc import reservations
from rsm_smc.reservations import InAction, OutAction

if TYPE_CHECKING:
    from rsm_mock.machine import LogicalUnit
    from rsm_smc.cdb import PersistentReserveIn, PersistentReserveOut

_PARAMETER_LIST_LENGTH = Code(0x05, 0x1A, 0x00)
_CONFLICT = Answer(Status.RESERVATION_CONFLICT)


def persistent_reserve_in(unit: LogicalUnit, command: PersistentReserveIn) -> bytes:
    """Give keys, reservation, capabilities or full status."""
    if command.action == InAction.READ_KEYS:
        keys = () if unit.key is None else (unit.key,)
        reply = reservations.encode_keys(reservations.Keys(unit.generation, keys))
    elif command.action == InAction.READ_RESERVATION:
        held = reservations.Reservation(unit.generation)
        if unit.reservation is not None:
            held = reservations.Reservation(unit.generation, unit.key, 0, unit.reservation)
        reply = reservations.encode_reservation(held)
    elif command.action == InAction.REPORT_CAPABILITIES:
        reply = reservations.encode_capabilities(reservations.Capabilities())
    elif command.action == InAction.READ_FULL_STATUS:
        reply = reservations.encode_full_status(_full_status(unit))
    else:
        raise invalid_field(1, 4)
    return reply[: command.allocation]


def _full_status(unit: LogicalUnit) -> reservations.FullStatus:
    if unit.key is None:
        return reservations.FullStatus(unit.generation)
    holder = unit.reservation is not None
    registration = reservations.Registration(unit.key, holder=holder, type=unit.reservation or 0)
    return reservations.FullStatus(unit.generation, (registration,))


def persistent_reserve_out(unit: LogicalUnit, command: PersistentReserveOut, data: bytes) -> Answer:
    """Register, reserve, release or clear; a key that is not the registered one is a conflict."""
    if command.list_length != reservations.LIST_LENGTH or len(data) < reservations.LIST_LENGTH:
        raise Check(_PARAMETER_LIST_LENGTH)
    wanted = reservations.decode_out_list(data)
    ignores_key = command.action == OutAction.REGISTER_AND_IGNORE
    if not ignores_key and wanted.key != (unit.key or 0):
        return _CONFLICT
    if ignores_key or command.action == OutAction.REGISTER:
        unit.key = wanted.service_action_key or None
        unit.reservation = None if unit.key is None else unit.reservation
        unit.generation += 1
    elif unit.key is None:
        return _CONFLICT
    elif command.action in {OutAction.RESERVE, OutAction.PREEMPT, OutAction.PREEMPT_AND_ABORT}:
        unit.reservation = command.type
    elif command.action == OutAction.RELEASE:
        unit.reservation = None
    elif command.action == OutAction.CLEAR:
        unit.key = unit.reservation = None
        unit.generation += 1
    else:
        raise invalid_field(1, 4)
    return Answer()
