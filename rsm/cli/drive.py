"""`rsm drive`: the drives of all libraries."""

from __future__ import annotations

from rsm.cli import grammar
from rsm.cli.door import listing

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_SHOWN = ("library", "drive", "state", "barcode", "side", "node", "serial", "mounts", "condition")


def configure(parser: ArgumentParser) -> None:
    """Add the verbs of `rsm drive`."""
    verbs = grammar.Verbs(parser)
    verbs.add(
        "list",
        _list,
        "list the drives and what is in them",
        _list_arguments,
        details="Drives are counted from 0, as mtx does.",
    )


def _list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--library", metavar="NAME", help="only those of this library")


def run(arguments: Namespace) -> int:
    """Carry out the verb that was named."""
    status: int = arguments.action(arguments)
    return status


def _list(arguments: Namespace) -> int:
    return listing(
        arguments,
        "drives",
        _SHOWN,
        nameless="medium_id",
        empty="no drives known; `rsm library inventory LIBRARY` looks for them",
        library=arguments.library,
    )
