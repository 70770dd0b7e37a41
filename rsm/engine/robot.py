"""Reach a library's robot: open its device, make sure it is the library recorded, and take its lease.

The lease is taken for a step of the robot and given back before anything else is waited for.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rsm.errors import LibraryOffline, ResourceDisabled
from rsm.hardware import lease, registry
from rsm.hardware.faults import DeviceGone
from rsm.model.states import LibraryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.engine.context import Context
    from rsm.hardware.contract import Changer
    from rsm.model.objects import Library

READY_LIMIT = 300.0
"""Seconds to wait for a library that is becoming ready, as Proxmox does (scsi.md §2.4)."""

LEASE_LIMIT = 900.0
"""Seconds to wait for another process's step of the robot: one move's own limit."""


@contextmanager
def opened(context: Context, library: Library) -> Iterator[Changer]:
    """Give the library's changer, ready to be told something.

    Raises `LibraryOffline` for the shelf, `ResourceDisabled`, `DeviceGone` when the device is not there or
    is another library than the one recorded, and whatever `wait_ready` raises.
    """
    if library.kind is LibraryKind.OFFLINE:
        raise LibraryOffline(f"{library.name} is a shelf and has no robot")
    if not library.enabled:
        raise ResourceDisabled(f"library {library.name} is disabled")
    with registry.open_changer(library.device, context.clock) as changer:
        _require_same(changer, library)
        changer.wait_ready(READY_LIMIT)
        heed(context, changer, library)
        yield changer


@contextmanager
def leased(context: Context, changer: Changer, library: Library) -> Iterator[None]:
    """Hold the robot for one step; raises `LeaseHeld` naming who has it."""
    with lease.hold(
        lease.lease_key(changer.identity, changer.device),
        holder=context.actor,
        timeout=LEASE_LIMIT,
        clock=context.clock,
    ):
        try:
            yield
        finally:
            heed(context, changer, library)


def heed(context: Context, changer: Changer, library: Library) -> None:
    """Mark the library for an inventory if it has said that something changed.

    A unit attention is told once, to whoever asks next; the mark keeps it for everybody else.
    """
    if changer.stale:
        with context.store.writing() as writer:
            writer.run("library.set_stale", id=str(library.id), stale=1)


def _require_same(changer: Changer, library: Library) -> None:
    """Refuse a device that answers as somebody else: device names change from boot to boot."""
    seen = changer.identity
    same_model = (seen.vendor, seen.product) == (library.vendor, library.product)
    if not same_model or (library.serial and seen.serial != library.serial):
        raise DeviceGone(
            f"{library.device} is now {seen.vendor} {seen.product} {seen.serial or 'without a serial number'},"
            f" not library {library.name} ({library.vendor} {library.product} {library.serial})",
            hint=f"find the library's new name, then: rsm library add DEVICE --name {library.name}",
        )
