"""The repository as it lies around these tests; what is not of the wheel is skipped where it is missing."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def source(root: Path) -> Path:
    """Give the root of the repository, or skip if there is no source: the tests run on a built wheel."""
    if not (root / "drivers").is_dir():
        pytest.skip("only the tests are here, without the source tree")
    return root


@pytest.fixture(scope="session")
def project(root: Path) -> dict[str, Any]:
    """Give pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text())
