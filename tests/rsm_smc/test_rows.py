"""One table of values and bytes: every row is decoded, encoded, cut at every length, and given trailing bytes."""

from __future__ import annotations

import contextlib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from rsm_smc import (
    DecodeError,
    attributes,
    cdb,
    elements,
    identity,
    logpage,
    mode,
    report,
    reservations,
    sense,
    volume_tags,
)
from rsm_smc.elements import Element, ElementKind, ElementStatus, Identifier, IdentifierForm, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = {
    name: bytes.fromhex(row["hex"])
    for name, row in json.loads(
        (Path(__file__).parent.parent / "data" / "smc" / "scsi_vectors.json").read_text(encoding="utf-8")
    ).items()
}


class Row(NamedTuple):
    """A value and its bytes; the bytes of a vector if none are given."""

    name: str
    value: Any
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    data: bytes = b""

    @property
    def bytes(self) -> bytes:
        """The row's bytes."""
        return self.data or VECTORS[self.name]


MT, ST, IE, DT = ElementKind


def _status(value: ElementStatus, layout: Layout) -> bytes:
    return elements.encode(value.elements, layout)


def res(name: str, value: ElementStatus, data: bytes = b"", **layout: Any) -> Row:
    """Make a row of element status in one library's layout."""
    return Row(name, value, partial(_status, layout=Layout(**layout)), elements.decode, data)


def command(name: str, value: cdb.Command, data: bytes = b"", **decoding: Any) -> Row:
    """Make a row of a CDB."""
    return Row(name, value, lambda value: value.encode(), partial(cdb.decode, **decoding), data)


def _sense(**fields: Any) -> Row:
    name = fields.pop("name")
    data = fields.pop("data", b"")
    row = Row(name, None, lambda _: b"", sense.decode, data)
    value = sense.Sense(
        **{"response_code": 0x70, "command_specific": 0, "field_replaceable_unit": 0} | fields
    )
    return row._replace(value=value, encode=_encode_sense, decode=_decode_sense)


def _encode_sense(value: sense.Sense) -> bytes:
    assert value.key is not None
    assert value.asc is not None
    assert value.ascq is not None
    return sense.encode(
        value.key,
        value.asc,
        value.ascq,
        deferred=value.deferred,
        information=value.information,
        field_pointer=value.field_pointer,
        in_cdb=value.field_in_cdb is not False,
        bit_pointer=value.bit_pointer,
        descriptor=value.response_code in {0x72, 0x73},
    )


def _decode_sense(data: bytes) -> sense.Sense:
    found = sense.decode(data)
    assert found.raw == data
    return found._replace(raw=b"")


def _t10(serial: str) -> Identifier:
    return Identifier.t10("IBM", "ULTRIUM-HH8", serial)


ROBOT = Element(1, MT)
PORT = Element(
    0x10,
    IE,
    full=True,
    access=True,
    medium_type=1,
    volume_tag="TAPE09L8",
    imported=True,
    export_enabled=True,
    import_enabled=True,
)
DRIVE_1 = Element(0x100, DT, full=True, access=False, source=0x1001, medium_type=1, volume_tag="TAPE02L8")
DRIVE_2 = Element(0x101, DT, full=False, access=True)
DRIVES = (DRIVE_1, DRIVE_2)
NAMED_DRIVES = (
    DRIVE_1._replace(identifier=_t10("10WT000001")),
    DRIVE_2._replace(identifier=_t10("10WT000002")),
)
SLOTS = (
    Element(0x1000, ST, full=True, access=True, medium_type=1, volume_tag="TAPE01L8"),
    Element(0x1001, ST, full=False, access=True),
    Element(0x1002, ST, full=True, access=True, source=0x1002, medium_type=2, volume_tag="CLN001CU"),
    Element(0x1003, ST, full=True, access=True, medium_type=1),
)


