"""SCSI medium changers and tape drives: rsm's hardware contract over a one-verb transport.

`DRIVER` opens device nodes. Other transports (a simulated library, a test's double) go under `ScsiChanger`,
`ScsiDrive` and `StandaloneDrive` directly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rsm.clock import Clock
    from rsm.hardware.contract import Changer

__all__ = ["DRIVER"]


class _Driver:
    """Tells by the name alone whether a device is ours, and loads the rest only when it is opened."""

    shapes = ("/dev/sgN", "/dev/nstN", "/dev/tape/by-id/…", "scsi:SERIAL", "sgio:/dev/sgN")

    def accepts(self, device: str) -> bool:
        """Tell whether the name is a path below /dev, `scsi:` and a serial number, or `sgio:` and either."""
        return device.removeprefix("sgio:").startswith(("/dev/", "scsi:"))

    def open_changer(self, device: str, clock: Clock) -> Changer:
        """Open a changer, or a tape drive as one."""
        from rsm_scsi.driver import ScsiDriver  # noqa: PLC0415 - listing drivers must not load the codec

        return ScsiDriver().open_changer(device, clock)


DRIVER = _Driver()
