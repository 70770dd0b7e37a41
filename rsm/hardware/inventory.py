"""What a changer reports, in SMC-3's words and in the types that the engine reads.

An element *address* is the number by which a changer knows an element. A *slot number* is what a person
counts, and a *volume tag* is what a bar code reader saw. They are three types, never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NewType

ElementAddress = NewType("ElementAddress", int)
"""An element's address as the changer knows it, 0 to 65535 (SMC-3 element address)."""


class ElementKind(IntEnum):
    """SMC-3 element type codes."""

    TRANSPORT = 1
    STORAGE = 2
    IMPORT_EXPORT = 3
    DATA_TRANSFER = 4


class MediumKind(Enum):
    """What the library says of the medium in an element (SMC-3 medium type, scsi.md §1.5 byte 9)."""

    UNSPECIFIED = "unspecified"
    DATA = "data"
    CLEANING = "cleaning"
    DIAGNOSTIC = "diagnostic"
    WORM = "worm"
    MICROCODE = "microcode"


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Who a device says it is; `serial` is stripped at both ends, "" where there is none."""

    vendor: str
    product: str
    revision: str
    serial: str


@dataclass(frozen=True, slots=True)
class ElementException:
    """An abnormal state of an element: the additional sense code and what it means in words."""

    asc: int
    ascq: int
    meaning: str
    absent: bool = False
    """True when the element itself is missing: its magazine is out or the drive is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementReport:
    """One element as it was seen."""

    address: ElementAddress
    kind: ElementKind
    full: bool | None
    """None when the library cannot say, for example before it has scanned the element."""
    accessible: bool | None = None
    volume_tag: str | None = None
    alternate_tag: str | None = None
    exception: ElementException | None = None
    source: ElementAddress | None = None
    """Where the medium came from, if the library says; may be a drive or a port, not only a slot."""
    inverted: bool = False
    medium: MediumKind = MediumKind.UNSPECIFIED
    drive_serial: str | None = None
    """Serial number of the drive in a data transfer element, if the library gives one."""
    disabled: bool = False
    by_operator: bool = False
    """The medium in an import/export element was put there by hand (ImpExp)."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All elements as seen in one look, ordered by address, and what was odd about the replies."""

    elements: tuple[ElementReport, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a changer can do, as data to ask for instead of trying."""

    reads_volume_tags: bool = True
    rotates: bool = False
    """The transport can turn a two-sided medium over."""
    exchanges: bool = False
    initialises: bool = True
    positions: bool = False
    locks: bool = False
    """PREVENT/ALLOW MEDIUM REMOVAL works on the changer."""
    moves: bool = True
    """False for a stand-alone drive, whose media only a person can move."""
    ordinal: bool = False
    """Addresses are ordinals that shift when the element count changes (mtx), not SMC-3 addresses."""
    moves_between: frozenset[tuple[ElementKind, ElementKind]] | None = None
    """Allowed (source, destination) kinds; None when the library does not say."""


@dataclass(frozen=True, slots=True)
class MoveReport:
    """The touched elements as they were seen after a motion command that the library called good."""

    seen: tuple[ElementReport, ...]
    warnings: tuple[str, ...] = ()