def _untagged(values: tuple[Element, ...]) -> tuple[Element, ...]:
    return tuple(value._replace(volume_tag=None) for value in values)


SHORT = elements.Oddity(elements.OddityKind.SHORT_REPLY, declared=524, found=8)
ALL = (ROBOT, PORT, *NAMED_DRIVES, *SLOTS)
T10 = IdentifierForm.T10
NUL = b"\0"

ELEMENT_ROWS = [
    res("RES_ALL_VOLTAG_DVCID", ElementStatus(1, 8, 516, ALL), identifier=T10, empty_pad=NUL),
    Row(
        "RES_ALL_HDR8",
        ElementStatus(1, 8, 516, (), (SHORT,)),
        lambda _: elements.encode(ALL, Layout(identifier=T10))[:8],
        elements.decode,
    ),
    res("RES_MT", ElementStatus(1, 1, 60, (ROBOT,)), empty_pad=NUL),
    res("RES_IE", ElementStatus(0x10, 1, 60, (PORT,))),
    res("RES_DT_VOLTAG", ElementStatus(0x100, 2, 112, DRIVES), empty_pad=NUL),
    res(
        "RES_DT_DVCID",
        ElementStatus(0x100, 2, 108, _untagged(NAMED_DRIVES)),
        primary_tags=False,
        identifier=T10,
    ),
    res("RES_DT_VOLTAG_DVCID", ElementStatus(0x100, 2, 180, NAMED_DRIVES), identifier=T10, empty_pad=NUL),
    res("RES_ST", ElementStatus(0x1000, 4, 216, SLOTS), empty_pad=NUL),
    res("RES_ST_NOTAG16", ElementStatus(0x1000, 4, 72, _untagged(SLOTS)), primary_tags=False),
    res("RES_ST_NOTAG12", ElementStatus(0x1000, 2, 32, _untagged(SLOTS[:2])), primary_tags=False, bare=True),
    res(
        "RES_ST_EXC",
        ElementStatus(
            0x1000,
            4,
            216,
            (
                Element(0x1000, ST, full=False, access=False, exception=(0x3B, 0x12), disabled=True),
                Element(0x1001, ST, full=True, access=True, exception=(0x83, 0x00)),
                Element(
                    0x1002,
                    ST,
                    full=True,
                    access=True,
                    exception=(0x30, 0x03),
                    medium_type=2,
                    volume_tag="CLN001CU",
                ),
                Element(0x1003, ST, full=False, access=False),
            ),
        ),
        empty_pad=NUL,
    ),
    res(
        "RES_AVOLTAG",
        ElementStatus(
            0x1000,
            1,
            96,
            (
                Element(
                    0x1000,
                    ST,
                    full=True,
                    access=True,
                    source=0x1000,
                    inverted=True,
                    medium_type=1,
                    volume_tag="SIDEA1",
                    alternate_tag="SIDEB1",
                    alternate_sequence=2,
                ),
            ),
        ),
        alternate_tags=True,
    ),
    res(
        "an old drive on a parallel bus, all port flags, vendor bytes",
        ElementStatus(
            2,
            3,
            8 + 20 + 8 + 40,
            (
                Element(2, DT, access=True, scsi_address=elements.ScsiAddress(5, 1, other_bus=True)),
                Element(
                    3,
                    IE,
                    access=False,
                    connected_changer=True,
                    operator_needed=True,
                    vendor=b"\x01\x02\x03\x04",
                ),
                Element(4, IE, access=False, imported=True, export_enabled=True),
            ),
        ),
        bytes.fromhex(
            "00020003 0000004c 04000014 00000014 0002 08 00 0000 b1 05 00 00 0000 00000000 00000000"
            "03000014 00000028 0003 c0 00 0000 0000 00 00 0000 00000000 01020304"
            "0004 12 00 0000 0000 00 00 0000 00000000 00000000"
        ),
        primary_tags=False,
        tail=4,
    ),
]

