"""`rsm dismount`: a medium out of its drive."""

from __future__ import annotations

from rsm.cli import grammar, render, words
from rsm.cli.door import Door

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_DETAILS = """\
The drive rewinds and unloads it, and the robot puts it back into its slot, or
into an empty one if that is taken. An allocated medium stays allocated."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm dismount`."""
    parser.description = grammar.described("put a mounted medium back into its slot", _DETAILS)
    parser.add_argument(
        "what", metavar="WHAT", help="what was given to `rsm mount`, or any name of the medium"
    )
    grammar.with_common(parser)


def run(arguments: Namespace) -> int:
    """Dismount, and tell where the medium is now."""
    with Door(arguments) as session:
        outcome = session.dismount(arguments.what)
    if arguments.json:
        render.json_value(outcome)
    elif outcome.medium.place is None:
        print(words.clean(f"{outcome.medium.name} is ejected; take it out of {outcome.library}"))
    else:
        print(words.clean(f"{outcome.medium.name} is in {words.place(outcome.place)} of {outcome.library}"))
    render.warn(outcome.warnings)
    return 0
