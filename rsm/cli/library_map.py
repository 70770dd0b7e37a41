"""A library drawn in text: drives, ports and slots, and who is where."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rsm.cli import words
from rsm.model.barcode import CLEANING_TYPE
from rsm.model.states import BarcodeState, LibraryKind, PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rsm.model.outcome import Cell, LibraryView

    _Row = tuple[int, list[str]]
    """A line of a grid: number of its first place, and the marks."""

MANY = 200
"""Slots beyond which a terminal is shown marks instead of names."""

_EMPTY, _PLAIN_EMPTY, _ABSENT, _UNKNOWN, _UNRECORDED = "·", ".", "x", "?", "#"
_MEANING = {
    _ABSENT: "missing, or its magazine is out",
    _UNKNOWN: "not known",
    _UNRECORDED: "holds what no inventory has recorded",
}
_PER_LINE = (50, 40, 30, 25, 20, 15, 10, 8, 5, 4, 3, 2, 1)
"""Cells that a line may have: numbers by which people count."""

_RED, _GREEN, _DIM, _BOLD, _OFF = "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[1m", "\x1b[0m"


def drawn(
    view: LibraryView, *, width: int = 80, names: bool = True, colours: bool = False, encoding: str = "utf-8"
) -> Iterator[str]:
    """Give the lines of the drawing, none longer than `width` as long as a single name is not.

    With `names` False, slots beyond `MANY` are drawn with one mark each, a letter a pool.
    """
    yield from _Drawing(view, width, colours=colours, encoding=encoding).lines(names=names)


class _Drawing:
    def __init__(self, view: LibraryView, width: int, *, colours: bool, encoding: str) -> None:
        self._view = view
        self._width = width
        self._colours = colours
        self._empty = _EMPTY if _can_print(_EMPTY, encoding) else _PLAIN_EMPTY
        self._drive_of_home = {
            cell.medium.home: cell.place.number
            for cell in view.cells
            if cell.medium is not None and cell.place.kind is PlaceKind.DRIVE and cell.medium.home is not None
        }
        self._used: set[str] = set()

    def lines(self, *, names: bool) -> Iterator[str]:
        yield from self._head()
        slots = self._of(PlaceKind.SLOT)
        yield from self._hands()
        yield from self._drives()
        yield from self._grid("ports", self._of(PlaceKind.PORT))
        if names or len(slots) <= MANY:
            yield from self._grid("slots", slots)
            yield from self._legend()
        else:
            yield from self._marks(slots)
        yield from self._conditions()

    def _of(self, kind: PlaceKind) -> list[Cell]:
        return [cell for cell in self._view.cells if cell.place.kind is kind]

    # -- head ------------------------------------------------------------------------------------------------
    def _head(self) -> Iterator[str]:
        library = self._view.library
        if library.kind is LibraryKind.OFFLINE:
            yield f"{self._in(_BOLD, words.clean(library.name))}: the shelf, for media that are in no library"
            yield f"`rsm media list --library {words.clean(library.name)}` lists them"
            return
        kind = "stand-alone drive " if library.kind is LibraryKind.STANDALONE else ""
        serial = f", serial {library.serial}" if library.serial else ""
        who = f"{kind}{library.vendor} {library.product}{serial}, {library.device}"
        yield f"{self._in(_BOLD, words.clean(library.name))}: {words.clean(who)}"
        yield "; ".join(self._state())

    def _state(self) -> Iterator[str]:
        library = self._view.library
        if library.inventoried is None:
            yield f"no inventory yet: rsm library inventory {words.clean(library.name)}"
            return
        counts = [
            f"{words.count(len(cells), noun)} ({_full(cells)} full)"
            for noun, kind in (("drive", PlaceKind.DRIVE), ("port", PlaceKind.PORT), ("slot", PlaceKind.SLOT))
            if (cells := self._of(kind))
        ]
        yield ", ".join(counts)
        yield f"inventory of {words.local_time(library.inventoried)}"
        if library.stale:
            yield self._in(_RED, "out of date") + f": rsm library inventory {words.clean(library.name)}"
        if not library.enabled:
            yield self._in(_RED, "disabled")

    # -- robot and drives ------------------------------------------------------------------------------------
    def _hands(self) -> Iterator[str]:
        held = [cell for cell in self._of(PlaceKind.CHANGER) if cell.medium is not None or cell.place.full]
        for cell in held:
            yield f"\n{self._in(_RED, 'in the robot')}  {self._mark(cell)}"

    def _drives(self) -> Iterator[str]:
        cells = self._of(PlaceKind.DRIVE)
        if not cells:
            return
        yield "\n" + self._in(_BOLD, "drives")
        rows = [self._drive(cell) for cell in cells]
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        for cell, row in zip(cells, rows, strict=True):
            number, medium, *rest = (text.ljust(size) for text, size in zip(row, widths, strict=True))
            colour = _GREEN if cell.medium is not None else _DIM
            yield f"  {number}  {self._in(colour, medium)}  {'  '.join(rest)}".rstrip()

    def _drive(self, cell: Cell) -> tuple[str, ...]:
        place, medium = cell.place, cell.medium
        mark, state = self._mark(cell), ""
        if medium is not None and place.mounted_side is not None:
            number = next((side.number for side in medium.sides if side.id == place.mounted_side), None)
            state = "mounted" if len(medium.sides) == 1 or number is None else f"side {number} mounted"
        elif medium is not None:
            state = "not mounted"
        serial = f"serial {place.serial}" if place.serial else ""
        return str(place.number), mark, state, words.clean(place.node or ""), words.clean(serial)

    # -- ports and slots -------------------------------------------------------------------------------------
    def _mark(self, cell: Cell) -> str:
        """Give what a cell shows: a medium's name, or a sign."""
        place, medium = cell.place, cell.medium
        if medium is not None:
            twice = "!" if medium.barcode_state is BarcodeState.DUPLICATE else ""
            return words.clean(medium.name) + self._note(twice)
        if not place.present:
            return self._note(_ABSENT)
        if place.full is None:
            return self._note(_UNKNOWN)
        if place.full:
            return self._note(_UNRECORDED)
        if place.id in self._drive_of_home:
            return self._note(">") + str(self._drive_of_home[place.id])
        return self._note(self._empty)

    def _note(self, sign: str) -> str:
        self._used.add(sign)
        return sign

    def _grid(self, title: str, cells: Sequence[Cell]) -> Iterator[str]:
        if not cells:
            return
        yield "\n" + self._in(_BOLD, title)
        marks = [self._mark(cell) for cell in cells]
        size = max(len(mark) for mark in marks)
        label = len(str(cells[-1].place.number)) + 2
        rows = list(_rows(cells, marks, _fitting(self._width - label - 2, size + 2)))
        for same, block in _blocks(rows):
            if same is not None:
                yield self._fold(block, same, label)
                continue
            for number, row in block:
                texts = [self._colour(mark, mark.ljust(size)) for mark in row[:-1]] + [
                    self._colour(row[-1], row[-1])
                ]
                yield f"{number:>{label}}  {'  '.join(texts)}"

    def _fold(self, block: Sequence[_Row], same: str, label: int) -> str:
        last = block[-1][0] + len(block[-1][1]) - 1
        return f"{block[0][0]:>{label}}  {self._colour(same, same)}  all to {last}"

    def _colour(self, mark: str, text: str) -> str:
        if mark in {_ABSENT, _UNKNOWN, _UNRECORDED} or mark.endswith("!"):
            return self._in(_RED, text)
        if mark == self._empty:
            return self._in(_DIM, text)
        return self._in(_GREEN, text) if mark.startswith(">") else text

    def _legend(self) -> Iterator[str]:
        said = [f"{sign} {meaning}" for sign, meaning in _MEANING.items() if sign in self._used]
        if self._empty in self._used:
            said.insert(0, f"{self._empty} empty")
        if ">" in self._used:
            said.append(">N home of the medium in drive N")
        if "!" in self._used:
            said.append("! bar code is there twice")
        if said:
            yield ""
            yield from _wrapped(said, self._width)

    # -- many slots ------------------------------------------------------------------------------------------
    def _marks(self, cells: Sequence[Cell]) -> Iterator[str]:
        """Draw one mark a slot in groups of ten, and say what each letter is."""
        letters = _letters(cells)
        label = len(str(cells[-1].place.number)) + 2
        per_line = max((self._width - label - 1) // 11, 1) * 10
        per_line = next(size for size in (200, 150, 100, 50, 40, 30, 20, 10) if size <= per_line)
        yield "\n" + self._in(_BOLD, "slots") + ", one mark each; --names tells the bar codes"
        marks = [
            letters[cell.medium.pool] if cell.medium is not None else self._mark(cell)[0] for cell in cells
        ]
        for same, block in _blocks(list(_rows(cells, marks, per_line))):
            if same is not None:
                yield self._fold(block, same, label)
                continue
            for number, row in block:
                tens = ("".join(row[at : at + 10]) for at in range(0, len(row), 10))
                yield f"{number:>{label}}  {' '.join(tens)}"
        yield ""
        counts = [
            f"{letter} {pool} ({sum(_in_pool(cell, pool) for cell in cells)})"
            for pool, letter in letters.items()
        ]
        yield from _wrapped(counts, self._width)
        yield from list(self._legend())[1:]

    # -- what is wrong ---------------------------------------------------------------------------------------
    def _conditions(self) -> Iterator[str]:
        said = [
            f"  {words.place(cell.place)}: {words.clean(text)}"
            for cell in self._view.cells
            for text in (
                cell.place.condition,
                None if cell.place.enabled else "disabled",
                _out_of_reach(cell),
            )
            if text
        ]
        if said:
            yield "\n" + self._in(_RED, "to look at")
            yield from said

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_OFF}" if self._colours else text