COMMAND_ROWS = [
    command("CDB_TUR", cdb.TestUnitReady()),
    command("CDB_RSENSE", cdb.RequestSense()),
    command("CDB_INQ", cdb.Inquiry()),
    command("CDB_VPD80", cdb.Inquiry(0x80)),
    command("CDB_VPD83", cdb.Inquiry(0x83)),
    command("VPD page 00", cdb.Inquiry(0x00, 0x1234), bytes.fromhex("120100123400")),
    command("CDB_MS6_1D", cdb.ModeSense6(0x1D)),
    command("CDB_MS10_1D", cdb.ModeSense10(0x1D)),
    command("CDB_MS6_EDC", cdb.ModeSense6(0x1F, 0x41)),
    command(
        "changeable values, block descriptors wanted",
        cdb.ModeSense10(0x3F, page_control=1, dbd=False, allocation=0x1234),
        bytes.fromhex("5a007f00000000123400"),
    ),
    command("CDB_RES_HDR", cdb.ReadElementStatus(allocation=8)),
    command("CDB_RES_ST", cdb.ReadElementStatus(2, 0x1000, count=4, curdata=True, allocation=256)),
    command("CDB_RES_DT_ID", cdb.ReadElementStatus(4, voltag=False, dvcid=True)),
    command(
        "attached, MIXED",
        cdb.ReadElementStatus(count=1, mixed=True, attached=True, allocation=0x123456),
        bytes.fromhex("b41000000001041234560000"),
    ),
    command("CDB_INIT", cdb.InitializeElementStatus()),
    command("no bar codes", cdb.InitializeElementStatus(no_barcode=True), bytes.fromhex("070000000080")),
    command("CDB_INITR37", cdb.InitializeElementStatusWithRange(0x1000, 4)),
    command("CDB_INITR37F", cdb.InitializeElementStatusWithRange(0x1000, 4, fast=True)),
    command("CDB_INITRE7", cdb.InitializeElementStatusWithRange(0x1000, 4, vendor=True, no_barcode=True)),
    command("CDB_MOVE", cdb.MoveMedium(0x1000, 0x101, transport=1)),
    command("CDB_MOVE_INV", cdb.MoveMedium(0x1000, 0x101, invert=True)),
    command("CDB_MOVE_EEPOS1", cdb.MoveMedium(0x1000, 0x10, transport=1, control=0x40)),
    command("attached move", cdb.MoveMedium(2, 1, attached=True), bytes.fromhex("a70000000002000100000000")),
    command("CDB_EXCH", cdb.ExchangeMedium(0x1000, 0x100, second=0x1003, transport=1)),
    command(
        "CDB_EXCH_INV1_SCSI2",
        cdb.ExchangeMedium(0x1000, 0x100, second=0x1003, transport=1, invert_first=True),
    ),
    command(
        "CDB_EXCH_INV1_SMC3",
        cdb.ExchangeMedium(
            0x1000, 0x100, second=0x1003, transport=1, invert_first=True, order=cdb.InvertOrder.SMC3
        ),
        order=cdb.InvertOrder.SMC3,
    ),
    command("CDB_POS", cdb.PositionToElement(0x1002, 1)),
    command("inverted", cdb.PositionToElement(0x1002, invert=True), bytes.fromhex("2b000000100200000100")),
    command("CDB_PREVENT", cdb.PreventAllow(prevent=True)),
    command("CDB_ALLOW", cdb.PreventAllow(prevent=False)),
    command("preempt", cdb.PreventAllow(prevent=True, preempt=True), bytes.fromhex("1e0000008100")),
    command("CDB_IE_OPEN", cdb.OpenCloseImportExport(0x10, close=False)),
    command("CDB_IE_CLOSE", cdb.OpenCloseImportExport(0x10, close=True)),
    command("CDB_LOAD", cdb.LoadUnload(load=True), drive=True),
    command("CDB_UNLOAD", cdb.LoadUnload(load=False), drive=True),
    command("CDB_UNLOAD_IMM", cdb.LoadUnload(load=False, immediate=True), drive=True),
    command(
        "hold, tighten, end of tape",
        cdb.LoadUnload(load=False, hold=True, retension=True, eot=True),  # codespell:ignore retension
        bytes.fromhex("1b0000000e00"),
        drive=True,
    ),
    command("CDB_SVT", cdb.SendVolumeTag()),
    command("CDB_RVEA", cdb.RequestVolumeElementAddress(allocation=4096)),
    command("CDB_REI_STATE", cdb.ReportElementInformation(3, allocation=4096)),
    command(
        "five storage elements",
        cdb.ReportElementInformation(2, 2, start=0x10000, number=5, curdata=True, allocation=255),
        bytes.fromhex("9e10023200000001 0000000000ff0500"),
    ),
    command("CDB_LOGS_TA12", cdb.LogSense(0x12, allocation=255)),
    command("CDB_LOGS_TA2E", cdb.LogSense(0x2E)),
    command("CDB_READ_ATTR_ALL", cdb.ReadAttribute()),
    command("CDB_READ_ATTR_0806", cdb.ReadAttribute(first=0x0806, allocation=64)),
    command(
        "attributes through the changer",
        cdb.ReadAttribute(1, 0x100, volume=1, partition=2, cache=True),
        bytes.fromhex("8c010100000100020000000080000100"),
    ),
    command("CDB_PRIN_KEYS", cdb.PersistentReserveIn(0, 248)),
    command("CDB_PROUT_REG", cdb.PersistentReserveOut(0)),
    command("exclusive access", cdb.PersistentReserveOut(1, type=3), bytes.fromhex("5f010300000000001800")),
    command("CDB_RESERVE6", cdb.Reserve()),
    command("CDB_RELEASE6", cdb.Release()),
    command("RESERVE(10)", cdb.Reserve(ten=True), bytes.fromhex("56000000000000000000")),
    command("RELEASE(10)", cdb.Release(ten=True), bytes.fromhex("57000000000000000000")),
]

