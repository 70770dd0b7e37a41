"""The shipped suite on the shipping driver over every simulated personality."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rsm.hardware.contract import Changer
from rsm.testing.changer_suite import ChangerSuite, Scratch, scratch_of
from rsm_mock.personalities import PERSONALITIES
from rsm_mock.simulation import Simulation


@pytest.mark.parametrize("personality", sorted(PERSONALITIES), scope="class")
class TestEveryPersonality(ChangerSuite):
    """Every model that is simulated, with its quirks."""

    @pytest.fixture
    def changer(self, personality: str) -> Iterator[Changer]:
        """A new library, half of its slots filled."""
        with Simulation(personality).open_changer() as changer:
            yield changer

    @pytest.fixture
    def scratch(self, changer: Changer) -> Scratch:
        """The first full slot, the first empty one and the first drive."""
        scratch = scratch_of(changer.inventory())
        if scratch is None:
            pytest.skip("no slots")
        return scratch
