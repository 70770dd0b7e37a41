"""`rsm version`: what to put into a bug report."""

from __future__ import annotations

import sys

from rsm import __version__
from rsm.cli import grammar, render

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm version`."""
    grammar.with_common(parser, store=False)


def run(arguments: Namespace) -> int:
    """Print the versions of rsm and of what it stands on, and the store that would be used."""
    import sqlite3

    from rsm.store.location import default_path

    python = ".".join(str(part) for part in sys.version_info[:3])
    facts = {
        "rsm": __version__,
        "python": python,
        "sqlite": sqlite3.sqlite_version,
        "store": arguments.store or default_path(),
    }
    if arguments.json:
        render.json_value(facts)
    else:
        render.facts(facts.items())
    return 0
