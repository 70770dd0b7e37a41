"""The driver `mock`: simulated libraries in files, by names that must be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.errors import InvalidName
from rsm.hardware.faults import DeviceGone
from rsm_mock.opening import open_library
from rsm_mock.state import SCHEME, StateFile

if TYPE_CHECKING:
    from rsm.clock import Clock
    from rsm.hardware.contract import Changer


class MockDriver:
    """Opens `mock:PATH.json`; fills `rsm.hardware.contract.Driver`."""

    shapes = ("mock:PATH.json",)
    """The names it opens, as people are told them."""

    def accepts(self, device: str) -> bool:
        """Tell whether a name begins with `mock:`; nothing else ever leads here."""
        return device.startswith(SCHEME)

    def open_changer(self, device: str, clock: Clock) -> Changer:
        """Open a simulated library with the shipping SCSI driver.

        Raises `DeviceGone` if there is no such file, and `rsm_mock.state.StateUnreadable` if it holds no library.
        """
        if "#" in device:
            raise DeviceGone(f"{device} is a drive of {device.partition('#')[0]}, not a library")
        try:
            keeper = StateFile(device, clock=clock)
        except InvalidName as error:
            raise DeviceGone(str(error), hint=error.hint) from error
        # The name is kept in a store and used from anywhere, so a relative one would be another file there.
        return open_library(keeper, device=f"{SCHEME}{keeper.path.absolute()}", clock=clock)


DRIVER = MockDriver()
