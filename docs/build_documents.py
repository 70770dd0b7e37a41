# ruff: noqa: INP001 - a script, not a package
"""Build man pages and shell completion out of the parsers: `python docs/build_documents.py DIRECTORY`.

Needs the extra `documents` (argparse-manpage, shtab). Makes `rsm.1`, one `rsm-COMMAND.1` for each command,
and completion for bash, zsh and tcsh under the names by which packages install them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rsm import __version__
from rsm.cli import grammar, nouns

if TYPE_CHECKING:
    import argparse

COMPLETIONS = {"bash": "completion/bash/rsm", "zsh": "completion/zsh/_rsm", "tcsh": "completion/tcsh/rsm.csh"}
"""Shells, and where under the directory their files go."""

_FILES = {"store", "device", "file"}
"""Arguments that are files or device nodes."""


def build(directory: Path) -> list[Path]:
    """Write all documents below the directory and give their paths."""
    written = [_man_page(directory, "rsm", _whole())]
    commands = _choices(grammar.full_parser())
    written += [_man_page(directory, f"rsm-{word}", parser) for word, parser in commands.items()]
    written += [_completion(directory, shell, path) for shell, path in COMPLETIONS.items()]
    return written


def _whole() -> argparse.ArgumentParser:
    """Give the parser of rsm with what only its help text says: exit statuses, names, environment."""
    parser = grammar.full_parser()
    parser.description = f"{nouns.DESCRIPTION}\n\n{nouns.NAMES}"
    parser.epilog = None
    return parser


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Give the parsers of the commands or verbs that hang below one."""
    for action in parser._actions:  # noqa: SLF001 - argparse shows its sub-parsers nowhere else
        if isinstance(action.choices, dict):
            return dict(action.choices)
    return {}


def _man_page(directory: Path, name: str, parser: argparse.ArgumentParser) -> Path:
    from argparse_manpage.manpage import Manpage  # noqa: PLC0415 - an extra; the text of the error names it

    page = Manpage(parser)
    page.prog = name
    page.source = f"rsm {__version__}"
    page.manual = "Removable Storage Manager"
    page.description = nouns.COMMANDS.get(name.removeprefix("rsm-"), ("", "removable storage manager"))[1]
    page.add_section("exit status", "=", _statuses())
    page.add_section("environment", "=", _ENVIRONMENT)
    file = directory / "man" / "man1" / f"{name}.1"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(page), encoding="utf-8")
    return file


def _statuses() -> str:
    return "\n".join(f".TP\n.B {number}\n{meaning}" for number, meaning in nouns.STATUSES)


_ENVIRONMENT = """\
.TP
.B RSM_STORE
path of the store
.TP
.B NO_COLOR
if set, no colours
.TP
.B RSM_DEBUG
if set, errors come with their traceback"""


def _completion(directory: Path, shell: str, path: str) -> Path:
    import shtab  # noqa: PLC0415 - an extra

    parser = grammar.full_parser()
    _offer_files(parser)
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(shtab.complete(parser, shell=shell), encoding="utf-8")
    return file


def _offer_files(parser: argparse.ArgumentParser) -> None:
    """Mark the arguments that are files, so that shells complete their names."""
    import shtab  # noqa: PLC0415 - an extra

    for action in parser._actions:  # noqa: SLF001 - argparse shows its arguments nowhere else
        if action.dest in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab's way to say so
    for below in _choices(parser).values():
        _offer_files(below)


def main() -> int:
    """Build into the directory that was named."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python docs/build_documents.py DIRECTORY\n")
        return 2
    for path in build(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
