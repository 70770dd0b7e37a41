"""Man pages and shell completion are built out of the parsers."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rsm.cli import nouns

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[3] / "docs" / "build_documents.py"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the built documents by file name."""
    pytest.importorskip("argparse_manpage", reason="needs the extra `documents`")
    pytest.importorskip("shtab", reason="needs the extra `documents`")
    if not SCRIPT.exists():
        pytest.skip("the build script is not beside an installed rsm")
    spec = importlib.util.spec_from_file_location("build_documents", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    built: list[Path] = module.build(tmp_path_factory.mktemp("documents"))
    return {path.name: path for path in built}


def test_every_command_has_a_man_page(documents: dict[str, Path]) -> None:
    """There is a page for rsm and for each command, with options and exit statuses."""
    for name in ("rsm", *(f"rsm-{word}" for word in nouns.COMMANDS)):
        page = documents[f"{name}.1"].read_text(encoding="utf-8")
        assert page.startswith(".TH ")
        assert ".SH EXIT STATUS" in page
        assert "RSM_STORE" in page
    assert "max\\-allocates" in documents["rsm-pool.1"].read_text(encoding="utf-8")


def test_man_pages_are_well_formed(documents: dict[str, Path]) -> None:
    """No page makes groff complain of its markup."""
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("needs groff")
    for page in (documents["rsm.1"], documents["rsm-mount.1"]):
        formatted = subprocess.run(
            [groff, "-man", "-Tutf8", "-ww", "-Wbreak", str(page)], capture_output=True, text=True, check=True
        )
        assert formatted.stderr == ""


def test_completion_knows_every_command_and_verb(documents: dict[str, Path]) -> None:
    """The bash completion names each command, verb and option, and bash can read it."""
    bash = documents["rsm"].read_text(encoding="utf-8")
    for word in (*nouns.COMMANDS, "inventory", "decode", "personalities", "--error-if-unavailable"):
        assert word in bash
    subprocess.run(["bash", "-n", str(documents["rsm"])], check=True)
    assert documents["_rsm"].read_text(encoding="utf-8").startswith("#compdef rsm")
    assert documents["rsm.csh"].stat().st_size > 0