SENSE_ROWS = [
    _sense(name="S_UA2800", key=6, asc=0x28, ascq=0),
    _sense(name="S_NR0401", key=2, asc=4, ascq=1),
    _sense(name="S_IR2101", key=5, asc=0x21, ascq=1, field_pointer=6, field_in_cdb=True),
    _sense(name="S_IR2400_DVCID", key=5, asc=0x24, ascq=0, field_pointer=6, field_in_cdb=True, bit_pointer=0),
    _sense(name="S_3B0D", key=5, asc=0x3B, ascq=0x0D),
    _sense(name="S_3B0E", key=5, asc=0x3B, ascq=0x0E),
    _sense(name="S_HW1501", key=4, asc=0x15, ascq=1),
    _sense(name="S_REC", key=1, asc=0x5B, ascq=2),
    _sense(
        name="S_D72",
        key=5,
        asc=0x53,
        ascq=2,
        response_code=0x72,
        command_specific=None,
        field_replaceable_unit=None,
    ),
    _sense(
        name="deferred, fixed, a parameter in error",
        data=bytes.fromhex("f100050000000a0a 00000000 26000088 0003".replace(" ", "")).replace(
            b"\x88", b"\x8f"
        ),
        key=5,
        asc=0x26,
        ascq=0,
        deferred=True,
        response_code=0x71,
        information=10,
        field_pointer=3,
        field_in_cdb=False,
        bit_pointer=7,
    ),
    _sense(
        name="deferred, descriptors, everything said",
        data=bytes.fromhex("7305240000000014 000a8000000000000000012c 02060000cb0004 00"),
        key=5,
        asc=0x24,
        ascq=0,
        deferred=True,
        response_code=0x73,
        information=300,
        field_pointer=4,
        field_in_cdb=True,
        bit_pointer=3,
        command_specific=None,
        field_replaceable_unit=None,
    ),
]


