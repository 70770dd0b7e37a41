"""What the verbs of the session give back beside the objects themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from rsm.model.objects import Library, Medium, Place


class ChangeKind(Enum):
    """What an inventory can find different from what is recorded."""

    PLACE_FOUND = "place found"
    PLACE_MISSING = "place missing"
    PLACE_RETURNED = "place returned"
    PLACE_CHANGED = "place changed"
    MEDIUM_FOUND = "medium found"
    MEDIUM_MOVED = "medium moved"
    MEDIUM_RETURNED = "medium returned"
    MEDIUM_MISSING = "medium missing"
    BARCODE_READ = "bar code read"
    BARCODE_LOST = "bar code lost"
    DUPLICATE = "duplicate bar code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between what was seen and what is recorded, with a sentence for people."""

    kind: ChangeKind
    text: str
    address: int | None = None
    """Element address concerned."""
    barcode: str | None = None
    medium: UUID | None = None
    """None for a medium that is not recorded yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryOutcome:
    """What an inventory found; with `applied` False nothing was recorded (preview)."""

    library: str
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    applied: bool
    elements: int
    media: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One place of a library and the medium last seen in it."""

    place: Place
    medium: Medium | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryView:
    """A library with all its places, in address order within each kind."""

    library: Library
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A group of candidates that were not taken, and the rule that excluded them."""

    where: str
    """The pool's path."""
    count: int
    """How many sides."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What an allocation gave: the logical medium and where it came from."""

    logical_medium: UUID
    medium: Medium
    side: int
    """Number of the side on the medium, from 1."""
    pool: str
    allocated_from: str
    """Path of the pool that the medium was in before."""
    explanation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """Where a side is mounted: `node` is what an application opens."""

    logical_medium: UUID | None
    medium: Medium
    side: int
    library: str
    drive: int
    """Number of the drive, from 0."""
    node: str
    matched_by: str
    already: bool = False
    """It was mounted before the call; nothing was moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismounted:
    """Where a medium was put."""

    medium: Medium
    library: str
    place: Place
    warnings: tuple[str, ...] = field(default=())
