"""Medium changers through the `mtx` program, for hosts where only mtx may be used: `mtx:/dev/sgN`.

Prefer `/dev/sgN` (the driver `scsi`) wherever it works: mtx tells neither addresses nor serial numbers, loses
absent elements and volume tags, and calls a move done that was not (scsi.md §0.2, §5.4).

    program   running it      report    reading what it prints      ordinals  numbers and addresses
    verdict   from its complaints to faults                         changer   the contract
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rsm.clock import Clock
    from rsm.hardware.contract import Changer

__all__ = ["DRIVER"]

_SCHEME = "mtx:"


class _Driver:
    """Tells by the name alone whether a device is ours, and loads the rest only when it is opened."""

    shapes = ("mtx:/dev/sgN",)

    def accepts(self, device: str) -> bool:
        """Tell whether a name begins with `mtx:`; what follows is what `mtx -f` is given."""
        return device.startswith(_SCHEME)

    def open_changer(self, device: str, clock: Clock) -> Changer:
        """Open a changer through mtx; raises `DeviceGone` if there is no such program or device."""
        from rsm_mtx.changer import MtxChanger  # noqa: PLC0415 - listing drivers must not load subprocess
        from rsm_mtx.program import Program  # noqa: PLC0415

        return MtxChanger(device, Program(device.removeprefix(_SCHEME)), clock=clock)


DRIVER = _Driver()
"""The driver `mtx`."""
