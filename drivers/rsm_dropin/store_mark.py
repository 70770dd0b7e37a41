"""Tell rsm that somebody moved media behind its back: the one thing the drop-ins know of the store.

A unit attention does not do it: libraries send none to the host that moved the medium itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rsm.errors import RsmError

if TYPE_CHECKING:
    from rsm.hardware.inventory import DeviceIdentity


def inventory_stale(identity: DeviceIdentity, device: str, store: str | None = None) -> bool:
    """Mark the inventory of the library with this robot stale, and tell whether there is one.

    Does nothing where the store (`store`, else the default one) does not exist, may not be written, or does not
    know the robot; a store in trouble is no reason to refuse a move. Raises nothing.
    """
    from rsm.store.location import default_path  # noqa: PLC0415 - sqlite3 is loaded only if there is a store

    path = store or default_path()
    if not os.access(path, os.R_OK | os.W_OK):
        return False
    from rsm.store.sqlite import SqliteStore  # noqa: PLC0415 - see above

    try:
        with SqliteStore(path).writing() as writer:
            row = writer.one(
                "library.by_robot", serial=identity.serial, vendor=identity.vendor, product=identity.product
            )
            if row is None and not identity.serial:
                row = writer.one("library.by_device", device=device)
            if row is None:
                return False
            writer.run("library.set_stale", id=row["id"], stale=1)
    except RsmError:
        return False
    return True
