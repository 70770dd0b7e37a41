"""A fresh store in a temporary directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsm.store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    """A store that is there already."""
    store = SqliteStore(str(tmp_path / "rsm.db"))
    with store.writing():
        pass
    return store
