"""Linux's /dev/sg by its asynchronous version 3 interface: write the header, poll, read it back.

SG_IO on the same node is submitted a second time by the kernel after SIGSTOP and SIGCONT, a cgroup freeze or
a signal with SA_RESTART; this way sends one command whatever happens (scsi.md §0.1, §9). The interpreter lock
is free while the command runs.

Replies arrive in the kernel's reserve buffer, mapped into this process and filled with a pattern beforehand:
so the end of a reply is known whatever the residual says, and no bytes of an earlier reply show through where
the device sent fewer than it should (both measured with tgt on kernel 6.1).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import logging
import mmap
import os
import select
import time
from typing import TYPE_CHECKING, Protocol, Self

from rsm.hardware.faults import DeviceGone, OutcomeUnknown
from rsm_scsi.nodes import sg_node
from rsm_scsi.transport import HostStatus, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)

GRACE = 60.0
"""Seconds past a command's own limit after which its answer is no longer waited for.

The kernel aborts the command at the limit, resets what it must, and then answers with host status TIME_OUT.
"""

_SENSE_ROOM = 252
_SG_SET_FORCE_PACK_ID = 0x227B
_SG_GET_VERSION_NUM = 0x2282
_SG_SET_RESERVED_SIZE = 0x2275
_SG_GET_RESERVED_SIZE = 0x2272
_DXFER_NONE = -1
_DXFER_TO_DEVICE = -2
_DXFER_FROM_DEVICE = -3
_FLAG_MMAP_IO = 4
_WINDOW = 65536
"""Bytes of reserve buffer to ask for: the largest reply that the driver makes room for."""

_UNTOUCHED = bytes((index * 151 + 89) % 251 + 3 for index in range(251))
"""A pattern that no device sends; where it is still there, nothing was received."""

_CERTAIN = 4
"""Bytes of pattern at the end of the buffer that are too many to be a coincidence."""


class SgHeader(ctypes.Structure):
    """`struct sg_io_hdr`, version 3, of <scsi/sg.h>; 88 bytes where pointers have 8."""

    _fields_ = (
        ("interface_id", ctypes.c_int),
        ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p),
        ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    )


class SgChannel(Protocol):
    """The system calls of the asynchronous interface on one open node."""

    @property
    def window(self) -> mmap.mmap | bytearray | None:
        """The kernel's reserve buffer, where replies can be received; None if it cannot be mapped."""
        ...

    def submit(self, header: SgHeader) -> None:
        """Send a command; raises OSError if it was not accepted."""
        ...

    def wait(self, seconds: float) -> bool:
        """Tell whether any answer is there, waiting up to that long."""
        ...

    def collect(self, header: SgHeader) -> bool:
        """Fill in the header that has this `pack_id`; False if it is not back yet."""
        ...

    def close(self) -> None:
        """Close the node."""
        ...


class KernelChannel:
    """An sg node opened for reading and writing without waiting (read-only opens may not move media)."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            # The version number is asked for because only sg answers it; it has been 3 since Linux 2.4.
            fcntl.ioctl(self._file, _SG_GET_VERSION_NUM, ctypes.c_int(0))
            fcntl.ioctl(self._file, _SG_SET_FORCE_PACK_ID, ctypes.c_int(1))
        except BaseException:
            os.close(self._file)
            raise
        self._window = self._map_reserve_buffer()

    @property
    def window(self) -> mmap.mmap | None:
        """The mapped reserve buffer; None where the kernel does not give one."""
        return self._window

    def _map_reserve_buffer(self) -> mmap.mmap | None:
        """Map as much as the kernel grants; short of memory, that may be less than was asked for."""
        size = ctypes.c_int(_WINDOW)
        try:
            fcntl.ioctl(self._file, _SG_SET_RESERVED_SIZE, size)
            fcntl.ioctl(self._file, _SG_GET_RESERVED_SIZE, size)
            return mmap.mmap(self._file, size.value)
        except (OSError, ValueError) as error:
            _LOG.debug("the reserve buffer of sg cannot be mapped: %s", error)
            return None

    def submit(self, header: SgHeader) -> None:
        """Write the header, which hands the command to the kernel."""
        os.write(self._file, bytes(header))

    def wait(self, seconds: float) -> bool:
        """Poll; an interrupted poll is taken up again by Python with the time that is left (PEP 475)."""
        poller = select.poll()
        poller.register(self._file, select.POLLIN)
        return bool(poller.poll(max(0.0, seconds) * 1000))

    def collect(self, header: SgHeader) -> bool:
        """Read the header back; the kernel takes `pack_id` from the buffer and then fills it."""
        try:
            os.readv(self._file, [header])
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Close the node; a command under way is carried out all the same."""
        if self._window is not None:
            self._window.close()
        os.close(self._file)


class _Request:
    """A header and the buffers that it points to, which live until the answer was read."""

    def __init__(
        self,
        cdb: bytes,
        data_out: bytes,
        room: int,
        window: mmap.mmap | bytearray | None,
    ) -> None:
        self._cdb = ctypes.create_string_buffer(cdb, len(cdb))
        self._sense = ctypes.create_string_buffer(_SENSE_ROOM)
        self._room = 0 if data_out else room
        self._window = window if self._room else None
        self._data = ctypes.create_string_buffer(data_out, max(1, len(data_out) or room))
        if self._window is not None:
            self._window[:room] = _pattern(room)
        self.header = SgHeader(
            interface_id=ord("S"),
            dxfer_direction=_direction(data_out, room),
            cmd_len=len(cdb),
            mx_sb_len=_SENSE_ROOM,
            dxfer_len=len(data_out) or room,
            dxferp=None if self._window is not None else ctypes.addressof(self._data),
            cmdp=ctypes.addressof(self._cdb),
            sbp=ctypes.addressof(self._sense),
            flags=_FLAG_MMAP_IO if self._window is not None else 0,
        )

    def reply(self) -> Reply:
        header = self.header
        return Reply(
            status=header.status,
            data=self._received(),
            sense=self._sense.raw[: header.sb_len_wr],
            host_status=header.host_status,
            driver_status=header.driver_status,
            residual=header.resid,
            duration=header.duration / 1000,
        )

    def _received(self) -> bytes:
        if self._window is not None:
            return received(bytes(self._window[: self._room]))
        return self._data.raw[: self._room]


