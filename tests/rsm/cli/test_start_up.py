"""What a command loads: a listing goes from the store to the terminal without the rest of rsm."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rsm.cli import main

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "asyncio",
    "dataclasses",
    "http",
    "importlib.metadata",
    "inspect",
    "json",
    "logging",
    "pathlib",
    "rich",
    "rsm.engine",
    "rsm.hardware",
    "rsm.model",
    "rsm_mock",
    "rsm_scsi",
    "rsm_smc",
    "shutil",
    "ssl",
    "subprocess",
    "threading",
    "tomllib",
}
"""What would cost a listing more than it costs in all."""

PROBE = """\
import sys
before = set(sys.modules)
from rsm.cli import main
status = main(sys.argv[1:])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
sys.exit(status)
"""


def loaded(*words: str, store: Path) -> set[str]:
    """Give the modules that a command loads, printing into a pipe."""
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RSM_STORE": str(store)},
    )
    return set(ended.stderr.split())


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Give a store that holds a pool."""
    path = tmp_path / "rsm.db"
    assert main(["--store", str(path), "pool", "create", "Backup"]) == 0
    return path


def test_help_loads_nothing_but_its_text(store: Path) -> None:
    """`rsm --help` is static text: no parser, no enumerations, no store."""
    modules = loaded("--help", store=store)
    assert {name for name in modules if name.startswith("rsm")} == {"rsm", "rsm.cli", "rsm.cli.nouns"}
    assert modules & {"argparse", "enum", "re", "sqlite3", "typing", *HEAVY} == set()


@pytest.mark.parametrize("words", ["media list", "library list", "drive list", "pool list", "media types"])
def test_a_listing_loads_only_parser_store_and_table(words: str, store: Path) -> None:
    """A listing into a pipe loads neither model, engine, drivers nor anything slow of the library."""
    modules = loaded(*words.split(), store=store)
    packages = modules | {".".join(name.split(".")[:2]) for name in modules}
    assert packages & HEAVY == set()


def test_only_the_command_that_is_named_is_loaded(store: Path) -> None:
    """No command loads another command's module."""
    modules = loaded("media", "list", store=store)
    assert "rsm.cli.media" in modules
    assert modules & {"rsm.cli.library", "rsm.cli.mount", "rsm.cli.demo", "rsm.cli.progress"} == set()
