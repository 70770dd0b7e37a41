"""What the tests of the simulated library share: sending commands and reading what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from rsm_mock.simulation import Simulation
from rsm_scsi.transport import Status
from rsm_smc import cdb, elements, sense

if TYPE_CHECKING:
    from collections.abc import Callable

    from rsm_scsi.transport import Reply, Transport


class Encodable(Protocol):
    """A command value of the codec."""

    def encode(self) -> bytes:
        """Give the command block."""
        ...


class Host:
    """A host that talks to one logical unit in plain commands."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def send(
        self, command: Encodable | bytes, *, data_out: bytes = b"", room: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send a command value, and give the reply."""
        block = command if isinstance(command, bytes) else command.encode()
        return self.transport.execute(block, data_out=data_out, reply_length=room, timeout=timeout)

    def good(self, command: Encodable | bytes, *, data_out: bytes = b"", room: int = 65535) -> bytes:
        """Send a command that must succeed, and give its data."""
        reply = self.send(command, data_out=data_out, room=room)
        assert reply.status == Status.GOOD, sense.decode(reply.sense)
        assert reply.host_status == 0
        return reply.data

    def refused(
        self, command: Encodable | bytes, *, data_out: bytes = b""
    ) -> tuple[int | None, int | None, int | None]:
        """Send a command that must be refused, and give key, ASC and ASCQ."""
        decoded = self.check(command, data_out=data_out)
        return decoded.key, decoded.asc, decoded.ascq

    def check(self, command: Encodable | bytes, *, data_out: bytes = b"") -> sense.Sense:
        """Send a command that must be refused, and give the whole sense."""
        reply = self.send(command, data_out=data_out, room=65535)
        assert reply.status == Status.CHECK_CONDITION
        return sense.decode(reply.sense)

    def settle(self) -> list[tuple[int | None, int | None]]:
        """Take all unit attentions away, and give their codes."""
        told = []
        for _ in range(20):
            reply = self.send(cdb.TestUnitReady())
            if reply.status != Status.CHECK_CONDITION:
                break
            decoded = sense.decode(reply.sense)
            if decoded.key != 6:
                break
            told.append((decoded.asc, decoded.ascq))
        return told

    def elements(self, kind: int = 0, **options: Any) -> dict[int, elements.Element]:
        """Give the elements of a kind, by address, as they are reported."""
        command = cdb.ReadElementStatus(kind=kind, **options)
        return {element.address: element for element in elements.decode(self.good(command)).elements}


@pytest.fixture
def library() -> Callable[..., tuple[Simulation, Host]]:
    """Make a simulation and a host that has taken the power-on attention away."""

    def make(personality: str = "generic", **wishes: Any) -> tuple[Simulation, Host]:
        simulation = Simulation(personality, **wishes)
        host = Host(simulation.transport())
        host.settle()
        return simulation, host

    return make


@pytest.fixture
def drive() -> Callable[..., Host]:
    """Make a host of a simulation's drive that has taken its attentions away."""

    def make(simulation: Simulation, number: int = 0) -> Host:
        host = Host(simulation.drive_transport(number))
        host.settle()
        return host

    return make
