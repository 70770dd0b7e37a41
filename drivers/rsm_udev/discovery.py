"""Changers and drives of this machine from sysfs and udev; fills `rsm.hardware.discovery.Discovery`."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rsm.hardware.discovery import DeviceKind, DevicePath, FoundDevice
from rsm.hardware.inventory import DeviceIdentity
from rsm_udev import links, rights, tree
from rsm_udev.database import UdevWatch, connect, database
from rsm_udev.grouping import grouped

if TYPE_CHECKING:
    import pyudev

    from rsm_udev.grouping import Group
    from rsm_udev.links import Database
    from rsm_udev.rights import Access

SYSFS = Path("/sys")
DEVICES = Path("/dev")


class UdevDiscovery:
    """Finds what the kernel knows, by the names that udev gave it.

    `sysfs`, `devices`, `context` (a `pyudev.Context`) and `access` (as os.access) are arguments so that a
    described machine is searched like a real one; `known` replaces udev's database altogether.
    """

    def __init__(
        self,
        *,
        sysfs: Path = SYSFS,
        devices: Path = DEVICES,
        context: pyudev.Context | None = None,
        known: Database | None = None,
        access: Access = os.access,
    ) -> None:
        self._sysfs = sysfs
        self._devices = devices
        self._context = context
        self._known = known
        self._access = access

    def devices(self) -> tuple[FoundDevice, ...]:
        """Give the changers and drives that are attached now, in the order of their addresses."""
        known = self._known or database(connect(self._context))
        found = [
            (group, _serial(group, known), self._claimed(group, known))
            for group in grouped(tree.paths(self._sysfs))
        ]
        claims = Counter(link for _, _, claimed in found for link in claimed)
        return tuple(self._device(*one, claims) for one in found)

    def watch(self) -> UdevWatch | None:
        """Begin to listen for changes; None where udev cannot be asked."""
        context = connect(self._context)
        return None if context is None else UdevWatch(context)

    def _claimed(self, group: Group, known: Database) -> tuple[str, ...]:
        return links.claimed(self._devices, [node for path in group.paths for node in path.nodes], known)

    def _device(
        self, group: Group, serial: str, claimed: tuple[str, ...], claims: Counter[str]
    ) -> FoundDevice:
        first = group.paths[0]
        kernel = [name for path in group.paths for _, name in path.nodes]
        contested = tuple(link for link in claimed if claims[link] > 1)
        return FoundDevice(
            kind=DeviceKind.CHANGER if first.type == tree.CHANGER else DeviceKind.DRIVE,
            identity=DeviceIdentity(first.vendor, first.product, first.revision, serial),
            paths=tuple(map(self._path, group.paths)),
            names=tuple(
                link
                for link in claimed
                if link not in contested and links.leads_to(link, self._devices, kernel)
            ),
            contested=contested,
            world_wide_names=first.world_wide_names,
            attached_changer=any(path.attached_changer for path in group.paths),
            doubts=group.doubts,
        )

    def _path(self, path: tree.TreePath) -> DevicePath:
        node = str(self._devices / path.node) if path.node else None
        if path.sg is None:
            problem = f"{path.address} has no generic SCSI node: the module sg is not loaded"
            return DevicePath(address=path.address, sg=None, node=node, problem=problem)
        sg = self._devices / path.sg
        hindrance = rights.hindrance(sg, self._access)
        return DevicePath(
            address=path.address,
            sg=str(sg),
            node=node,
            problem=hindrance and hindrance.problem,
            group=hindrance and hindrance.group,
        )


def _serial(group: Group, known: Database) -> str:
    """Give the unit serial number; where the kernel got none, udev's scsi_id may have asked for it."""
    first = group.paths[0]
    if first.serial:
        return first.serial
    told = (known.properties(*node).get("ID_SCSI_SERIAL", "") for path in group.paths for node in path.nodes)
    return next((serial for serial in told if serial), "")
