"""`rsm allocate`: a medium for an application."""

from __future__ import annotations

import sys

from rsm.cli import grammar, render, words
from rsm.cli.door import Door

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from rsm.model.outcome import Allocation, Exclusion

_DETAILS = """\
Standard output gets the id of the logical medium (LMID) and nothing else, so
that `LMID=$(rsm allocate Backup)` works. The medium stays allocated until
`rsm deallocate LMID`.

Without --side, --new or --next, any available side of the pool is taken; a
pool that draws from free takes a free medium of its type when it has none."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm allocate`."""
    parser.description = grammar.described("take a medium from a pool", _DETAILS)
    parser.add_argument("pool", metavar="POOL", help="path of the pool, such as Backup")
    parser.add_argument("--side", metavar="SIDE", help="this very side: BARCODE or BARCODE:2")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--new",
        action="store_true",
        help="a medium of which no side is in use, keeping its other sides for --next",
    )
    which.add_argument("--next", metavar="LMID", help="the next side of the medium of this logical medium")
    parser.add_argument(
        "--error-if-unavailable", action="store_true", help="fail at once rather than wait or ask an operator"
    )
    parser.add_argument(
        "--explain", action="store_true", help="tell on standard error which media were passed over, and why"
    )
    grammar.with_common(parser)


def run(arguments: Namespace) -> int:
    """Allocate, and print the id of the logical medium alone."""
    from rsm.errors import Unavailable

    with Door(arguments) as session:
        try:
            allocation = session.allocate(
                arguments.pool,
                side=arguments.side,
                new=arguments.new,
                next_of=arguments.next,
                error_if_unavailable=arguments.error_if_unavailable,
            )
        except Unavailable:
            if arguments.explain:
                _explain(session.explain(arguments.pool))
            raise
    if arguments.explain:
        for line in allocation.explanation or (_taken(allocation),):
            print(words.clean(line), file=sys.stderr)
    else:
        render.note(_taken(allocation))
    try:
        if arguments.json:
            render.json_value(allocation)
        else:
            print(allocation.logical_medium)
        sys.stdout.flush()
    except OSError:
        # The handle of what was allocated must not get lost with the output.
        print(f"rsm: allocated {allocation.logical_medium}, and could not write it out", file=sys.stderr)
        raise
    return 0


def _taken(allocation: Allocation) -> str:
    name = f"{allocation.medium.name} side {allocation.side}"
    if allocation.allocated_from == allocation.pool:
        return f"{name}, of pool {allocation.pool}"
    return f"{name}, drawn from {allocation.allocated_from} into {allocation.pool}"


def _explain(exclusions: tuple[Exclusion, ...]) -> None:
    for group in exclusions:
        print(
            words.clean(f"{group.where}: {words.count(group.count, 'side')} {group.reason}"), file=sys.stderr
        )
    if not exclusions:
        print("the pool and those it draws from hold no media at all", file=sys.stderr)
