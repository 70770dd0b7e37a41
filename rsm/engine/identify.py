"""Which medium this is: a new one's type, pool and state from its label, a known one's chip in the drive.

Sorting follows ntms.md §5.1 as far as a bar code allows: a readable label (or a library that has no reader
at all) follows the library's policy for new media; a label that cannot be read, or that another medium
bears too, goes to Unrecognized whatever the policy says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rsm.errors import InvalidState
from rsm.hardware.contract import ReportingDrive
from rsm.hardware.faults import DeviceFault
from rsm.hardware.inventory import MediumKind
from rsm.model import barcode as barcodes
from rsm.model import transitions
from rsm.model.media_type import SERVICE_TYPE, UNKNOWN_TYPE
from rsm.model.states import BarcodeState, Identity, NewMedia, PoolKind, SideState

if TYPE_CHECKING:
    from collections.abc import Container

    from rsm.engine.context import Context
    from rsm.hardware.contract import Drive
    from rsm.hardware.inventory import ElementReport
    from rsm.model.objects import Library, Medium
    from rsm.store.sqlite import Writer

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


def chip_serial(drive: Drive) -> str | None:
    """Give the serial number in the chip of the medium in a drive, if drive and medium have such a thing."""
    if not isinstance(drive, ReportingDrive):
        return None
    try:
        told = drive.medium()
    except DeviceFault:
        return None
    return told.serial if told is not None else None


def check_chip(medium: Medium, chip: str | None) -> None:
    """Raise `InvalidState` for a medium that is held by somebody and turns out to be another.

    Its serial number is the one thing that neither hands nor labels change: what is written to it now
    would not be found where its owner looks, and might replace what somebody else wrote.
    """
    if chip is None or medium.chip_serial in {None, chip}:
        return
    if any(side.state in transitions.HELD for side in medium.sides):
        raise InvalidState(
            f"the medium in the drive is not {medium.name}: its chip says {chip}, and {medium.chip_serial} is recorded",
            hint=f"labels or media were exchanged by hand; rsm dismount {medium.name}, and look for the right one",
        )


def learn_chip(context: Context, writer: Writer, medium: Medium, chip: str | None) -> None:
    """Record the serial number that a medium's chip was found to have; a new one is told in the history."""
    if chip is None or chip == medium.chip_serial:
        return
    writer.run("medium.set_chip_serial", id=str(medium.id), serial=chip)
    if medium.chip_serial is not None:
        context.event(
            writer,
            "chip changed",
            f"{medium.name} is another medium than before: its chip says {chip}, not {medium.chip_serial}",
            medium=str(medium.id),
        )
