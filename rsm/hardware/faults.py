"""What a changer or drive can answer instead of doing what it was told.

    DeviceFault                 reaction (scsi.md §2.3)
    ├── NotReadyYet             WAIT       it was waited for, up to the bound, and is still busy
    ├── InventoryStale          ATTENTION  nothing was done; what was known of the elements may be wrong
    ├── MoveRefused             REPLAN     nothing was done; source or destination is not as planned
    ├── NotSupported            FALLBACK   the device has no such command or option
    ├── OperatorNeeded          OPERATOR   somebody must go there
    ├── HardwareFailed          DOWN       the device, drive or element is broken
    ├── ReservedElsewhere       OPERATOR   another host holds a reservation
    ├── OutcomeUnknown          REPLAN     the command may or may not have been carried out: look, never resend
    ├── DeviceGone              OPERATOR   the node is not there, or may not be opened
    └── BadReply                DOWN       the device sent bytes that mean nothing

A fault keeps the raw sense data, says whether trying again can help, and names the element. After a motion
command it also carries what the touched elements looked like afterwards, as far as they could be read.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from rsm.errors import Actor, Code, RsmError

if TYPE_CHECKING:
    from rsm.hardware.inventory import ElementReport


class Reaction(Enum):
    """The class of answer that a fault asks for (scsi.md §2.3: W U R F O D)."""

    WAIT = "wait"
    ATTENTION = "attention"
    REPLAN = "replan"
    FALLBACK = "fallback"
    OPERATOR = "operator"
    DOWN = "down"


class DeviceFault(RsmError):
    """Root of what a device can answer; `sense` holds its raw bytes, `element` the address concerned."""

    code = Code.DEVICE_NOT_AVAILABLE
    actor = Actor.OPERATOR
    reaction: ClassVar[Reaction] = Reaction.OPERATOR
    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later without anybody doing anything."""

    executed: ClassVar[bool | None] = False
    """Whether the command was carried out: False is proof that it was not, None that nobody knows."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        sense: bytes = b"",
        element: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sense = sense
        self.element = element
        self.seen: tuple[ElementReport, ...] = ()


class NotReadyYet(DeviceFault):
    """The device was not ready, was waited for as long as allowed, and still is not."""

    code = Code.NOT_READY
    actor = Actor.RETRY
    reaction = Reaction.WAIT
    retryable = True


class InventoryStale(DeviceFault):
    """A unit attention says that elements may have changed; the command was not carried out."""

    actor = Actor.RETRY
    reaction = Reaction.ATTENTION
    retryable = True


class MoveRefused(DeviceFault):
    """The library refused a move because an element is full, empty, disabled or not where it was."""

    code = Code.INVALID_OPERATION
    actor = Actor.RETRY
    reaction = Reaction.REPLAN


class NotSupported(DeviceFault):
    """The device has no such command, option or element."""

    code = Code.NOT_SUPPORTED
    actor = Actor.CALLER
    reaction = Reaction.FALLBACK


class OperatorNeeded(DeviceFault):
    """A door is open, a magazine is out, the library is off line at its panel, and the like."""

    code = Code.NOT_READY


class HardwareFailed(DeviceFault):
    """A component failed; for a motion command the state of the elements must be looked at."""

    reaction = Reaction.DOWN
    executed = None


class ReservedElsewhere(DeviceFault):
    """Another host has reserved the device."""

    code = Code.BUSY


class OutcomeUnknown(DeviceFault):
    """A time limit passed or the path failed while the command was on its way."""

    actor = Actor.RETRY
    reaction = Reaction.REPLAN
    executed = None


class DeviceGone(DeviceFault):
    """There is no such device node, it may not be opened, or nothing answers behind it."""


class BadReply(DeviceFault):
    """The device answered GOOD with bytes that cannot be decoded."""

    reaction = Reaction.DOWN
    executed = None
