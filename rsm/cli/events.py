"""`rsm events`: what happened, as the store wrote it down."""

from __future__ import annotations

from rsm.cli import grammar
from rsm.cli.door import listing

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_SHOWN = ("number", "time", "kind", "library", "barcode", "actor", "text")


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm events`."""
    parser.description = grammar.described("tell what happened, newest last", "")
    parser.add_argument("--library", metavar="NAME", help="only what concerns this library")
    parser.add_argument("--medium", metavar="MEDIUM", help="only what concerns this medium")
    parser.add_argument("--last", metavar="N", type=int, help="only the last N events")
    grammar.with_common(parser)


def run(arguments: Namespace) -> int:
    """Print the events as a table or as JSON."""
    if arguments.last is not None and arguments.last < 0:
        from rsm.errors import InvalidRequest

        raise InvalidRequest(f"events: --last {arguments.last} is no number of events")
    return listing(
        arguments,
        "events",
        _SHOWN,
        empty="nothing happened yet",
        library=arguments.library,
        medium=arguments.medium,
        last=arguments.last,
    )