def _mode_row(name: str, page: mode.Page, data: bytes = b"", *, ten: bool = False, **header: Any) -> Row:
    value = mode.ModeReply((page,), **header)
    return Row(name, value, partial(_encode_mode, ten=ten), partial(mode.decode, ten=ten), data)


def _encode_mode(value: mode.ModeReply, *, ten: bool) -> bytes:
    return mode.encode(
        value.pages,
        ten=ten,
        block_descriptor=value.block_descriptors,
        medium_type=value.medium_type,
        device_specific=value.device_specific,
    )


ASSIGNMENT = mode.ElementAssignment(1, 1, 0x1000, 4, 0x10, 1, 0x100, 2)
OTHERS = frozenset({ST, IE, DT})
MODE_ROWS = [
    _mode_row("MS6_1D", ASSIGNMENT),
    _mode_row("MS10_1D", ASSIGNMENT, ten=True),
    _mode_row("MS6_1E", mode.TransportGeometry((mode.Transport(rotates=True),))),
    _mode_row(
        "MS6_1F",
        mode.DeviceCapabilities(
            OTHERS,
            frozenset({(source, to) for source in OTHERS for to in OTHERS}),
            frozenset({(ST, ST), (ST, DT), (DT, ST)}),
            s2c=True,
            volume_tag_reader=True,
        ),
    ),
    _mode_row(
        "a block descriptor in spite of DBD",
        ASSIGNMENT,
        bytes.fromhex("1f011008 0000000000000200 1d12 00010001 10000004 00100001 01000002 0000"),
        block_descriptors=bytes.fromhex("0000000000000200"),
        medium_type=1,
        device_specific=0x10,
    ),
    _mode_row(
        "1F/41",
        mode.ExtendedCapabilities(
            move_prevented=True,
            import_export_as_storage=True,
            return_to_source_only=True,
            true_exchange=True,
            source_must_eject=True,
            hidden_cleaning_slots=True,
        ),
        bytes.fromhex("17000000 5f410010 21080404 01000000 00000000 00000000"),
    ),
    _mode_row(
        "attributes through the changer",
        mode.DeviceCapabilities(
            frozenset({DT}), frozenset(), read_attribute=(0, 1, 2, 3), write_attribute=(3, 0, 0, 1)
        ),
        bytes.fromhex("001a00000000 0000 1f120800 004080c0 00000000 c0000040 00000000"),
        ten=True,
    ),
    _mode_row(
        "a page of no changer", mode.UnknownPage(0x02, 0, b"\x01\x02"), bytes.fromhex("0700000002020102")
    ),
    _mode_row(
        "a subpage of no changer", mode.UnknownPage(0x0A, 0xF1, b"\x01"), bytes.fromhex("08000000 4af1000101")
    ),
]

IDENTITY_ROWS = [
    Row(
        "INQ_CHANGER",
        identity.StandardInquiry(
            8,
            "QUANTUM",
            "Scalar i3-i6",
            "240G",
            barcode_reader=True,
            vendor_specific=bytes(19) + b"\x01",
            vendor_bit=True,
        ),
        identity.encode_standard,
        identity.decode_standard,
    ),
    Row(
        "a drive with a changer attached",
        identity.StandardInquiry(1, "HP", "C1557A", "U812", version=2, attached_changer=True),
        identity.encode_standard,
        identity.decode_standard,
        bytes.fromhex("018002021f000800") + b"HP      C1557A          U812",
    ),
    Row(
        "VPD80",
        "QUANTUM D0H0123456",
        partial(identity.encode_serial, width=24),
        identity.decode_serial,
    ),
    Row(
        "VPD83",
        (identity.Designator(2, 0, 1, b"QUANTUM D0H0123456              "),),
        identity.encode_designators,
        identity.decode_designators,
    ),
    Row(
        "VPD 83, a name of the port too",
        (
            identity.Designator(1, 0, 3, bytes.fromhex("5000e11100000001")),
            identity.Designator(1, 1, 4, b"\0\0\0\1"),
        ),
        identity.encode_designators,
        identity.decode_designators,
        bytes.fromhex("08830014 01030008 5000e11100000001 01140004 00000001"),
    ),
    Row(
        "VPD 00",
        (0, 0x80, 0x83),
        identity.encode_pages,
        identity.decode_pages,
        bytes.fromhex("08000003008083"),
    ),
]

