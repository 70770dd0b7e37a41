"""Which driver opens a device: asked by name, found by entry point, loaded only when it is needed."""

from __future__ import annotations

import logging
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from rsm.errors import InvalidRequest

if TYPE_CHECKING:
    from rsm.clock import Clock
    from rsm.hardware.contract import Changer, Driver

_LOG = logging.getLogger(__name__)

GROUP = "rsm.drivers"


class Drivers(NamedTuple):
    """The drivers of this installation, in the order of their names, and those that could not be loaded."""

    usable: dict[str, Driver]
    broken: dict[str, str]
    """Name of the entry point and why it failed."""


@cache
def drivers() -> Drivers:
    """Load every driver once; one that fails is logged and left out, never fatal."""
    usable: dict[str, Driver] = {}
    broken: dict[str, str] = {}
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            usable[entry.name] = entry.load()
        except Exception as error:  # noqa: BLE001 - a third party's import may fail in any way
            _LOG.warning("driver %s cannot be loaded: %s", entry.name, error)
            broken[entry.name] = f"{type(error).__name__}: {error}"
    return Drivers(usable, broken)


def open_changer(device: str, clock: Clock) -> Changer:
    """Open a device by the driver that accepts its name.

    Raises `InvalidRequest` if none does, saying what names there are, and the driver's own faults.
    """
    known = drivers()
    for driver in known.usable.values():
        if driver.accepts(device):
            return driver.open_changer(device, clock)
    message = f"no driver opens {device!r}"
    if known.broken:
        reasons = "; ".join(f"{name} ({reason})" for name, reason in known.broken.items())
        message += f", and these could not be loaded: {reasons}"
    shapes = [shape for driver in known.usable.values() for shape in driver.shapes]
    raise InvalidRequest(message, hint=f"a device is one of: {', '.join(shapes)}")
