"""The gate: every writer holds it from before BEGIN until its connection is closed.

SQLite's busy_timeout is no queue: with 16 writers one got 1 turn while another got 3,106. A `flock` is
served by the kernel, costs nothing, and goes with the process that dies. Closing the last connection of a
write-ahead log checkpoints it, so that too happens inside, away from the WAL-reset bug of SQLite before
3.51.3.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rsm.errors import StoreFailure, StoreFull, StoreReadOnly

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def entered(store: str) -> Iterator[None]:
    """Hold the gate of that store; waits its turn. Raises `StoreReadOnly` where no lock file can be made."""
    path = store + ".gate"
    make_shared(path, store=store)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise refused(error, store) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        # Waiters watch the gate's times: a touch after COMMIT is what wakes them (stack.md §4).
        os.utime(descriptor)
    finally:
        os.close(descriptor)


def make_shared(path: str, *, store: str | None = None) -> None:
    """Make a file for its owner and group alone (0660), if it is not there, whatever the caller's umask."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
    except FileExistsError:
        return
    except OSError as error:
        raise refused(error, store or path) from error
    os.fchmod(descriptor, 0o660)
    os.close(descriptor)


def refused(error: OSError, store: str) -> StoreFailure:
    """Give the error of the tree for what the operating system said about the store's files."""
    import errno  # noqa: PLC0415 - only on the way to an error

    why = error.strerror or str(error)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StoreReadOnly(
            f"the store {store} cannot be written: {why.lower()}",
            hint="run as its owner, or name another store with --store or $RSM_STORE",
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFull(f"no space left for the store {store}", hint="free some space; nothing was changed")
    return StoreFailure(f"the store {store} cannot be opened: {why.lower()}")