HOST = reservations.Registration(
    0x1122334455667788, holder=True, all_target_ports=True, scope=0, type=3, port=1, transport_id=b"\x05ID!"
)
OTHER_ROWS = [
    Row(
        "PL_SVT",
        volume_tags.SearchTemplate("TAPE0*"),
        volume_tags.SearchTemplate.encode,
        volume_tags.decode_template,
    ),
    Row(
        "a volume found",
        volume_tags.FoundVolumes(5, ElementStatus(0x100, 1, 0x3C, (DRIVE_1,))),
        lambda value: volume_tags.encode(value.action, value.status.elements),
        volume_tags.decode,
        bytes.fromhex("01000001 0500003c 04800034 00000034 0100010000000000 00811001")
        + b"TAPE02L8".ljust(32)
        + bytes(8),
    ),
    Row(
        "REI_STATE_REPLY",
        report.ElementPage(
            report.STATE,
            states=(
                report.ElementState(1, MT, report.Presence.ABSENT),
                report.ElementState(0x1000, ST, report.Presence.PRESENT, report.ImportedBy.ROBOT),
                report.ElementState(0x10, IE, report.Presence.PRESENT, report.ImportedBy.OPERATOR),
                report.ElementState(
                    0x101,
                    DT,
                    operator_needed=True,
                    disabled=True,
                    mtap=True,
                    sdv=True,
                    asc=0x3B,
                    ascq=0x1A,
                ),
            ),
        ),
        lambda page: report.encode(report.STATE, page.states),
        report.decode,
    ),
    Row(
        "REPORT ELEMENT INFORMATION page 02h",
        report.ElementPage(report.STATIC, ranges=(report.ElementRange(0x1000, 40, ST, so=True, edc=True),)),
        lambda page: report.encode(report.STATIC, page.ranges),
        report.decode,
        bytes.fromhex("0200000c 0000000c 00001000 00000028 0221 0000"),
    ),
    Row(
        "REPORT ELEMENT INFORMATION page 04h",
        report.ElementPage(report.LOCATION, locations=(report.ElementLocation(0x1000, ST, b"\x01\x02\x03"),)),
        lambda page: report.encode(report.LOCATION, page.locations),
        report.decode,
        bytes.fromhex("04000008 00000008 00001000 02010203"),
    ),
    Row(
        "REPORT ELEMENT INFORMATION page 00h",
        report.ElementPage(report.SUPPORTED, supported=(0, 2, 3)),
        lambda page: report.encode_supported(page.supported),
        report.decode,
        bytes.fromhex("00000001 00000003 000203"),
    ),
    Row(
        "MAM_BARCODE",
        (attributes.Attribute(attributes.BARCODE, read_only=False, format=1, value=b"TAPE02L8".ljust(32)),),
        attributes.encode,
        attributes.decode,
    ),
    Row(
        "a list of attributes",
        (0x0000, 0x0401, 0x0806),
        attributes.encode_list,
        attributes.decode_list,
        bytes.fromhex("00000006 000004010806"),
    ),
    Row(
        "LOG12", frozenset({3, 20}), partial(logpage.encode_tape_alert, page=0x12), logpage.decode_tape_alert
    ),
    Row("LOG2E", frozenset({20}), logpage.encode_tape_alert, logpage.decode_tape_alert),
    Row(
        "registered keys",
        reservations.Keys(7, (0xAB, 0x0102030405060708)),
        reservations.encode_keys,
        reservations.decode_keys,
        bytes.fromhex("00000007 00000010 00000000000000ab 0102030405060708"),
    ),
    Row(
        "nobody reserves",
        reservations.Reservation(7),
        reservations.encode_reservation,
        reservations.decode_reservation,
        bytes.fromhex("00000007 00000000"),
    ),
    Row(
        "reserved",
        reservations.Reservation(7, 0xAB, type=6),
        reservations.encode_reservation,
        reservations.decode_reservation,
        bytes.fromhex("00000007 00000010 00000000000000ab 00000000 00060000"),
    ),
    Row(
        "capabilities",
        reservations.Capabilities(
            persists_power_loss=True, persists_now=True, compatible_reserve=True, types=frozenset({1, 8})
        ),
        reservations.encode_capabilities,
        reservations.decode_capabilities,
        bytes.fromhex("0008 11 81 0201 0000"),
    ),
    Row(
        "full status",
        reservations.FullStatus(9, (HOST,)),
        reservations.encode_full_status,
        reservations.decode_full_status,
        bytes.fromhex("00000009 0000001c 1122334455667788 00000000 03030000 0000 0001 00000004 05494421"),
    ),
    Row(
        "PERSISTENT RESERVE OUT list",
        reservations.OutList(1, 2, persist=True, all_target_ports=True, specify_initiators=True),
        reservations.OutList.encode,
        reservations.decode_out_list,
        bytes.fromhex("0000000000000001 0000000000000002 00000000 0d000000"),
    ),
]

