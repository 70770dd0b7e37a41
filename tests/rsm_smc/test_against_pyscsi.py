"""PySCSI, written by others from the standard, must agree wherever it decodes or encodes the same thing.

What it cannot do is left out by name: it loops on a descriptor length of 0, loses the last element of a cut
reply or invents one, knows no identifiers (DVCID), page 1Fh, attached commands, volume tag
searches, TapeAlert, attributes or REPORT ELEMENT INFORMATION, finds no key in sense of descriptor format,
and keeps tags as 36 padded bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rsm_smc import cdb, elements, identity, mode, sense
from rsm_smc.text import normalise_tag

pytest.importorskip("pyscsi", reason="PySCSI is the oracle of these tests: install the extra 'test'")

from pyscsi.pyscsi import scsi_cdb_testunitready as testunitready  # pytest would collect TestUnitReady
from pyscsi.pyscsi.scsi_cdb_exchangemedium import ExchangeMedium
from pyscsi.pyscsi.scsi_cdb_initelementstatus import InitializeElementStatus
from pyscsi.pyscsi.scsi_cdb_initelementstatuswithrange import InitializeElementStatusWithRange
from pyscsi.pyscsi.scsi_cdb_inquiry import Inquiry
from pyscsi.pyscsi.scsi_cdb_modesense6 import ModeSense6
from pyscsi.pyscsi.scsi_cdb_modesense10 import ModeSense10
from pyscsi.pyscsi.scsi_cdb_movemedium import MoveMedium
from pyscsi.pyscsi.scsi_cdb_openclose_exportimport_element import OpenCloseImportExportElement
from pyscsi.pyscsi.scsi_cdb_positiontoelement import PositionToElement
from pyscsi.pyscsi.scsi_cdb_preventallow_mediumremoval import PreventAllowMediumRemoval
from pyscsi.pyscsi.scsi_cdb_readelementstatus import ReadElementStatus
from pyscsi.pyscsi.scsi_enum_command import smc, spc
from pyscsi.pyscsi.scsi_sense import SCSICheckCondition

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS: list[tuple[cdb.Command, Callable[[], Any]]] = [
    (cdb.TestUnitReady(), lambda: testunitready.TestUnitReady(spc.TEST_UNIT_READY)),
    (cdb.Inquiry(allocation=96), lambda: Inquiry(spc.INQUIRY, alloclen=96)),
    (cdb.Inquiry(0x80, 96), lambda: Inquiry(spc.INQUIRY, evpd=1, page_code=0x80, alloclen=96)),
    (
        cdb.ModeSense6(0x1D, allocation=96),
        lambda: ModeSense6(spc.MODE_SENSE_6, 0x1D, dbd=1, alloclen=96),
    ),
    (
        cdb.ModeSense10(0x1F, 0x41, page_control=2, dbd=False, allocation=1000),
        lambda: ModeSense10(spc.MODE_SENSE_10, 0x1F, sub_page_code=0x41, pc=2, alloclen=1000),
    ),
    (
        cdb.ReadElementStatus(2, 0x1000, count=77, curdata=True, allocation=16384),
        lambda: ReadElementStatus(
            smc.READ_ELEMENT_STATUS, 0x1000, 77, element_type=2, voltag=1, alloclen=16384
        ),
    ),
    (
        cdb.ReadElementStatus(4, 5, count=2, voltag=False, dvcid=True, allocation=999),
        lambda: ReadElementStatus(
            smc.READ_ELEMENT_STATUS, 5, 2, element_type=4, voltag=0, curdata=0, dvcid=1, alloclen=999
        ),
    ),
    (
        cdb.MoveMedium(0x1000, 0x101, transport=1, invert=True),
        lambda: MoveMedium(smc.MOVE_MEDIUM, 1, 0x1000, 0x101, invert=1),
    ),
    (
        cdb.ExchangeMedium(1, 2, second=3, transport=4, invert_first=True, order=cdb.InvertOrder.SMC3),
        lambda: ExchangeMedium(smc.EXCHANGE_MEDIUM, 4, 1, 2, 3, inv1=1),
    ),
    (
        cdb.ExchangeMedium(1, 2, second=3, invert_second=True, order=cdb.InvertOrder.SMC3),
        lambda: ExchangeMedium(smc.EXCHANGE_MEDIUM, 0, 1, 2, 3, inv2=1),
    ),
    (
        cdb.PositionToElement(0x1002, 1, invert=True),
        lambda: PositionToElement(smc.POSITION_TO_ELEMENT, 1, 0x1002, invert=1),
    ),
    (cdb.InitializeElementStatus(), lambda: InitializeElementStatus(smc.INITIALIZE_ELEMENT_STATUS)),
    (
        cdb.InitializeElementStatusWithRange(0x1000, 4, fast=True),
        lambda: InitializeElementStatusWithRange(
            smc.INITIALIZE_ELEMENT_STATUS_WITH_RANGE, 0x1000, 4, rng=1, fast=1
        ),
    ),
    (
        cdb.OpenCloseImportExport(0x10, close=True),
        lambda: OpenCloseImportExportElement(smc.OPEN_CLOSE_IMPORT_EXPORT_ELEMENT, 0x10, 1),
    ),
    (
        cdb.PreventAllow(prevent=True),
        lambda: PreventAllowMediumRemoval(spc.PREVENT_ALLOW_MEDIUM_REMOVAL, prevent=1),
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), COMMANDS, ids=lambda value: type(value).__name__)
def test_commands_agree(ours: cdb.Command, theirs: Callable[[], Any]) -> None:
    """Both must write the same CDB for the same request."""
    assert ours.encode() == bytes(theirs().cdb)


def theirs_of(reply: bytes) -> dict[int, dict[str, Any]]:
    """Decode element status with PySCSI, by element address."""
    data = ReadElementStatus.unmarshall_datain(bytearray(reply))
    return {
        element["element_address"]: element
        for page in data["element_status_pages"]
        for element in page["element_descriptors"]
    }


WHOLE = [
    "RES_ALL_VOLTAG_DVCID",
    "RES_MT",
    "RES_IE",
    "RES_DT_VOLTAG",
    "RES_DT_DVCID",
    "RES_DT_VOLTAG_DVCID",
    "RES_ST",
    "RES_ST_NOTAG16",
    "RES_ST_NOTAG12",
    "RES_ST_EXC",
    "RES_AVOLTAG",
]


@pytest.mark.parametrize("name", WHOLE)
def test_element_status_agrees(name: str, vectors: dict[str, bytes]) -> None:
    """Both must read the same fields out of every whole reply."""
    status = elements.decode(vectors[name])
    theirs = theirs_of(vectors[name])
    assert sorted(theirs) == sorted(element.address for element in status.elements)
    for element in status.elements:
        other = theirs[element.address]
        assert element.full == other["full"]
        assert (element.exception is not None) == other["except"]
        if element.exception is not None:
            assert element.exception == (
                other["additional_sense_code"],
                other["additional_sense_code_qualifier"],
            )
        if element.kind is not elements.ElementKind.TRANSPORT:
            assert element.access == other["access"]
        assert element.source == (other["source_storage_element_address"] if other["svalid"] else None)
        assert (element.inverted, element.disabled) == (other["invert"], other["ed"])
        assert element.medium_type == other["medium_type"]
        for ours, key in ((element.volume_tag, "primary"), (element.alternate_tag, "alternate")):
            raw = other.get(f"{key}_volume_tag")
            assert ours == (normalise_tag(bytes(raw)) if raw else None)
        if element.kind is elements.ElementKind.IMPORT_EXPORT:
            assert (element.imported, element.export_enabled, element.import_enabled) == (
                other["impexp"],
                other["exenab"],
                other["inenab"],
            )


def test_our_encoding_is_read_by_pyscsi() -> None:
    """PySCSI must find in our bytes what we put into them."""
    sent = [
        elements.Element(
            index,
            elements.ElementKind.STORAGE,
            full=True,
            access=True,
            source=index,
            medium_type=index % 8,
            volume_tag=f"T{index:05}L9",
        )
        for index in range(1, 40)
    ]
    for address, other in theirs_of(elements.encode(sent)).items():
        assert (other["source_storage_element_address"], other["medium_type"]) == (address, address % 8)
        assert normalise_tag(bytes(other["primary_volume_tag"])) == f"T{address:05}L9"


@pytest.mark.parametrize(("name", "ten"), [("MS6_1D", False), ("MS10_1D", True)])
def test_element_assignment_agrees(name: str, *, ten: bool, vectors: dict[str, bytes]) -> None:
    """Both must read the same addresses and counts out of page 1Dh."""
    theirs = (ModeSense10 if ten else ModeSense6).unmarshall_datain(bytearray(vectors[name]))["mode_pages"][0]
    (ours,) = mode.decode(vectors[name], ten=ten).pages
    assert isinstance(ours, mode.ElementAssignment)
    assert list(ours) == [
        theirs["first_medium_transport_element_address"],
        theirs["num_medium_transport_elements"],
        theirs["first_storage_element_address"],
        theirs["num_storage_elements"],
        theirs["first_import_element_address"],
        theirs["num_import_elements"],
        theirs["first_data_transfer_element_address"],
        theirs["num_data_transfer_elements"],
    ]


def test_inquiry_agrees(vectors: dict[str, bytes]) -> None:
    """Both must read the same identity out of INQUIRY data, pages 80h and 83h."""
    theirs = Inquiry.unmarshall_datain(bytearray(vectors["INQ_CHANGER"]))
    ours = identity.decode_standard(vectors["INQ_CHANGER"])
    assert (ours.device_type, ours.qualifier, ours.removable, ours.version) == (
        theirs["peripheral_device_type"],
        theirs["peripheral_qualifier"],
        bool(theirs["rmb"]),
        theirs["version"],
    )
    for name, value in (
        ("t10_vendor_identification", ours.vendor),
        ("product_identification", ours.product),
        ("product_revision_level", ours.revision),
    ):
        assert bytes(theirs[name]).decode().strip() == value
    serial = Inquiry.unmarshall_datain(bytearray(vectors["VPD80"]), evpd=1)["unit_serial_number"]
    assert bytes(serial).decode().strip() == identity.decode_serial(vectors["VPD80"])
    (designator,) = Inquiry.unmarshall_datain(bytearray(vectors["VPD83"]), evpd=1)["designator_descriptors"]
    (ours_too,) = identity.decode_designators(vectors["VPD83"])
    assert (ours_too.code_set, ours_too.type, ours_too.association) == (
        designator["code_set"],
        designator["designator_type"],
        designator["association"],
    )


@pytest.mark.parametrize("name", ["S_UA2800", "S_NR0401", "S_IR2101", "S_3B0D", "S_HW1501", "S_REC"])
def test_sense_agrees(name: str, vectors: dict[str, bytes]) -> None:
    """Both must read the same key and codes out of sense data."""
    theirs = SCSICheckCondition(bytearray(vectors[name]))
    ours = sense.decode(vectors[name])
    assert ours.key == theirs.data["sense_key"]
    assert (ours.asc, ours.ascq) == (theirs.asc, theirs.ascq)
