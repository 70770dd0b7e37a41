"""A logical unit: commands as values in, decoded faults out, with the patience that each command deserves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from rsm.hardware.faults import DeviceFault, DeviceGone, NotReadyYet, OutcomeUnknown
from rsm_scsi import timeouts
from rsm_scsi.verdict import Verdict, judge
from rsm_scsi.wrappers import (
    AttentionAbsorbing,
    BusyWaiting,
    PathRetrying,
    ReadyWaiting,
    SenseFetching,
    TrafficLog,
    Wrapper,
)
from rsm_smc.cdb import TestUnitReady

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from rsm.clock import Clock
    from rsm_scsi.transport import Reply, Transport
    from rsm_smc.sense import Sense

_LOG = logging.getLogger(__name__)


class Command(Protocol):
    """A command of `rsm_smc.cdb`."""

    def encode(self) -> bytes:
        """Give the command block."""
        ...


class _Closable(Wrapper):
    """Refuses commands once it is closed; closing twice is fine."""

    _open = True

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        if not self._open:
            raise DeviceGone(f"{self.device} was closed")
        return self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._inner.close()


class LogicalUnit:
    """A device that answers commands; what it refused is remembered in `refused` for as long as it is open."""

    def __init__(self, transport: Transport, *, clock: Clock, on_attention: Callable[[Sense], None]) -> None:
        self._clock = clock
        self._base = _Closable(transport)
        self._alert = AttentionAbsorbing(SenseFetching(TrafficLog(self._base)), on_attention)
        self._patient = ReadyWaiting(BusyWaiting(PathRetrying(self._alert, clock), clock), clock)
        self.refused: set[Hashable] = set()

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._base.device

    def ask(
        self,
        command: Command,
        doing: str,
        *,
        reply_length: int = 0,
        timeout: float | None = None,
    ) -> tuple[Reply, Verdict]:
        """Send a command and say what its answer means, having waited where waiting helps.

        A motion command is sent exactly once. Raises only what the transport raises.
        """
        cdb = command.encode()
        seconds = timeouts.limit(cdb[0]) if timeout is None else timeout
        reply = self._patient.execute(cdb, reply_length=reply_length, timeout=seconds)
        return reply, judge(reply, cdb, device=self.device, doing=doing)

    def fetch(self, command: Command, doing: str, *, reply_length: int) -> bytes:
        """Give the data that a command returns; raises the fault if there is one."""
        reply, verdict = self.ask(command, doing, reply_length=reply_length)
        if verdict.fault is not None:
            raise verdict.fault
        return reply.data

    def tell(self, command: Command, doing: str, *, timeout: float | None = None) -> None:
        """Send a command that returns no data; raises the fault if there is one."""
        _, verdict = self.ask(command, doing, timeout=timeout)
        if verdict.fault is not None:
            raise verdict.fault

    def probe(self) -> Verdict:
        """Ask once whether it is ready, taking unit attentions away but waiting for nothing."""
        cdb = TestUnitReady().encode()
        reply = self._alert.execute(cdb, timeout=timeouts.QUICK)
        return judge(reply, cdb, device=self.device, doing="become ready")

    def wait_ready(
        self,
        timeout: float,
        *,
        wake: Callable[[], None],
        patience: Callable[[Verdict], bool] = lambda verdict: isinstance(verdict.fault, NotReadyYet),
    ) -> None:
        """Return once it is ready; `wake` is called once if it waits for a command to start up.

        Raises `NotReadyYet` after `timeout` seconds, and at once any fault that `patience` does not bear.
        """
        deadline = self._clock.monotonic() + timeout
        woken = False
        while (verdict := self.probe()).fault is not None:
            if wants_waking(verdict) and not woken:
                woken = True
                wake()
                continue
            if not patience(verdict):
                raise verdict.fault
            left = deadline - self._clock.monotonic()
            if left <= 0:
                raise NotReadyYet(
                    f"{verdict.fault}, and {timeout:.0f} s of waiting did not help",
                    hint=verdict.fault.hint,
                    sense=verdict.fault.sense,
                )
            self._clock.sleep(min(verdict.retry_seconds, left))

    def wait_idle(self, timeout: float) -> None:
        """Wait until nothing moves any more, as far as that can be told; never raises a `DeviceFault`."""
        try:
            self.wait_ready(timeout, wake=lambda: None)
        except DeviceFault as fault:
            _LOG.info("%s did not come to rest: %s", self.device, fault)

    def move_once(self, command: Command, doing: str, *, timeout: float) -> DeviceFault | None:
        """Send a motion command, once, and give its fault instead of raising it."""
        try:
            _, verdict = self.ask(command, doing, timeout=timeout)
        except OutcomeUnknown as fault:
            return fault
        return verdict.fault

    def close(self) -> None:
        """Give the device back; further commands raise `DeviceGone`."""
        self._base.close()


def wants_waking(verdict: Verdict) -> bool:
    """Tell whether it waits for a command: a changer for 07h, a drive for LOAD (02/04/02, HP ESL 02/80/00)."""
    return verdict.is_code(0x02, 0x04, 0x02) or verdict.is_code(0x02, 0x80, 0x00)
