"""Bytes for the codec's tests: the vectors and the captured replies of `tests/data/smc`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rsm_smc.text import parse_hex

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent.parent / "data" / "smc"


@pytest.fixture(scope="session")
def vectors() -> dict[str, bytes]:
    """Every vector by name."""
    document = json.loads((DATA / "scsi_vectors.json").read_text(encoding="utf-8"))
    return {name: bytes.fromhex(row["hex"]) for name, row in document.items()}


@pytest.fixture(scope="session")
def capture() -> Callable[[str], bytes]:
    """Read one captured reply by the name of its file."""

    def read(name: str) -> bytes:
        return parse_hex((DATA / f"{name}.hex").read_text(encoding="utf-8"))

    return read
