"""udev through pyudev: the properties of a node, and news of arrivals and departures."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pyudev

from rsm_udev.links import NoDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rsm_udev.links import Database

_LOG = logging.getLogger(__name__)

SUBSYSTEMS = ("scsi", "scsi_generic", "scsi_tape", "scsi_changer")


class UdevDatabase:
    """The udev database behind a `pyudev.Context`; fills `links.Database`."""

    def __init__(self, context: pyudev.Context) -> None:
        self._context = context

    def properties(self, subsystem: str, name: str) -> Mapping[str, str]:
        """Give the properties of a node; empty if udev does not know it (any more)."""
        try:
            return dict(pyudev.Devices.from_name(self._context, subsystem, name).properties)
        except pyudev.DeviceNotFoundError:
            return {}


class UdevWatch:
    """News of SCSI devices after udev's rules ran, so that the links are there; fills `discovery.Watch`."""

    def __init__(self, context: pyudev.Context) -> None:
        self._monitor = pyudev.Monitor.from_netlink(context)
        for subsystem in SUBSYSTEMS:
            self._monitor.filter_by(subsystem)
        self._monitor.start()

    def fileno(self) -> int:
        """Give the descriptor that becomes readable with the next news."""
        number: int = self._monitor.fileno()
        return number

    def drain(self) -> None:
        """Take all news that there is."""
        while self._monitor.poll(timeout=0) is not None:
            pass

    def close(self) -> None:
        """End the subscription: the socket goes with its last user."""
        del self._monitor


def connect(context: Any = None) -> pyudev.Context | None:
    """Give the context, or a new one if it is None; None where libudev is not installed."""
    if context is not None:
        return context
    try:
        return pyudev.Context()
    except (ImportError, OSError) as error:
        _LOG.info("udev cannot be asked, so stable names are read from the link directories alone: %s", error)
        return None


def database(context: pyudev.Context | None) -> Database:
    """Give the database of a context, an empty one without a context."""
    return NoDatabase() if context is None else UdevDatabase(context)
