"""From an answer to a fault: the one place where sense data become errors that a person understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.faults import (
    BadReply,
    DeviceFault,
    DeviceGone,
    HardwareFailed,
    InventoryStale,
    MoveRefused,
    NotReadyYet,
    NotSupported,
    OperatorNeeded,
    OutcomeUnknown,
    ReservedElsewhere,
)
from rsm_scsi import timeouts
from rsm_scsi.transport import HostStatus, Reply, Status
from rsm_scsi.wrappers import sense_of
from rsm_smc import reactions
from rsm_smc.reactions import Reaction

if TYPE_CHECKING:
    from rsm_smc.sense import Sense

_NO_SENSE, _RECOVERED, _NOT_READY, _ILLEGAL, _ATTENTION, _ABORTED = 0x0, 0x1, 0x2, 0x5, 0x6, 0xB

_FAULT_OF = {
    Reaction.WAIT: NotReadyYet,
    Reaction.ATTENTION: InventoryStale,
    Reaction.REPLAN: MoveRefused,
    Reaction.FALLBACK: NotSupported,
    Reaction.OPERATOR: OperatorNeeded,
    Reaction.DOWN: HardwareFailed,
    Reaction.NONE: HardwareFailed,
}

_LOOK = "look at the library (rsm changer status) before anything is moved again"

_OUR_OWN_AFFAIR = {0x20, 0x21, 0x24, 0x25, 0x26, 0x39}
"""Codes whose advice is for the driver, not for a person: no such command, address, field, unit or page."""

_CDB_ELEMENTS = {0xA5: (4, 6), 0xA7: (4, 6), 0xA6: (4, 6, 8), 0x2B: (4,), 0x1B: (2,)}
"""Where the command blocks that name elements have them, source first."""

_HOST_WORDS = {
    HostStatus.NO_CONNECT: "nothing answers there any more",
    HostStatus.BUS_BUSY: "the bus stayed busy",
    HostStatus.TIME_OUT: "there was no answer in time",
    HostStatus.ABORT: "the command was aborted",
    HostStatus.ERROR: "the host adapter reported an error",
    HostStatus.RESET: "the bus or device was reset",
    HostStatus.SOFT_ERROR: "the host adapter gave up",
    HostStatus.TRANSPORT_DISRUPTED: "the path was interrupted",
    HostStatus.TRANSPORT_FAILFAST: "the path is down",
    HostStatus.UNTOLD: "busy, reserved or the path lost, which cannot be told apart this way,",
}


class Verdict(NamedTuple):
    """What an answer means; `fault` is None for success, also with recovered errors (sense key 1)."""

    fault: DeviceFault | None
    sense: Sense | None = None
    retry_seconds: float = 1.0
    """After how long asking again makes sense, where it does."""

    def is_code(self, key: int, asc: int, ascq: int | None = None) -> bool:
        """Tell whether the sense data are these; `ascq` None fits any."""
        sense = self.sense
        return sense is not None and (sense.key, sense.asc, sense.ascq) == (
            key,
            asc,
            sense.ascq if ascq is None else ascq,
        )


def judge(reply: Reply, cdb: bytes, *, device: str, doing: str) -> Verdict:
    """Say what an answer means; `doing` completes "… did not <doing>", as in "move element 1 to element 256"."""
    motion = cdb[0] in timeouts.MOTION
    if not reply.delivered:
        return Verdict(_path_fault(reply, device, doing, motion=motion))
    if reply.status == Status.CHECK_CONDITION:
        return _judge_sense(reply, cdb, device, doing)
    return Verdict(_status_fault(reply.status, device, doing))


def _path_fault(reply: Reply, device: str, doing: str, *, motion: bool) -> DeviceFault:
    """Any transport error on a motion command leaves its outcome unknown (scsi.md §2.1)."""
    words = _HOST_WORDS.get(HostStatus(reply.host_status), "") if reply.host_status in set(HostStatus) else ""
    code = "" if reply.host_status == HostStatus.UNTOLD else f" (host status {reply.host_status:02X}h)"
    message = f"{device}: {words or 'the path failed'}{code} on the way to {doing}"
    if motion:
        return OutcomeUnknown(message, hint=_LOOK)
    if reply.host_status == HostStatus.NO_CONNECT:
        return DeviceGone(message, hint="is the device switched on and cabled? lsscsi -g lists what is there")
    return NotReadyYet(message)


def _status_fault(status: int, device: str, doing: str) -> DeviceFault | None:
    if status in {Status.GOOD, 0x04}:  # CONDITION MET
        return None
    if status in {Status.BUSY, Status.TASK_SET_FULL}:
        return NotReadyYet(f"{device} is busy and did not {doing}")
    if status == Status.RESERVATION_CONFLICT:
        return ReservedElsewhere(
            f"{device} is reserved by another host and did not {doing}",
            hint="release the reservation there, or restart that host's backup software",
        )
    return OutcomeUnknown(f"{device} answered with status {status:02X}h when told to {doing}", hint=_LOOK)


def _judge_sense(reply: Reply, cdb: bytes, device: str, doing: str) -> Verdict:
    sense = sense_of(reply)
    if sense is None or sense.key is None:
        fault = _unreadable(reply, cdb, device, doing)
        return Verdict(fault, sense)
    if sense.key == _RECOVERED and not sense.deferred:
        return Verdict(None, sense)
    meaning = reactions.lookup(sense)
    code = f"{sense.key:02X}/{_hex(sense.asc)}/{_hex(sense.ascq)}"
    fault = _class_of(sense, meaning.reaction, motion=cdb[0] in timeouts.MOTION)(
        f"{device} did not {doing}: {meaning.text} ({code})",
        hint=None if sense.asc in _OUR_OWN_AFFAIR else meaning.advice or None,
        sense=reply.sense,
        element=_element(sense, cdb),
    )
    return Verdict(fault, sense, meaning.retry_seconds or 1.0)


def _class_of(sense: Sense, reaction: Reaction, *, motion: bool) -> type[DeviceFault]:
    """Choose the fault; its `executed` must be None unless the sense key proves that nothing was done."""
    plain = _FAULT_OF[reaction]
    if sense.key == _ATTENTION or sense.deferred:
        return InventoryStale
    if sense.key == _ILLEGAL:
        # Nothing was done, so even what is broken for good is only a refusal of this command.
        return MoveRefused if plain in {HardwareFailed, NotReadyYet} else plain
    if sense.key == _NOT_READY:
        # HP ESL: the door was open and the inventory is suspect; other reasons to plan anew are refusals.
        return InventoryStale if plain is MoveRefused and sense.asc == 0x80 else plain
    return _class_after_motion(sense) if motion else plain


def _class_after_motion(sense: Sense) -> type[DeviceFault]:
    """Choose the fault of a motion command that may have got somewhere, whoever must act on it."""
    if (sense.asc, sense.ascq) in {(0x3B, 0x0D), (0x3B, 0x0E)}:
        return MoveRefused  # Quantum reports full and empty as hardware errors too
    return OutcomeUnknown if sense.key in {_ABORTED, _NO_SENSE} else HardwareFailed


def _unreadable(reply: Reply, cdb: bytes, device: str, doing: str) -> DeviceFault:
    what = (
        f"with sense data that mean nothing ({reply.sense.hex(' ')})" if reply.sense else "without saying why"
    )
    message = f"{device} did not {doing}, {what}"
    if cdb[0] in timeouts.MOTION:
        return OutcomeUnknown(message, hint=_LOOK, sense=reply.sense)
    return BadReply(message, sense=reply.sense)


def _element(sense: Sense, cdb: bytes) -> int | None:
    """Name the element: the field pointer says which, or the meaning itself does (3B/0D, 3B/0E)."""
    offsets = _CDB_ELEMENTS.get(cdb[0], ())
    if not offsets:
        return None
    offset = None
    if sense.field_pointer is not None and sense.field_pointer & ~1 in offsets:
        offset = sense.field_pointer & ~1
    elif sense.asc == 0x3B and sense.ascq == 0x0E:
        offset = offsets[0]
    elif sense.asc == 0x3B and sense.ascq == 0x0D:
        offset = offsets[min(1, len(offsets) - 1)]
    return None if offset is None else int.from_bytes(cdb[offset : offset + 2], "big")


def _hex(code: int | None) -> str:
    return "--" if code is None else f"{code:02X}"
