"""What a new medium is and where it goes: type, pool and state from what the library shows of it.

Sorting follows ntms.md §5.1 as far as a bar code allows: a readable label (or a library that has no reader
at all) follows the library's policy for new media; a label that cannot be read, or that another medium
bears too, goes to Unrecognized whatever the policy says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.inventory import MediumKind
from rsm.model import barcode as barcodes
from rsm.model.media_type import SERVICE_TYPE, UNKNOWN_TYPE
from rsm.model.states import BarcodeState, Identity, NewMedia, PoolKind, SideState

if TYPE_CHECKING:
    from collections.abc import Container

    from rsm.hardware.inventory import ElementReport
    from rsm.model.objects import Library

STATE_IN_POOL = {
    PoolKind.FREE: SideState.AVAILABLE,
    PoolKind.IMPORT: SideState.IMPORT,
    PoolKind.UNRECOGNIZED: SideState.UNRECOGNIZED,
}
"""The state that a new medium's sides have in each system pool; no label is written on entering Free."""

_POOL_OF_POLICY = {
    NewMedia.FREE: PoolKind.FREE,
    NewMedia.IMPORT: PoolKind.IMPORT,
    NewMedia.UNRECOGNIZED: PoolKind.UNRECOGNIZED,
}


class Sorted(NamedTuple):
    """What was decided about a new medium."""

    media_type: str
    pool: PoolKind
    identity: Identity
    barcode_state: BarcodeState


def sort(library: Library, report: ElementReport, *, duplicate: bool, types: Container[str]) -> Sorted:
    """Decide what a medium seen for the first time is, and which system pool it enters."""
    media_type = _media_type(library, report, types)
    if duplicate:
        return Sorted(media_type, PoolKind.UNRECOGNIZED, Identity.UNKNOWN, BarcodeState.DUPLICATE)
    policy = _POOL_OF_POLICY[library.new_media]
    if report.volume_tag is not None:
        return Sorted(media_type, policy, Identity.BARCODE, BarcodeState.OK)
    if library.reads_volume_tags:
        return Sorted(media_type, PoolKind.UNRECOGNIZED, Identity.UNKNOWN, BarcodeState.UNREADABLE)
    return Sorted(media_type, policy, Identity.UNKNOWN, BarcodeState.ABSENT)


def _media_type(library: Library, report: ElementReport, types: Container[str]) -> str:
    """Give the type's name: the library's own word on cleaning, then the label, then the library's default."""
    if report.medium is MediumKind.CLEANING:
        return barcodes.CLEANING_TYPE
    if report.medium in {MediumKind.DIAGNOSTIC, MediumKind.MICROCODE}:
        return SERVICE_TYPE
    reading = barcodes.read(report.volume_tag) if report.volume_tag else None
    if reading and reading.media_type and reading.media_type in types:
        return reading.media_type
    default = library.default_type or UNKNOWN_TYPE
    worm = f"{default} WORM"
    return worm if report.medium is MediumKind.WORM and worm in types else default
