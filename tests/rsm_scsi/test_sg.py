"""The /dev/sg transport over a working double of the kernel's side, and the nodes that it refuses to open."""

from __future__ import annotations

import ctypes
import errno
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from rsm.hardware.faults import DeviceGone, OutcomeUnknown
from rsm_scsi.sg import SgHeader, SgTransport, open_sg, received
from rsm_scsi.transport import HostStatus, Status

TUR = bytes(6)
INQUIRY = bytes.fromhex("12 00 00 00 ff 00")


class Answer(NamedTuple):
    """What the kernel will say to one command."""

    data: bytes = b""
    sense: bytes = b""
    status: int = 0
    host: int = 0
    late: float = 0.0
    """Seconds until it is there."""
    residual: int = 0


class FakeKernel:
    """The asynchronous interface of one sg node: takes headers, and fills the buffers they point to."""

    def __init__(self, *answers: Answer, window: int | None = 65536) -> None:
        self.answers = deque(answers)
        self.window = None if window is None else bytearray(b"\xee" * window)
        self.now = 0.0
        self.commands: list[bytes] = []
        self.headers: list[SgHeader] = []
        self.sent: list[bytes] = []
        self.pending: dict[int, tuple[float, Answer]] = {}
        self.refuse: int | None = None
        self.vanish = False
        self.interrupt: BaseException | None = None
        self.closed = 0

    def monotonic(self) -> float:
        """The time."""
        return self.now

    def submit(self, header: SgHeader) -> None:
        """Take a command."""
        if self.refuse is not None:
            raise OSError(self.refuse, os.strerror(self.refuse))
        assert header.interface_id == ord("S")
        self.commands.append(ctypes.string_at(header.cmdp, header.cmd_len))
        if header.dxfer_direction == -2:
            self.sent.append(ctypes.string_at(header.dxferp, header.dxfer_len))
        self.headers.append(SgHeader.from_buffer_copy(header))
        answer = self.answers.popleft() if self.answers else Answer()
        self.pending[header.pack_id] = (self.now + answer.late, answer)

    def wait(self, seconds: float) -> bool:
        """Let time pass until something is there."""
        if self.interrupt is not None:
            error, self.interrupt = self.interrupt, None
            raise error
        soonest = min((due for due, _ in self.pending.values()), default=self.now + seconds)
        self.now = min(self.now + seconds, max(self.now, soonest))
        return any(due <= self.now for due, _ in self.pending.values())

    def collect(self, header: SgHeader) -> bool:
        """Give the answer that belongs to this header's pack_id."""
        if self.vanish:
            raise OSError(errno.ENODEV, "No such device")
        due, answer = self.pending.get(header.pack_id, (float("inf"), Answer()))
        if due > self.now:
            return False
        del self.pending[header.pack_id]
        data = answer.data[: header.dxfer_len]
        if header.flags & 4:
            assert self.window is not None
            assert not header.dxferp
            self.window[: len(data)] = data
        elif data:
            ctypes.memmove(header.dxferp, data, len(data))
        ctypes.memmove(header.sbp, answer.sense, len(answer.sense))
        header.status, header.host_status = answer.status, answer.host
        header.sb_len_wr, header.resid = len(answer.sense), answer.residual
        header.duration = int(answer.late * 1000)
        return True

    def close(self) -> None:
        """Count."""
        self.closed += 1

    def transport(self, grace: float = 60.0) -> SgTransport:
        """Give a transport on this kernel."""
        return SgTransport("/dev/sg3", self, grace=grace, monotonic=self.monotonic)


def test_header_has_the_kernels_size() -> None:
    """The header has the layout of struct sg_io_hdr version 3: 88 bytes where pointers have 8."""
    assert ctypes.sizeof(SgHeader) == (88 if ctypes.sizeof(ctypes.c_void_p) == 8 else 64)


def test_reply_ends_where_the_device_ended() -> None:
    """Data are cut where the device stopped, whatever the residual says."""
    kernel = FakeKernel(Answer(data=b"\x08\x80\x05\x00", residual=1040))
    reply = kernel.transport().execute(INQUIRY, reply_length=255)
    assert reply.data == b"\x08\x80\x05\x00"
    assert reply.residual == 1040
    assert kernel.commands == [INQUIRY]


def test_earlier_reply_does_not_show_through() -> None:
    """A shorter reply shows nothing of the longer one before it."""
    kernel = FakeKernel(Answer(data=bytes(range(200))), Answer(data=b"short"), Answer())
    transport = kernel.transport()
    assert transport.execute(INQUIRY, reply_length=255).data == bytes(range(200))
    assert transport.execute(INQUIRY, reply_length=255).data == b"short"
    assert transport.execute(INQUIRY, reply_length=255).data == b""


def test_reply_longer_than_the_window() -> None:
    """Where the reserve buffer is small or cannot be mapped, replies arrive in a buffer of their own."""
    for window in (None, 64):
        kernel = FakeKernel(Answer(data=b"x" * 100), window=window)
        reply = kernel.transport().execute(INQUIRY, reply_length=128)
        assert reply.data == b"x" * 100 + bytes(28)


@pytest.mark.parametrize("length", [0, 1, 100, 251, 252, 508, 1000, 65531])
def test_received_finds_the_end(length: int) -> None:
    """The untouched pattern is found wherever the device stopped."""
    kernel = FakeKernel(Answer(data=b"\xa5" * length))
    assert kernel.transport().execute(INQUIRY, reply_length=65535).data == b"\xa5" * length


