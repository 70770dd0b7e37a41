"""Find what a person means: by name, bar code, `BARCODE:SIDE`, id, or the beginning of an id that fits once."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from rsm.errors import AmbiguousName, InvalidName, UnknownLibrary, UnknownMedium, UnknownPool
from rsm.model import barcode as barcodes
from rsm.model.states import SHELF_NAME, BarcodeState
from rsm.store import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.model.objects import Library, LogicalMedium, Medium, Pool, Side
    from rsm.store.sqlite import Reader, Row

SHORTEST_PREFIX = 4
"""Characters of an id that may stand for the whole, if only one id begins so."""

ID_LENGTH = 36
"""Characters of a whole id as people see it; longer than any bar code."""

_ID_CHARACTERS = frozenset("0123456789abcdef-")


def id_range(text: str) -> tuple[str, str] | None:
    """Give the lowest and the next higher id of those beginning with `text`; None if it cannot begin an id."""
    lower = text.lower()
    if len(lower) < SHORTEST_PREFIX or not _ID_CHARACTERS.issuperset(lower):
        return None
    return lower, lower + "g"


def library(reader: Reader, name: str) -> Library:
    """Give the library of that name or id; raises `UnknownLibrary` with the names there are."""
    row = reader.one("library.by_name", name=name)
    span = id_range(name)
    if row is None and span:
        row = _only(reader.all("library.by_prefix", low=span[0], high=span[1]), name, "library")
    if row is None:
        known = [known_row["name"] for known_row in reader.all("library.names")]
        raise UnknownLibrary(
            f"no library is called {name!r}", hint=_known(name, known, "libraries", "rsm library add DEVICE")
        )
    return rows.library(row)


def library_row(reader: Reader, known: Library) -> Row:
    """Give the row of a library as it is now; raises `UnknownLibrary` if it was removed meanwhile."""
    row = reader.one("library.by_id", id=str(known.id))
    if row is None:
        raise UnknownLibrary(f"library {known.name} was removed meanwhile")
    return row


def library_again(reader: Reader, known: Library) -> Library:
    """Give a library as it is now; raises `UnknownLibrary` if it was removed meanwhile."""
    return rows.library(library_row(reader, known))


def shelf(reader: Reader) -> str:
    """Give the id of the fixed off-line library."""
    return str(reader.value("library.shelf"))


def pool(reader: Reader, path: str) -> Pool:
    """Give the pool of that path or id; raises `UnknownPool` with the nearest paths there are."""
    clean = path.strip("/")
    row = reader.one("pool.by_path", path=clean)
    span = id_range(clean)
    if row is None and span:
        row = _only(reader.all("pool.by_prefix", low=span[0], high=span[1]), clean, "pool")
    if row is None:
        known = [known_row["path"] for known_row in reader.all("pool.paths")]
        raise UnknownPool(
            f"no media pool is called {path!r}",
            hint=_known(clean, known, "application pools", "rsm pool create PATH --type TYPE"),
        )
    return rows.pool(row)


def medium_at(reader: Reader, row: Row) -> Medium:
    """Give the whole medium of a row of `medium.*`."""
    at = reader.one("library.place_by_id", id=row["place"]) if row["place"] else None
    return rows.medium(row, reader.all("medium.sides", medium=row["id"]), at)


def medium_by_id(reader: Reader, identity: str) -> Medium:
    """Give the medium of that very id; raises `UnknownMedium`."""
    row = reader.one("medium.by_id", id=identity)
    if row is None:
        raise UnknownMedium(f"no medium has the id {identity}", hint="rsm media list shows all there are")
    return medium_at(reader, row)


def bearers(reader: Reader, barcode: str) -> tuple[Medium, ...]:
    """Give all media bearing that bar code: none, one, or several if labels were doubled."""
    return tuple(
        medium_at(reader, row) for row in reader.all("medium.by_barcode", barcode=barcodes.check(barcode))
    )


def bearing_or_called(reader: Reader, name: str) -> tuple[Medium, ...]:
    """Give all media that bear a bar code, else the one that an id leads to; raises `UnknownMedium`."""
    is_id = len(name) == ID_LENGTH and id_range(name) is not None
    return (() if is_id else bearers(reader, name)) or (medium(reader, name),)


def medium(reader: Reader, name: str) -> Medium:
    """Give the one medium of that bar code or id, or the one that a side or logical medium is on.

    Raises `AmbiguousName` for a doubled bar code or a prefix that fits several, `UnknownMedium` otherwise.
    """
    labelled = _labelled(reader, name)
    return labelled or _by_id(reader, name)[0]


def side(reader: Reader, name: str) -> tuple[Medium, Side]:
    """Give the side that `BARCODE`, `BARCODE:2`, a side's or logical medium's id, or an id prefix means.

    A bare bar code means the only side of a one-sided medium; a two-sided one must say which.
    """
    found, exact = _named(reader, name)
    if exact is not None:
        return found, exact
    if len(found.sides) > 1:
        raise AmbiguousName(
            f"medium {found.name} has {len(found.sides)} sides",
            hint="say which: " + " or ".join(f"{found.name}:{each.number}" for each in found.sides),
        )
    return found, found.sides[0]


def exact_side(reader: Reader, name: str) -> Side | None:
    """Give the side that a name means if it names one: `BARCODE:2`, a side's or a logical medium's id."""
    return _named(reader, name)[1]


def _named(reader: Reader, name: str) -> tuple[Medium, Side | None]:
    """Give the medium that a name leads to, and the side if the name says which."""
    labelled = _labelled(reader, name)
    if labelled is not None:
        return labelled, None
    base, colon, number = name.rpartition(":")
    if not (colon and number.isdecimal()):
        return _by_id(reader, name)
    found = medium(reader, base)
    for each in found.sides:
        if each.number == int(number):
            return found, each
    raise UnknownMedium(f"medium {found.name} has {len(found.sides)} side(s), not a side {number}")


def logical_medium(reader: Reader, name: str) -> LogicalMedium | None:
    """Give the logical medium of that id or prefix, or None."""
    span = id_range(name)
    if span is None:
        return None
    row = _only(reader.all("medium.logical_by_prefix", low=span[0], high=span[1]), name, "logical medium")
    return None if row is None else rows.logical_medium(row)


def _labelled(reader: Reader, name: str) -> Medium | None:
    """Give the medium that bears a bar code; a label that looks like the beginning of an id is a label first.

    Of several bearers, absent ones that were marked as doubles do not count beside one that is there.
    """
    if len(name) == ID_LENGTH and id_range(name):
        return None
    found = bearers(reader, name) if len(name) <= barcodes.BARCODE_LENGTH or not _could_be_id(name) else ()
    there = [each for each in found if each.place or each.barcode_state is not BarcodeState.DUPLICATE]
    if len(there) == 1:
        return there[0]
    if len(found) > 1:
        raise AmbiguousName(
            f"{len(found)} media bear the bar code {name}",
            hint="say which by its id: " + ", ".join(f"{each.id} ({whereabouts(each)})" for each in found),
        )
    return found[0] if found else None


def _could_be_id(name: str) -> bool:
    base, colon, number = name.rpartition(":")
    return id_range(base if colon and number.isdecimal() else name) is not None


def _by_id(reader: Reader, name: str) -> tuple[Medium, Side | None]:
    """Give the medium that an id, or the beginning of one, leads to; the side too if it is a side's."""
    span = id_range(name)
    if span is None:
        raise UnknownMedium(
            f"no medium bears the bar code or id {name!r}", hint="rsm media list shows all there are"
        )
    low, high = span
    logical = reader.all("medium.logical_by_prefix", low=low, high=high)
    sides = reader.all("medium.sides_by_prefix", low=low, high=high)
    media = reader.all("medium.by_prefix", low=low, high=high)
    row = _only([*logical, *sides, *media], name, "medium, side or logical medium")
    if row is None:
        raise UnknownMedium(
            f"no medium bears the bar code or id {name!r}", hint="rsm media list shows all there are"
        )
    if media:
        return medium_at(reader, row), None
    found = reader.one("medium.side_by_id", id=row["side"]) if logical else row
    if found is None:
        raise UnknownMedium(f"the side behind logical medium {row['id']} is gone")
    return medium_by_id(reader, found["medium"]), rows.side(found)


