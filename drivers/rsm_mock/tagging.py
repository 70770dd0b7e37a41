"""SEND VOLUME TAG and REQUEST VOLUME ELEMENT ADDRESS of a simulated changer (scsi.md §1.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm_mock.answers import Check, invalid_field
from rsm_mock.machine import Search
from rsm_mock.reports import found_by_tag
from rsm_mock.traits import Code
from rsm_smc import elements, volume_tags

if TYPE_CHECKING:
    from rsm_mock.machine import Machine
    from rsm_smc.cdb import RequestVolumeElementAddress, SendVolumeTag

_PARAMETER_LIST_LENGTH = Code(0x05, 0x1A, 0x00)


def send_volume_tag(machine: Machine, command: SendVolumeTag, data: bytes) -> None:
    """Keep what to search for; only searching primary tags is known."""
    if command.action != volume_tags.SEARCH_PRIMARY:
        raise invalid_field(5, 4)
    if command.list_length != volume_tags.LIST_LENGTH or len(data) < volume_tags.LIST_LENGTH:
        raise Check(_PARAMETER_LIST_LENGTH)
    template = volume_tags.decode_template(data).template
    machine.search = Search(command.action, template, command.kind, command.start)
    machine.changed = True


def request_volume_element_address(machine: Machine, command: RequestVolumeElementAddress) -> bytes:
    """Give the elements that the last search found, and forget them."""
    if machine.search is None:
        return volume_tags.encode(0, [])[: command.allocation]
    found = found_by_tag(machine, command.kind, command.start, command.count)
    layout = elements.Layout(primary_tags=command.voltag)
    reply = volume_tags.encode(machine.search.action, found, layout)[: command.allocation]
    machine.search, machine.changed = None, True
    return reply
