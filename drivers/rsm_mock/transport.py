"""The way to a simulated logical unit, in the shape of every other transport of `rsm_scsi`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from rsm.hardware.faults import DeviceGone
from rsm_mock.service import conclude, serve
from rsm_scsi.transport import HostStatus, Reply

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rsm.clock import Clock
    from rsm_mock.answers import Answer
    from rsm_mock.machine import Machine


class Keeper(Protocol):
    """Whoever has a machine and lends it out, to one at a time."""

    def hold(self) -> AbstractContextManager[Machine]:
        """Lend the machine; what has changed is kept when it comes back."""
        ...


class SimulatedTransport:
    """A way to the changer (`number` None) or to a drive of a kept machine.

    The machine is not held while simulated time passes, so others meet a library whose robot is under way.
    """

    def __init__(self, keeper: Keeper, *, device: str, clock: Clock, number: int | None = None) -> None:
        self._keeper = keeper
        self._device = device
        self._clock = clock
        self._number = number
        self._closed = False

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._device

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Carry out one command block in the simulated library, and give what a host would see of it."""
        if self._closed:
            raise DeviceGone(f"{self._device} was closed")
        began = self._clock.monotonic()
        while True:
            with self._keeper.hold() as machine:
                answer = serve(machine, self._number, cdb, data_out=data_out, timeout=timeout)
                pace, fills = machine.pace, machine.personality.fills_buffer
            left = timeout - (self._clock.monotonic() - began)
            if not answer.wait:
                break
            if answer.wait > left:
                return self._timed_out(left, began)
            self._clock.sleep(answer.wait)
        if answer.lost:
            return self._timed_out(min(left, timeout * pace), began)
        if answer.seconds > left:
            return self._timed_out(left, began)
        if answer.seconds:
            self._clock.sleep(answer.seconds)
            with self._keeper.hold() as machine:
                answer = conclude(machine, answer)
        return self._reply(answer, reply_length, began, fills=fills)

    def close(self) -> None:
        """Give the device back; what was begun goes on."""
        self._closed = True

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def _timed_out(self, seconds: float, began: float) -> Reply:
        self._clock.sleep(seconds)
        return Reply(status=0, host_status=HostStatus.TIME_OUT, duration=self._clock.monotonic() - began)

    def _reply(self, answer: Answer, room: int, began: float, *, fills: bool) -> Reply:
        data = answer.data[:room]
        residual = room - len(data)
        if fills and data:
            # tgt: the overflow stands where the residual belongs, and zeros follow what was sent (vm.md).
            residual = abs(max(answer.available, len(answer.data)) - room)
            data = data.ljust(room, b"\0")
        return Reply(
            status=answer.status,
            data=data,
            sense=answer.sense,
            host_status=answer.host_status,
            driver_status=0x08 if answer.sense else 0,
            residual=residual,
            duration=self._clock.monotonic() - began,
        )
