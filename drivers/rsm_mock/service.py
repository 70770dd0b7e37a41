"""The order in which a logical unit looks at a command: attentions, reservations, faults, then the command.

Whatever holds for changer and drives alike is here; what only one of them knows is in its target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm_mock.answers import UNKNOWN_OPCODE, Answer, Check, attention
from rsm_mock.drive_target import DriveTarget
from rsm_mock.faults import Carried, Effect
from rsm_mock.machine import POWER_ON
from rsm_mock.target import POSITIONING_FAILED, ChangerTarget
from rsm_mock.traits import INVALID_FIELD, WhileMoving
from rsm_scsi.transport import HostStatus, Status
from rsm_smc import cdb as codec
from rsm_smc import sense
from rsm_smc.errors import DecodeError, UnknownOpcodeError

if TYPE_CHECKING:
    from rsm_mock.faults import Fault
    from rsm_mock.machine import Machine

_INQUIRY, _REQUEST_SENSE = 0x12, 0x03
_NEVER_BY_CACHE = frozenset({0x1B, 0x1E, 0xB6})
_REPLY_EFFECTS = frozenset({Effect.TRUNCATE, Effect.ZEROS, Effect.ELSEWHERE})

CHANGER = None
"""The number that stands for the changer where a drive has 0, 1, 2 …"""


def serve(
    machine: Machine, number: int | None, block: bytes, *, data_out: bytes = b"", timeout: float = 60.0
) -> Answer:
    """Give the answer of the changer, or of a drive by its number, to one command block.

    `timeout` is the host's limit in seconds; only faults that let it pass look at it.
    """
    machine.settle()
    if number is CHANGER and machine.personality.stand_alone:
        target: ChangerTarget | DriveTarget = DriveTarget(machine, 0)
    else:
        target = ChangerTarget(machine) if number is CHANGER else DriveTarget(machine, number)
    if not target.connected:
        return Answer(host_status=HostStatus.NO_CONNECT)
    try:
        answer = _before(machine, target, block) or _run(machine, target, number, block, data_out, timeout)
    except Check as check:
        answer = check.answer(machine.personality)
    except UnknownOpcodeError:
        answer = Check(UNKNOWN_OPCODE).answer(machine.personality)
    except DecodeError:
        answer = Check(INVALID_FIELD).answer(machine.personality)
    finally:
        machine.lateness, machine.diversion = 0.0, None
    return answer


def conclude(machine: Machine, answer: Answer) -> Answer:
    """Let a motion end whose time has passed, and give the answer as it then is."""
    machine.settle()
    if answer.motion is None:
        return answer
    machine.finish(answer.motion)
    if machine.broken_off != answer.motion:
        return answer
    if POWER_ON in machine.changer.attentions:
        return Answer(host_status=HostStatus.RESET)
    if machine.world.door_open:
        return Check(machine.personality.hand.door_open).answer(machine.personality)
    return Check(POSITIONING_FAILED).answer(machine.personality)


def _before(machine: Machine, target: ChangerTarget | DriveTarget, block: bytes) -> Answer | None:
    """Answer what the command itself has no part in; None when its turn has come."""
    opcode = block[0] if block else 0
    if opcode == _INQUIRY:
        return None
    if opcode == _REQUEST_SENSE:
        return _request_sense(machine, target, block)
    if target.unit.untold:
        target.unit.untold, machine.changed = b"", True
    under_way = _under_way(machine, target, opcode)
    if under_way is not None:
        return under_way
    if target.unit.reserved_elsewhere:
        return Answer(Status.RESERVATION_CONFLICT)
    if target.unit.attentions:
        machine.changed = True
        raise attention(target.unit.attentions.pop(0))
    return None


def _request_sense(machine: Machine, target: ChangerTarget | DriveTarget, block: bytes) -> Answer:
    """Tell the next unit attention, or that there is none, as data."""
    command = codec.decode(block)
    allocation = command.allocation if isinstance(command, codec.RequestSense) else 0
    descriptor = machine.personality.sense_descriptors
    if target.unit.untold:
        machine.changed = True
        data, target.unit.untold = target.unit.untold, b""
    elif target.unit.attentions:
        machine.changed = True
        data = attention(target.unit.attentions.pop(0)).answer(machine.personality).sense
    else:
        data = sense.encode(0, 0, 0, descriptor=descriptor)
    return Answer(data=data[:allocation])


def _under_way(machine: Machine, target: ChangerTarget | DriveTarget, opcode: int) -> Answer | None:
    """Give what a changer answers while its robot is busy with an earlier command."""
    left = machine.moving()
    if not left or isinstance(target, DriveTarget):
        return None
    policy = machine.personality.motion.while_moving
    if policy is WhileMoving.BUSY:
        return Answer(Status.BUSY)
    if policy is WhileMoving.CACHED and opcode not in target.MOTION | _NEVER_BY_CACHE:
        return None
    return Answer(wait=left)


def _run(
    machine: Machine,
    target: ChangerTarget | DriveTarget,
    number: int | None,
    block: bytes,
    data_out: bytes,
    timeout: float,
) -> Answer:
    if not block:
        raise DecodeError("the command block is empty")
    if not machine.faults.waits_for(block[0], number):
        return target.run(block, data_out)
    machine.changed = True
    fault = machine.faults.take(block[0], number)
    if fault is None:
        return target.run(block, data_out)
    return _faulty(machine, target, fault, block, data_out, timeout)


def _faulty(
    machine: Machine,
    target: ChangerTarget | DriveTarget,
    fault: Fault,
    block: bytes,
    data_out: bytes,
    timeout: float,
) -> Answer:
    if fault.effect is Effect.POWER:
        machine.power_cycle()
        raise attention(target.unit.attentions.pop(0))
    if fault.effect is Effect.STUCK:
        return target.stick(block)
    if fault.effect is Effect.ELSEWHERE:
        machine.diversion = fault.element or 0
    if fault.carried is Carried.LATER:
        machine.lateness = timeout * machine.pace + fault.seconds
    carried = fault.carried is not Carried.NOT or fault.effect in _REPLY_EFFECTS
    answer = target.run(block, data_out) if carried else Answer()
    return _spoilt(machine, target, fault, answer)


def _spoilt(machine: Machine, target: ChangerTarget | DriveTarget, fault: Fault, answer: Answer) -> Answer:
    """Give what the host gets to see of an answer."""
    if fault.sense is not None:
        told = Check(fault.sense).answer(machine.personality, deferred=fault.effect is Effect.DEFERRED)
        if fault.effect is Effect.SILENT:
            target.unit.untold, told = told.sense, told._replace(sense=b"")
        return told._replace(seconds=answer.seconds, motion=answer.motion)
    spoilt = {
        Effect.STATUS: Answer(fault.status),
        Effect.HOST: Answer(host_status=fault.status),
        Effect.TIMEOUT: Answer(host_status=HostStatus.TIME_OUT, lost=True),
        Effect.TRUNCATE: answer._replace(data=answer.data[: fault.length]),
        Effect.ZEROS: answer._replace(data=bytes(len(answer.data))),
    }
    return spoilt.get(fault.effect, answer)
