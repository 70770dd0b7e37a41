"""`rsm where`: the first question of everybody who stands before a library."""

from __future__ import annotations

from rsm.cli import grammar, render, words
from rsm.cli.door import Door

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from rsm.model.objects import Medium

_DETAILS = """\
Tells where each medium with this bar code was last seen; two media may bear
the same one. The library is not asked: `rsm library inventory` looks anew."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm where`."""
    parser.description = grammar.described("tell where a medium is", _DETAILS)
    parser.add_argument("barcode", metavar="BARCODE", help="bar code")
    grammar.with_common(parser)


def run(arguments: Namespace) -> int:
    """Tell where the media with that bar code are, a line each."""
    with Door(arguments) as session:
        media = session.where(arguments.barcode)
    if arguments.json:
        render.json_value(media)
        return 0
    for medium in media:
        print(words.clean(_sentence(medium, alone=len(media) == 1)))
    return 0


def _sentence(medium: Medium, *, alone: bool) -> str:
    name = medium.name if alone else f"{medium.name} ({str(medium.id)[:8]})"
    missing = (
        "" if medium.missing_since is None else f", missing since {words.local_time(medium.missing_since)}"
    )
    return f"{name}: {words.whereabouts(medium)}{missing}; {medium.media_type}, pool {medium.pool}, {words.sides(medium)}"