class SgTransport:
    """A logical unit behind an open /dev/sg node; use it from one thread at a time."""

    def __init__(
        self,
        device: str,
        channel: SgChannel,
        *,
        grace: float = GRACE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device = device
        self._channel: SgChannel | None = channel
        self._grace = grace
        self._monotonic = monotonic
        self._pack_id = 0
        self._abandoned: dict[int, _Request] = {}

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._device

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block, once, and give what came back; `data` ends where the device ended.

        An answer that is not there `GRACE` seconds after the limit is given up: host status TIME_OUT.
        Raises `DeviceGone` if the kernel takes no command for the node, and `OutcomeUnknown` if the node
        goes away before the answer is read.
        """
        channel = self._open_channel()
        request = _Request(cdb, data_out, reply_length, self._free_window(channel, reply_length))
        self._pack_id = self._pack_id % 0x7FFFFFFF + 1
        request.header.pack_id = self._pack_id
        request.header.timeout = max(1, int(timeout * 1000))
        try:
            channel.submit(request.header)
        except OSError as error:
            raise DeviceGone(f"{self._device} takes no command: {error.strerror}") from error
        # From here on the command may be carried out, so nothing below ever submits again.
        try:
            answered = self._await(channel, request, timeout + self._grace)
        except OSError as error:
            self._abandon(request)
            raise OutcomeUnknown(
                f"{self._device} went away before it answered: {error.strerror}",
                hint="look at the library before anything is moved again",
            ) from error
        except BaseException:
            self._abandon(request)  # Ctrl-C: the kernel may still write into the buffers' pages
            raise
        if answered:
            return request.reply()
        _LOG.warning("%s gave no answer within %.0f s to %s", self._device, timeout, cdb.hex(" "))
        self._abandon(request)
        return Reply(status=0, host_status=HostStatus.TIME_OUT, duration=timeout + self._grace)

    def close(self) -> None:
        """Give the node back; closing twice is fine."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def _open_channel(self) -> SgChannel:
        if self._channel is None:
            raise DeviceGone(f"{self._device} was closed")
        return self._channel

    def _free_window(self, channel: SgChannel, room: int) -> mmap.mmap | bytearray | None:
        """Give the window unless the reply is too long, or a command given up may still write there."""
        self._collect_late(channel)
        window = channel.window
        return window if window is not None and room <= len(window) and not self._abandoned else None

    def _abandon(self, request: _Request) -> None:
        self._abandoned[request.header.pack_id] = request

    def _await(self, channel: SgChannel, request: _Request, seconds: float) -> bool:
        """Collect the answer of this request, and late ones of earlier requests on the way."""
        deadline = self._monotonic() + seconds
        while not channel.collect(request.header):
            left = deadline - self._monotonic()
            if left <= 0:
                return False
            if channel.wait(left):
                self._collect_late(channel)
        return True

    def _collect_late(self, channel: SgChannel) -> None:
        """Take away answers that came after they were given up, which would keep poll awake."""
        for pack_id, request in list(self._abandoned.items()):
            if channel.collect(request.header):
                _LOG.info("%s answered a command that had been given up", self._device)
                del self._abandoned[pack_id]


def open_sg(device: str) -> SgTransport:
    """Open a device node for commands; raises `DeviceGone` with one sentence that says why not."""
    node = sg_node(device)
    try:
        channel = KernelChannel(node.path)
    except OSError as error:
        raise why_not_opened(device, error) from error
    return SgTransport(device, channel)


def received(buffer: bytes) -> bytes:
    """Cut a buffer where the untouched pattern begins; the residual lies (vm.md), this does not."""
    pattern = _pattern(len(buffer))
    if buffer == pattern:
        return b""
    end = len(buffer)
    low = 0
    while low < end:  # the untouched part is a suffix: find where it begins by halving
        middle = (low + end) // 2
        if buffer[middle:] == pattern[middle:]:
            end = middle
        else:
            low = middle + 1
    return buffer[:end] if len(buffer) - end >= _CERTAIN else buffer


def _pattern(length: int) -> bytes:
    return (_UNTOUCHED * (length // len(_UNTOUCHED) + 1))[:length]


def _direction(data_out: bytes, room: int) -> int:
    if data_out:
        return _DXFER_TO_DEVICE
    return _DXFER_FROM_DEVICE if room else _DXFER_NONE


def why_not_opened(device: str, error: OSError) -> DeviceGone:
    """Give the fault that says in one sentence why a node cannot be opened, and what helps."""
    hint = "lsscsi -g lists the devices"
    if isinstance(error, PermissionError):
        message = f"{device} may not be opened for reading and writing"
        hint = "join the group that owns it, which is usually tape: sudo usermod -aG tape $USER"
    elif error.errno == errno.EBUSY:
        message = f"{device} is held by another program"
    elif error.errno in {errno.ENOENT, errno.ENXIO, errno.ENODEV}:
        message = f"nothing answers behind {device}: {error.strerror}"
    else:
        message = f"{device} cannot be opened as a SCSI generic device: {error.strerror}"
    return DeviceGone(message, hint=hint)
