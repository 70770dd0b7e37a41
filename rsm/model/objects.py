"""The objects of NTMS as frozen values: what the store keeps and every verb of the session gives back.

Ids are UUIDs and persist; times are seconds since 1970-01-01 UTC, None where it never happened.
`docs/model.md` draws how they hang together (ntms.md §1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from rsm.model.states import (
        BarcodeState,
        DriveState,
        Identity,
        LibraryKind,
        MediumState,
        NewMedia,
        PlaceKind,
        PoolKind,
        SideState,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library, a stand-alone drive (one drive, no slots, one port), or the shelf (kind OFFLINE)."""

    id: UUID
    name: str
    kind: LibraryKind
    device: str
    vendor: str
    product: str
    revision: str
    serial: str
    new_media: NewMedia
    default_type: str | None
    """Name of the media type of media that nothing else tells the type of."""
    enabled: bool
    stale: bool
    """Something happened since the last inventory that only a new one can tell."""
    reads_volume_tags: bool
    rotates: bool
    inventoried: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A slot, port, drive or transport of a library, and what was last seen there."""

    id: UUID
    library: UUID
    kind: PlaceKind
    address: int
    """SMC-3 element address."""
    number: int
    """What a person counts: slots and ports from 1, drives from 0 as mtx does."""
    present: bool
    enabled: bool
    accessible: bool | None
    full: bool | None
    condition: str | None
    """What is wrong with it, in words; None when nothing is."""
    serial: str | None
    """Of the drive, if it is one and the library says."""
    state: DriveState | None
    mounted_side: UUID | None
    node: str | None
    mount_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A media pool: it holds either pools (no media type) or media of exactly one type."""

    id: UUID
    parent: UUID | None
    path: str
    kind: PoolKind
    media_type: str | None
    draws_from_free: bool
    returns_to_free: bool
    max_allocates: int
    """Allocations after which a side is decommissioned when it is given back; 0 is no limit."""

    @property
    def is_leaf(self) -> bool:
        """Whether it holds media rather than pools."""
        return self.media_type is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a medium, the unit of allocation; `number` counts from 1."""

    id: UUID
    medium: UUID
    number: int
    state: SideState
    logical_medium: UUID | None
    allocate_count: int
    mount_count: int
    last_used: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A physical medium, with its sides in order."""

    id: UUID
    barcode: str | None
    barcode_state: BarcodeState
    identity: Identity
    media_type: str
    pool: str
    """Path of the pool it is in."""
    library: str
    """Name of the library it is in; that of the shelf when it is in none."""
    place: Place | None
    home: UUID | None
    state: MediumState
    turned: bool
    """Lies with side 2 up."""
    chip_serial: str | None
    """The medium's own serial number, as a drive read it from its chip; no label can change it."""
    enabled: bool
    missing_since: float | None
    seen: float | None
    sides: tuple[Side, ...]

    @property
    def name(self) -> str:
        """What a person calls it: its bar code, else the beginning of its id."""
        return self.barcode or str(self.id)[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalMedium:
    """What an application was given: the handle of one allocated side."""

    id: UUID
    side: UUID
    pool: UUID
    application: str
    created: float
