"""From words to a parsed command: only the parser of the command that was named is built."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from rsm.cli import nouns

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn, Protocol

    from rsm.clock import Clock

    class CommandModule(Protocol):
        """What a command's module offers, ours or a driver's."""

        def configure(self, parser: argparse.ArgumentParser) -> None:
            """Add the command's arguments to its parser."""
            ...

        def run(self, arguments: argparse.Namespace) -> int:
            """Carry the command out and give its exit status."""
            ...

    Action = Callable[[argparse.Namespace], int]


_NARROW, _WIDE = 40, 200


def width() -> int:
    """Give the columns of the terminal that standard output goes to, 80 if there is none."""
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr]  # a closed one raises AttributeError
    except (OSError, ValueError, AttributeError):
        columns = 0
    return min(max(columns, _NARROW), _WIDE) if columns else 80


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help in the width of the terminal; naming the width keeps argparse from importing shutil, 4 ms."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=min(width() - 2, 100))


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in rsm's way: one sentence, one hint, status 2."""

    wanted: str | None = None
    """The only verb whose parser need be built; None for all of them."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", _Help)
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)  # type: ignore[arg-type]  # passed on as argparse gives them to sub-parsers

    def error(self, message: str) -> NoReturn:
        """Raise `InvalidRequest` with what is wrong, and the usage or the closest word as hint."""
        from rsm.errors import InvalidRequest

        said, hint = _explained(message, self)
        raise InvalidRequest(f"{self.prog.removeprefix('rsm ')}: {said}", hint=hint)


def _explained(message: str, parser: Parser) -> tuple[str, str]:
    """Give the complaint in plain words, and what to do about it."""
    import re

    usage = " ".join(parser.format_usage().split())
    for common in ("[-h] ", "[--store PATH] ", "[--json] "):
        usage = usage.replace(common, "")
    choice = re.search(r"invalid choice: '?(.*?)'? \(choose from (.*)\)", message)
    if choice:
        word, known = choice[1], [name.strip(" '") for name in choice[2].split(",")]
        near = closest(word, known)
        what = "verb" if "argument VERB" in message else "choice"
        return f"there is no {what} {word!r}", f"did you mean {near!r}?" if near else "known: " + ", ".join(
            known
        )
    return message.replace("the following arguments are required", "missing"), usage


def closest(word: str, known: Sequence[str]) -> str | None:
    """Give the known word that is most like this one, or None if none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word.lower(), known, n=1)), None)


class Verbs:
    """The verbs of a noun, added one by one; only the parser of the one that is wanted is built."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        # Naming `prog` keeps argparse from formatting a usage text that nobody asked for.
        self._actions = parser.add_subparsers(
            dest="verb", metavar="VERB", required=True, prog=parser.prog, title="verbs"
        )
        self._wanted = getattr(parser, "wanted", None)

    def add(
        self,
        word: str,
        action: Action,
        summary: str,
        arguments: Callable[[argparse.ArgumentParser], None] | None = None,
        *,
        details: str = "",
        store: bool = True,
    ) -> None:
        """Add a verb that `action` carries out; `arguments` adds to its parser what it takes."""
        if self._wanted not in {None, word}:
            return
        parser = self._actions.add_parser(word, help=summary, description=described(summary, details))
        parser.set_defaults(action=action)
        if arguments is not None:
            arguments(parser)
        with_common(parser, store=store)

    def promise(self, word: str, summary: str) -> None:
        """List a verb that a driver provides (`nouns.VERBS`), so that help knows it; it is parsed elsewhere."""
        if self._wanted is None:
            self._actions.add_parser(word, help=summary, description=described(summary, ""))


def described(summary: str, details: str) -> str:
    """Give a command's description: its summary as a sentence, then the details."""
    return summary[:1].upper() + summary[1:] + "." + ("\n\n" + details if details else "")


def with_common(parser: argparse.ArgumentParser, *, json: bool = True, store: bool = True) -> None:
    """Add the options that every command of ours has."""
    if json:
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    if store:
        parser.add_argument("--store", metavar="PATH", default=argparse.SUPPRESS, help=nouns.STORE_HELP)


