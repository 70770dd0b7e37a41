"""`rsm deallocate`: an allocated medium given back."""

from __future__ import annotations

from rsm.cli import grammar, render, words
from rsm.cli.door import Door

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_DETAILS = """\
What is written on the medium is not touched, but may be overwritten from now
on. The medium stays in its pool, or becomes free if the pool returns media to
free."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm deallocate`."""
    parser.description = grammar.described("give an allocated medium back", _DETAILS)
    parser.add_argument("logical_medium", metavar="LMID", help="what `rsm allocate` printed")
    grammar.with_common(parser)


def run(arguments: Namespace) -> int:
    """Give the medium back, and tell where it is now."""
    with Door(arguments) as session:
        medium = session.deallocate(arguments.logical_medium)
    if arguments.json:
        render.json_value(medium)
    else:
        print(words.clean(f"{medium.name} is in pool {medium.pool}, {words.sides(medium)}"))
    return 0
