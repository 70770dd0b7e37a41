"""Fail unless a wheel holds exactly the files of the packages in the tree: python .ci/compare_wheel.py WHEEL."""

from __future__ import annotations

import sys
import tomllib
import zipfile
from pathlib import Path


def tree(root: Path) -> set[str]:
    """Return the files that belong into a wheel, by their name in it."""
    shelf = root / "drivers"
    packages = {
        root / "rsm": root,
        **dict.fromkeys((path.parent for path in shelf.glob("*/__init__.py")), shelf),
    }
    own = {
        str(path.relative_to(above))
        for package, above in packages.items()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    tables = tomllib.loads((root / "pyproject.toml").read_text())
    brought_along: dict[str, str] = tables["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    return own | set(brought_along.values())


def main(wheel: str) -> int:
    """Compare; print what differs; return the exit status."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = tree(Path(__file__).resolve().parents[1])
    for name in sorted(wanted - packed):
        print(f"not in the wheel: {name}")
    for name in sorted(packed - wanted):
        print(f"in the wheel, and not in the tree: {name}")
    print(f"{Path(wheel).name}: {len(packed)} files")
    return 1 if wanted != packed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
