"""INQUIRY, vital product data and mode pages of a simulated changer and its drives."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from rsm.hardware.inventory import ElementKind
from rsm_mock.answers import Check, invalid_field
from rsm_mock.traits import BlockDescriptors, Code, Designation, SerialForm
from rsm_smc import elements, identity, mode

if TYPE_CHECKING:
    from rsm_mock.machine import Machine
    from rsm_mock.traits import IdentityTraits
    from rsm_mock.world import Bay
    from rsm_smc.cdb import Inquiry, ModeSense6, ModeSense10

_SAVED_VALUES = 3
_ALL_PAGES = 0x3F
_BLOCK_DESCRIPTOR = bytes(8)
_TAPE_CONFIGURATION = mode.UnknownPage(0x10, 0, bytes(14))


# INQUIRY


def changer_inquiry(machine: Machine, command: Inquiry) -> bytes:
    """Give the changer's standard data, or one of its vital product data pages."""
    own = machine.personality.identity
    if command.page is None:
        inquiry = identity.StandardInquiry(
            device_type=own.device_type,
            vendor=own.vendor,
            product=own.product,
            revision=own.revision,
            attached_changer=own.attached,
            barcode_reader=(machine.personality.reader and own.reader_bit)
            if own.inquiry_length > 55
            else None,
        )
        return identity.encode_standard(inquiry)[: command.allocation]
    has_designators = own.designation in {Designation.BOTH, Designation.T10}
    pages = (0x00, 0x80, 0x83) if has_designators else (0x00, 0x80)
    if command.page == identity.SUPPORTED_PAGES:
        reply = identity.encode_pages(pages)
    elif command.page == identity.UNIT_SERIAL_NUMBER:
        reply = _serial_page(machine.serial, own)
    elif command.page == identity.DEVICE_IDENTIFICATION and has_designators:
        reply = identity.encode_designators(_designators(machine.serial, own))
    elif command.page == identity.DEVICE_IDENTIFICATION and own.designation is Designation.NO_DATA:
        reply = b""
    else:
        raise invalid_field(2)
    return reply[: command.allocation]


def drive_inquiry(machine: Machine, bay: Bay, command: Inquiry) -> bytes:
    """Give a drive's standard data, or one of its vital product data pages."""
    own = machine.personality.identity
    kind = own.drive_type
    if command.page is None:
        inquiry = identity.StandardInquiry(kind, own.drive_vendor, own.drive_product, own.drive_revision)
        reply = identity.encode_standard(inquiry)
    elif command.page == identity.SUPPORTED_PAGES:
        reply = identity.encode_pages((0x00, 0x80, 0x83), device_type=kind)
    elif command.page == identity.UNIT_SERIAL_NUMBER:
        reply = identity.encode_serial(bay.serial, device_type=kind)
    elif command.page == identity.DEVICE_IDENTIFICATION:
        text = own.drive_vendor.ljust(8) + own.drive_product.ljust(16) + bay.serial
        names = (
            identity.Designator(2, 0, 1, text.encode("ascii")),
            identity.Designator(1, 0, 3, bay.name.to_bytes(8, "big")),
        )
        reply = identity.encode_designators(names, device_type=kind)
    else:
        raise invalid_field(2)
    return reply[: command.allocation]


def _serial_page(serial: str, own: IdentityTraits) -> bytes:
    if own.serial_form is SerialForm.VENDOR_FIRST:
        return identity.encode_serial(f"{own.vendor} {serial}", width=24)
    if own.serial_form is SerialForm.LEFT_PADDED:
        return identity.encode_serial(serial.rjust(36))
    if own.serial_form is SerialForm.NUL_TAIL:
        # mhvtl's STK: blanks, then NULs, 18 bytes for a number of 7 characters.
        reply = identity.encode_serial(serial, width=18)
        return reply[: 4 + len(serial) + 2].ljust(len(reply), b"\0")
    return identity.encode_serial(serial)


def _designators(serial: str, own: IdentityTraits) -> tuple[identity.Designator, ...]:
    text = identity.Designator(2, 0, 1, (own.vendor.ljust(8) + serial).encode("ascii"))
    if own.designation is Designation.T10:
        return (text,)
    name = 0x5000E0E0 << 32 | crc32(serial.encode("ascii"))
    return text, identity.Designator(1, 0, 3, name.to_bytes(8, "big"))


# MODE SENSE


