"""Things that go wrong on purpose, as a script: after so many commands of a kind, do this instead.

The script is part of the library's state, so another process meets what this one wrote. A fault counts only
commands that reach it: one that a unit attention has turned away does not use it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from rsm.errors import InvalidRequest
from rsm_scsi.transport import HostStatus

if TYPE_CHECKING:
    from rsm_mock.traits import Code

COMMANDS = {
    "any": frozenset[int](),
    "move": frozenset({0xA5, 0xA7}),
    "exchange": frozenset({0xA6}),
    "initialise": frozenset({0x07, 0x37, 0xE7}),
    "motion": frozenset({0xA5, 0xA7, 0xA6, 0x07, 0x37, 0xE7, 0x2B}),
    "elements": frozenset({0xB8, 0xB4}),
    "ready": frozenset({0x00}),
    "inquiry": frozenset({0x12}),
    "mode": frozenset({0x1A, 0x5A}),
    "load": frozenset({0x1B}),
    "lock": frozenset({0x1E}),
}
"""Operation codes by the word that a person types; an empty set stands for every command."""


class Effect(Enum):
    """What happens instead of, or with, the command."""

    SENSE = "sense"
    """CHECK CONDITION with a given sense."""
    DEFERRED = "deferred"
    """The same as a deferred error: the sense is that of some earlier command."""
    SILENT = "silent"
    """CHECK CONDITION without sense data; REQUEST SENSE tells them, if it comes next."""
    STATUS = "status"
    """Another SCSI status, such as BUSY 08h."""
    HOST = "host"
    """A host status of Linux's SCSI layer, such as NO_CONNECT 01h."""
    TIMEOUT = "timeout"
    """The command's time limit passes without an answer (host status 03h)."""
    POWER = "power"
    """The device loses power and comes back; the command finds the unit attention 29/00."""
    TRUNCATE = "truncate"
    """The reply ends after `length` bytes."""
    ZEROS = "zeros"
    """The reply is as long as it should be and holds zeros."""
    ELSEWHERE = "elsewhere"
    """GOOD, and the medium was put into `element` (or any empty slot); 28/00 follows (Quantum)."""
    STUCK = "stuck"
    """The medium stays on the transport: 04/15/01."""


_WITH_SENSE = frozenset({Effect.SENSE, Effect.DEFERRED, Effect.SILENT})


class Carried(Enum):
    """Whether the device carries the command out although it answers with a fault."""

    NOT = "no"
    OUT = "yes"
    LATER = "later"
    """Only `seconds` after the host has given up."""


@dataclass(slots=True)
class Fault:
    """One entry of the script."""

    effect: Effect
    commands: frozenset[int] = frozenset()
    """Operation codes it waits for; empty for any."""
    after: int = 0
    """Matching commands to let pass first."""
    times: int = 1
    """How often; 0 for ever."""
    drive: int | None = None
    """The number of a drive, None for the changer."""
    sense: tuple[int, int, int] | None = None
    status: int = 0
    carried: Carried = Carried.NOT
    seconds: float = 0.0
    length: int = 0
    element: int | None = None


