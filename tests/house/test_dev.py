"""`./dev` finds out by itself whether .venv is fit for use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

PROJECT = '[build-system]\n[project]\nname = "rsm-linux"\n[tool.hatch]\n[tool.ruff]\nline-length = 110\n'


@pytest.fixture
def dev(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load ./dev as a module for a tree of its own, whose .venv holds the core and what is needed to test."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = spec_from_loader("dev", SourceFileLoader("dev", str(source / "dev")))
    assert spec is not None
    assert spec.loader is not None
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("HERE", "VENV", "BIN", "STATE", "LOG"):
        old: Path = getattr(module, name)
        monkeypatch.setattr(module, name, tmp_path / old.relative_to(source))
    (tmp_path / "rsm").mkdir()
    (tmp_path / "rsm/__init__.py").write_text('__version__ = "1"\n')
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    module.BIN.mkdir(parents=True)
    (module.BIN / "python").symlink_to(Path(sys.executable).resolve())
    for program in ("rsm", "pytest"):
        (module.BIN / program).touch()
    (module.VENV / "lib/python3.11/site-packages/rsm_linux-1.dist-info").mkdir(parents=True)
    now = module.fingerprint()
    module.record({"core": now, "test": now})
    return module


def test_a_finished_environment_is_kept(dev: Any) -> None:
    """What was installed completely, from the project as it is, is used as it is."""
    assert dev.installed() == {"core": dev.fingerprint(), "test": dev.fingerprint()}


def test_what_changes_an_installation_is_noticed(dev: Any) -> None:
    """Dependencies, entry points and the version ask for a new installation; a linter's table does not."""
    before = dev.fingerprint()
    project = dev.HERE / "pyproject.toml"
    project.write_text(PROJECT.replace("110", "100"))
    assert dev.fingerprint() == before
    project.write_text(PROJECT.replace("[project]", '[project]\ndependencies = ["pyudev"]'))
    with_dependency = dev.fingerprint()
    assert with_dependency != before
    (dev.HERE / "rsm/__init__.py").write_text('__version__ = "2"\n')
    assert dev.fingerprint() != with_dependency


def _other_python(dev: Any) -> None:
    (dev.BIN / "python").unlink()
    (dev.BIN / "python").symlink_to("/bin/sh")


def _moved(dev: Any) -> None:
    state = json.loads(dev.STATE.read_text())
    state["of"][0] = "/elsewhere"
    dev.STATE.write_text(json.dumps(state))


def _emptied(dev: Any) -> None:
    (dev.VENV / "lib/python3.11/site-packages/rsm_linux-1.dist-info").rmdir()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda dev: dev.record(None), id="an installation began and did not end"),
        pytest.param(lambda dev: dev.STATE.write_text("\0"), id="its record is garbage"),
        pytest.param(lambda dev: dev.STATE.write_text("[]"), id="its record is something else"),
        pytest.param(lambda dev: (dev.BIN / "pytest").unlink(), id="a program is gone"),
        pytest.param(lambda dev: (dev.BIN / "python").unlink(), id="its Python is gone"),
        pytest.param(_other_python, id="its Python is another one"),
        pytest.param(_moved, id="the tree was moved"),
        pytest.param(_emptied, id="its packages are gone"),
    ],
)
def test_a_damaged_environment_is_made_anew(dev: Any, damage: Any) -> None:
    """Whatever happened to .venv, it is noticed before something is run in it."""
    damage(dev)
    assert dev.installed() is None


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_dev_alone_explains_itself(source: Path, words: list[str], tmp_path: Path) -> None:
    """`./dev` prints what it can do, from any directory, and installs nothing for that."""
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, source / "dev", *words],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    for command in ("./dev demo", "./dev test", "./dev vm", "./dev check"):
        assert command in done.stdout


def test_a_python_without_venv_is_named_with_its_package(dev: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Debian without python3-venv the user reads one line with the package, not a traceback."""
    monkeypatch.setattr(dev, "said", lambda *_command: (False, "No module named ensurepip"))
    with pytest.raises(SystemExit, match=r"apt install python3-venv$"):
        dev.make()


@pytest.mark.parametrize(
    ("pip_said", "told"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'",
            "cannot reach the package index",
        ),
        ("ERROR: Could not install packages due to an OSError: No space left on device\n", "No space left"),
    ],
)
def test_a_failed_installation_says_why_and_keeps_what_was_there(
    dev: Any, monkeypatch: pytest.MonkeyPatch, pip_said: str, told: str
) -> None:
    """Without an index the core stays usable, and one line says what is wrong."""
    parts = {"core": dev.fingerprint()}
    monkeypatch.setattr(dev, "said", lambda *_command: (False, pip_said))
    with pytest.raises(SystemExit, match=told):
        dev.install(parts, ["core", "check"], dev.fingerprint())
    assert dev.installed() == parts
    assert pip_said in dev.LOG.read_text()
