"""Transports around a transport: the log, late sense data, and patience that never moves anything twice."""

from __future__ import annotations

import logging
from collections import deque

import pytest

from rsm.clock import JumpingClock
from rsm.hardware.faults import BadReply, DeviceGone, NotReadyYet, OutcomeUnknown
from rsm_scsi import timeouts
from rsm_scsi.transport import HostStatus, Reply, Status
from rsm_scsi.unit import LogicalUnit
from rsm_scsi.verdict import judge
from rsm_scsi.wrappers import TRAFFIC, SenseFetching, TrafficLog
from rsm_smc import sense
from rsm_smc.cdb import Inquiry, MoveMedium, TestUnitReady
from rsm_smc.sense import Sense

TUR = TestUnitReady().encode()
MOVE = MoveMedium(1, 2).encode()


def check(key: int, asc: int, ascq: int) -> Reply:
    """Give a CHECK CONDITION."""
    return Reply(Status.CHECK_CONDITION, sense=sense.encode(key, asc, ascq))


class Canned:
    """Gives these replies one after the other, and the last one for ever."""

    device = "/dev/sg3"

    def __init__(self, *replies: Reply) -> None:
        self.replies = deque(replies)
        self.sent: list[bytes] = []
        self.limits: list[float] = []
        self.closed = 0

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Answer."""
        self.sent.append(cdb)
        self.limits.append(timeout)
        return self.replies.popleft() if len(self.replies) > 1 else self.replies[0]

    def close(self) -> None:
        """Count."""
        self.closed += 1


def unit(device: Canned, clock: JumpingClock | None = None, heard: list[Sense] | None = None) -> LogicalUnit:
    """Give a logical unit on a canned device."""
    ears = [] if heard is None else heard
    return LogicalUnit(device, clock=clock or JumpingClock(), on_attention=ears.append)


def test_traffic_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Commands and answers appear in hex at level TRAFFIC, and only there."""
    device = TrafficLog(Canned(Reply(2, b"\x01\x02", b"\x70\x00\x05")))
    with caplog.at_level(TRAFFIC, "rsm_scsi.traffic"):
        device.execute(MOVE)
    assert "a5 00 00 00 00 01 00 02" in caplog.text
    assert "01 02 sense 70 00 05" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "rsm_scsi.traffic"):
        device.execute(MOVE)
    assert not caplog.text


