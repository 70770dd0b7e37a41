"""A library of 10,000 slots answers quickly enough to be used in tests and benchmarks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from rsm.clock import SystemClock
from rsm.hardware.inventory import ElementKind
from rsm_mock.building import build
from rsm_mock.simulation import Simulation
from rsm_mock.state import StateFile
from rsm_mock.transport import SimulatedTransport
from rsm_smc import elements
from rsm_smc.cdb import MoveMedium, ReadElementStatus

if TYPE_CHECKING:
    from pathlib import Path


def test_ten_thousand_elements_are_reported_in_one_reply() -> None:
    """One READ ELEMENT STATUS with a 24-bit allocation gives all of them, in well under a second."""
    transport = Simulation("generic", slots=10_000, media=9_000).transport()
    transport.execute(bytes(6))
    command = ReadElementStatus(kind=ElementKind.STORAGE, allocation=0xFFFFFF)
    began = time.process_time()
    reply = transport.execute(command.encode(), reply_length=0xFFFFFF)
    spent = time.process_time() - began
    assert len(elements.decode(reply.data).elements) == 10_000
    assert spent < 0.5


def test_a_large_library_is_made_and_read_quickly(tmp_path: Path) -> None:
    """Making, loading and changing the file of 10,000 slots each stay well under a second."""
    began = time.process_time()
    file = StateFile(tmp_path / "large.json", clock=SystemClock())
    file.create(build("generic", clock=SystemClock(), slots=10_000, media=9_000))
    made = time.process_time() - began
    began = time.process_time()
    again = StateFile(file.path, clock=SystemClock())
    with again.hold() as machine:
        assert sum(1 for _ in machine.world.media()) == 9_000
    loaded = time.process_time() - began
    began = time.process_time()
    transport = SimulatedTransport(again, device="mock", clock=SystemClock())
    transport.execute(bytes(6))
    assert transport.execute(MoveMedium(0x400, 0x400 + 9_500).encode()).status == 0
    changed = time.process_time() - began
    assert max(made, loaded, changed) < 1.0
    assert json.loads(file.path.read_text())["world"]["moves"] == 1