@dataclass(slots=True)
class Script:
    """The faults that are still to come, first match first."""

    entries: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> Fault:
        """Append a fault and give it; raises `InvalidRequest` if it lacks what its effect needs."""
        if fault.effect in _WITH_SENSE and fault.sense is None:
            raise InvalidRequest("a fault that answers with sense data needs KEY/ASC/ASCQ")
        if fault.length < 0 or fault.seconds < 0:
            raise InvalidRequest("a reply cannot have less than 0 bytes, nor a wait less than 0 seconds")
        if fault.after < 0 or fault.times < 0:
            raise InvalidRequest("a fault cannot wait for, or happen, less than 0 times")
        self.entries.append(fault)
        return fault

    def sense(
        self,
        code: Code | tuple[int, int, int],
        *,
        on: str = "any",
        after: int = 0,
        times: int = 1,
        carried: Carried = Carried.NOT,
        drive: int | None = None,
        effect: Effect = Effect.SENSE,
    ) -> Fault:
        """Answer CHECK CONDITION with this sense; `effect` may be DEFERRED or SILENT."""
        return self.add(
            Fault(
                effect,
                commands(on),
                after,
                times,
                drive,
                sense=(code[0], code[1], code[2]),
                carried=carried,
            )
        )

    def status(
        self, status: int, *, on: str = "any", after: int = 0, times: int = 1, drive: int | None = None
    ) -> Fault:
        """Answer with this SCSI status and do nothing."""
        return self.add(Fault(Effect.STATUS, commands(on), after, times, drive, status=status))

    def host(
        self,
        status: int,
        *,
        on: str = "any",
        after: int = 0,
        times: int = 1,
        carried: Carried = Carried.NOT,
        drive: int | None = None,
    ) -> Fault:
        """Let the path fail with this host status."""
        return self.add(Fault(Effect.HOST, commands(on), after, times, drive, status=status, carried=carried))

    def timeout(
        self,
        carried: Carried,
        *,
        on: str = "move",
        after: int = 0,
        seconds: float = 0.0,
        drive: int | None = None,
    ) -> Fault:
        """Let the command's time limit pass; `carried` is whether the device does it all the same."""
        return self.add(
            Fault(
                Effect.TIMEOUT,
                commands(on),
                after,
                drive=drive,
                status=HostStatus.TIME_OUT,
                carried=carried,
                seconds=seconds,
            )
        )

    def power(self, *, on: str = "any", after: int = 0) -> Fault:
        """Take the power away just before a command."""
        return self.add(Fault(Effect.POWER, commands(on), after))

    def truncate(self, length: int, *, on: str = "elements", after: int = 0, times: int = 1) -> Fault:
        """Cut a reply after that many bytes."""
        return self.add(Fault(Effect.TRUNCATE, commands(on), after, times, length=length))

    def zeros(self, *, on: str = "elements", after: int = 0, times: int = 1) -> Fault:
        """Answer a read with zeros."""
        return self.add(Fault(Effect.ZEROS, commands(on), after, times))

    def elsewhere(self, element: int | None = None, *, after: int = 0) -> Fault:
        """Put a medium somewhere else and answer GOOD."""
        return self.add(Fault(Effect.ELSEWHERE, COMMANDS["move"], after, element=element))

    def stuck(self, *, after: int = 0) -> Fault:
        """Leave a medium on the transport."""
        return self.add(Fault(Effect.STUCK, COMMANDS["move"], after))

    def waits_for(self, opcode: int, drive: int | None) -> bool:
        """Tell whether a command would change the script."""
        return any(self._matches(fault, opcode, drive) for fault in self.entries)

    def take(self, opcode: int, drive: int | None) -> Fault | None:
        """Count one command, and give the fault that it meets, if any.

        Every matching fault counts the command; the first one that is due happens.
        """
        due: Fault | None = None
        for fault in self.entries:
            if not self._matches(fault, opcode, drive):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif due is None:
                due = fault
        if due is not None and due.times:
            due.times -= 1
            if not due.times:
                self.entries = [fault for fault in self.entries if fault is not due]
        return due

    @staticmethod
    def _matches(fault: Fault, opcode: int, drive: int | None) -> bool:
        return fault.drive == drive and (not fault.commands or opcode in fault.commands)


def commands(word: str) -> frozenset[int]:
    """Give the operation codes behind a word of `COMMANDS`, or behind two hexadecimal digits."""
    if word in COMMANDS:
        return COMMANDS[word]
    try:
        opcode = int(word, 16)
    except ValueError:
        opcode = -1
    if not 0 <= opcode <= 0xFF:
        raise InvalidRequest(
            f"{word!r} is no command that a fault can wait for",
            hint=f"one of {', '.join(sorted(COMMANDS))}, or an operation code such as a5",
        )
    return frozenset({opcode})