def carry_out(words: list[str], *, store: str | None, clock: Clock | None) -> int:
    """Parse and carry out the command that the words begin with."""
    noun, *rest = words
    name, module, summary = _found(noun, rest)
    rest = rest[len(name.split()) - 1 :]
    parser = _parser(name, module, summary, rest[0] if rest else None)
    parser.set_defaults(store=store, clock=clock)
    command: list[str] = []
    if parser.get_default("command") is not None and "--" in rest:
        at = rest.index("--")
        rest, command = rest[:at], rest[at + 1 :]
        if not command:
            parser.error("nothing stands after --")
    arguments = parser.parse_args(rest)
    if command:
        arguments.command = command
    return module.run(arguments)


def _parser(name: str, module: CommandModule, summary: str, verb: str | None) -> Parser:
    """Give the parser of a command: with that verb alone if it has it, with all of them to help or complain."""
    parser = Parser(prog="rsm " + name)
    parser.wanted = verb
    configured(parser, module, summary)
    if any(action.choices == {} for action in parser._actions):  # noqa: SLF001 - argparse shows them nowhere else
        parser = Parser(prog="rsm " + name)
        configured(parser, module, summary)
    return parser


def configured(parser: argparse.ArgumentParser, module: CommandModule, summary: str) -> None:
    """Let a command add its arguments; it is described by its summary unless it describes itself."""
    module.configure(parser)
    parser.description = parser.description or described(summary, "")


def _found(noun: str, rest: list[str]) -> tuple[str, CommandModule, str]:
    """Give a command's full name, module and summary; raise `InvalidRequest` if there is none."""
    verb = rest[0] if rest else ""
    if (noun, verb) in nouns.VERBS:
        module, summary = nouns.VERBS[noun, verb]
        return f"{noun} {verb}", _imported(module, f"{noun} {verb}"), summary
    if noun in nouns.COMMANDS:
        module, summary = nouns.COMMANDS[noun]
        return noun, _imported(module, noun), summary
    from importlib.metadata import entry_points

    others = entry_points(group="rsm.commands")
    for entry in others:
        if entry.name == noun:
            return noun, entry.load(), f"provided by {entry.value}"
    from rsm.errors import InvalidRequest

    near = closest(noun, [*nouns.COMMANDS, *(entry.name for entry in others)])
    raise InvalidRequest(
        f"there is no command {noun!r}",
        hint=f"did you mean `rsm {near}`?" if near else "rsm --help lists the commands",
    )


def _imported(module: str, command: str) -> CommandModule:
    try:
        found: CommandModule = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        from rsm.errors import ObjectNotFound

        raise ObjectNotFound(
            f"the command {command!r} needs the package {module.partition('.')[0]}, which is not installed",
            hint="install rsm-linux anew",
        ) from error
    return found


def full_parser() -> Parser:
    """Give the parser of all commands at once, for man pages and completion; no command runs it."""
    whole = Parser(prog="rsm", usage=nouns.USAGE, description=nouns.DESCRIPTION, epilog=nouns.NAMES)
    whole.add_argument("--store", metavar="PATH", help=nouns.STORE_HELP)
    whole.add_argument("--version", action="store_true", help="the same as `rsm version`")
    commands = whole.add_subparsers(dest="noun", metavar="COMMAND", prog="rsm", title="commands")
    for noun, (module, summary) in nouns.COMMANDS.items():
        parser = commands.add_parser(noun, help=summary)
        configured(parser, _imported(module, noun), summary)
    for (noun, verb), (module, summary) in nouns.VERBS.items():
        configured(_verb_parser(commands.choices[noun], verb), _imported(module, f"{noun} {verb}"), summary)
    return whole


def _verb_parser(noun: argparse.ArgumentParser, verb: str) -> argparse.ArgumentParser:
    """Give the parser of a verb that its noun has only promised."""
    (verbs,) = (action for action in noun._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001 - argparse shows its sub-parsers nowhere else
    parser: argparse.ArgumentParser = verbs.choices[verb]
    return parser