def whereabouts(medium: Medium) -> str:
    """Give where a medium is, in words: `slot 4 of lib`, `on the shelf`."""
    if medium.place is not None:
        return f"{medium.place.kind.name.lower()} {medium.place.number} of {medium.library}"
    return f"not found in {medium.library}" if medium.library != SHELF_NAME else "on the shelf"


def _only(found: Sequence[Row], name: str, what: str) -> Row | None:
    if len(found) > 1:
        raise AmbiguousName(
            f"{len(found)} or more ids begin with {name!r}",
            hint=f"type more of the {what}'s id: " + ", ".join(row["id"] for row in found),
        )
    return found[0] if found else None


def _known(name: str, known: Sequence[str], what: str, make: str) -> str:
    if not known:
        return f"there are no {what} yet: {make}"
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or list(known[:8])
    return f"{what}: " + ", ".join(near)


def pool_path(text: str) -> tuple[str, ...]:
    """Give the parts of a pool's path as typed; raises `InvalidName` for what cannot be one."""
    parts = tuple(text.strip("/").split("/"))
    for part in parts:
        if not part or part != part.strip():
            raise InvalidName(f"pool path {text!r} has an empty part or one with blanks around it")
        if len(part) > POOL_NAME_LENGTH or not part.isprintable() or "\\" in part:
            raise InvalidName(
                f"{part!r} cannot name a pool",
                hint=f"up to {POOL_NAME_LENGTH} printable characters without / and \\",
            )
    return parts


POOL_NAME_LENGTH = 64
"""NTMS_OBJECTNAME_LENGTH (ntms.md §1.2)."""
