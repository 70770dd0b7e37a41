"""A simulated library without a file, for tests and demonstrations in one process."""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

from rsm.clock import JumpingClock
from rsm_mock.building import build
from rsm_mock.opening import open_library
from rsm_mock.operator import Operator
from rsm_mock.transport import SimulatedTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.clock import Clock
    from rsm.hardware.contract import Changer
    from rsm_mock.faults import Script
    from rsm_mock.machine import Machine
    from rsm_mock.traits import Personality
    from rsm_mock.world import World


class Simulation:
    """A library in memory; the arguments are those of `rsm_mock.building.build`."""

    def __init__(
        self, personality: str | Personality = "generic", *, clock: Clock | None = None, **wishes: Any
    ) -> None:
        self.clock: Clock = JumpingClock() if clock is None else clock
        self.machine = build(personality, clock=self.clock, **wishes)
        self.device = f"mock:{self.machine.personality.name}.json"
        self._guard = RLock()

    @contextmanager
    def hold(self) -> Iterator[Machine]:
        """Lend the machine to one at a time."""
        with self._guard:
            yield self.machine

    @property
    def world(self) -> World:
        """What stands where."""
        return self.machine.world

    @property
    def faults(self) -> Script:
        """What will go wrong."""
        return self.machine.faults

    @property
    def operator(self) -> Operator:
        """The hand."""
        return Operator(self.machine)

    def transport(self) -> SimulatedTransport:
        """Give a way to the changer."""
        return SimulatedTransport(self, device=self.device, clock=self.clock)

    def drive_transport(self, number: int) -> SimulatedTransport:
        """Give a way to a drive, counted from 0 by element address."""
        return SimulatedTransport(self, device=f"{self.device}#{number}", clock=self.clock, number=number)

    def open_changer(self) -> Changer:
        """Open it with the shipping driver."""
        return open_library(self, device=self.device, clock=self.clock)
