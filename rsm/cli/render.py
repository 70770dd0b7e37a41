"""Results on standard output: tables for people, JSON for programs, both a row at a time."""

from __future__ import annotations

import sys

from rsm.cli import words

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Row = Sequence[object]
    Line = list[str]

_BATCH = 100
"""Rows whose widths decide those of the columns; further rows are streamed, and may stick out."""

_GAP = "  "

TIMES = {"inventoried", "missing_since", "seen", "last_used", "created", "time"}
"""Names of fields that hold moments."""


def coloured() -> bool:
    """Whether standard output is a terminal that wants colours (no $NO_COLOR, no dumb terminal)."""
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    """Give the text in bold where there are colours."""
    return f"\x1b[1m{text}\x1b[0m" if coloured() else text


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def table(
    columns: Sequence[str], rows: Iterable[Row], shown: Sequence[str], *, nameless: str | None = None
) -> int:
    """Print the shown columns of the rows under a header line, and give the number of rows.

    The first lines are written as soon as the first hundred rows are known; no more are ever held. A row
    without bar code is named by the beginning of the id in the column `nameless`. Without rows, nothing is
    printed.
    """
    lines = _lines(columns, rows, shown, nameless)
    first: list[Line] = []
    numeric = [True] * len(shown)
    for line in lines:
        first.append(line)
        if len(first) == _BATCH:
            break
    if not first:
        return 0
    header = [name.replace("_", " ").upper() for name in shown]
    for at in range(len(shown)):
        numeric[at] = all(line[at].isdigit() or line[at] == "-" for line in first)
    widths = [max(len(header[at]), *(len(line[at]) for line in first)) for at in range(len(shown))]
    adjust: list[Callable[[str, int], str]] = [str.rjust if right else str.ljust for right in numeric]
    fitted = list(zip(adjust, widths, strict=True))

    def fit(line: Line) -> str:
        return _GAP.join([put(text, width) for text, (put, width) in zip(line, fitted, strict=True)]).rstrip()

    write = sys.stdout.write
    write(bold(fit(header)) + "\n")
    for line in first:
        write(fit(line) + "\n")
    sys.stdout.flush()  # whoever reads sees the beginning at once
    total = len(first)
    for line in lines:
        write(fit(line) + "\n")
        total += 1
    return total


def _lines(
    columns: Sequence[str], rows: Iterable[Row], shown: Sequence[str], nameless: str | None
) -> Iterator[Line]:
    positions = [columns.index(name) for name in shown]
    times = [at for at, name in enumerate(shown) if name in TIMES]
    named = shown.index("barcode") if nameless else -1
    other = columns.index(nameless) if nameless else -1
    cell = words.cell
    for row in rows:
        line = [cell(row[at]) for at in positions]
        for at in times:
            line[at] = words.local_time(row[positions[at]])  # type: ignore[arg-type]  # a listing's times are text
        if named >= 0 and row[positions[named]] is None and row[other]:
            line[named] = str(row[other])[:8]
        yield line


def json_array(columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Print the rows as one JSON array of objects, an object a line, and give their number."""
    from json import JSONEncoder

    encode = JSONEncoder(ensure_ascii=not _speaks_unicode(), default=str).encode
    write = sys.stdout.write
    total = 0
    for row in rows:
        write(("[\n" if total == 0 else ",\n") + encode(dict(zip(columns, row, strict=True))))
        total += 1
        if total == 1:
            sys.stdout.flush()  # whoever reads sees the beginning at once
    write("\n]\n" if total else "[]\n")
    return total


def json_value(value: object) -> None:
    """Print one value of the model, or what holds such values, as JSON."""
    import json

    sys.stdout.write(json.dumps(plain(value), ensure_ascii=not _speaks_unicode(), indent=2) + "\n")


def plain(value: object) -> object:
    """Give a value of the model in what JSON has: enumerations as words, ids and times as text."""
    from enum import Enum

    became: object
    match value:
        case Enum():
            became = words.enumerated(value)
        case None | str() | int() | float():
            became = value
        case bytes():
            became = value.hex(" ")
        case dict():
            became = {str(key): plain(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            became = [plain(each) for each in value]
        case _ if hasattr(value, "__dataclass_fields__"):
            became = {name: _field(name, getattr(value, name)) for name in value.__dataclass_fields__}
        case _:
            became = str(value)
    return became


def _field(name: str, value: object) -> object:
    return words.iso_time(value) if name in TIMES and isinstance(value, float) else plain(value)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print what is known of one thing, a line each: `pool          Free/LTO-9`."""
    known = [(name, words.cell(value)) for name, value in pairs]
    width = max(len(name) for name, _ in known)
    for name, text in known:
        print(f"{name.ljust(width)}{_GAP}{text}")


def note(text: str) -> None:
    """Tell a person at the terminal something that no script should read: on standard error, if it is one."""
    if sys.stderr.isatty():
        sys.stdout.flush()
        print(text, file=sys.stderr)


def warn(texts: Iterable[str]) -> None:
    """Print warnings on standard error, one a line."""
    sys.stdout.flush()
    for text in texts:
        print(f"rsm: warning: {words.clean(text)}", file=sys.stderr)
