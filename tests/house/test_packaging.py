"""What pyproject.toml says, what is installed and what lies in the tree are the same."""

from __future__ import annotations

import ast
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

import rsm

if TYPE_CHECKING:
    from pathlib import Path

DISTRIBUTION = "rsm-linux"
AGAIN = "the installation is older than pyproject.toml: install again with ./dev test"


def test_the_installed_entry_points_are_those_of_the_project(project: dict[str, Any]) -> None:
    """A driver or command added to pyproject.toml is found only after installing again, and this says so."""
    tables = project["project"]
    groups = {"console_scripts": tables.get("scripts", {}), **tables.get("entry-points", {})}
    written = {(group, name, target) for group, names in groups.items() for name, target in names.items()}
    installed = {
        (point.group, point.name, point.value) for point in metadata.distribution(DISTRIBUTION).entry_points
    }
    assert installed == written, AGAIN


def test_every_entry_point_can_be_loaded() -> None:
    """An entry point names an object that is there."""
    for point in metadata.distribution(DISTRIBUTION).entry_points:
        assert point.load() is not None


def test_the_version_is_written_in_one_place(project: dict[str, Any]) -> None:
    """The version is that of the package `rsm`; the project takes it from there."""
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "rsm/__init__.py"
    assert metadata.version(DISTRIBUTION) == rsm.__version__, AGAIN


def test_every_driver_on_the_shelf_is_packed(source: Path, project: dict[str, Any]) -> None:
    """Each package in drivers/ is in the wheel, and the wheel asks for none that is not there."""
    shelf = {f"drivers/{init.parent.name}" for init in source.glob("drivers/*/__init__.py")}
    packed = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packed == {"rsm", *shelf}, "pyproject.toml: tool.hatch.build.targets.wheel.packages"


def test_every_driver_on_the_shelf_is_under_the_import_contracts(
    source: Path, project: dict[str, Any]
) -> None:
    """A new driver cannot forget the rule of what it may see."""
    shelf = {init.parent.name for init in source.glob("drivers/*/__init__.py")}
    watched = set(project["tool"]["importlinter"]["root_packages"])
    assert watched == {"rsm", *shelf}, "pyproject.toml: tool.importlinter.root_packages, and its contracts"


def test_every_package_carries_its_types(source: Path, project: dict[str, Any]) -> None:
    """Users' type checkers see ours: each package has the marker py.typed."""
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert [name for name in packages if not (source / name / "py.typed").is_file()] == []


def test_nobody_imports_the_shelf(source: Path) -> None:
    """`drivers` is a folder: a package of that name on the index is somebody else's."""
    guilty = []
    for path in _sources(source):
        for node in ast.walk(ast.parse(path.read_bytes())):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            guilty += [str(path) for name in named if name.partition(".")[0] == "drivers"]
    assert guilty == []


def test_requirements_are_only_what_the_core_imports(project: dict[str, Any]) -> None:
    """A plain installation needs pyudev and nothing else; all the rest is an extra."""
    names = [re.split(r"[^\w-]", requirement)[0] for requirement in project["project"]["dependencies"]]
    assert names == ["pyudev"]


def _sources(root: Path) -> list[Path]:
    return [path for top in ("rsm", "drivers", "tests", "hw_tests") for path in (root / top).rglob("*.py")]