ROWS = [
    *ELEMENT_ROWS,
    *COMMAND_ROWS,
    *SENSE_ROWS,
    *MODE_ROWS,
    *IDENTITY_ROWS,
    *OTHER_ROWS,
]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@every_row
def test_bytes_become_the_value(row: Row) -> None:
    """The decoder must find the value in the row's bytes."""
    assert row.decode(row.bytes) == row.value


@every_row
def test_the_value_becomes_the_bytes(row: Row) -> None:
    """The encoder must write exactly the row's bytes."""
    assert row.encode(row.value).hex(" ", 4) == row.bytes.hex(" ", 4)


@pytest.mark.parametrize("row", [row for row in ROWS if row.name != "RES_ALL_HDR8"], ids=lambda row: row.name)
def test_trailing_bytes_change_nothing(row: Row) -> None:
    """What lies beyond the reply's own lengths must be ignored, be it zeros or noise.

    A bare header that announces 516 bytes has no such place: what follows it is the reply.
    """
    whole = row.bytes
    for tail in (b"\0", bytes(300), b"\xff" * 300, b"\x04" * 77):
        assert row.decode(whole + tail) == row.value


@every_row
def test_every_cut_gives_a_value_or_the_one_error(row: Row) -> None:
    """A reply cut anywhere must give a value or DecodeError, and no two readings of one cut may differ."""
    for length in range(len(row.bytes)):
        cut = row.bytes[:length]
        with contextlib.suppress(DecodeError):
            assert row.decode(cut) == row.decode(cut)


def test_every_vector_has_its_row() -> None:
    """No vector of the reference may go untested; the one with trailing zeros has a test of its own."""
    assert set(VECTORS) - {row.name for row in ROWS} == {"S_UA2801_IE2"}


def test_vector_of_an_import_export_station() -> None:
    """Quantum's unit attention must give the station in INFORMATION, its zero-filled tail notwithstanding."""
    found = sense.decode(VECTORS["S_UA2801_IE2"])
    assert (found.key, found.asc, found.ascq, found.information) == (6, 0x28, 1, 2)
    written = sense.encode(6, 0x28, 1, information=2)
    assert VECTORS["S_UA2801_IE2"].startswith(written[:7])
