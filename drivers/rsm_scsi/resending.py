"""Refusals of a motion command that the kernel may have sent twice (scsi.md §0.1): whether to believe them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.hardware.faults import OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rsm.hardware.faults import DeviceFault
    from rsm.hardware.inventory import ElementReport


def doubted(fault: DeviceFault, before: Iterable[ElementReport]) -> DeviceFault:
    """Give the fault itself if it proves nothing or nothing has changed since `before`, else `OutcomeUnknown`.

    The second copy of a move is refused with "source empty", for the first has moved the medium.
    """
    if fault.executed is None or _contents(fault.seen) == _contents(before):
        return fault
    unknown = OutcomeUnknown(
        f"{fault}; but its elements are not as before: the kernel may have sent the command twice",
        hint="look at the library before anything is moved again",
        sense=fault.sense,
    )
    unknown.seen = fault.seen
    return unknown


def _contents(elements: Iterable[ElementReport]) -> dict[int, tuple[bool | None, str | None]]:
    return {item.address: (item.full, item.volume_tag) for item in elements}
