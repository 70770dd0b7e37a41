"""The words of the command line: found, complained about, and documented."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from rsm.cli import grammar, main, nouns

if TYPE_CHECKING:
    from collections.abc import Iterator


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Give a parser and all that hang below it."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of rsm lists each command of the table, and goes to standard output."""
    assert main(["--help"]) == 0
    said = capsys.readouterr()
    for word in nouns.COMMANDS:
        assert f"\n  {word} " in said.out
    assert said.err == ""


def test_help_without_words_and_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """No words at all, `help` and `help NOUN` give help instead of a complaint."""
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["help"]) == 0
    assert capsys.readouterr().out == bare
    assert main(["help", "pool"]) == 0
    assert capsys.readouterr().out.startswith("usage: rsm pool")


def test_every_exit_status_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """Each status that rsm can end with stands in its help."""
    main(["--help"])
    said = capsys.readouterr().out
    for number, meaning in nouns.STATUSES:
        assert f"{number}  {meaning}" in said


def test_all_help_fits_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No help text of ours is wider than an 80 column terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    texts = [nouns.help_text()]
    for noun, (module, summary) in nouns.COMMANDS.items():
        if module.startswith("rsm."):
            parser = grammar.Parser(prog=f"rsm {noun}")
            grammar.configured(parser, grammar._imported(module, noun), summary)
            texts += [each.format_help() for each in parsers(parser)]
    wide = [line for text in texts for line in text.splitlines() if len(line) > 80]
    assert wide == []


@pytest.mark.parametrize(
    "noun", [noun for noun, (module, _) in nouns.COMMANDS.items() if module.startswith("rsm.")]
)
def test_every_argument_is_explained(noun: str) -> None:
    """Every parser describes itself, and every option says what it does."""
    module, summary = nouns.COMMANDS[noun]
    parser = grammar.Parser(prog=f"rsm {noun}")
    grammar.configured(parser, grammar._imported(module, noun), summary)
    for each in parsers(parser):
        assert each.description
        for action in each._actions:
            if action.option_strings:
                assert action.help, f"{each.prog} {action.option_strings[0]}"


def test_commands_are_there() -> None:
    """Each module of the tables can be found, ours and the drivers'."""
    for module, _ in [*nouns.COMMANDS.values(), *nouns.VERBS.values()]:
        assert find_spec(module) is not None, module


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["medya", "list"], "there is no command 'medya'", "did you mean `rsm media`?"),
        (["xyzzy"], "there is no command 'xyzzy'", "rsm --help lists the commands"),
        (["media", "lisst"], "media: there is no verb 'lisst'", "did you mean 'list'?"),
        (["media"], "media: missing: VERB", "usage: rsm media VERB ..."),
        (["pool", "create"], "pool create: missing: PATH", "usage: rsm pool create"),
        (
            ["mount", "X", "--drive", "two"],
            "mount: argument --drive: invalid int value: 'two'",
            "usage: rsm mount",
        ),
        (["mount", "X", "--"], "mount: nothing stands after --", "usage: rsm mount"),
        (
            ["media", "list", "--state", "avail"],
            "there is no choice 'avail'",
            "did you mean 'available'?",
        ),
        (["--stoer", "x"], "there is no option --stoer before a command", "rsm --help"),
        (["--store"], "--store needs a path", "rsm --help"),
        (["events", "--last", "-1"], "events: --last -1 is no number of events", None),
        (["pool", "set", "Backup"], "pool set: nothing to change", "rsm pool set --help"),
    ],
)
def test_wrong_words_get_one_sentence(
    words: list[str], message: str, hint: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage ends with status 2, one sentence and one hint, and prints no result."""
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    first, *rest = said.err.splitlines()
    assert first.startswith("rsm: ")
    assert message in first
    assert (rest and rest[0].startswith("hint: ") and hint in rest[0]) if hint else not rest


def test_a_third_partys_command_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A word that is not ours is looked up in the entry-point group rsm.commands."""

    class Acme:
        name = "acme"
        value = "rsm_acme.command"

        @staticmethod
        def load() -> type[Acme]:
            return Acme

        @staticmethod
        def configure(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("word")

        @staticmethod
        def run(arguments: argparse.Namespace) -> int:
            sys.stdout.write(f"acme says {arguments.word} with store {arguments.store}\n")
            return 5

    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group: [Acme] if group == "rsm.commands" else []
    )
    assert main(["--store", "/x", "acme", "hello"]) == 5
    assert capsys.readouterr().out == "acme says hello with store /x\n"
    assert main(["acne"]) == 2
    assert "did you mean `rsm acme`?" in capsys.readouterr().err


def test_a_driver_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command of a driver that is not installed says which package is missing."""
    monkeypatch.setitem(nouns.COMMANDS, "acme", ("rsm_acme.command", "what Acme does"))
    assert main(["acme"]) == 3
    assert "needs the package rsm_acme, which is not installed" in capsys.readouterr().err


def test_the_width_is_that_of_the_terminal_within_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns come from $COLUMNS or the terminal; without either they are 80, and never absurd."""
    for columns, expected in (("132", 132), ("3", 40), ("9999", 200), ("many", 80)):
        monkeypatch.setenv("COLUMNS", columns)
        assert grammar.width() == expected
