"""Who uses what is mounted: a lock for as long as a program runs on it, gone with the program that dies.

A drive's use is shared: two programs may read one side. It keeps a dismount out, which takes the lock for
itself. Like the robot's lease it is a file, so that it is seen by other processes and dies with its holder.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rsm.errors import LeaseHeld
from rsm.hardware import lease

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.engine.context import Context
    from rsm.model.objects import Place


@contextmanager
def used(context: Context, drive: Place, by: str) -> Iterator[None]:
    """Keep the medium in a drive from being dismounted inside the block; `by` is what others are told.

    Raises `LeaseHeld` while it is being dismounted.
    """
    with lease.share(_key(drive), holder=by, clock=context.clock, what=_content(drive)):
        yield


@contextmanager
def nobodys(context: Context, drive: Place) -> Iterator[None]:
    """Keep users out of a drive inside the block; raises `LeaseHeld` naming one if there is any."""
    with lease.hold(_key(drive), holder=context.actor, timeout=0, clock=context.clock, what=_content(drive)):
        yield


def is_used(context: Context, drive: Place) -> bool:
    """Tell whether somebody uses what is in a drive now."""
    try:
        with nobodys(context, drive):
            return False
    except LeaseHeld:
        return True


def _key(drive: Place) -> str:
    return f"drive-{drive.id}"


def _content(drive: Place) -> str:
    return f"the medium in drive {drive.number}"
