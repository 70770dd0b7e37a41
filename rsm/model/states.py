"""NTMS's enumerations with their numbers (ntms.md §2); what moves between them is in `transitions`."""

from __future__ import annotations

from enum import Enum, IntEnum


class SideState(IntEnum):
    """NtmsPartitionState: the life cycle of one side, the unit of allocation (ntms.md §5.2)."""

    UNKNOWN = 0
    UNPREPARED = 1
    INCOMPATIBLE = 2
    DECOMMISSIONED = 3
    AVAILABLE = 4
    ALLOCATED = 5
    COMPLETE = 6
    UNRECOGNIZED = 7
    IMPORT = 8
    RESERVED = 9


class MediumState(IntEnum):
    """NtmsMediaState: what is happening to a physical medium now (ntms.md §5.3)."""

    IDLE = 0
    IN_USE = 1
    MOUNTED = 2
    LOADED = 3
    UNLOADED = 4
    OPERATOR_ERROR = 5
    OPERATOR_REQUEST = 6


class DriveState(IntEnum):
    """NtmsDriveState."""

    DISMOUNTED = 0
    MOUNTED = 1
    LOADED = 2
    UNLOADED = 5
    BEING_CLEANED = 6
    DISMOUNTABLE = 7


class BarcodeState(IntEnum):
    """NtmsBarCodeState, with two numbers of our own for what Windows does not tell apart."""

    OK = 1
    UNREADABLE = 2
    ABSENT = 100
    DUPLICATE = 101


class LibraryKind(IntEnum):
    """NtmsLibraryType."""

    UNKNOWN = 0
    OFFLINE = 1
    ONLINE = 2
    STANDALONE = 3


class PoolKind(IntEnum):
    """NtmsPoolType: scratch is called free, and foreign unrecognized, wherever a person reads it."""

    UNKNOWN = 0
    FREE = 1
    UNRECOGNIZED = 2
    IMPORT = 3
    APPLICATION = 1000


SYSTEM_POOL_NAMES = {PoolKind.FREE: "Free", PoolKind.IMPORT: "Import", PoolKind.UNRECOGNIZED: "Unrecognized"}
"""The pools that every store has: one root of each kind, and below it one pool per media type."""

SHELF_NAME = "shelf"
"""Name of the fixed off-line library: media that are in no library are on it."""


class NewMedia(Enum):
    """Where a library's new media go: the policy of each library (interfaces.md, Media)."""

    IMPORT = "import"
    FREE = "free"
    UNRECOGNIZED = "unrecognized"


class Identity(Enum):
    """How it is known which medium a record speaks of."""

    BARCODE = "bar code"
    INFERRED = "inferred"
    """No bar code: followed from where it was, by our own moves or the library's source address."""
    UNKNOWN = "unknown"


class PlaceKind(IntEnum):
    """Where in a library a medium can be; the numbers are NTMS object types (ntms.md §1.1)."""

    CHANGER = 2
    DRIVE = 5
    PORT = 8
    SLOT = 16