def _can_print(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _out_of_reach(cell: Cell) -> str | None:
    """Say that the robot cannot get at a place; a drive that has its medium loaded is never accessible."""
    place = cell.place
    reachable = place.accessible is not False or not place.present or place.kind is PlaceKind.DRIVE
    return None if reachable else "not accessible to the robot"


def _full(cells: Sequence[Cell]) -> int:
    return sum(cell.medium is not None or bool(cell.place.full) for cell in cells)


def _in_pool(cell: Cell, pool: str) -> bool:
    return cell.medium is not None and cell.medium.pool == pool


def _fitting(room: int, size: int) -> int:
    """Give the largest number of cells of that size, last gap not counted, by which people count."""
    return next((number for number in _PER_LINE if number * size - 2 <= room), 1)


def _rows(cells: Sequence[Cell], marks: Sequence[str], per_line: int) -> Iterator[_Row]:
    """Give lines of marks with the number of their first place; a gap in the numbers begins a new line."""
    row: list[str] = []
    first = expected = 0
    for cell, mark in zip(cells, marks, strict=True):
        number = cell.place.number
        if row and (len(row) == per_line or number != expected):
            yield first, row
            row = []
        if not row:
            first = number
        row.append(mark)
        expected = number + 1
    if row:
        yield first, row


def _blocks(rows: Sequence[_Row]) -> Iterator[tuple[str | None, list[_Row]]]:
    """Give lines in blocks: those on which everything is one mark together with that mark, others with None."""
    for same, group in groupby(rows, key=lambda row: row[1][0] if len({*row[1]}) == 1 else None):
        block = list(group)
        yield (same if len(block) > 1 else None), block


_SYSTEM_LETTERS = {"Free": "f", "Import": "i", "Unrecognized": "u"}


def _letters(cells: Sequence[Cell]) -> dict[str, str]:
    """Give a letter to each pool seen: f, i and u for the system's, c for cleaning media, capitals for others."""
    letters: dict[str, str] = {}
    capitals = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for pool in sorted({cell.medium.pool for cell in cells if cell.medium is not None}):
        root, _, media_type = pool.partition("/")
        if root in _SYSTEM_LETTERS:
            letters[pool] = "c" if media_type == CLEANING_TYPE else _SYSTEM_LETTERS[root]
        else:
            letters[pool] = next(capitals, "*")
    return letters


def _wrapped(parts: Sequence[str], width: int) -> Iterator[str]:
    line = ""
    for part in parts:
        if line and len(line) + 3 + len(part) > width:
            yield line
            line = ""
        line = f"{line}   {part}" if line else part
    if line:
        yield line
