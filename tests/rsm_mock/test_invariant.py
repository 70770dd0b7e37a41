"""Whatever robot, hands and faults do, in any order, each medium stays in exactly one place."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rsm.clock import JumpingClock
from rsm.errors import RsmError
from rsm_mock.document import from_document, to_document
from rsm_mock.faults import Carried
from rsm_mock.simulation import Simulation
from rsm_smc import elements
from rsm_smc.cdb import (
    ExchangeMedium,
    InitializeElementStatus,
    LoadUnload,
    MoveMedium,
    PreventAllow,
    ReadElementStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PERSONALITIES = (
    "generic",
    "hpe-msl",
    "optical-jukebox",
    "quantum-scalar",
    "tgt",
    "superloader",
    "ibm-ts4500",
)
PICK = st.integers(0, 11)


class LibraryUnderFire(RuleBasedStateMachine):
    """A small library, two hosts' worth of commands, a clumsy operator, and a script of faults."""

    @initialize(name=st.sampled_from(PERSONALITIES), pace=st.sampled_from((0.0, 1.0)))
    def start(self, name: str, pace: float) -> None:
        """Make the library."""
        self.simulation = Simulation(
            name,
            clock=JumpingClock(),
            slots=6,
            drives=2,
            ports=2,
            media=3,
            two_sided=1,
            cleaning=1,
            pace=pace,
        )
        self.transport = self.simulation.transport()
        self.known = {medium.id for medium in self.simulation.world.media()}
        self.addresses = list(self.simulation.world.elements)

    def _address(self, pick: int) -> int:
        return self.addresses[pick % len(self.addresses)]

    @rule(source=PICK, destination=PICK, invert=st.booleans(), limit=st.sampled_from((1.0, 900.0)))
    def move(self, source: int, destination: int, invert: bool, limit: float) -> None:
        """A host moves, perhaps with a limit that is too short."""
        command = MoveMedium(self._address(source), self._address(destination), invert=invert)
        self.transport.execute(command.encode(), timeout=limit)

    @rule(source=PICK, first=PICK, second=PICK)
    def exchange(self, source: int, first: int, second: int) -> None:
        """A host exchanges."""
        command = ExchangeMedium(self._address(source), self._address(first), self._address(second))
        self.transport.execute(command.encode(), timeout=900)

    @rule(number=st.integers(0, 1), load=st.booleans())
    def load(self, number: int, load: bool) -> None:
        """A host loads or unloads a drive."""
        command = LoadUnload(load=load, immediate=True)
        self.simulation.drive_transport(number).execute(command.encode(), timeout=900)

    @rule(prevent=st.booleans())
    def prevent(self, prevent: bool) -> None:
        """A host locks or unlocks."""
        self.transport.execute(PreventAllow(prevent=prevent).encode())

    @rule()
    def initialise(self) -> None:
        """A host has the library look around."""
        self.transport.execute(InitializeElementStatus().encode(), timeout=3600)

    @rule(seconds=st.integers(0, 60))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.simulation.clock.sleep(seconds)

    @rule(carried=st.sampled_from(Carried), kind=st.sampled_from(("timeout", "sense", "host")))
    def break_something(self, carried: Carried, kind: str) -> None:
        """The next move goes wrong."""
        script = self.simulation.faults
        if kind == "timeout":
            script.timeout(carried, on="motion", seconds=20)
        elif kind == "sense":
            script.sense((4, 0x15, 0x01), on="motion", carried=carried)
        else:
            script.host(8, on="motion", carried=carried)

    @rule(stuck=st.booleans())
    def misplace(self, stuck: bool) -> None:
        """The next medium ends on the transport, or somewhere else."""
        if stuck:
            self.simulation.faults.stuck()
        else:
            self.simulation.faults.elsewhere()

    @rule(pick=PICK, force=st.booleans(), new=st.booleans())
    def insert(self, pick: int, force: bool, new: bool) -> None:
        """A person puts something in."""
        shelf = self.simulation.world.shelf
        barcode = shelf[0].barcode if shelf else None
        try:
            element = self.simulation.operator.insert(barcode, at=self._address(pick), force=force, new=new)
        except RsmError:
            return
        if element.medium is not None:
            self.known.add(element.medium.id)

    @rule(pick=PICK, force=st.booleans())
    def remove(self, pick: int, force: bool) -> None:
        """A person takes something out."""
        self._try(lambda: self.simulation.operator.remove(self._address(pick), force=force))

    @rule(first=PICK, second=PICK, labels=st.booleans())
    def swap(self, first: int, second: int, labels: bool) -> None:
        """A person swaps media or labels behind the library's back."""
        hand = self.simulation.operator
        act = hand.swap_labels if labels else hand.swap
        self._try(lambda: act(self._address(first), self._address(second), force=True))

    @rule(opened=st.booleans())
    def door(self, opened: bool) -> None:
        """A person opens or closes the door."""
        hand = self.simulation.operator
        self._try(hand.open_door if opened else hand.close_door)

    @rule(pulled=st.booleans())
    def magazine(self, pulled: bool) -> None:
        """A person pulls or pushes the first magazine."""
        hand = self.simulation.operator
        self._try(lambda: hand.pull_magazine(0) if pulled else hand.insert_magazine(0))

    @rule()
    def power(self) -> None:
        """Somebody trips over the cable."""
        self.simulation.operator.power_cycle()

    @staticmethod
    def _try(act: Callable[[], object]) -> None:
        with suppress(RsmError):
            act()

    @invariant()
    def every_medium_is_in_one_place(self) -> None:
        """No medium is lost and none is doubled."""
        if not hasattr(self, "simulation"):
            return
        there = [medium.id for medium in self.simulation.world.media()]
        assert sorted(there) == sorted(self.known)

    @invariant()
    def the_file_keeps_it_all(self) -> None:
        """Writing and reading the state changes nothing."""
        if not hasattr(self, "simulation"):
            return
        document = to_document(self.simulation.machine)
        again = from_document(json.loads(json.dumps(document)), self.simulation.clock)
        assert to_document(again) == document

    @rule()
    def look(self) -> None:
        """Element status is refused, or decodes to elements that exist."""
        command = ReadElementStatus(kind=2, dvcid=False)
        reply = self.simulation.transport().execute(command.encode(), reply_length=65535)
        if reply.status == 0 and reply.data:
            for element in elements.decode(reply.data).elements:
                assert element.address in self.simulation.world.elements


LibraryUnderFire.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestLibraryUnderFire = LibraryUnderFire.TestCase
