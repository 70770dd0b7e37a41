"""From a serial number to the node of the device that bears it, whatever its name is just now.

`scsi:SERIAL` is found by what the kernel read from VPD page 80h; several paths lead to one device, and the
first that can be opened and answers with that serial number is taken. `FollowedTransport` finds a device
again that came back under another name, or by another path, while it was in use.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.faults import DeviceFault, DeviceGone, OutcomeUnknown
from rsm_scsi import timeouts
from rsm_scsi.sysfs import attached_devices
from rsm_scsi.transport import HostStatus, Reply, Status
from rsm_smc import identity
from rsm_smc.cdb import Inquiry
from rsm_smc.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rsm_scsi.sysfs import AttachedDevice
    from rsm_scsi.transport import Transport

_LOG = logging.getLogger(__name__)

SCHEME = "scsi:"

_ROOM = 252
_BINARY_NAMES = {2, 3}
"""Designator types EUI-64 and NAA, which are made to be world wide."""

_LOST = {HostStatus.NO_CONNECT, HostStatus.TRANSPORT_DISRUPTED, HostStatus.TRANSPORT_FAILFAST}
"""Host statuses by which a path says that it leads nowhere now."""

_NEXUS_LOSS = bytes.fromhex("70 00 06 00 00 00 00 0a 00 00 00 00 29 07 00 00 00 00")
"""Unit attention 06/29/07, I_T nexus loss occurred (SPC)."""


class OpenPath(NamedTuple):
    """A path that was opened and leads to the device wanted."""

    transport: Transport
    sg: str
    """Its sg node's name, such as sg3."""


class SerialPaths:
    """Opens the device with a serial number by the first of its paths that answers.

    Takes a changer before a drive with the same number. Nothing is remembered: sysfs is read each time.
    """

    def __init__(
        self, serial: str, *, sysfs: Path, devices: Path, opener: Callable[[str], Transport]
    ) -> None:
        self._serial = serial
        self._sysfs = sysfs
        self._devices = devices
        self._opener = opener

    def open(self) -> OpenPath:
        """Open the device.

        Raises `DeviceGone` if there is none, if several devices bear this serial number, or if no path to it
        can be opened; the reason is that of the first path then.
        """
        first: DeviceFault | None = None
        for path in self._paths():
            try:
                return OpenPath(self._open_path(path), path.sg)
            except DeviceFault as fault:
                _LOG.info(
                    "%s is no way to the device with serial number %s: %s", path.sg, self._serial, fault
                )
                first = first or fault
        assert first is not None  # noqa: S101 - there is one path at least, and each failed
        raise DeviceGone(
            f"no path to the device with serial number {self._serial} can be used: {first}", hint=first.hint
        ) from first

    def _paths(self) -> Sequence[AttachedDevice]:
        if not self._serial:
            raise DeviceGone(
                "no serial number was given", hint="rsm discover shows those of what is attached"
            )
        here = attached_devices(self._sysfs)
        found = [each for each in here if each.bears(self._serial)]
        found = [each for each in found if each.kind == identity.CHANGER] or found
        if not found:
            known = ", ".join(f"{each.serial} ({each.sg})" for each in here if each.serial)
            raise DeviceGone(
                f"no changer or tape drive with serial number {self._serial} is attached",
                hint=f"serial numbers here: {known}" if known else "rsm discover shows what is attached",
            )
        if any(_differ(one, found[0]) for one in found):
            names = ", ".join(str(self._devices / each.sg) for each in found)
            raise DeviceGone(
                f"several devices have the serial number {self._serial}: {names}",
                hint="name the one that is meant by its path, such as /dev/tape/by-path/…",
            )
        return found

    def _open_path(self, path: AttachedDevice) -> Transport:
        transport = self._opener(str(self._devices / path.sg))
        try:
            _require_serial(transport, path)
        except BaseException:
            transport.close()
            raise
        return transport


def _differ(one: AttachedDevice, other: AttachedDevice) -> bool:
    """Tell whether two nodes with one serial number cannot be two paths to one device."""
    if (one.kind, one.vendor, one.product) != (other.kind, other.vendor, other.product):
        return True
    if one.place and other.place and one.place[:3] == other.place[:3] and one.place.lun != other.place.lun:
        return True
    ours, theirs = _world_wide_names(one), _world_wide_names(other)
    return bool(ours and theirs) and not ours & theirs


def _world_wide_names(device: AttachedDevice) -> frozenset[bytes]:
    return frozenset(
        name.data for name in device.names if name.association == 0 and name.type in _BINARY_NAMES
    )


def _require_serial(transport: Transport, path: AttachedDevice) -> None:
    """Raise `DeviceGone` unless the device itself says that it is the one sysfs told of."""
    cdb = Inquiry(page=identity.UNIT_SERIAL_NUMBER, allocation=_ROOM).encode()
    reply = transport.execute(cdb, reply_length=_ROOM, timeout=timeouts.QUICK)
    try:
        serial = identity.decode_serial(reply.data)
    except DecodeError:
        serial = ""
    if not reply.delivered or serial != path.serial:
        told = f"host status {reply.host_status:02X}h" if not reply.delivered else f"serial number {serial!r}"
        raise DeviceGone(f"{transport.device} does not answer as serial number {path.serial}: {told}")


class FollowedTransport:
    """A transport that looks for its device again, by serial number, when its path is lost.

    A command that moves nothing is then answered once with a unit attention, I_T nexus loss: the device owes
    one to a new path, and the kernel takes it away when it finds the device. So everything known counts as
    doubtful, and the command is sent again as after any other. A motion command is never sent by another path:
    its own fault, or its lost answer, stands. `on_found` is told the new sg node's name.
    """

    def __init__(
        self,
        device: str,
        path: OpenPath,
        paths: SerialPaths,
        *,
        on_found: Callable[[str], None] | None = None,
    ) -> None:
        self._device = device
        self._inner: Transport | None = path.transport
        self._paths = paths
        self.on_found = on_found

    @property
    def device(self) -> str:
        """The name it was opened by, whatever the node is called now."""
        return self._device

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block and give what came back, or a unit attention from a path just found."""
        if self._inner is None:
            raise DeviceGone(f"{self._device} was closed")
        try:
            reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
        except (DeviceGone, OutcomeUnknown):
            if cdb[0] in timeouts.MOTION or not self._find_again():
                raise
        else:
            lost = not reply.delivered and reply.host_status in _LOST
            if not lost or cdb[0] in timeouts.MOTION or not self._find_again():
                return reply
        return Reply(Status.CHECK_CONDITION, sense=_NEXUS_LOSS)

    def _find_again(self) -> bool:
        try:
            path = self._paths.open()
        except DeviceFault as fault:
            _LOG.info("%s is not found again: %s", self._device, fault)
            return False
        _LOG.warning("%s was lost and found again as %s", self._device, path.sg)
        lost, self._inner = self._inner, path.transport
        if lost is not None:
            lost.close()
        if self.on_found is not None:
            self.on_found(path.sg)
        return True

    def close(self) -> None:
        """Give the node back; closing twice is fine."""
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.close()
