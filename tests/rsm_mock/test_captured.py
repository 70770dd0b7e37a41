"""The simulated tgt against bytes that the real tgt sent (vm.md): an oracle that is not of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rsm_mock.simulation import Simulation
from rsm_smc.cdb import MoveMedium

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rsm_mock.conftest import Host

    Make = Callable[..., tuple[Simulation, Host]]

BLANKS = "20" * 32

CAPTURED = {
    "page 1Dh": ("1a081d008000", "170000001d12000100010400001400100002010000020000"),
    "page 1Eh": ("1a081e008000", "070000001e020000"),
    "page 1Fh": ("1a081f008000", "170000001f120f070f0f0f0f000000000f0f0f0f00000000"),
    "storage without tags": (
        "b80204000004000004000000",
        "0400001400000148" + "0200001000000140" + "04000100" + "00" * 12 + "04010100" + "00" * 12,
    ),
    "storage with tags": (
        "b81204000004000010000000",
        "0400001400000418"
        "0280003400000410"
        + ("040001000000000000000000" + "52534d3030314c38" + "20" * 24 + "00" * 8)
        + "040101000000000000000000",
    ),
    "the last two slots": (
        "b8120412ffff000010000000",
        "0412000200000070"
        "0280003400000068"
        + ("041200000000000000000000" + BLANKS + "00" * 8)
        + ("041300000000000000000000" + BLANKS),
    ),
    "beyond the last slot": ("b8120500ffff000010000000", "0000000000000008"),
    "drives": (
        "b8040000ffff000004000000",
        "0100000200000028" + "0400001000000020" + "01000000" + "00" * 12 + "01010000" + "00" * 4,
    ),
    "drives with tags and identifiers": (
        "b8140000ffff010004000000",
        "01000002000000b4"
        "04800056000000ac"
        + ("010000000000000000000000" + BLANKS + "00" * 4 + "02010022")
        + b"VTL     TAPE            VTLDRV0001".hex()
        + ("010100000000000000000000" + BLANKS + "00" * 4 + "02010022")
        + b"VTL     TAPE            VT".hex(),
    ),
}


@pytest.mark.parametrize("name", list(CAPTURED))
def test_replies_are_tgts_byte_for_byte(library: Make, name: str) -> None:
    """Mode pages and element status of a library of the same size begin with the very bytes tgt sent."""
    simulation, host = library("tgt", slots=20, drives=2, ports=2, media=12)
    for number, element in enumerate(simulation.machine.bays(), start=1):
        element.bay.serial = f"VTLDRV{number:04d}"  # type: ignore[union-attr]
    block, reply = CAPTURED[name]
    command = bytes.fromhex(block)
    wanted = bytes.fromhex(reply)
    received = host.good(command, room=0x1000)
    assert received[: len(wanted)] == wanted


def test_a_full_port_is_tgts_byte_for_byte(library: Make) -> None:
    """After a move to import/export FULL, SVALID and SOURCE are set and nothing else."""
    _, host = library("tgt", slots=20, drives=2, ports=2, media=12)
    host.good(MoveMedium(0x402, 0x010))
    received = host.good(bytes.fromhex("b8130000ffff000004000000"), room=0x400)
    wanted = "0010000200000070" + "0380003400000068" + "001001000000000000800402" + "52534d3030334c38"
    assert received.hex().startswith(wanted)


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("a50000550401040200000000", (5, 0x3B, 0x0D)),
        ("a50000000412040e00000000", (5, 0x3B, 0x0E)),
        ("a50000009999040e00000000", (5, 0x24, 0x00)),
        ("a50000000401040100000000", (5, 0x3B, 0x0D)),
        ("a60000000401040204030000", (5, 0x20, 0x00)),
        ("2b000000040100000000", (5, 0x20, 0x00)),
        ("1e0000000100", (5, 0x20, 0x00)),
        ("e7000000000000000000", (5, 0x20, 0x00)),
        ("b81500000001000000100000", (5, 0x24, 0x00)),
    ],
)
def test_refusals_are_tgts(library: Make, block: str, told: tuple[int, int, int]) -> None:
    """What tgt refuses is refused with the same sense, whatever the transport address."""
    _, host = library("tgt", slots=20, drives=2, ports=2, media=12)
    assert host.refused(bytes.fromhex(block)) == told


def test_residual_is_tgts_overflow() -> None:
    """8 bytes of a reply of 1048 give residual 1040, as measured; the data are right all the same."""
    simulation = Simulation("tgt", slots=20, media=12)
    transport = simulation.transport()
    transport.execute(bytes(6))
    reply = transport.execute(bytes.fromhex("b8120400ffff000000080000"), reply_length=8)
    assert (len(reply.data), reply.residual) == (8, 1040)
