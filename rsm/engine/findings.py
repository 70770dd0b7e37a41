"""What comparing a look with the record works on, and what it comes to (rsm.engine.compare)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.inventory import ElementKind
from rsm.model.states import BarcodeState, Identity, PlaceKind, PoolKind

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Container

    from rsm.engine.identify import Sorted
    from rsm.model.objects import Library
    from rsm.model.outcome import Change

PLACE_OF = {
    ElementKind.TRANSPORT: PlaceKind.CHANGER,
    ElementKind.STORAGE: PlaceKind.SLOT,
    ElementKind.IMPORT_EXPORT: PlaceKind.PORT,
    ElementKind.DATA_TRANSFER: PlaceKind.DRIVE,
}
"""What NTMS calls each SMC-3 element type."""


class KnownPlace(NamedTuple):
    """A place as recorded."""

    id: str
    kind: PlaceKind
    address: int
    number: int
    present: bool
    full: bool | None
    accessible: bool | None
    condition: str | None
    disputed: str | None
    """The tag seen here that another library is recorded to hold."""
    serial: str | None
    """Of the drive, if it is one and the library ever said."""

    @property
    def name(self) -> str:
        """`slot 4`, `drive 0`."""
        return f"{self.kind.name.lower()} {self.number}"


class KnownMedium(NamedTuple):
    """A medium as recorded, as far as comparing needs it."""

    id: str
    barcode: str | None
    barcode_state: BarcodeState
    identity: Identity
    library: str
    place: str | None
    home: str | None
    turned: bool
    inventoried: int | None
    """When its library was last taken stock of; known of media found by their tag."""

    @property
    def name(self) -> str:
        """Its bar code, else the beginning of its id."""
        return self.barcode or self.id[:8]


class Flight(NamedTuple):
    """A move that was sent and of which the end is being looked at, or not known yet."""

    medium: str | None
    source: int
    destination: int
    inverted: bool
    open: bool
    """Its end is not known: the medium may be on its way and seen nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the store holds of one library, and how to ask it for media elsewhere."""

    library: Library
    library_id: str
    inventoried: int | None
    places: dict[tuple[PlaceKind, int], KnownPlace]
    """All of them; for a partial look those looked at."""
    numbers: Counter[PlaceKind]
    """How many places there are of each kind."""
    at: dict[str, KnownMedium]
    """Media by the id of the place they are recorded in; of the looked-at places at least."""
    placeless: list[KnownMedium]
    """Media of this library that a look lost sight of; needed for a full inventory only."""
    astray: dict[str, list[KnownMedium]]
    """Unlabelled media that vanished, by the id of their home."""
    bearing: Callable[[str], list[KnownMedium]]
    """All media, anywhere, that bear a tag."""
    types: Container[str]
    pool_name: Callable[[PoolKind, str], str]


class PlaceFinding(NamedTuple):
    """A place and what it looked like; `new` when it was not recorded before."""

    place: KnownPlace
    new: bool
    changed: bool


class Put(NamedTuple):
    """A recorded medium that was seen, and how it is to be recorded now."""

    medium: KnownMedium
    place: KnownPlace
    home: str | None
    barcode: str | None
    barcode_state: BarcodeState
    identity: Identity
    turned: bool
    sorted: Sorted | None
    """Type and pool that its label, read for the first time, calls for."""


class Found(NamedTuple):
    """A medium seen for the first time."""

    id: str
    place: KnownPlace
    home: str | None
    barcode: str | None
    turned: bool
    sorted: Sorted


@dataclass(slots=True)
class Findings:
    """All that is to be recorded; `changes` tells people of the part that differs from the record."""

    places: list[PlaceFinding] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    missing: list[KnownMedium] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    leaves_doubt: bool = False
    """Something was seen that only a full inventory can explain."""
