"""From the codec's elements to the reports that the manager reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.hardware.inventory import ElementAddress, ElementException, ElementKind, ElementReport, MediumKind
from rsm_smc.reactions import element_meaning

if TYPE_CHECKING:
    from rsm_scsi.quirks import Quirks
    from rsm_smc.elements import Element

KIND_OF = {int(kind): kind for kind in ElementKind}
"""The manager's word for an element type code; a call of the enumeration costs six times a look-up."""

_MEDIA = {
    1: MediumKind.DATA,
    2: MediumKind.CLEANING,
    3: MediumKind.DIAGNOSTIC,
    4: MediumKind.WORM,
    5: MediumKind.MICROCODE,
}
_UNSURE = {(0x83, 0x00), (0x53, 0x08)}
"""Not scanned, and element status unknown: an element that is then not full may be full."""


def report_of(
    element: Element, quirks: Quirks, *, drive_serial: str | None = None, access_means: bool = True
) -> ElementReport:
    """Give an element as the manager sees it; `drive_serial` is what the drive's identifier says.

    `access_means` is False while the library has never set Access: tgt leaves it 0 on everything (vm.md).
    """
    exception = _exception(element)
    full: bool | None = element.full
    if not element.full and element.exception in _UNSURE:
        full = None
    return ElementReport(
        address=ElementAddress(element.address),
        kind=KIND_OF[element.kind],
        full=full,
        accessible=element.access if access_means and not quirks.access_void else None,
        volume_tag=element.volume_tag,
        alternate_tag=element.alternate_tag,
        exception=exception,
        source=None if element.source is None else ElementAddress(element.source),
        inverted=bool(element.inverted),
        medium=_medium(element, quirks),
        drive_serial=drive_serial,
        disabled=bool(element.disabled),
        by_operator=element.imported and element.full,
    )


def _exception(element: Element) -> ElementException | None:
    if element.exception is None:
        return None
    asc, ascq = element.exception
    meaning = element_meaning(asc, ascq)
    return ElementException(asc, ascq, meaning.text, absent=meaning.absent)


def _medium(element: Element, quirks: Quirks) -> MediumKind:
    """Name the medium; the element state "cleaning cartridge" (30/03) counts as much as the type."""
    if element.exception is not None and element_meaning(*element.exception).cleaning:
        return MediumKind.CLEANING
    if not element.medium_type:
        return MediumKind.UNSPECIFIED
    if element.medium_type == 1 and quirks.data_means_cleaning:
        return MediumKind.UNSPECIFIED
    return _MEDIA.get(element.medium_type, MediumKind.UNSPECIFIED)
