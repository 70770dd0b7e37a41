"""The shipped suite on the mtx driver, with rsm-mtx on a simulated library as its mtx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rsm.hardware.contract import Changer
from rsm.testing.changer_suite import ChangerSuite, Scratch, scratch_of

PERSONALITIES = ("generic", "autoloader", "hpe-msl", "ibm-ts4500", "pedantic", "stk-l700", "tgt")


@pytest.mark.parametrize("personality", PERSONALITIES, scope="class")
class TestOverTheFakeMtx(ChangerSuite):
    """Models with tags and without, whose numbers mtx takes from their addresses in different ways."""

    @pytest.fixture
    def changer(self, personality: str, stage: Callable[..., Any]) -> Changer:
        """A new library, half of its slots filled."""
        opened: Changer = stage(personality).changer
        return opened

    @pytest.fixture
    def scratch(self, changer: Changer) -> Scratch:
        """The first full slot and the first empty one; mtx opens no drives, so there is none to try."""
        scratch = scratch_of(changer.inventory())
        assert scratch is not None
        return scratch._replace(drive=None)
