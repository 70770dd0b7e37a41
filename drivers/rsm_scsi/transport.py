"""The transport boundary: one verb that carries a command block to a device and its answer back.

Everything that reaches a device has this shape: /dev/sg, a simulated target, and the wrappers between them
and the changer (traffic log, becoming ready, unit attentions).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol


class Status(IntEnum):
    """SCSI status bytes (SAM-5 table 39); other values pass through as plain integers."""

    GOOD = 0x00
    CHECK_CONDITION = 0x02
    BUSY = 0x08
    RESERVATION_CONFLICT = 0x18
    TASK_SET_FULL = 0x28


class HostStatus(IntEnum):
    """What Linux's host adapters report beside the device's own status (scsi.md §2.1)."""

    OK = 0x00
    NO_CONNECT = 0x01
    BUS_BUSY = 0x02
    TIME_OUT = 0x03
    ABORT = 0x05
    ERROR = 0x07
    RESET = 0x08
    SOFT_ERROR = 0x0B
    TRANSPORT_DISRUPTED = 0x0E
    TRANSPORT_FAILFAST = 0x0F
    UNTOLD = 0x100
    """Not Linux's: something failed, and the way to the device does not tell what."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: data as received, and every status there is.

    `data` may be longer than what the device filled; lengths are taken from the reply's own headers, never
    from `residual`, which lies (tgt reports its overflow there).
    """

    status: int
    data: bytes = b""
    sense: bytes = b""
    host_status: int = 0
    driver_status: int = 0
    residual: int = 0
    duration: float = 0.0
    """Seconds the command took, as far as the transport knows."""

    @property
    def delivered(self) -> bool:
        """Whether the device's own status can be believed: sense data or no transport error."""
        return self.host_status == HostStatus.OK or bool(self.sense)


class Transport(Protocol):
    """A way to one logical unit."""

    @property
    def device(self) -> str:
        """The name it was opened by."""
        ...

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block, once, and give what came back.

        `reply_length` is the number of bytes to make room for, `timeout` is in seconds. A time limit that
        passes is a `Reply` with host status TIME_OUT, not an exception. Raises
        `rsm.hardware.faults.DeviceGone` when nothing can be sent at all, and
        `rsm.hardware.faults.OutcomeUnknown` when the command was sent and its answer cannot be had.
        """
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class Constraints(NamedTuple):
    """What one way to a device cannot do as well as /dev/sg by write, poll and read."""

    command_limit: float = 0.0
    """Seconds that every command is given at least, whatever limit it has."""
    resends: bool = False
    """The kernel may send a command twice behind its back, so that a refusal can be the second copy's."""


UNCONSTRAINED = Constraints()
