"""A working double of the module `sgio` (cython-sgio 1.1.2), as it was measured on a real kernel."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from io import FileIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rsm_scsi.transport import Reply, Transport


class CheckConditionError(Exception):
    """A status with sense data."""

    def __init__(self, sense: bytes) -> None:
        super().__init__(f"SCSI Check Condition: {sense.hex()}")
        self.sense = sense


class UnspecifiedError(Exception):
    """Something went wrong."""


class FakeSgio:
    """The module on one device.

    It leaves the data buffer as it is behind what the device sent, gives a residual that lies, folds every
    status without sense data into `UnspecifiedError`, and gives each command 30 minutes.
    """

    CheckConditionError: type[Exception] = CheckConditionError
    UnspecifiedError: type[Exception] = UnspecifiedError

    def __init__(self, device: Transport) -> None:
        self.device = device
        self.commands: list[bytes] = []
        self.errors: deque[tuple[int, OSError]] = deque()
        """Operation codes whose ioctl will fail, and how: the command is carried out first if it is EINTR."""
        self.stops: set[int] = set()
        """Operation codes during which the process is stopped and continued, so that they are sent twice."""
        self.during: Callable[[bytes], object] = lambda _: None
        """Called while a command runs."""

    def execute(
        self,
        fid: FileIO,
        cdb: bytes,
        data_out: bytes | None,
        data_in: bytearray | None,
        max_sense_data_length: int = 32,
    ) -> int:
        """Send a command."""
        assert fid.fileno() >= 0
        if data_in is not None and not isinstance(data_in, bytearray):
            raise TypeError("Argument 'data_in' has incorrect type")
        if data_out and data_in:
            raise TypeError("'NotImplementedType' object is not callable")
        self.during(cdb)
        if self.errors and self.errors[0][0] == cdb[0]:
            error = self.errors.popleft()[1]
            if isinstance(error, InterruptedError):
                self._send(cdb, data_out, data_in)
            raise error
        if cdb[0] in self.stops:
            self._send(cdb, data_out, data_in)
        reply = self._send(cdb, data_out, data_in)
        if data_in is not None:
            data_in[: len(reply.data)] = reply.data
        if reply.sense:
            raise CheckConditionError(reply.sense[:max_sense_data_length])
        if reply.status or reply.host_status:
            raise UnspecifiedError
        return 1040

    def _send(self, cdb: bytes, data_out: bytes | None, data_in: bytearray | None) -> Reply:
        self.commands.append(cdb)
        return self.device.execute(
            cdb, data_out=data_out or b"", reply_length=len(data_in or b""), timeout=1800
        )


def failed(number: int) -> OSError:
    """Give the error that the package raises: the number, and always the same words."""
    assert os.strerror(number)
    return OSError(number, "ioctl failed")
