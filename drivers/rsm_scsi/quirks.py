"""What is known of devices by vendor and model, as data (scsi.md §1.18 and §3).

A row says only what differs from the default. What a device refuses while it is in use is remembered per
device object beside this, so an unknown model costs one refused command, not a wrong answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rsm_scsi import timeouts
from rsm_smc.cdb import InvertOrder


class Quirks(NamedTuple):
    """How one device differs from what the codec and the driver take for granted."""

    move_limit: float = timeouts.MOVE
    elements_at_once: int = 500
    """Most elements asked for in one READ ELEMENT STATUS, so that the reply stays below 64 KiB."""
    positions: bool = False
    """POSITION TO ELEMENT is known to work."""
    locks: bool = False
    """PREVENT/ALLOW MEDIUM REMOVAL is known to work on the changer."""
    opens_ports: bool = False
    """OPEN/CLOSE IMPORT/EXPORT ELEMENT is known to work."""
    vendor_range: bool = False
    """INITIALIZE ELEMENT STATUS WITH RANGE is E7h instead of 37h."""
    access_void: bool = False
    """Access says nothing about whether the robot can take the medium."""
    data_means_cleaning: bool = False
    """Medium type 1 may stand for a cleaning medium, so it says nothing."""
    invert_order: InvertOrder = InvertOrder.SCSI2
    """Where EXCHANGE MEDIUM has its two INV bits."""


class _Row(NamedTuple):
    vendor: str
    product: str
    quirks: Quirks


_TABLE = (
    # Robots shared between partitions: a move waits until the others have had their turn.
    _Row("IBM", r"03584L.*", Quirks(move_limit=1800, positions=True, locks=True, vendor_range=True)),
    # Access stays set with a medium in the drive on these (scsi.md §3 row 27).
    _Row("IBM", r"3573-TL.*", Quirks(positions=True, locks=True, opens_ports=True, access_void=True)),
    _Row("SPECTRA", r".*", Quirks(access_void=True)),
    _Row("DELL", r"TL2000.*", Quirks(positions=True, locks=True, opens_ports=True)),
    # Quantum's guide prints medium type 1 for cleaning media, and the INV bits of EXCHANGE the other way round.
    _Row("QUANTUM|ADIC", r"SCALAR.*", Quirks(
        move_limit=1800, positions=True, locks=True, data_means_cleaning=True, invert_order=InvertOrder.SMC3,
    )),
    _Row("QUANTUM", r".*", Quirks(data_means_cleaning=True, invert_order=InvertOrder.SMC3)),
    _Row("ADIC", r".*", Quirks(vendor_range=True)),
    _Row("HPE?", r"MSL.*", Quirks(locks=True)),
    _Row("STK|ORACLE", r"SL150.*", Quirks(locks=True)),
    _Row("EXABYTE", r".*", Quirks(move_limit=1800)),
)  # fmt: skip


def quirks_of(vendor: str, product: str) -> Quirks:
    """Give what is known of a model; the defaults for one that is not in the table."""
    for row in _TABLE:
        if re.fullmatch(row.vendor, vendor.upper()) and re.fullmatch(row.product, product.upper()):
            return row.quirks
    return Quirks()