def changer_mode(machine: Machine, command: ModeSense6 | ModeSense10, *, ten: bool) -> bytes:
    """Give the changer's mode pages that are asked for."""
    traits = machine.personality.mode
    _check_page_control(command)
    if command.dbd and traits.descriptors is BlockDescriptors.REFUSED:
        raise invalid_field(1, 3)
    pages = [
        page
        for code, subpage, page in _changer_pages(machine)
        if command.page in {code, _ALL_PAGES} and command.subpage in {subpage, 0xFF}
    ]
    if not pages:
        raise invalid_field(2 if not command.subpage else 3)
    wanted = not command.dbd or traits.descriptors is BlockDescriptors.IGNORED
    block = _BLOCK_DESCRIPTOR if wanted else b""
    return mode.encode(pages, ten=ten, block_descriptor=block)[: command.allocation]


def drive_mode(command: ModeSense6 | ModeSense10, *, ten: bool) -> bytes:
    """Give a drive's mode header and its configuration page."""
    _check_page_control(command)
    if command.page not in {0x00, 0x10, _ALL_PAGES} or command.subpage:
        raise invalid_field(2 if not command.subpage else 3)
    pages = [] if command.page == 0 else [_TAPE_CONFIGURATION]
    block = b"" if command.dbd else _BLOCK_DESCRIPTOR
    return mode.encode(pages, ten=ten, block_descriptor=block)[: command.allocation]


def _check_page_control(command: ModeSense6 | ModeSense10) -> None:
    if command.page_control == _SAVED_VALUES:
        raise Check(Code(0x05, 0x39, 0x00))


def _changer_pages(machine: Machine) -> list[tuple[int, int, mode.Page]]:
    traits = machine.personality.mode
    pages: list[tuple[int, int, mode.Page]] = []
    if traits.assignment:
        pages.append((mode.ELEMENT_ASSIGNMENT, 0, _assignment(machine)))
    if traits.geometry:
        hands = machine.world.of_kind(ElementKind.TRANSPORT)
        transports = tuple(mode.Transport(machine.world.rotates, number) for number, _ in enumerate(hands))
        pages.append((mode.TRANSPORT_GEOMETRY, 0, mode.TransportGeometry(transports)))
    if traits.capabilities:
        pages.append((mode.DEVICE_CAPABILITIES, 0, _capabilities(machine)))
    if traits.extended:
        pages.append((mode.DEVICE_CAPABILITIES, mode.EXTENDED_CAPABILITIES, _extended(machine)))
    return pages


def _assignment(machine: Machine) -> mode.ElementAssignment:
    numbers = []
    for kind in (
        ElementKind.TRANSPORT,
        ElementKind.STORAGE,
        ElementKind.IMPORT_EXPORT,
        ElementKind.DATA_TRANSFER,
    ):
        there = machine.world.of_kind(kind)
        hidden = kind is ElementKind.TRANSPORT and not machine.personality.report.transport_reported
        phantoms = machine.personality.mode.phantom_slots if kind is ElementKind.STORAGE else 0
        numbers += [there[0].address, len(there) + phantoms] if there and not hidden else [0, 0]
    return mode.ElementAssignment(*numbers)


def _capabilities(machine: Machine) -> mode.DeviceCapabilities:
    motion = machine.personality.motion
    if machine.personality.mode.boasts:
        every = frozenset(elements.ElementKind)
        pairs = frozenset((one, other) for one in every for other in every)
        return mode.DeviceCapabilities(every, pairs, pairs, s2c=True, volume_tag_reader=True, auto_clean=True)
    places = {
        elements.ElementKind(kind)
        for kind in (ElementKind.STORAGE, ElementKind.IMPORT_EXPORT, ElementKind.DATA_TRANSFER)
        if machine.world.of_kind(kind)
    }
    hand = elements.ElementKind.TRANSPORT
    stores = places | {hand} if motion.transport_destination else places
    moves = {(source, destination) for source in {*places, hand} for destination in stores}
    return mode.DeviceCapabilities(
        stores=frozenset(stores),
        moves=frozenset(moves),
        exchanges=frozenset((one, other) for one in places for other in places)
        if motion.exchanges
        else frozenset(),
        s2c=True,
        volume_tag_reader=machine.personality.reader,
    )


def _extended(machine: Machine) -> mode.ExtendedCapabilities:
    personality = machine.personality
    motion = personality.motion
    return mode.ExtendedCapabilities(
        move_prevented=motion.locks,
        prevent_locks_import_export=motion.locks,
        prevent_locks_doors=motion.locks,
        user_opens=True,
        user_closes=True,
        storage_magazines=personality.size.magazine is not None,
        true_exchange=motion.exchanges,
        source_must_eject=motion.loaded_refusal is not None,
    )
