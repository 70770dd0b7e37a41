"""Commands through the package cython-sgio (extra `sgio`), for whoever prefers it; never chosen by itself.

`sgio:/dev/sg3` and `sgio:scsi:SERIAL` lead here. Measured limits of version 1.1.2 (scsi.md §9, decision 9):

* The ioctl SG_IO is submitted a second time by the kernel after SIGSTOP and SIGCONT, a cgroup freeze or a
  handler with SA_RESTART. Signals are held back during motion commands, which leaves the first two: so
  `ScsiChanger` looks before a motion command too, and believes a refusal only if nothing has changed.
* The interpreter lock is held while a command runs: every other thread stands still, for a whole move too.
* Every command has 30 minutes, whatever limit it is given.
* Busy, reserved, lost path and time limit are one error without text (`HostStatus.UNTOLD`).
* The end of a reply is not known. Where the device sent less than it announced, the kernel's buffer shows the
  reply before (tgt: one drive with the serial number of another), so a new buffer is asked for each time, and
  zeros stand there instead.
"""

from __future__ import annotations

import errno
import fcntl
import importlib
import itertools
import os
import signal
import struct
import time
from contextlib import contextmanager, nullcontext, suppress
from io import FileIO
from typing import TYPE_CHECKING, Protocol, Self, cast

from rsm.hardware.faults import DeviceGone, NotSupported, OutcomeUnknown
from rsm_scsi import timeouts
from rsm_scsi.nodes import sg_node
from rsm_scsi.sg import why_not_opened
from rsm_scsi.transport import Constraints, HostStatus, Reply, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEME = "sgio:"

LIMIT = 1800.0
"""Seconds that cython-sgio gives every command."""

CONSTRAINTS = Constraints(command_limit=LIMIT, resends=True)

_SENSE_ROOM = 252
"""The package's own 32 bytes cut the sense data of many devices."""

_SG_SET_RESERVED_SIZE = 0x2275
_BUFFERS = (32768, 36864)
"""Sizes of the kernel's buffer: going from one to the other gives a new one, of zeros."""

_NOT_SENT = frozenset(
    {
        errno.EPERM, errno.EACCES, errno.EINVAL, errno.EMSGSIZE, errno.ENOTTY, errno.EBADF, errno.ENXIO,
        errno.ENOMEM, errno.EDOM,
    }
)  # fmt: skip
"""What the kernel says before it sends anything. ENODEV is not here: it comes after sending as well."""


class SgioModule(Protocol):
    """The module `sgio`, as far as it is used."""

    @property
    def CheckConditionError(self) -> type[Exception]:  # noqa: N802 - the package's name
        """Raised for a status with sense data, which are in its `sense`."""
        ...

    @property
    def UnspecifiedError(self) -> type[Exception]:  # noqa: N802 - the package's name
        """Raised for anything else that went wrong, without a word."""
        ...

    @property
    def execute(self) -> Callable[[FileIO, bytes, bytes | None, bytearray | None, int], int]:
        """Send a command: file, command block, data out, room for data in, room for sense data."""
        ...


class SgioTransport:
    """A logical unit behind an open node, reached through cython-sgio; use it from one thread at a time."""

    def __init__(
        self,
        device: str,
        file: FileIO,
        module: SgioModule,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device = device
        self._file = file
        self._sgio = module
        self._monotonic = monotonic
        self._buffers = itertools.cycle(_BUFFERS)

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._device

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = LIMIT
    ) -> Reply:
        """Send one command block and give what came back; `timeout` has no effect, the limit is 30 minutes.

        Raises `OutcomeUnknown` if a motion command was interrupted, or failed in a way that does not prove
        that nothing was sent, and `DeviceGone` if no command can be sent at all.
        """
        del timeout
        if self._file.closed:
            raise DeviceGone(f"{self._device} was closed")
        room = bytearray(0 if data_out else reply_length)
        if room:
            self._renew_buffer()
        motion = cdb[0] in timeouts.MOTION
        began = self._monotonic()
        sense = b""
        try:
            with _undisturbed() if motion else nullcontext():
                self._sgio.execute(self._file, cdb, data_out or None, room or None, _SENSE_ROOM)
        except self._sgio.CheckConditionError as error:
            sense = bytes(getattr(error, "sense", b""))
        except self._sgio.UnspecifiedError:
            return self._untold(self._monotonic() - began)
        except OSError as error:
            return self._not_carried(error, self._monotonic() - began, motion=motion)
        status = Status.CHECK_CONDITION if sense else Status.GOOD
        return Reply(status, bytes(room), sense, duration=self._monotonic() - began)

    def _renew_buffer(self) -> None:
        """Have the kernel forget the reply before; while a command it lost still has the buffer, it takes another."""
        with suppress(OSError):
            fcntl.ioctl(self._file, _SG_SET_RESERVED_SIZE, struct.pack("i", next(self._buffers)))

    def _untold(self, seconds: float) -> Reply:
        """Give the one thing that can be told of an unspecified error: whether the time was up."""
        host = HostStatus.TIME_OUT if seconds >= LIMIT else HostStatus.UNTOLD
        return Reply(status=0, host_status=host, duration=seconds)

    def _not_carried(self, error: OSError, seconds: float, *, motion: bool) -> Reply:
        if error.errno in _NOT_SENT or (not motion and error.errno != errno.EINTR):
            raise DeviceGone(f"{self._device} takes no command: {_words(error)}") from error
        if motion:
            raise OutcomeUnknown(
                f"{self._device} was told to move something, and then: {_words(error)}",
                hint="look at the library before anything is moved again",
            ) from error
        return self._untold(seconds)  # a read that a signal interrupted, which may be sent again

    def close(self) -> None:
        """Give the node back; closing twice is fine."""
        self._file.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()


def open_sgio(device: str) -> SgioTransport:
    """Open a device node for commands through cython-sgio.

    Raises `NotSupported` if the package is not installed, and `DeviceGone` if the node cannot be opened.
    """
    module = _load()
    node = sg_node(device)
    try:
        # Read-write and without waiting, as open_sg does and for the same reasons.
        file = FileIO(
            node.path, "r+", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
        )
    except OSError as error:
        raise why_not_opened(device, error) from error
    return SgioTransport(device, file, module)


def _load() -> SgioModule:
    try:
        return cast("SgioModule", importlib.import_module("sgio"))
    except ImportError as error:
        raise NotSupported(
            f"sgio: needs the package cython-sgio, which cannot be used here ({error})",
            hint="pip install 'rsm-linux[sgio]' (needs a C compiler), or leave sgio: out of the device's name",
        ) from error


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold signals back from this thread: one with SA_RESTART would have the kernel send the command again."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _words(error: OSError) -> str:
    """Say what the number means: the package's own text is always "ioctl failed"."""
    return os.strerror(error.errno) if error.errno else str(error)
