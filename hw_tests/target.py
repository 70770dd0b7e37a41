"""The one changer that the tests may use, and the elements of it that they may touch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.inventory import ElementAddress, ElementKind
from rsm.testing.changer_suite import Scratch, scratch_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.hardware.inventory import ElementReport, Inventory

CHANGER_TYPE = "8"


class UnfitError(Exception):
    """Nothing may be tested: the message says what is not as the command line says."""


class Target(NamedTuple):
    """A changer by its serial number, the sg node it has now, and the elements that may be used."""

    serial: str
    device: str
    scratch: Scratch


def changer_nodes(sysfs: Path = Path("/sys")) -> dict[str, list[str]]:
    """Give the serial numbers of the attached changers, each with its sg nodes, as the kernel read them."""
    found: dict[str, list[str]] = {}
    for unit in sorted(sysfs.glob("class/scsi_generic/sg*/device")):
        if (unit / "type").read_text().strip() != CHANGER_TYPE:
            continue
        try:
            page = (unit / "vpd_pg80").read_bytes()
        except OSError:
            continue
        serial = page[4 : 4 + int.from_bytes(page[2:4], "big")].decode("latin-1").strip(" \0")
        found.setdefault(serial, []).append(f"/dev/{unit.parent.name}")
    return found


def node_of(serial: str, sysfs: Path = Path("/sys")) -> str:
    """Give the sg node of the changer with exactly this serial number; raises `UnfitError` naming the others."""
    attached = changer_nodes(sysfs)
    if serial not in attached:
        others = ", ".join(sorted(attached)) or "none"
        raise UnfitError(f"no changer with serial number {serial} is attached (attached: {others})")
    nodes = attached[serial]
    if len({_unit_id(node, sysfs) for node in nodes}) > 1:
        raise UnfitError(f"several changers have serial number {serial}: {', '.join(nodes)}")
    return nodes[0]


def _unit_id(node: str, sysfs: Path) -> str:
    """Give what the paths to one unit have in common; the node itself where the kernel knows nothing."""
    try:
        return (sysfs / "class/scsi_generic" / Path(node).name / "device/wwid").read_text().strip()
    except OSError:
        return node


def named_scratch(inventory: Inventory, slots: Sequence[int], drive: int | None) -> Scratch:
    """Check the elements that the command line names; raises `UnfitError` if they are not what is needed."""
    elements = {int(item.address): item for item in inventory.elements}
    full = [address for address in slots if _is(elements, address, ElementKind.STORAGE, full=True)]
    empty = [address for address in slots if _is(elements, address, ElementKind.STORAGE, full=False)]
    if len(slots) != 2 or len(full) != 1 or len(empty) != 1:
        seen = ", ".join(_words(elements, address) for address in slots)
        raise UnfitError(f"--slots must name one full slot and one empty slot ({seen or 'none named'})")
    if drive is not None and not _is(elements, drive, ElementKind.DATA_TRANSFER, full=False):
        raise UnfitError(f"--drive must name an empty drive ({_words(elements, drive)})")
    room = None if drive is None else ElementAddress(drive)
    return Scratch(ElementAddress(full[0]), ElementAddress(empty[0]), room)


def any_scratch(inventory: Inventory) -> Scratch:
    """Choose elements where every medium may be moved; raises `UnfitError` if there are none."""
    scratch = scratch_of(inventory)
    if scratch is None:
        raise UnfitError("the library has no full slot, or no empty one")
    return scratch


def _is(elements: dict[int, ElementReport], address: int, kind: ElementKind, *, full: bool) -> bool:
    item = elements.get(address)
    return item is not None and item.kind is kind and item.full is full


def _words(elements: dict[int, ElementReport], address: int) -> str:
    item = elements.get(address)
    if item is None:
        return f"there is no element {address}"
    state = {True: "full", False: "empty", None: "unknown"}[item.full]
    return f"{address} is {item.kind.name.lower().replace('_', ' ')}, {state}"


def in_virtual_library() -> bool:
    """Tell whether this is the VM of `./dev test --vm`, where every medium may be moved."""
    return "VTL_CHANGER" in os.environ
