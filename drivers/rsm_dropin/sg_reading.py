"""Commands that only look, sent by SG_IO on an open node: the quick half of the drop-ins.

What moves must not go this way: the kernel submits an SG_IO twice after SIGSTOP and SIGCONT (scsi.md §0.1).
For a command that only looks that is harmless, and SG_IO needs no more than fcntl, struct and array, where
`rsm_scsi.sg` and what it stands on take three times as long to load as Python takes to start.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from abc import ABC, abstractmethod
from array import array

from rsm_dropin.wording import Stop

TYPE_CHECKING = False  # as typing has it; importing typing would cost a fifth of the time there is
if TYPE_CHECKING:
    from rsm_scsi.transport import Transport

GOOD, CHECK_CONDITION, BUSY, TASK_SET_FULL = 0x00, 0x02, 0x08, 0x28

MOCK = "mock:"
BUSY_LIMIT = 300.0
"""Seconds to wait while a library answers BUSY, as some do as long as their robot is under way."""

QUICK, SLOW = 60.0, 300.0
"""Seconds that a question may take; reading element status waits for a running move on some libraries."""

_HEADER = struct.Struct("@iiBBHIPPPIIiPBBBBHHiII0P")
"""`struct sg_io_hdr`, version 3, of <scsi/sg.h>."""

_SG_IO, _SG_GET_VERSION_NUM = 0x2285, 0x2282
_TO_NOWHERE, _FROM_DEVICE = -1, -3
_SENSE_ROOM = 96
_ATTENTIONS = 10
_UNIT_ATTENTION, _RECOVERED = 6, 1
_DRIVER_SENSE = 8


class Answer:
    """What came back; `data` has the length that was made room for, zeros where nothing was received."""

    __slots__ = ("data", "host_status", "sense", "status")

    def __init__(self, status: int, host_status: int, sense: bytes, data: bytes) -> None:
        self.status = status
        self.host_status = host_status
        self.sense = sense
        self.data = data

    @property
    def key(self) -> int | None:
        """The sense key, in either format of sense data; None if there are none."""
        if self.status != CHECK_CONDITION or len(self.sense) < 3:
            return None
        return self.sense[1 if self.sense[0] & 0x7F in {0x72, 0x73} else 2] & 0x0F

    @property
    def is_good(self) -> bool:
        """Whether the data can be used: mtx looks at the SCSI status alone and takes a timeout for success."""
        if self.sense and self.key == _RECOVERED:
            return True
        return self.status == GOOD and not self.host_status


class Device(ABC):
    """A changer to look at; the name is printed as it was typed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ask(self, cdb: bytes, room: int, seconds: float = QUICK) -> Answer:
        """Send a command that only looks, until it is answered by something else than an attention or BUSY."""
        deadline = time.monotonic() + BUSY_LIMIT
        attentions = 0
        while True:
            answer = self._send(cdb, room, seconds)
            if answer.key == _UNIT_ATTENTION and attentions < _ATTENTIONS:
                attentions += 1
            elif answer.status in {BUSY, TASK_SET_FULL} and time.monotonic() < deadline:
                time.sleep(2.0)
            else:
                return answer

    @abstractmethod
    def _send(self, cdb: bytes, room: int, seconds: float) -> Answer:
        """Send a command once; give what came back."""


class SgDevice(Device):
    """A device node that takes SG_IO; opened without waiting, since a plain open may hang in error recovery."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        try:
            self._file = os.open(name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise Stop(f"cannot open SCSI device '{name}' - {error.strerror}") from error
        try:
            fcntl.ioctl(self._file, _SG_GET_VERSION_NUM, bytearray(4))
        except OSError as error:
            os.close(self._file)
            raise Stop(f"{name} is not an sg device, or old sg driver") from error

    def _send(self, cdb: bytes, room: int, seconds: float) -> Answer:
        command, sense, data = array("B", cdb), array("B", bytes(_SENSE_ROOM)), array("B", bytes(room or 1))
        header = bytearray(
            _HEADER.pack(
                ord("S"),
                _FROM_DEVICE if room else _TO_NOWHERE,
                len(cdb),
                _SENSE_ROOM,
                0,
                room,
                data.buffer_info()[0],
                command.buffer_info()[0],
                sense.buffer_info()[0],
                int(seconds * 1000),
                *bytes(12),
            )
        )
        try:
            fcntl.ioctl(self._file, _SG_IO, header)
        except OSError as error:
            raise Stop(f"{self.name} takes no command - {error.strerror}") from error
        fields = _HEADER.unpack(header)
        status, sense_length, host_status = fields[13], fields[16], fields[17]
        return Answer(status, host_status, sense.tobytes()[:sense_length], data.tobytes()[:room])


class SimulatedDevice(Device):
    """A simulated library in a file."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._transport = simulated_transport(name)

    def _send(self, cdb: bytes, room: int, seconds: float) -> Answer:
        from rsm.hardware.faults import DeviceFault  # noqa: PLC0415 - loaded with the simulation already

        try:
            reply = self._transport.execute(cdb, reply_length=room, timeout=seconds)
        except DeviceFault as fault:
            raise Stop(str(fault)) from fault
        return Answer(reply.status, reply.host_status, reply.sense, reply.data.ljust(room, b"\0"))


def open_device(name: str) -> Device:
    """Open a device to look at; raises `Stop` with mtx's own words if that cannot be done."""
    return SimulatedDevice(name) if name.startswith(MOCK) else SgDevice(name)


def simulated_transport(name: str) -> Transport:
    """Open the way to a simulated library; raises `Stop` if the file is not there."""
    from rsm.clock import SystemClock  # noqa: PLC0415 - a real device needs nothing of this
    from rsm.errors import RsmError  # noqa: PLC0415
    from rsm_mock.state import StateFile  # noqa: PLC0415
    from rsm_mock.transport import SimulatedTransport  # noqa: PLC0415

    clock = SystemClock()
    try:
        keeper = StateFile(name, clock=clock)
    except RsmError as error:
        raise Stop(f"cannot open SCSI device '{name}' - {error}") from error
    if not keeper.path.exists():
        raise Stop(f"cannot open SCSI device '{name}' - No such file or directory")
    return SimulatedTransport(keeper, device=name, clock=clock)
