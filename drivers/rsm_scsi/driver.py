"""The driver `scsi`: opens what lies behind a device node below /dev."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.faults import DeviceFault, DeviceGone, NotSupported
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.drive import SysfsDrives
from rsm_scsi.identify import introduce
from rsm_scsi.nodes import DEVICES, SYSFS, sg_node
from rsm_scsi.paths import SCHEME as SCSI
from rsm_scsi.paths import FollowedTransport, OpenPath, SerialPaths
from rsm_scsi.sg import open_sg
from rsm_scsi.sgio import CONSTRAINTS, open_sgio
from rsm_scsi.sgio import SCHEME as SGIO
from rsm_scsi.standalone import StandaloneDrive
from rsm_scsi.sysfs import serial_of, tape_nodes
from rsm_scsi.transport import UNCONSTRAINED
from rsm_scsi.unit import LogicalUnit
from rsm_smc.identity import CHANGER, TAPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rsm.clock import Clock
    from rsm.hardware.contract import Changer
    from rsm_scsi.transport import Constraints, Transport
    from rsm_smc.identity import StandardInquiry

_LOG = logging.getLogger(__name__)

_NO_UNIT = 3
"""Peripheral qualifier: there is no such logical unit."""

_WORDS = {
    0x00: "a disk",
    0x02: "a printer",
    0x03: "a processor",
    0x04: "a write-once disk",
    0x05: "a CD or DVD drive",
    0x07: "an optical disk drive",
    0x0C: "an array controller",
    0x0D: "an enclosure",
    0x0E: "a disk",
    0x11: "an object store",
    0x1E: "a well known logical unit",
}


class _Way(NamedTuple):
    """How commands reach the nodes: what opens one, and what cannot be done that way."""

    opener: Callable[[str], Transport]
    constraints: Constraints


class _Opened(NamedTuple):
    """An open device: the name it was asked for by, its sg node's name, and the way to it."""

    device: str
    sg: str
    transport: Transport
    way: _Way


class ScsiDriver:
    """Opens changers and stand-alone tape drives; fills `rsm.hardware.contract.Driver`.

    A device is a path below /dev, or `scsi:` and its serial number; `sgio:` before either sends the commands
    through cython-sgio. Where the device gave a serial number, a node that disappears and comes back under
    another name is followed. `manual` names the node of a drive for whoever knows better than `match_drives`.
    """

    def __init__(
        self,
        *,
        sysfs: Path = SYSFS,
        devices: Path = DEVICES,
        opener: Callable[[str], Transport] = open_sg,
        sgio_opener: Callable[[str], Transport] = open_sgio,
        manual: Mapping[int | str, str] | None = None,
    ) -> None:
        self._sysfs = sysfs
        self._devices = devices
        self._sg = _Way(opener, UNCONSTRAINED)
        self._sgio = _Way(sgio_opener, CONSTRAINTS)
        self._manual = dict(manual or {})

    def accepts(self, device: str) -> bool:
        """Tell whether the name is a path below /dev or a serial number, with `sgio:` before it or not."""
        return device.removeprefix(SGIO).startswith((f"{self._devices}/", SCSI))

    def open_changer(self, device: str, clock: Clock) -> Changer:
        """Open a changer, or a tape drive as one; raises `NotSupported` for any other kind of device."""
        opened = self._open_transport(device)
        try:
            return self._open(opened, clock)
        except BaseException:
            opened.transport.close()
            raise

    def _open_transport(self, device: str) -> _Opened:
        """Open the node that a name means now."""
        way = self._sgio if device.startswith(SGIO) else self._sg
        name = device.removeprefix(SGIO)
        if name.startswith(SCSI):
            paths = self._paths(name.removeprefix(SCSI).strip(), way)
            path = paths.open()
        else:
            node = sg_node(name, sysfs=self._sysfs, devices=self._devices)
            path = OpenPath(way.opener(name), node.name)
            serial = serial_of(self._sysfs, node.name)
            if not serial and device == name:
                return _Opened(device, node.name, path.transport, way)
            paths = self._paths(serial, way)
        return _Opened(device, path.sg, FollowedTransport(device, path, paths), way)

    def _paths(self, serial: str, way: _Way) -> SerialPaths:
        return SerialPaths(serial, sysfs=self._sysfs, devices=self._devices, opener=way.opener)

    def _open(self, opened: _Opened, clock: Clock) -> Changer:
        unit = LogicalUnit(opened.transport, clock=clock, on_attention=lambda _: None)
        inquiry = introduce(unit).inquiry
        if inquiry.qualifier == _NO_UNIT:
            raise DeviceGone(f"nothing answers behind {opened.device}: it says that it is not there")
        if inquiry.device_type == CHANGER:
            return self._changer(opened, clock)
        if inquiry.device_type != TAPE:
            raise NotSupported(
                f"{opened.device} is {_what(inquiry)}, not a changer", hint="lsscsi -g shows the changers"
            )
        return self._attached_changer(inquiry, opened, clock) or StandaloneDrive(
            opened.transport, node=self._tape_node(opened), clock=clock
        )

    def _changer(self, opened: _Opened, clock: Clock) -> ScsiChanger:
        finder = SysfsDrives(
            opened.sg,
            clock=clock,
            sysfs=self._sysfs,
            devices=self._devices,
            opener=opened.way.opener,
            manual=self._manual,
        )
        if isinstance(opened.transport, FollowedTransport):
            opened.transport.on_found = finder.follow
        return ScsiChanger(opened.transport, clock=clock, drives=finder, constraints=opened.way.constraints)

    def _attached_changer(
        self, inquiry: StandardInquiry, opened: _Opened, clock: Clock
    ) -> ScsiChanger | None:
        """Open the changer that a drive says it has attached; None if it lied (scsi.md §3 row 38)."""
        if not inquiry.attached_changer:
            return None
        changer = self._changer(opened, clock)
        try:
            return changer if changer.inventory().elements else None
        except DeviceFault as fault:
            _LOG.info("%s says that it has a changer attached, and has not: %s", opened.device, fault)
            return None

    def _tape_node(self, opened: _Opened) -> str:
        for tape in tape_nodes(self._sysfs):
            if tape.sg == opened.sg and tape.nst is not None:
                return str(self._devices / tape.nst)
        raise DeviceGone(
            f"{opened.device} is a tape drive without a tape node",
            hint="load the module st: sudo modprobe st",
        )


def _what(inquiry: StandardInquiry) -> str:
    return _WORDS.get(inquiry.device_type, f"a device of type {inquiry.device_type:02X}h")
