"""The driver `scsi`: opens what lies behind a device node below /dev."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rsm.hardware.faults import DeviceFault, DeviceGone, NotSupported
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.drive import SysfsDrives
from rsm_scsi.identify import introduce
from rsm_scsi.nodes import DEVICES, SYSFS, sg_node
from rsm_scsi.sg import open_sg
from rsm_scsi.standalone import StandaloneDrive
from rsm_scsi.sysfs import tape_nodes
from rsm_scsi.unit import LogicalUnit
from rsm_smc.identity import CHANGER, TAPE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rsm.clock import Clock
    from rsm.hardware.contract import Changer
    from rsm_scsi.nodes import SgNode
    from rsm_scsi.transport import Transport
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


class ScsiDriver:
    """Opens changers and stand-alone tape drives by their nodes; fills `rsm.hardware.contract.Driver`."""

    def __init__(
        self,
        *,
        sysfs: Path = SYSFS,
        devices: Path = DEVICES,
        opener: Callable[[str], Transport] = open_sg,
    ) -> None:
        self._sysfs = sysfs
        self._devices = devices
        self._opener = opener

    def accepts(self, device: str) -> bool:
        """Tell whether the name is a path below /dev."""
        return device.startswith(f"{self._devices}/")

    def open_changer(self, device: str, clock: Clock) -> Changer:
        """Open a changer, or a tape drive as one; raises `NotSupported` for any other kind of device."""
        node = sg_node(device, sysfs=self._sysfs, devices=self._devices)
        transport = self._opener(device)
        try:
            return self._open(device, node, transport, clock)
        except BaseException:
            transport.close()
            raise

    def _open(self, device: str, node: SgNode, transport: Transport, clock: Clock) -> Changer:
        unit = LogicalUnit(transport, clock=clock, on_attention=lambda _: None)
        inquiry = introduce(unit).inquiry
        if inquiry.qualifier == _NO_UNIT:
            raise DeviceGone(f"nothing answers behind {device}: it says that it is not there")
        if inquiry.device_type == CHANGER:
            return self._changer(node, transport, clock)
        if inquiry.device_type != TAPE:
            raise NotSupported(
                f"{device} is {_what(inquiry)}, not a changer", hint="lsscsi -g shows the changers"
            )
        return self._attached_changer(inquiry, node, transport, clock) or StandaloneDrive(
            transport, node=self._tape_node(device, node), clock=clock
        )

    def _changer(self, node: SgNode, transport: Transport, clock: Clock) -> ScsiChanger:
        finder = SysfsDrives(
            node.name, clock=clock, sysfs=self._sysfs, devices=self._devices, opener=self._opener
        )
        return ScsiChanger(transport, clock=clock, drives=finder)

    def _attached_changer(
        self, inquiry: StandardInquiry, node: SgNode, transport: Transport, clock: Clock
    ) -> ScsiChanger | None:
        """Open the changer that a drive says it has attached; None if it lied (scsi.md §3 row 38)."""
        if not inquiry.attached_changer:
            return None
        changer = self._changer(node, transport, clock)
        try:
            return changer if changer.inventory().elements else None
        except DeviceFault as fault:
            _LOG.info("%s says that it has a changer attached, and has not: %s", node.path, fault)
            return None

    def _tape_node(self, device: str, node: SgNode) -> str:
        for tape in tape_nodes(self._sysfs):
            if tape.sg == node.name and tape.nst is not None:
                return str(self._devices / tape.nst)
        raise DeviceGone(
            f"{device} is a tape drive without a tape node", hint="load the module st: sudo modprobe st"
        )


def _what(inquiry: StandardInquiry) -> str:
    return _WORDS.get(inquiry.device_type, f"a device of type {inquiry.device_type:02X}h")
