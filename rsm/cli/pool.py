"""`rsm pool`: the tree of media pools."""

from __future__ import annotations

from rsm.cli import grammar, words
from rsm.cli.door import Door, listing

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from rsm.model.objects import Pool

_SHOWN = (
    "path",
    "kind",
    "type",
    "media",
    "available",
    "allocated",
    "draws_from_free",
    "returns_to_free",
    "max_allocates",
)

_CREATE = """\
A pool holds media of one type (--type; `rsm media types` lists them), or other
pools (no --type). The parts of PATH are parted by `/`; the pool above must be
there already, and hold pools."""


def configure(parser: ArgumentParser) -> None:
    """Add the verbs of `rsm pool`."""
    verbs = grammar.Verbs(parser)
    verbs.add("create", _create, "make a media pool for an application", _create_arguments, details=_CREATE)
    verbs.add("list", _list, "list the pools, and how many media and sides they hold")
    verbs.add("show", _show, "tell all that is known of a pool", _named)
    verbs.add("set", _set, "change a pool's name or rules", _set_arguments)
    verbs.add("delete", _delete, "delete an empty pool", _named)


def _named(parser: ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="such as Backup or Backup/Weekly")


def _create_arguments(parser: ArgumentParser) -> None:
    _named(parser)
    parser.add_argument(
        "--type", metavar="TYPE", help="media type, such as LTO-9; without one, it holds pools"
    )
    parser.add_argument(
        "--draw-from-free", action="store_true", help="take free media of the type when it has none left"
    )
    parser.add_argument("--return-to-free", action="store_true", help="media given back become free for all")
    _maximum(parser, default=0)


def _set_arguments(parser: ArgumentParser) -> None:
    _named(parser)
    parser.add_argument("--name", metavar="NAME", help="its new name: the last part of the path")
    _switch(parser, "draw-from-free", "take free media of the type when it has none left, or not")
    _switch(parser, "return-to-free", "media given back become free for all, or stay")
    _maximum(parser, default=None)


def _maximum(parser: ArgumentParser, *, default: int | None) -> None:
    parser.add_argument(
        "--max-allocates",
        metavar="N",
        type=int,
        default=default,
        help="allocations a side is good for; 0: no limit",
    )


def _switch(parser: ArgumentParser, name: str, summary: str) -> None:
    both = parser.add_mutually_exclusive_group()
    target = name.replace("-", "_")
    both.add_argument(f"--{name}", dest=target, action="store_true", default=None, help=summary)
    both.add_argument(f"--no-{name}", dest=target, action="store_false", default=None, help="the opposite")


def run(arguments: Namespace) -> int:
    """Carry out the verb that was named."""
    status: int = arguments.action(arguments)
    return status


def _list(arguments: Namespace) -> int:
    return listing(arguments, "pools", _SHOWN, empty="no pools yet; `rsm library add DEVICE` makes the first")


def _create(arguments: Namespace) -> int:
    with Door(arguments) as session:
        pool = session.create_pool(
            arguments.path,
            media_type=arguments.type,
            draws_from_free=arguments.draw_from_free,
            returns_to_free=arguments.return_to_free,
            max_allocates=arguments.max_allocates,
        )
    return _said(arguments, pool, f"created pool {pool.path} for {pool.media_type or 'other pools'}")


def _show(arguments: Namespace) -> int:
    from rsm.cli import render

    with Door(arguments) as session:
        pool = session.pool(arguments.path)
    if arguments.json:
        render.json_value(pool)
    else:
        render.facts(_facts(pool))
    return 0


def _facts(pool: Pool) -> Iterator[tuple[str, object]]:
    yield "path", pool.path
    yield "id", pool.id
    yield "kind", words.enumerated(pool.kind)
    yield "holds", pool.media_type or "other pools"
    yield "draws from free", pool.draws_from_free
    yield "returns to free", pool.returns_to_free
    yield "max allocates", pool.max_allocates or "no limit"


def _set(arguments: Namespace) -> int:
    given = (arguments.name, arguments.draw_from_free, arguments.return_to_free, arguments.max_allocates)
    if all(value is None for value in given):
        from rsm.errors import InvalidRequest

        raise InvalidRequest(
            "pool set: nothing to change", hint="rsm pool set --help lists what can be changed"
        )
    with Door(arguments) as session:
        pool = session.change_pool(
            arguments.path,
            new_name=arguments.name,
            draws_from_free=arguments.draw_from_free,
            returns_to_free=arguments.return_to_free,
            max_allocates=arguments.max_allocates,
        )
    return _said(arguments, pool, f"changed pool {pool.path}")


def _delete(arguments: Namespace) -> int:
    with Door(arguments) as session:
        pool = session.delete_pool(arguments.path)
    return _said(arguments, pool, f"deleted pool {pool.path}")


def _said(arguments: Namespace, pool: Pool, sentence: str) -> int:
    from rsm.cli import render

    if arguments.json:
        render.json_value(pool)
    else:
        print(words.clean(sentence))
    return 0
