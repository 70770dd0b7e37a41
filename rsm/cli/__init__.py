"""The command line: `run` is the console entry, `main` one command from its words to its exit status.

Only what the command needs is imported, when it is known which it is: `rsm --help` is static text, a
listing goes from the store to the terminal, and the engine is loaded by the verbs that decide.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from rsm.clock import Clock

__all__ = ["main", "run"]


def run() -> NoReturn:
    """Run the command that the process was started with, and exit with its status."""
    import os

    if sys.stdout is None:  # started with standard output closed
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - likewise
    for stream in (sys.stdout, sys.stderr):
        # A bar code may hold what the terminal's encoding has no character for; it is shown escaped.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # the real streams have it
    status = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        # Already reported by main; Python would complain a second time while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def main(argv: Sequence[str], *, clock: Clock | None = None) -> int:
    """Carry out one command and give its exit status; results go to sys.stdout, all else to sys.stderr.

    With a clock, every wait and every time of the command is that clock's.
    """
    try:
        status = _dispatch(list(argv), clock)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where anything becomes a sentence
        from rsm.cli import exits

        return exits.report(error)
    return status


def _dispatch(words: list[str], clock: Clock | None) -> int:
    store: str | None = None
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in {"-h", "--help"}:
            return _help()
        if option in {"-V", "--version"}:
            words = ["version"]
        elif option == "--store" and words:
            store = words.pop(0)
        elif option.startswith("--store="):
            store = option.removeprefix("--store=")
        else:
            from rsm.errors import InvalidRequest

            what = (
                "--store needs a path"
                if option == "--store"
                else f"there is no option {option} before a command"
            )
            raise InvalidRequest(what, hint="rsm --help tells the options and commands")
    if not words or words == ["help"]:
        return _help()
    if words[0] == "help":
        words = [*words[1:], "--help"]
    from rsm.cli import grammar

    return grammar.carry_out(words, store=store, clock=clock)


def _help() -> int:
    from rsm.cli.nouns import help_text

    sys.stdout.write(help_text())
    return 0
