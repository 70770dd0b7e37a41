"""What a changer tells of its drives, and the contract of whoever finds the nodes behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.hardware.contract import Drive
    from rsm_smc.elements import Identifier, ScsiAddress


class DriveElement(NamedTuple):
    """A data transfer element as the changer describes the drive in it."""

    address: int
    serial: str | None
    identifier: Identifier | None = None
    scsi_address: ScsiAddress | None = None


class DriveFinder(Protocol):
    """Opens the drive in an element; a transport's owner hands one to `ScsiChanger`."""

    def __call__(self, element: DriveElement, all_elements: Sequence[DriveElement]) -> Drive:
        """Open the drive in `element`, one of `all_elements` (in address order).

        Raises `rsm.hardware.faults.DeviceGone` if no node is known for it.
        """
        ...
