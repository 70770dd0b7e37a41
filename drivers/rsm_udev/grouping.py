"""Which paths lead to one device (multipath), and which only look so.

By-id names are no evidence: AWS and other virtual libraries give one id to all their devices, and a changer
behind a drive shares the drive's (scsi.md §4). So devices are told apart by everything they say:

    vendor, product, serial number   world-wide names      where               one device?
    ------------------------------   -------------------   -----------------   --------------------------
    equal                            one in common         elsewhere           yes
    equal                            some, none in common  anywhere            no; doubtful: cloned serial
    equal                            one of them has none  elsewhere           yes; doubtful: serial alone
    equal                            any                   same target         no; doubtful: cloned serial
    equal                            any                   two iSCSI targets   no; doubtful: cloned serial
    equal, no serial number          one in common         elsewhere           yes
    differ, or nothing to go by                                                no

"Same target" is another logical unit behind the same port, where a device appears only once. Kept apart
wrongly, a device is shown twice, with a doubt; merged wrongly, a tape would be looked for in the wrong robot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm_udev.tree import TreePath


class Group(NamedTuple):
    """The paths to one device, and what is doubtful about that."""

    paths: tuple[TreePath, ...]
    doubts: tuple[str, ...]


def grouped(paths: Sequence[TreePath]) -> tuple[Group, ...]:
    """Give the devices behind the paths, in the order of their first path."""
    groups: list[list[TreePath]] = []
    for path in paths:
        for group in groups:
            if all(_one_device(path, other) for other in group):
                group.append(path)
                break
        else:
            groups.append([path])
    return tuple(Group(tuple(group), tuple(_doubts(group, groups))) for group in groups)


def _one_device(one: TreePath, other: TreePath) -> bool:
    return _alike(one, other) and _speaks_against(one, other) is None


def _alike(one: TreePath, other: TreePath) -> bool:
    """Tell whether both say that they are the same device."""
    if (one.type, one.vendor, one.product, one.serial) != (
        other.type,
        other.vendor,
        other.product,
        other.serial,
    ):
        return False
    return bool(one.serial) or bool(_shared_names(one, other))


def _speaks_against(one: TreePath, other: TreePath) -> str | None:
    """Say why two paths that say the same of themselves lead to two devices; None if nothing says so."""
    if one.target == other.target:
        return "is another logical unit of the same target"
    if one.iscsi_target != other.iscsi_target:
        return "is behind another iSCSI target"
    if one.world_wide_names and other.world_wide_names and not _shared_names(one, other):
        return "has other world-wide names"
    return None


def _shared_names(one: TreePath, other: TreePath) -> set[str]:
    return set(one.world_wide_names) & set(other.world_wide_names)


def _doubts(group: list[TreePath], groups: list[list[TreePath]]) -> list[str]:
    first = group[0]
    doubts = []
    if len(group) > 1 and not all(path.world_wide_names for path in group):
        doubts.append(
            f"{' and '.join(path.sg or path.address for path in group)} are taken for one device by the serial"
            f" number {first.serial} alone: there is no world-wide name to compare"
        )
    for other in groups:
        if other is not group and _alike(first, other[0]):
            why = _speaks_against(first, other[0]) or "cannot be the same"
            doubts.append(
                f"{other[0].sg or other[0].address} says that it is the same device"
                f" ({_claim(first)}), but {why}: taken for another one"
            )
    return doubts


def _claim(path: TreePath) -> str:
    return f"serial number {path.serial}" if path.serial else path.world_wide_names[0]
