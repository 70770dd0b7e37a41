"""What a simulated logical unit gives back for one command block."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rsm_mock.traits import INVALID_ADDRESS, INVALID_FIELD, Code
from rsm_scsi.transport import Status
from rsm_smc import sense

if TYPE_CHECKING:
    from rsm_mock.machine import Attention
    from rsm_mock.traits import Personality

UNKNOWN_OPCODE = Code(0x05, 0x20, 0x00)


class Answer(NamedTuple):
    """A reply, and what time has to do with it."""

    status: int = Status.GOOD
    data: bytes = b""
    sense: bytes = b""
    host_status: int = 0
    seconds: float = 0.0
    """The reply comes after that long; simulated, so already multiplied with the pace."""
    motion: int | None = None
    """The motion that then ends."""
    wait: float = 0.0
    """Nothing was done: the robot is under way that long, ask again."""
    available: int = 0
    """Bytes that there were to send before the allocation length cut them; only tgt's residual tells."""
    lost: bool = False
    """The host's time limit passes before anything comes back."""


class Check(Exception):
    """CHECK CONDITION: the command was not carried out."""

    def __init__(
        self,
        code: Code | tuple[int, int, int],
        *,
        pointer: int | None = None,
        bit: int | None = None,
        information: int | None = None,
    ) -> None:
        super().__init__("/".join(f"{part:02X}" for part in code))
        self.code = Code(*code)
        self.pointer = pointer
        self.bit = bit
        self.information = information

    def answer(self, personality: Personality, *, deferred: bool = False) -> Answer:
        """Give the reply, in the personality's sense format; `deferred` is about an earlier command."""
        return Answer(
            Status.CHECK_CONDITION,
            sense=sense.encode(
                *self.code,
                deferred=deferred,
                information=self.information,
                field_pointer=self.pointer,
                bit_pointer=self.bit,
                descriptor=personality.sense_descriptors,
            ),
        )


def invalid_field(pointer: int, bit: int | None = None) -> Check:
    """Give 05/24/00 that points to a byte, and perhaps a bit, of the command block."""
    return Check(INVALID_FIELD, pointer=pointer, bit=bit)


def invalid_address(pointer: int) -> Check:
    """Give 05/21/01 that points to a byte of the command block."""
    return Check(INVALID_ADDRESS, pointer=pointer)


def attention(what: Attention) -> Check:
    """Give a unit attention."""
    return Check((0x06, what.asc, what.ascq), information=what.information)