def test_long_replies_are_cut_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A large reply does not flood the log."""
    device = TrafficLog(Canned(Reply(0, bytes(65000))))
    with caplog.at_level(TRAFFIC, "rsm_scsi.traffic"):
        device.execute(TUR)
    assert "65000 bytes" in caplog.text
    assert len(caplog.text) < 3000


def test_missing_sense_is_fetched() -> None:
    """A CHECK CONDITION without sense data is followed by REQUEST SENSE, not by the command again."""
    device = Canned(Reply(2), Reply(0, sense.encode(5, 0x3B, 0x0D)))
    reply = SenseFetching(device).execute(MOVE)
    assert (reply.status, reply.sense) == (2, sense.encode(5, 0x3B, 0x0D))
    assert [cdb[0] for cdb in device.sent] == [0xA5, 0x03]


def test_missing_sense_that_cannot_be_fetched() -> None:
    """Without sense data a move has an unknown outcome, and a look a bad reply."""
    reply = SenseFetching(Canned(Reply(2))).execute(MOVE)
    assert isinstance(judge(reply, MOVE, device="/dev/sg3", doing="move").fault, OutcomeUnknown)
    assert isinstance(judge(reply, TUR, device="/dev/sg3", doing="look").fault, BadReply)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(Status.BUSY),
        Reply(Status.TASK_SET_FULL),
        Reply(0, host_status=HostStatus.RESET),
        Reply(0, host_status=HostStatus.TIME_OUT),
        check(6, 0x29, 0x00),
        check(6, 0x28, 0x00),
        check(2, 0x04, 0x01),
        check(0xB, 0x47, 0x00),
        Reply(Status.CHECK_CONDITION, sense=b"\x71" + sense.encode(4, 0x15, 1)[1:]),
    ],
)
@pytest.mark.parametrize("opcode", sorted(timeouts.MOTION))
def test_nothing_that_moves_is_sent_twice(reply: Reply, opcode: int) -> None:
    """Whatever the answer is, a motion command goes out once."""

    class Motion:
        """A motion command."""

        def encode(self) -> bytes:
            """Give its block."""
            return bytes([opcode]) + bytes(11)

    device = Canned(reply)
    _, verdict = unit(device).ask(Motion(), "move")
    assert verdict.fault is not None
    assert [cdb[0] for cdb in device.sent] == [opcode]


def test_attentions_are_told_and_the_command_sent_again() -> None:
    """Queued attentions are each told once, and then the command succeeds."""
    heard: list[Sense] = []
    device = Canned(check(6, 0x29, 0), check(6, 0x28, 0), Reply(0, b"data"))
    assert unit(device, heard=heard).fetch(Inquiry(), "say who it is", reply_length=4) == b"data"
    assert [(item.asc, item.ascq) for item in heard] == [(0x29, 0), (0x28, 0)]


def test_attentions_for_ever_end() -> None:
    """A device with nothing but attentions is given up after ten."""
    device = Canned(check(6, 0x29, 0))
    assert unit(device).probe().fault is not None
    assert len(device.sent) == timeouts.ATTENTIONS


def test_deferred_error_is_an_attention() -> None:
    """A deferred error belongs to an earlier command: it is told, and the present one sent again."""
    heard: list[Sense] = []
    deferred = b"\x71" + sense.encode(4, 0x15, 0x01)[1:]
    device = Canned(Reply(2, sense=deferred), Reply(0))
    assert unit(device, heard=heard).probe().fault is None
    assert heard[0].deferred


def test_each_command_has_its_limit() -> None:
    """A command gets the time that its kind may take."""
    device = Canned(Reply(0))
    logical = unit(device)
    logical.tell(TestUnitReady(), "be ready")
    logical.tell(MoveMedium(1, 2), "move")
    logical.tell(MoveMedium(1, 2), "move", timeout=5)
    assert device.limits == [timeouts.QUICK, timeouts.MOVE, 5]


def test_waiting_for_a_look_is_bounded() -> None:
    """A device that is becoming ready for ever is given up."""
    clock = JumpingClock()
    began = clock.monotonic()
    with pytest.raises(NotReadyYet, match="becoming ready"):
        unit(Canned(check(2, 4, 1)), clock).fetch(Inquiry(), "say who it is", reply_length=4)
    assert timeouts.READY <= clock.monotonic() - began <= timeouts.READY + 60


def test_path_that_is_gone_is_not_tried_again() -> None:
    """NO_CONNECT on a look is a device that is gone."""
    device = Canned(Reply(0, host_status=HostStatus.NO_CONNECT))
    with pytest.raises(DeviceGone):
        unit(device).tell(TestUnitReady(), "be ready")
    assert len(device.sent) == 1


def test_unknown_host_status() -> None:
    """A host status that has no name is told by its number."""
    verdict = judge(Reply(0, host_status=0x42), MOVE, device="/dev/sg3", doing="move")
    assert isinstance(verdict.fault, OutcomeUnknown)
    assert "42h" in str(verdict.fault)


def test_sense_beside_a_transport_error_is_believed() -> None:
    """Some RAID adapters report a transport error with a valid CHECK CONDITION: the sense data count."""
    reply = Reply(2, sense=sense.encode(5, 0x3B, 0x0E), host_status=HostStatus.ERROR)
    assert "empty" in str(judge(reply, MOVE, device="/dev/sg3", doing="move").fault)


def test_unknown_status() -> None:
    """A status that means nothing leaves a move unknown."""
    verdict = judge(Reply(0x40), MOVE, device="/dev/sg3", doing="move")
    assert isinstance(verdict.fault, OutcomeUnknown)


def test_wait_idle_never_raises() -> None:
    """Waiting for rest ends, whatever the device says."""
    for reply in (check(2, 4, 0x18), check(4, 0x40, 1), check(2, 4, 7), Reply(0, host_status=1)):
        unit(Canned(reply)).wait_idle(900)


def test_close_once() -> None:
    """Closing twice closes the transport once, and nothing is sent afterwards."""
    device = Canned(Reply(0))
    logical = unit(device)
    logical.close()
    logical.close()
    with pytest.raises(DeviceGone, match="closed"):
        logical.probe()
    assert device.closed == 1
    assert device.sent == []
