"""Every error that rsm raises on purpose, in one tree.

    RsmError                          who can act      exit
    ├── InvalidRequest                caller           2    the words of the request
    │   ├── InvalidName
    │   └── AmbiguousName
    ├── ObjectNotFound                caller           3
    │   ├── UnknownLibrary
    │   ├── UnknownMedium
    │   └── UnknownPool
    ├── Refused                       caller           4    understood, and not allowed
    │   ├── AccessDenied
    │   ├── AlreadyExists
    │   ├── NotEmpty
    │   ├── InvalidMediaPool
    │   ├── MediaIncompatible
    │   └── InvalidState
    ├── Unavailable                   operator/retry   5    allowed, and not possible now
    │   ├── MediaUnavailable
    │   ├── MediaOffline
    │   ├── LibraryOffline
    │   ├── LibraryFull
    │   ├── ResourceDisabled
    │   ├── Busy
    │   │   └── LeaseHeld
    │   ├── TimedOut
    │   └── Cancelled
    ├── DeviceFault                   see rsm.hardware.faults   6
    └── StoreFailure                  operator         7
        ├── StoreFull
        ├── StoreReadOnly
        └── StoreFromFuture

The class says who can act, `code` is the number that Windows Removable Storage gives the same failure
(ntms.md §2.1), the message is one sentence that names the object, and `hint` says what to do next.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import ClassVar


class Code(IntEnum):
    """Win32 error numbers that NTMS uses; an HRESULT is 0x80070000 | code (ntms.md §2.1)."""

    ACCESS_DENIED = 5
    INVALID_HANDLE = 6
    NOT_ENOUGH_MEMORY = 8
    BAD_FORMAT = 11
    INVALID_DRIVE = 15
    WRITE_PROTECT = 19
    NOT_READY = 21
    NOT_SUPPORTED = 50
    INVALID_PARAMETER = 87
    INVALID_NAME = 123
    BUSY = 170
    ALREADY_EXISTS = 183
    CANCELLED = 1223
    TIMEOUT = 1460
    INVALID_MEDIA = 4300
    INVALID_LIBRARY = 4301
    INVALID_MEDIA_POOL = 4302
    DRIVE_MEDIA_MISMATCH = 4303
    MEDIA_OFFLINE = 4304
    LIBRARY_OFFLINE = 4305
    EMPTY = 4306
    NOT_EMPTY = 4307
    MEDIA_UNAVAILABLE = 4308
    RESOURCE_DISABLED = 4309
    OBJECT_NOT_FOUND = 4312
    DATABASE_FAILURE = 4313
    DATABASE_FULL = 4314
    MEDIA_INCOMPATIBLE = 4315
    RESOURCE_NOT_PRESENT = 4316
    INVALID_OPERATION = 4317
    MEDIA_NOT_AVAILABLE = 4318
    DEVICE_NOT_AVAILABLE = 4319
    REQUEST_REFUSED = 4320
    LIBRARY_FULL = 4322
    UNABLE_TO_LOAD_MEDIUM = 4324
    RESOURCE_NOT_AVAILABLE = 5006
    INVALID_STATE = 5023


class Actor(Enum):
    """Who can do something about an error."""

    CALLER = "caller"
    OPERATOR = "operator"
    RETRY = "retry"


class RsmError(Exception):
    """Root of the tree: `str()` is one sentence without a full stop, `hint` the next step or None."""

    code: ClassVar[Code] = Code.INVALID_OPERATION
    actor: ClassVar[Actor] = Actor.CALLER

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class InvalidRequest(RsmError, ValueError):
    """The request itself makes no sense: a missing, contradicting or malformed argument."""

    code = Code.INVALID_PARAMETER


class InvalidName(InvalidRequest):
    """A name cannot be one: a bar code of 33 characters, a pool path with an empty part."""

    code = Code.INVALID_NAME


class AmbiguousName(InvalidRequest):
    """A name, bar code or id prefix fits more than one object; the hint lists them."""


class ObjectNotFound(RsmError, LookupError):
    """Nothing is known by that name, bar code or id."""

    code = Code.OBJECT_NOT_FOUND


class UnknownLibrary(ObjectNotFound):
    """No library has that name or id."""

    code = Code.INVALID_LIBRARY


class UnknownMedium(ObjectNotFound):
    """No physical medium, side or logical medium has that bar code, name or id."""

    code = Code.INVALID_MEDIA


class UnknownPool(ObjectNotFound):
    """No media pool has that path or id."""

    code = Code.INVALID_MEDIA_POOL


class Refused(RsmError):
    """The request is understood and the rules forbid it; asking again changes nothing."""


class AccessDenied(Refused):
    """The caller lacks the right; the message names the right and the object."""

    code = Code.ACCESS_DENIED


class AlreadyExists(Refused):
    """An object of that name is already there."""

    code = Code.ALREADY_EXISTS


class NotEmpty(Refused):
    """A pool or library still holds something."""

    code = Code.NOT_EMPTY


class InvalidMediaPool(Refused):
    """The pool is of the wrong kind: a system pool, or one that holds pools instead of media."""

    code = Code.INVALID_MEDIA_POOL


class MediaIncompatible(Refused):
    """Medium and pool, or medium and drive, are of different types."""

    code = Code.MEDIA_INCOMPATIBLE


class InvalidState(Refused):
    """The object is in a state that has no such change; see rsm.model.transitions."""

    code = Code.INVALID_STATE


class Unavailable(RsmError):
    """Allowed, and not possible now."""

    code = Code.RESOURCE_NOT_AVAILABLE
    actor = Actor.RETRY


class MediaUnavailable(Unavailable):
    """No medium can be allocated under the given constraints; the message says why, per group."""

    code = Code.MEDIA_UNAVAILABLE
    actor = Actor.OPERATOR


class MediaOffline(Unavailable):
    """The very medium asked for is not in an on-line library."""

    code = Code.MEDIA_OFFLINE
    actor = Actor.OPERATOR


class LibraryOffline(Unavailable):
    """The library is not present or not enabled."""

    code = Code.LIBRARY_OFFLINE
    actor = Actor.OPERATOR


class LibraryFull(Unavailable):
    """No empty slot is left to put a medium into."""

    code = Code.LIBRARY_FULL
    actor = Actor.OPERATOR


class ResourceDisabled(Unavailable):
    """A library, drive or medium was disabled by an administrator."""

    code = Code.RESOURCE_DISABLED
    actor = Actor.OPERATOR


class Busy(Unavailable):
    """A drive or medium is in use by somebody else."""

    code = Code.BUSY


class LeaseHeld(Busy):
    """Another process holds the library's lease; the message names it."""


class TimedOut(Unavailable):
    """The time given ran out before the thing happened; nothing was changed."""

    code = Code.TIMEOUT


class Cancelled(Unavailable):
    """An operator refused, or the session was closed while it waited."""

    code = Code.CANCELLED


class StoreFailure(RsmError):
    """The store cannot be opened, read or written, or is damaged; what it held before is untouched."""

    code = Code.DATABASE_FAILURE
    actor = Actor.OPERATOR


class StoreFull(StoreFailure):
    """No space is left for the store; the change was rolled back."""

    code = Code.DATABASE_FULL


class StoreReadOnly(StoreFailure):
    """The store, its directory or its file system does not allow writing."""


class StoreFromFuture(StoreFailure):
    """The store was written by a newer rsm; it is left alone."""
