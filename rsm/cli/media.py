"""`rsm media`: the physical media, wherever they are."""

from __future__ import annotations

from rsm.cli import grammar, words
from rsm.cli.door import Door, listing

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from rsm.model.objects import Medium

_SHOWN = ("barcode", "type", "pool", "state", "library", "place", "condition")
_TYPES = ("name", "sides", "read_write", "device", "cleaning", "ntms_code")

_STATE = """\
STATE is that of the sides, one after the other. A medium without bar code is
shown, and can be named, by the beginning of its id."""

_MOVE = """\
Assigns media to a pool of the same type, on record only: no robot moves. Media
go out of Import or Unrecognized into Free/TYPE, to be drawn by any application,
or straight into an application's pool."""


def configure(parser: ArgumentParser) -> None:
    """Add the verbs of `rsm media`."""
    verbs = grammar.Verbs(parser)
    verbs.add("list", _list, "list media", _list_arguments, details=_STATE)
    verbs.add("show", _show, "tell all that is known of a medium", _show_arguments)
    verbs.add("move", _move, "put media into another pool; no robot moves", _move_arguments, details=_MOVE)
    verbs.add("types", _types, "list the media types that pools can be made for")


def _list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--library", metavar="NAME", help="only those in this library")
    parser.add_argument("--pool", metavar="PATH", help="only those in this pool")
    parser.add_argument("--type", metavar="TYPE", help="only those of this media type")
    parser.add_argument(
        "--state",
        metavar="STATE",
        choices=words.SIDE_STATES,
        help="only those with a side that is " + _either(),
    )


def _show_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("medium", metavar="MEDIUM", help="bar code, id, or the beginning of an id")


def _move_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("media", metavar="MEDIUM", nargs="+", help="bar codes, ids or beginnings of ids")
    parser.add_argument("pool", metavar="POOL", help="path of the pool, such as Free/LTO-9")


def run(arguments: Namespace) -> int:
    """Carry out the verb that was named."""
    status: int = arguments.action(arguments)
    return status


def _either() -> str:
    return ", ".join(words.SIDE_STATES[:-1]) + " or " + words.SIDE_STATES[-1]


def _list(arguments: Namespace) -> int:
    return listing(
        arguments,
        "media",
        _SHOWN,
        nameless="id",
        empty="no such media; `rsm library inventory LIBRARY` looks for new ones",
        library=arguments.library,
        pool=arguments.pool,
        type=arguments.type,
        state=None if arguments.state is None else words.SIDE_STATES.index(arguments.state),
    )


def _types(arguments: Namespace) -> int:
    return listing(arguments, "types", _TYPES, empty="this store knows no media types")


def _show(arguments: Namespace) -> int:
    from rsm.cli import render

    with Door(arguments) as session:
        medium = session.medium(arguments.medium)
    if arguments.json:
        render.json_value(medium)
    else:
        render.facts(_facts(medium))
    return 0


def _facts(medium: Medium) -> Iterator[tuple[str, object]]:
    label = words.enumerated(medium.barcode_state)
    yield "bar code", f"{medium.barcode or '-'}{'' if label == 'ok' else f' ({label})'}"
    yield "id", medium.id
    yield "type", medium.media_type
    yield "pool", medium.pool
    yield "where", words.whereabouts(medium)
    yield "state", words.enumerated(medium.state) + ("" if medium.enabled else ", disabled")
    yield "known by", words.enumerated(medium.identity)
    yield "last seen", words.local_time(medium.seen)
    if medium.missing_since is not None:
        yield "missing since", words.local_time(medium.missing_since)
    for side in medium.sides:
        used = f"allocated {words.count(side.allocate_count, 'time')}, mounted {words.count(side.mount_count, 'time')}"
        yield f"side {side.number}", f"{words.enumerated(side.state)}; {used}"
        if side.last_used is not None:
            yield "  last used", words.local_time(side.last_used)
        if side.logical_medium is not None:
            yield "  LMID", side.logical_medium


def _move(arguments: Namespace) -> int:
    from rsm.cli import render

    moved: list[Medium] = []
    try:
        with Door(arguments) as session:
            moved.extend(session.move_medium(name, arguments.pool) for name in arguments.media)
    finally:
        # What was moved before a later name failed is told too.
        if arguments.json and moved:
            render.json_value(moved[0] if len(arguments.media) == 1 else moved)
        elif not arguments.json:
            for medium in moved:
                print(words.clean(f"{medium.name} is in pool {medium.pool}, {words.sides(medium)}"))
    return 0
