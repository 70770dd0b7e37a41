"""Who a device is: standard INQUIRY data and the unit serial number."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.faults import BadReply, DeviceFault
from rsm.hardware.inventory import DeviceIdentity
from rsm_smc import identity
from rsm_smc.cdb import Inquiry
from rsm_smc.errors import DecodeError

if TYPE_CHECKING:
    from rsm_scsi.unit import LogicalUnit
    from rsm_smc.identity import StandardInquiry

_LOG = logging.getLogger(__name__)

_ROOM = 252
"""Old targets read one byte of the allocation length (scsi.md §1.1)."""


class Introduction(NamedTuple):
    """What a device says of itself when it is asked who it is."""

    inquiry: StandardInquiry
    identity: DeviceIdentity


def introduce(unit: LogicalUnit) -> Introduction:
    """Ask a device who it is; works while it is not ready, and with unit attentions waiting.

    The serial number is as the device gives it, stripped at both ends, "" where page 80h is missing or wrong.
    Raises `BadReply` if it does not answer INQUIRY as the standard asks.
    """
    reply = unit.fetch(Inquiry(allocation=_ROOM), "say who it is", reply_length=_ROOM)
    try:
        inquiry = identity.decode_standard(reply)
    except DecodeError as error:
        raise BadReply(f"{unit.device} does not say who it is: {error}") from error
    return Introduction(
        inquiry, DeviceIdentity(inquiry.vendor, inquiry.product, inquiry.revision, _serial(unit))
    )


def _serial(unit: LogicalUnit) -> str:
    try:
        page = unit.fetch(
            Inquiry(page=identity.UNIT_SERIAL_NUMBER, allocation=_ROOM),
            "give its serial number",
            reply_length=_ROOM,
        )
        return identity.decode_serial(page)
    except (DeviceFault, DecodeError) as error:
        _LOG.info("%s has no usable serial number: %s", unit.device, error)
        return ""
