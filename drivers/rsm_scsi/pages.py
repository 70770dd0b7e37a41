"""Mode pages of a changer: where its elements are and what it can do (scsi.md §1.3)."""

from __future__ import annotations

import logging
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rsm_smc import mode
from rsm_smc.cdb import ModeSense6, ModeSense10
from rsm_smc.errors import DecodeError
from rsm_smc.mode import DeviceCapabilities, ElementAssignment, TransportGeometry

if TYPE_CHECKING:
    from rsm_scsi.unit import LogicalUnit

_LOG = logging.getLogger(__name__)

_PageType = TypeVar("_PageType", ElementAssignment, TransportGeometry, DeviceCapabilities)


class _Refused(Enum):
    NO_DESCRIPTORS = "leaving out block descriptors (DBD)"
    SIX = "MODE SENSE(6)"


class ModePages(NamedTuple):
    """The pages that a changer has; None for one that it refuses or garbles."""

    assignment: ElementAssignment | None
    geometry: TransportGeometry | None
    capabilities: DeviceCapabilities | None


def read_pages(unit: LogicalUnit) -> ModePages:
    """Read pages 1Dh, 1Eh and 1Fh; a missing page is no fault, a device that is not ready is one."""
    return ModePages(
        _read(unit, mode.ELEMENT_ASSIGNMENT, ElementAssignment),
        _read(unit, mode.TRANSPORT_GEOMETRY, TransportGeometry),
        _read(unit, mode.DEVICE_CAPABILITIES, DeviceCapabilities),
    )


def _read(unit: LogicalUnit, code: int, kind: type[_PageType]) -> _PageType | None:
    """Ask with fewer and fewer demands: some refuse DBD, some MODE SENSE(6) as a whole."""
    refused = unit.refused
    for ten in (False, True):
        if not ten and _Refused.SIX in refused:
            continue
        for dbd in (True, False):
            if dbd and _Refused.NO_DESCRIPTORS in refused:
                continue
            page, fault_is_opcode = _try(unit, code, kind, ten=ten, dbd=dbd)
            if page is not None:
                refused |= {_Refused.SIX} if ten else set()
                refused |= set() if dbd else {_Refused.NO_DESCRIPTORS}
                return page
            if fault_is_opcode:
                break
        else:
            if not ten:
                return None  # the command is there, so the page is not
    return None


def _try(
    unit: LogicalUnit, code: int, kind: type[_PageType], *, ten: bool, dbd: bool
) -> tuple[_PageType | None, bool]:
    """Give the page, or None and whether the command itself, not the page, was refused."""
    command = ModeSense10(code, dbd=dbd) if ten else ModeSense6(code, dbd=dbd)
    doing = f"show mode page {code:02X}h"
    for _ in range(2):
        reply, verdict = unit.ask(command, doing, reply_length=command.allocation)
        if verdict.fault is not None:
            if verdict.sense is not None and verdict.sense.key == 5:
                return None, verdict.sense.asc == 0x20
            raise verdict.fault
        try:
            pages = mode.decode(reply.data, ten=ten).pages
        except DecodeError as error:
            _LOG.info("%s: mode page %02Xh cannot be read: %s", unit.device, code, error)
            continue
        return next((page for page in pages if isinstance(page, kind)), None), False
    return None, False
