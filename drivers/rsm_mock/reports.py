"""READ ELEMENT STATUS and what is akin to it, as a personality answers them.

Descriptors come from the codec's encoder. Where a device lies in a way that no `Layout` of the codec has, the
encoded bytes are changed afterwards, and the comment names the device.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING

from rsm.hardware.inventory import ElementKind, MediumKind
from rsm_mock.answers import Answer, invalid_address, invalid_field
from rsm_mock.traits import Beyond, DriveIdentifier
from rsm_smc import elements as codec
from rsm_smc import report
from rsm_smc.volume_tags import SearchTemplate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm_mock.machine import Machine
    from rsm_mock.world import Bay, Element
    from rsm_smc import cdb

MEDIUM_TYPES = {
    MediumKind.UNSPECIFIED: 0,
    MediumKind.DATA: 1,
    MediumKind.CLEANING: 2,
    MediumKind.DIAGNOSTIC: 3,
    MediumKind.WORM: 4,
    MediumKind.MICROCODE: 5,
}

_NOT_SCANNED = (0x83, 0x00)
_ELEMENT_DISABLED = (0x3B, 0x18)
_HEADER = 8

_FORMS = {
    DriveIdentifier.T10: codec.IdentifierForm.T10,
    DriveIdentifier.T10_SHORT: codec.IdentifierForm.VENDOR_SERIAL,
    DriveIdentifier.SERIAL: codec.IdentifierForm.SERIAL,
    DriveIdentifier.NAA: codec.IdentifierForm.NAA,
}


def read_element_status(machine: Machine, command: cdb.ReadElementStatus) -> Answer:
    """Answer READ ELEMENT STATUS, cut to its allocation length."""
    traits = machine.personality.report
    _check_options(machine, command)
    chosen = _select(machine, command.kind, command.start, command.count)
    if not chosen:
        return Answer(data=_nothing(traits.beyond)[: command.allocation])
    layout = _layout(machine, voltag=command.voltag, dvcid=command.dvcid)
    values = [element_value(machine, element, dvcid=command.dvcid) for element in chosen]
    reply = _mangle(machine, codec.encode(values, layout), values, command)
    allocation = command.allocation & traits.allocation_mask
    if traits.pedantic and allocation > max(len(reply), _HEADER) and allocation != _HEADER:
        raise invalid_field(7)
    if traits.cuts_descriptors:
        sent = reply[: len(reply) - traits.short_by]
        return Answer(data=sent[:allocation], available=len(sent))
    return Answer(data=_whole_descriptors(reply, values, allocation), available=len(reply))


def _check_options(machine: Machine, command: cdb.ReadElementStatus) -> None:
    """Refuse, with a field pointer, what the personality does not have (rows 5, 6, 17, 37)."""
    traits = machine.personality.report
    if command.kind > ElementKind.DATA_TRANSFER or (traits.only_all_types and command.kind):
        raise invalid_field(1, 3)
    if command.voltag and not traits.volume_tags:
        raise invalid_field(1, 4)
    if command.curdata and not traits.current_data:
        raise invalid_field(6, 1)
    refused = traits.identifier is DriveIdentifier.REFUSED
    if command.dvcid and (refused or (command.voltag and not traits.identifier_with_tags)):
        raise invalid_field(6, 0)


def _select(machine: Machine, kind: int, start: int, count: int) -> list[Element]:
    """Give the elements that a request is about: kinds by their lowest address, elements by address."""
    traits = machine.personality.report
    kinds = [ElementKind(kind)] if kind else list(ElementKind)
    if not traits.transport_reported and ElementKind.TRANSPORT in kinds:
        kinds.remove(ElementKind.TRANSPORT)
    runs = [run for run in (machine.world.of_kind(one) for one in kinds) if run]
    runs.sort(key=lambda run: run[0].address)
    limit = len(machine.world.elements) if traits.count_ignored else count
    if traits.count_cap is not None:
        limit = min(limit, traits.count_cap)
    chosen: list[Element] = []
    for run in runs:
        part = run[bisect_left(run, start, key=_address) :][: limit - len(chosen)]
        if traits.drives_reversed and part and part[0].bay is not None:
            part.reverse()
        chosen += part
    return chosen


def _address(element: Element) -> int:
    return element.address


def _nothing(beyond: Beyond) -> bytes:
    if beyond is Beyond.ADDRESS:
        raise invalid_address(2)
    if beyond is Beyond.FIELD:
        raise invalid_field(2)
    if beyond is Beyond.OVERCOUNTED:
        # tgt: 8 bytes, all zero but the byte count, which is that of the header itself (vm.md).
        return bytes((0, 0, 0, 0, 0, 0, 0, 8))
    return codec.encode([])


def _layout(machine: Machine, *, voltag: bool, dvcid: bool) -> codec.Layout:
    traits = machine.personality.report
    identified = dvcid and traits.identifier in _FORMS
    return codec.Layout(
        primary_tags=voltag,
        alternate_tags=voltag and traits.alternate_tags,
        identifier=_FORMS[traits.identifier] if identified else codec.IdentifierForm.NONE,
        identifier_room=traits.identifier_room if identified else None,
        tail=len(traits.tail),
        bare=traits.bare,
        page_byte_count_zero=traits.page_byte_count_zero,
        claims_alternate_tags=dvcid and traits.claims_alternate_tags,
        pad=b"\0" if traits.nul_padded_tags else b" ",
    )


# One element


def element_value(machine: Machine, element: Element, *, dvcid: bool = False) -> codec.Element:
    """Give one element as the library sees it, which may be wrong after a hand has been inside."""
    personality = machine.personality
    traits, hand = personality.report, personality.hand
    present = machine.world.present(element)
    full, tag, exception = _contents(machine, element, present=present)
    medium = element.medium if full and present else None
    access = present and _accessible(machine, element)
    disabled = not element.enabled
    if disabled:
        exception = _ELEMENT_DISABLED
    if medium is not None and medium.kind is MediumKind.CLEANING and exception is None:
        exception = hand.cleaning
    port = element.kind is ElementKind.IMPORT_EXPORT and not traits.access_never
    value = codec.Element(
        address=element.address,
        kind=codec.ElementKind(element.kind),
        full=full,
        access=(access or traits.access_always) and not traits.access_never,
        exception=None if traits.access_never else exception,
        source=element.source if full else None,
        inverted=element.inverted and full,
        disabled=disabled,
        medium_type=MEDIUM_TYPES[medium.kind] if medium is not None and traits.medium_types else 0,
        volume_tag=tag,
        alternate_tag=medium.back_label if medium is not None and tag is not None else None,
        identifier=_identifier(machine, element.bay) if dvcid and element.bay is not None else None,
        imported=port and (element.by_operator if full else traits.empty_import_flag),
        export_enabled=port,
        import_enabled=port,
        vendor=traits.tail,
    )
    if dvcid and traits.identifier_voids_status and element.bay is not None:
        # IBM: with DVCID=1 a drive's status bits say nothing (scsi.md §0.5).
        return value._replace(full=False, access=False, exception=(0, 0), source=None, medium_type=0)
    return value


def _contents(
    machine: Machine, element: Element, *, present: bool
) -> tuple[bool, str | None, tuple[int, int] | None]:
    """Give what the library believes to be in an element: full, bar code, exception."""
    hand = machine.personality.hand
    if not present:
        return False, None, hand.drive_absent if element.bay is not None else hand.element_absent
    if element.belief is not None:
        return element.belief.full, element.belief.barcode if machine.personality.reader else None, None
    medium = element.medium
    if not element.scanned:
        return medium is not None, None, _NOT_SCANNED
    if medium is None or not machine.personality.reader:
        return medium is not None, None, None
    if medium.barcode is not None and not medium.readable:
        return True, None, None if element.bay is not None else hand.unreadable
    return True, medium.barcode, None


def _accessible(machine: Machine, element: Element) -> bool:
    if element.address in machine.world.open_ports:
        return False
    bay = element.bay
    if bay is None:
        return True
    lagging = bay.released is not None and bay.released.left(machine.clock.now()) > 0
    return not bay.threaded and not lagging


def _identifier(machine: Machine, bay: Bay) -> codec.Identifier | None:
    traits, identity = machine.personality.report, machine.personality.identity
    if traits.identifier is DriveIdentifier.SERIAL:
        return codec.Identifier.serial_number(bay.serial)
    if traits.identifier not in _FORMS:
        return None
    return _FORMS[traits.identifier].identify(
        identity.drive_vendor, identity.drive_product, bay.serial, bay.name.to_bytes(8, "big")
    )


# What the encoder does not do


def _mangle(
    machine: Machine, reply: bytes, values: Sequence[codec.Element], command: cdb.ReadElementStatus
) -> bytes:
    traits = machine.personality.report
    changed = bytearray(reply)
    pages = _pages(reply, values)
    if traits.no_all_types and not command.kind:
        # tgt counts only its first page when it is asked for all types.
        changed[2:4] = pages[0][2].to_bytes(2, "big")
    for start, length, count in pages:
        if changed[start] != ElementKind.DATA_TRANSFER or not command.dvcid:
            continue
        if traits.declared_short:
            # mhvtl's ADIC declares 48 for 50 bytes and 84 for 86 (row 8); the page byte count is right.
            changed[start + 2 : start + 4] = (length - traits.declared_short).to_bytes(2, "big")
        if traits.identifier_upper_bits:
            # Quantum fills protocol identifier (SAS), PIV and association as in VPD page 83h.
            field = 12 + 36 * bool(command.voltag)
            for index in range(count):
                at = start + _HEADER + index * length + field
                if changed[at]:
                    changed[at] |= 0x60
                    changed[at + 1] |= 0x90
    return bytes(changed)


def _pages(reply: bytes, values: Sequence[codec.Element]) -> list[tuple[int, int, int]]:
    """Give start, true descriptor length and element count of each page of an encoded reply."""
    pages, at = [], _HEADER
    runs = [len(list(run)) for _, run in groupby(values, lambda value: value.kind)]
    for index, count in enumerate(runs):
        # The page byte count may be a lie of the layout: the last page ends with the reply.
        if len(runs) == 1:
            size = len(reply) - at - _HEADER
        else:
            size = int.from_bytes(reply[at + 5 : at + 8], "big") or _declared(reply, at) * count
        pages.append((at, size // count, count))
        at += _HEADER + pages[index][1] * count
    return pages


def _declared(reply: bytes, at: int) -> int:
    return int.from_bytes(reply[at + 2 : at + 4], "big")


def _whole_descriptors(reply: bytes, values: Sequence[codec.Element], allocation: int) -> bytes:
    """Cut a reply between two descriptors, as SCSI-2 and Quantum's guide want it."""
    if len(reply) <= allocation:
        return reply
    end = min(_HEADER, allocation)
    for start, length, count in _pages(reply, values):
        fitting = min(count, (allocation - start - _HEADER) // length)
        if fitting <= 0:
            break
        end = start + _HEADER + fitting * length
    return reply[:end]


# Beyond READ ELEMENT STATUS


def found_by_tag(machine: Machine, kind: int, start: int, count: int) -> list[codec.Element]:
    """Give the elements whose tag fits the last SEND VOLUME TAG (scsi.md §1.10)."""
    search = machine.search
    if search is None:
        return []
    template = SearchTemplate(search.template)
    chosen = _select(machine, kind or search.kind, max(start, search.start), 0xFFFF)
    values = (element_value(machine, element) for element in chosen)
    return [value for value in values if value.volume_tag and template.matches(value.volume_tag)][:count]


def report_element_information(machine: Machine, command: cdb.ReportElementInformation) -> bytes:
    """Give the reply to REPORT ELEMENT INFORMATION, cut to its allocation length (scsi.md §1.11)."""
    if command.page == report.SUPPORTED:
        return report.encode_supported((report.SUPPORTED, report.STATIC, report.STATE))[: command.allocation]
    if command.kind > ElementKind.DATA_TRANSFER:
        raise invalid_field(3)
    chosen = _select(
        machine, command.kind, command.start, 0xFFFF if command.number is None else command.number
    )
    makers = {report.STATIC: _ranges, report.STATE: _states}
    wanted = [report.STATIC, report.STATE] if command.page == report.ALL else [command.page]
    if any(page not in makers for page in wanted):
        raise invalid_field(2)
    return b"".join(report.encode(page, makers[page](machine, chosen)) for page in wanted)[
        : command.allocation
    ]


def _ranges(_machine: Machine, chosen: Sequence[Element]) -> list[report.Descriptor]:
    ranges: list[report.Descriptor] = []
    for kind, run in groupby(chosen, lambda element: element.kind):
        elements = list(run)
        movable = kind is not ElementKind.TRANSPORT
        ranges.append(
            report.ElementRange(elements[0].address, len(elements), int(kind), so=movable, do=movable)
        )
    return ranges


def _states(machine: Machine, chosen: Sequence[Element]) -> list[report.Descriptor]:
    states: list[report.Descriptor] = []
    for element in chosen:
        value = element_value(machine, element)
        asc, ascq = value.exception or (0, 0)
        importer = report.ImportedBy.OPERATOR if value.imported else report.ImportedBy.ROBOT
        states.append(
            report.ElementState(
                value.address,
                int(value.kind),
                volume=report.Presence.PRESENT if value.full else report.Presence.ABSENT,
                imported_by=importer if element.kind is ElementKind.IMPORT_EXPORT and value.full else 0,
                disabled=bool(value.disabled),
                sdv=value.exception is not None,
                asc=asc,
                ascq=ascq,
            )
        )
    return states
