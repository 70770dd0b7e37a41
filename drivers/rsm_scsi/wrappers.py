"""Transports around a transport: a log of the traffic, and patience with a device that cannot answer yet.

Each has the shape of `rsm_scsi.transport.Transport`, so they stack. None of them ever sends a motion command
a second time (`timeouts.MOTION`): those go through once, and whoever sent one decides what its answer means.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rsm_scsi import timeouts
from rsm_scsi.transport import HostStatus, Reply, Status, Transport
from rsm_smc import reactions
from rsm_smc import sense as sense_data
from rsm_smc.cdb import RequestSense, TestUnitReady

if TYPE_CHECKING:
    from collections.abc import Callable

    from rsm.clock import Clock
    from rsm_smc.sense import Sense

TRAFFIC = 5
"""Logging level of the bytes on the wire, below DEBUG."""

_LOG = logging.getLogger(__name__)
_WIRE = logging.getLogger("rsm_scsi.traffic")
_SHOWN = 256
_NOT_RETRIED = {HostStatus.OK, HostStatus.NO_CONNECT, HostStatus.TIME_OUT}


class Wrapper:
    """A transport that hands everything on; the others change what `execute` does."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._inner.device

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block and give what came back."""
        return self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)

    def close(self) -> None:
        """Give the device back."""
        self._inner.close()


class _Hex:
    """Bytes that become text only if a log record is really written."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __str__(self) -> str:
        more = f" … {len(self._data)} bytes" if len(self._data) > _SHOWN else ""
        return (self._data[:_SHOWN].hex(" ") or "-") + more


class TrafficLog(Wrapper):
    """Logs each command and its answer at level TRAFFIC."""

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block and give what came back."""
        _WIRE.log(TRAFFIC, "%s > %s %s", self.device, _Hex(cdb), _Hex(data_out))
        reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
        _WIRE.log(
            TRAFFIC,
            "%s < status %02x host %02x driver %02x in %.3f s: %s sense %s",
            self.device,
            reply.status,
            reply.host_status,
            reply.driver_status,
            reply.duration,
            _Hex(reply.data),
            _Hex(reply.sense),
        )
        return reply


class SenseFetching(Wrapper):
    """Asks for the sense data that should have come with a CHECK CONDITION and did not (scsi.md §1.2)."""

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block and give what came back, with sense data if there are any to be had."""
        reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
        if reply.status != Status.CHECK_CONDITION or reply.sense or not reply.delivered:
            return reply
        request = RequestSense()
        late = self._inner.execute(request.encode(), reply_length=request.allocation)
        if late.status != Status.GOOD or not late.delivered:
            return reply
        return Reply(reply.status, reply.data, late.data, reply.host_status, duration=reply.duration)


class PathRetrying(Wrapper):
    """Sends a command again that the path lost, unless it sets something moving."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        super().__init__(inner)
        self._clock = clock

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block, up to three times, and give what came back."""
        tries = 1 if cdb[0] in timeouts.MOTION else timeouts.PATH_TRIES
        while True:
            reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
            tries -= 1
            if not tries or reply.delivered or reply.host_status in _NOT_RETRIED:
                return reply
            _LOG.info(
                "%s: the path failed with host status %02x, trying again", self.device, reply.host_status
            )
            self._clock.sleep(1.0)


class AttentionAbsorbing(Wrapper):
    """Takes unit attentions and deferred errors away, tells a listener, and sends the command again.

    A unit attention means that the command was not executed (scsi.md §2.2). A motion command is nevertheless
    not sent again here: the elements that it names may have changed.
    """

    def __init__(self, inner: Transport, listener: Callable[[Sense], None]) -> None:
        super().__init__(inner)
        self._listener = listener

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block until it is answered by something else than an attention, ten times at most."""
        for _ in range(timeouts.ATTENTIONS):
            reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
            sense = sense_of(reply)
            if sense is None or not (sense.key == 6 or sense.deferred):
                return reply
            self._listener(sense)
            if cdb[0] in timeouts.MOTION:
                return reply
        return reply


class BusyWaiting(Wrapper):
    """Waits while the device answers BUSY or TASK SET FULL, which is a move of somebody else as a rule."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        super().__init__(inner)
        self._clock = clock

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block until the device takes it, `timeouts.BUSY` seconds long."""
        deadline = self._clock.monotonic() + timeouts.BUSY
        while True:
            reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
            if cdb[0] in timeouts.MOTION or reply.status not in {Status.BUSY, Status.TASK_SET_FULL}:
                return reply
            if self._clock.monotonic() >= deadline:
                return reply
            self._clock.sleep(timeouts.BUSY_STEP)


class ReadyWaiting(Wrapper):
    """Waits while the sense data say that waiting helps: becoming ready, operation in progress (§2.3 W)."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        super().__init__(inner)
        self._clock = clock

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block until the device is ready for it, `timeouts.READY` seconds at most."""
        began = self._clock.monotonic()
        while True:
            reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
            sense = sense_of(reply)
            if sense is None or cdb[0] in timeouts.MOTION or cdb[0] == TestUnitReady.OPCODE:
                return reply
            meaning = reactions.lookup(sense)
            bound = min(timeouts.READY, meaning.limit_seconds or timeouts.READY)
            waited = self._clock.monotonic() - began
            if meaning.reaction is not reactions.Reaction.WAIT or waited >= bound:
                return reply
            _LOG.info("%s: %s, waiting", self.device, meaning.text)
            self._clock.sleep(meaning.retry_seconds or 1.0)


def sense_of(reply: Reply) -> Sense | None:
    """Give the sense data of a CHECK CONDITION; None for any other answer."""
    if reply.status != Status.CHECK_CONDITION or not reply.sense:
        return None
    return sense_data.decode(reply.sense)