def test_received_keeps_a_full_buffer() -> None:
    """A buffer that was filled to its end stays whole, and so does one that ends like the pattern by chance."""
    assert received(b"\0" * 64) == b"\0" * 64
    pattern = bytes((index * 151 + 89) % 251 + 3 for index in range(64))
    assert received(b"\0" * 62 + pattern[62:]) == b"\0" * 62 + pattern[62:]


def test_every_status_is_kept() -> None:
    """Status, sense data and host status come back as the kernel gave them."""
    sense = bytes.fromhex("70 00 05 00 00 00 00 0a 00 00 00 00 3b 0e 00 00 00 00")
    kernel = FakeKernel(Answer(sense=sense, status=2), Answer(status=8), Answer(host=1))
    transport = kernel.transport()
    checked = transport.execute(TUR)
    assert (checked.status, checked.sense, checked.delivered) == (Status.CHECK_CONDITION, sense, True)
    assert transport.execute(TUR).status == Status.BUSY
    lost = transport.execute(TUR)
    assert (lost.host_status, lost.delivered) == (HostStatus.NO_CONNECT, False)


def test_time_limit_goes_into_the_header() -> None:
    """The kernel gets the command's own limit in milliseconds."""
    kernel = FakeKernel()
    kernel.transport().execute(TUR, timeout=1.5)
    assert kernel.headers[0].timeout == 1500


def test_slow_answer_is_waited_for() -> None:
    """A command that takes long but answers within its limit is a normal command."""
    kernel = FakeKernel(Answer(late=850))
    reply = kernel.transport().execute(TUR, timeout=900)
    assert (reply.status, reply.host_status, reply.duration) == (0, 0, 850)
    assert len(kernel.commands) == 1


def test_no_answer_is_a_timeout_sent_once() -> None:
    """No answer past limit and grace is host status TIME_OUT; the command is not sent again."""
    kernel = FakeKernel(Answer(late=10_000))
    reply = kernel.transport(grace=30).execute(bytes.fromhex("a5") + bytes(11), timeout=900)
    assert reply.host_status == HostStatus.TIME_OUT
    assert not reply.delivered
    assert kernel.now == 930
    assert len(kernel.commands) == 1


def test_late_answer_is_not_taken_for_the_next() -> None:
    """An answer that comes after it was given up does not answer the next command."""
    kernel = FakeKernel(Answer(late=100, data=b"old"), Answer(data=b"new", late=80))
    transport = kernel.transport(grace=0)
    assert transport.execute(INQUIRY, reply_length=16, timeout=60).host_status == HostStatus.TIME_OUT
    reply = transport.execute(INQUIRY, reply_length=16, timeout=90)
    assert reply.data.rstrip(b"\0") == b"new"
    assert not kernel.pending


def test_window_is_not_shared_with_a_command_given_up() -> None:
    """While a command that was given up may still write into the window, replies go elsewhere."""
    kernel = FakeKernel(Answer(late=1000), Answer(data=b"x"))
    transport = kernel.transport(grace=0)
    transport.execute(INQUIRY, reply_length=16, timeout=10)
    transport.execute(INQUIRY, reply_length=16, timeout=10)
    assert [header.flags for header in kernel.headers] == [4, 0]


def test_data_out() -> None:
    """Data for the device are handed over whole."""
    kernel = FakeKernel()
    kernel.transport().execute(bytes.fromhex("b6") + bytes(11), data_out=b"RSM001*" + bytes(33))
    assert kernel.sent == [b"RSM001*" + bytes(33)]


def test_node_vanishes_before_the_answer() -> None:
    """A node that goes away while a command is on its way leaves the outcome unknown."""
    kernel = FakeKernel()
    kernel.vanish = True
    with pytest.raises(OutcomeUnknown, match="/dev/sg3"):
        kernel.transport().execute(TUR)


def test_node_takes_no_command() -> None:
    """A node that takes no command is gone, which proves that nothing was sent."""
    kernel = FakeKernel()
    kernel.refuse = errno.ENODEV
    with pytest.raises(DeviceGone, match="/dev/sg3"):
        kernel.transport().execute(TUR)


def test_interrupted_by_a_person() -> None:
    """Ctrl-C during a command passes through; the command is not sent again, and its answer not mixed up."""
    kernel = FakeKernel(Answer(late=5, data=b"old"), Answer(data=b"new"))
    transport = kernel.transport()
    kernel.interrupt = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        transport.execute(INQUIRY, reply_length=8)
    assert len(kernel.commands) == 1
    assert transport.execute(INQUIRY, reply_length=8).data.rstrip(b"\0") == b"new"


def test_close_twice_and_use_afterwards() -> None:
    """Closing twice closes once; a command afterwards says that the device was closed."""
    kernel = FakeKernel()
    with kernel.transport() as transport:
        transport.close()
    assert kernel.closed == 1
    with pytest.raises(DeviceGone, match="closed"):
        transport.execute(TUR)


def _file(directory: Path) -> Path:
    path = directory / "file"
    path.write_text("content")
    return path


def _pipe(directory: Path) -> Path:
    path = directory / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda directory: directory / "missing", "no device"),
        (_file, "regular file"),
        (lambda directory: directory, "directory"),
        (_pipe, "pipe"),
        (lambda _: Path("/dev/null"), "no SCSI device"),
        (lambda directory: directory / "file" / "below", "no device"),
        (lambda directory: directory / ("x" * 5000), "no device"),
    ],
)
def test_what_is_no_device(tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    """A name that is no SCSI device is refused in one sentence that names it, and nothing is created."""
    path = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DeviceGone, match=words) as caught:
        open_sg(str(path))
    assert str(path) in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_name_with_a_nul() -> None:
    """A name that no file can have is refused like one that is not there."""
    with pytest.raises(DeviceGone):
        open_sg("/dev/sg\0")
