"""Which drive element is which tape node (scsi.md §4, step 3): certain evidence first, elimination last."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rsm_scsi.finding import DriveElement
    from rsm_scsi.sysfs import ScsiPlace, TapeNode

SHORTEST = 6
"""Characters that a cut serial number must have left to be compared."""


class Match(NamedTuple):
    """A drive element's node and the evidence for it."""

    node: TapeNode
    by: str
    """`manual`, `identifier`, `serial`, `part of serial`, `bus address` or `elimination`."""


def match_drives(
    elements: Sequence[DriveElement],
    nodes: Sequence[TapeNode],
    changer: ScsiPlace | None,
    manual: Mapping[int | str, str] | None = None,
) -> dict[int, Match]:
    """Give the node of each element, by address, as far as there is one beyond doubt.

    `manual` comes before all evidence: element address, or the serial number that the library reports, to
    node (`sg4`, `nst0`, with or without `/dev/`; also the drive's own serial number). An element that is named
    there gets that node or none, and a node that is named for two elements goes to neither.

    Drives of other partitions have no node here, and local drives may belong to no changer: both are left
    out. Elimination pairs what is left if it is one of each on the changer's own host adapter, and if what
    the two say of themselves does not contradict it.
    """
    found = _by_hand(elements, nodes, manual or {})
    named = {element.address for element in elements if manual_node(element, manual or {}) is not None}
    elements = [element for element in elements if element.address not in named]
    given = {match.node.serial or match.node.sg for match in found.values()}
    drives = [node for node in _one_path_each(nodes, changer) if (node.serial or node.sg) not in given]
    for by, fits in (
        ("identifier", _same_name),
        ("serial", _same_serial),
        ("part of serial", _same_part),
        ("bus address", lambda element, node: _same_bus_address(element, node, changer)),
        ("elimination", lambda element, node: _could_be(element, node, changer)),
    ):
        _pair(elements, drives, found, by, fits)
    return found


def manual_node(element: DriveElement, manual: Mapping[int | str, str]) -> str | None:
    """Give the node that somebody named for an element, by its address before its serial number."""
    named = manual.get(element.address)
    return manual.get(element.serial) if named is None and element.serial else named


def _by_hand(
    elements: Sequence[DriveElement], nodes: Sequence[TapeNode], manual: Mapping[int | str, str]
) -> dict[int, Match]:
    """Pair what somebody named; every path counts, for a person may prefer one."""
    found: dict[int, Match] = {}
    for element in elements:
        name = manual_node(element, manual)
        node = next((node for node in nodes if name is not None and _is_called(node, name)), None)
        if node is not None:
            found[element.address] = Match(node, "manual")
    claims = Counter(match.node.sg for match in found.values())
    return {address: match for address, match in found.items() if claims[match.node.sg] == 1}


def _is_called(node: TapeNode, name: str) -> bool:
    """Compare a name as people write it; st0 and nst0 are one drive."""
    bare = name.removeprefix("/dev/")
    return bare in {node.sg, node.nst, (node.nst or "").removeprefix("n") or None} or name in node.serials


def _pair(
    elements: Sequence[DriveElement],
    drives: Sequence[TapeNode],
    found: dict[int, Match],
    by: str,
    fits: Callable[[DriveElement, TapeNode], bool],
) -> None:
    """Pair what fits one to one among what is not paired yet; several candidates are none."""
    taken = {match.node.sg for match in found.values()}
    left = [node for node in drives if node.sg not in taken]
    missing = [element for element in elements if element.address not in found]
    for element in missing:
        candidates = [node for node in left if fits(element, node)]
        if len(candidates) == 1 and sum(fits(other, candidates[0]) for other in missing) == 1:
            found[element.address] = Match(candidates[0], by)


def _one_path_each(nodes: Sequence[TapeNode], changer: ScsiPlace | None) -> list[TapeNode]:
    """Keep one node of a drive that is reached by several paths, on the changer's adapter if there is one."""
    chosen: dict[str, TapeNode] = {}
    for node in nodes:
        key = node.serial or node.sg
        if key not in chosen or (_same_host(node, changer) and not _same_host(chosen[key], changer)):
            chosen[key] = node
    return list(chosen.values())


def _same_host(node: TapeNode, changer: ScsiPlace | None) -> bool:
    return node.place is not None and changer is not None and node.place.host == changer.host


def _same_name(element: DriveElement, node: TapeNode) -> bool:
    identifier = element.identifier
    return identifier is not None and identifier.type == 3 and identifier.data in node.identifiers


def _same_serial(element: DriveElement, node: TapeNode) -> bool:
    if element.serial in node.serials:
        return True
    return element.identifier is not None and any(map(element.identifier.names, node.serials))


def _same_part(element: DriveElement, node: TapeNode) -> bool:
    """Compare what is left of a serial number that one side cut (mhvtl: ten characters; scsi.md §4)."""
    return element.serial is not None and any(_is_part(element.serial, serial) for serial in node.serials)


def _is_part(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORTEST and (long.startswith(short) or long.endswith(short))


def _same_bus_address(element: DriveElement, node: TapeNode, changer: ScsiPlace | None) -> bool:
    """Compare target and logical unit on a parallel bus that changer and drive share."""
    address = element.scsi_address
    if address is None or address.other_bus or address.bus is None or node.place is None:
        return False
    return _same_host(node, changer) and (node.place.target, node.place.lun) == (
        address.bus,
        address.lun or 0,
    )


def _could_be(element: DriveElement, node: TapeNode, changer: ScsiPlace | None) -> bool:
    """Tell whether nothing speaks against a pair: the adapter, or two whole serial numbers that differ."""
    told = element.serial is not None and len(element.serial) >= SHORTEST
    return _same_host(node, changer) and not (told and node.serial)
