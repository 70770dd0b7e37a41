"""What rsm tells people to type can be typed."""

from __future__ import annotations

import argparse
import ast
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rsm.cli import grammar, nouns

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = re.compile(r"\brsm ([a-z]+)((?: [a-z]+)?)((?: (?:--[a-z-]+|[A-Z{}/.:a-z0-9]+))*)")


def sources() -> Iterator[Path]:
    """Give every module of rsm and its drivers."""
    for package in ("rsm", "rsm_scsi", "rsm_mock", "rsm_smc"):
        spec = find_spec(package)
        assert spec is not None
        for folder in spec.submodule_search_locations or ():
            yield from sorted(Path(folder).rglob("*.py"))


def hints(path: Path) -> Iterator[str]:
    """Give the text of every hint in a module, with {} for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "hint":
            for text in ast.walk(node.value):
                if isinstance(text, ast.JoinedStr):
                    yield "".join(
                        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "{}"
                        for part in text.values
                    )
                elif isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value


def commands() -> Iterator[tuple[str, str, str, str]]:
    """Give every command that a hint names: where it stands, noun, verb and the rest."""
    for path in sources():
        for text in hints(path):
            for noun, verb, rest in COMMAND.findall(text):
                if noun in nouns.COMMANDS:
                    yield f"{path.parent.name}/{path.name}", noun, verb.strip(), rest


def verbs_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Give the verbs that hang below a noun's parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def test_there_are_hints_to_check() -> None:
    """The search finds hints at all."""
    assert len(list(commands())) > 10


@pytest.mark.parametrize(("where", "noun", "verb", "rest"), sorted(set(commands())))
def test_a_hint_names_a_command_that_is_there(where: str, noun: str, verb: str, rest: str) -> None:
    """Noun, verb and options of a hint exist."""
    parser = verbs_of(grammar.full_parser())[noun]
    verbs = verbs_of(parser)
    if verbs:
        assert verb in verbs, where
        parser = verbs[verb]
    for option in re.findall(r"--[a-z-]+", rest):
        assert option in parser._option_string_actions, where
