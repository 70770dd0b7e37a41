"""`rsm library`: the libraries, stand-alone drives among them, and what was last seen in them."""

from __future__ import annotations

from rsm.cli import grammar, words
from rsm.cli.door import Door, listing

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from rsm.model.outcome import InventoryOutcome

_SHOWN = ("name", "state", "vendor", "product", "drives", "slots", "ports", "media", "inventoried", "device")

_DEVICE = """\
DEVICE is the changer's generic node (/dev/sg3; `lsscsi -g` tells), that of a
stand-alone drive, or a simulated library (mock:PATH.json, which
`rsm mock create` makes). Nothing in the library is moved."""

_LOOK = """\
Reads what the library reports and records it; no medium is moved. What is
new, gone or elsewhere is told, a line each. New media go to the pool that the
library's policy says (`rsm library add --new-media`). Media that are gone
stay on record."""

_SHOW = """\
Draws what was last seen. A slot shows its medium; a dot is an empty slot, `x`
one that is missing or whose magazine is out, `?` one not known, `>0` the home
of the medium that is now in drive 0; `!` marks a bar code that is there
twice. On a terminal, more than 200 slots are drawn with one mark each, unless
--names is given."""


def configure(parser: ArgumentParser) -> None:
    """Add the verbs of `rsm library`."""
    verbs = grammar.Verbs(parser)
    verbs.add("add", _add, "take a library under management", _add_arguments, details=_DEVICE)
    verbs.add("list", _list, "list the libraries")
    verbs.add(
        "show",
        _show,
        "draw a library: drives, ports, slots, and who is where",
        _show_arguments,
        details=_SHOW,
    )
    verbs.add(
        "inventory",
        _inventory,
        "look what is in a library, and record it",
        _inventory_arguments,
        details=_LOOK,
    )
    verbs.add("remove", _remove, "give a library up; its media stay on record, on the shelf", _named)


def _named(parser: ArgumentParser) -> None:
    parser.add_argument("library", metavar="LIBRARY", help="its name")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("device", metavar="DEVICE", help="such as /dev/sg3 or mock:PATH.json")
    parser.add_argument("--name", help="what to call it; else its product name")
    parser.add_argument(
        "--new-media",
        choices=("import", "free", "unrecognized"),
        help="the pool that media go to when first seen (default: import)",
    )
    parser.add_argument("--media-type", metavar="TYPE", help="type of media whose bar code tells none")


def _show_arguments(parser: ArgumentParser) -> None:
    _named(parser)
    parser.add_argument(
        "--names", action="store_true", help="name every medium, however many slots there are"
    )


def _inventory_arguments(parser: ArgumentParser) -> None:
    _named(parser)
    parser.add_argument("--preview", action="store_true", help="tell the differences, record nothing")


def run(arguments: Namespace) -> int:
    """Carry out the verb that was named."""
    status: int = arguments.action(arguments)
    return status


def _add(arguments: Namespace) -> int:
    from rsm.cli import render
    from rsm.model.states import NewMedia

    with Door(arguments) as session:
        library = session.add_library(
            arguments.device,
            name=arguments.name,
            new_media=NewMedia(arguments.new_media) if arguments.new_media else None,
            media_type=arguments.media_type,
        )
    if arguments.json:
        render.json_value(library)
        return 0
    serial = f", serial {library.serial}" if library.serial else ""
    print(words.clean(f"added library {library.name}: {library.vendor} {library.product}{serial}"))
    if library.inventoried is None:
        render.note(f"next: rsm library inventory {library.name}")
    return 0


def _list(arguments: Namespace) -> int:
    return listing(
        arguments, "libraries", _SHOWN, empty="no libraries yet; add one with: rsm library add DEVICE"
    )


def _show(arguments: Namespace) -> int:
    import sys

    from rsm.cli import library_map, render

    with Door(arguments) as session:
        view = session.library(arguments.library)
    if arguments.json:
        render.json_value(view)
        return 0
    for line in library_map.drawn(
        view,
        width=grammar.width(),
        names=arguments.names or not sys.stdout.isatty(),
        colours=render.coloured(),
        encoding=sys.stdout.encoding or "ascii",
    ):
        print(line)
    return 0


def _inventory(arguments: Namespace) -> int:
    from rsm.cli import render

    with Door(arguments) as session:
        outcome = session.inventory(arguments.library, preview=arguments.preview)
    if arguments.json:
        render.json_value(outcome)
        return 0
    for line in _folded(change.text for change in outcome.changes):
        print(words.clean(line))
    print(words.clean(_summary(outcome)))
    render.warn(outcome.warnings)
    return 0


def _folded(texts: Iterable[str]) -> Iterator[str]:
    """Fold what is said of places one after the other: `slot 1-12 is there` for twelve lines."""
    run: tuple[str, int, int, str] | None = None
    for text in texts:
        word, _, rest = text.partition(" ")
        number, _, said = rest.partition(" ")
        counted = int(number) if number.isdecimal() else None
        if run and counted == run[2] + 1 and (run[0], run[3]) == (word, said):
            run = (word, run[1], counted, said)
            continue
        if run:
            yield _ranged(*run)
        run = None if counted is None else (word, counted, counted, said)
        if counted is None:
            yield text
    if run:
        yield _ranged(*run)


def _ranged(word: str, first: int, last: int, said: str) -> str:
    return f"{word} {first if first == last else f'{first}-{last}'} {said}"


def _summary(outcome: InventoryOutcome) -> str:
    seen = f"{words.count(outcome.elements, 'element')}, {words.count(outcome.media, 'medium', 'media')}"
    changes = len(outcome.changes)
    if not changes:
        found = "as recorded"
    elif outcome.applied:
        found = f"{words.count(changes, 'change')} recorded"
    else:
        found = f"{words.count(changes, 'change')} found, nothing recorded"
    return f"{outcome.library}: {seen}; {found}"


def _remove(arguments: Namespace) -> int:
    from rsm.cli import render

    with Door(arguments) as session:
        library = session.remove_library(arguments.library)
    if arguments.json:
        render.json_value(library)
    else:
        print(f"removed library {words.clean(library.name)}")
    return 0
