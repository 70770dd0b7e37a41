"""rsm-mtx beside the installed mtx, each on a library of its own that is like the other's: the same bytes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rsm_mock.simulation import Simulation

NODE = "/dev/sg9"

SAME = [
    "all-types",
    "attached-changer",
    "autoloader",
    "exabyte",
    "generic",
    "hpe-msl",
    "ibm-ts4500",
    "optical-jukebox",
    "oracle-sl150",
    "spectra",
    "superloader",
    "tgt",
]
"""Personalities on which mtx makes none of its mistakes."""

LINES = """\
status
inquiry
load 1 0
load 1 0
load 99 0
load 2 99
unload 3 0
nobarcode status
unload
transfer 1 2
transfer 1 4
transfer 1 99
transfer 99 1
transfer 1
transfer
load
unload
unload 99
unload 1 1
first
next
next
previous
last
inventory
altres status
exchange 1 2
position 3
load 1 0 unload 1 0
eepos 4 transfer 1 2
eepos
bogus
--version
status 1
invert load 2
status status
noattach inquiry"""


def _oracle_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rsm_dropin_oracle", Path(__file__).with_name("oracle.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def oracle(shim: Path, tmp_path: Path) -> Callable[[Simulation], Any]:
    """Put the installed mtx before a simulated library."""
    module = _oracle_module()

    def make(simulation: Simulation) -> Any:
        transport = simulation.transport()
        for _ in range(8):
            transport.execute(bytes(6))
        return module.Oracle(shim, tmp_path, transport, NODE)

    return make


@pytest.mark.parametrize("personality", SAME)
def test_every_byte(personality: str, stage: Any, oracle: Any) -> None:
    """After every command of a long session output, complaints and status are those of mtx, move by move."""
    ours, theirs = stage(personality), oracle(Simulation(personality))
    for line in LINES.splitlines():
        real = theirs.run("mtx", "-f", NODE, *line.split())
        mine = ours.mtx(line)
        assert (line, mine.status, mine.out.replace("mock:lib.json", NODE), mine.err) == (
            line,
            real.returncode,
            real.stdout.decode("latin-1"),
            real.stderr.decode("latin-1"),
        )


@pytest.mark.parametrize(
    "sense",
    [
        (0x4, 0x15, 0x01),
        (0x5, 0x3B, 0x0D),
        (0x5, 0x3B, 0x0E),
        (0x5, 0x3A, 0x00),
        (0x5, 0x30, 0x03),
        (0xB, 0x45, 0),
    ],
)
def test_every_refusal(sense: tuple[int, int, int], stage: Any, oracle: Any) -> None:
    """What a library answers to a move is reported in the very words of mtx."""
    ours, simulation = stage(), Simulation()
    theirs = oracle(simulation)
    for library in (ours.simulation, simulation):
        library.faults.sense(sense, on="move")
    real, mine = theirs.run("mtx", "-f", NODE, "load", "1", "0"), ours.mtx("load 1 0")
    assert (mine.status, mine.out, mine.err) == (real.returncode, real.stdout.decode(), real.stderr.decode())
