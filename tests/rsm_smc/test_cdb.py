"""CDBs that cannot be, and those that mean two things."""

from __future__ import annotations

import pytest

from rsm_smc import DecodeError, EncodeError, UnknownOpcodeError, cdb
from rsm_smc.cdb import InvertOrder


def test_load_unload_and_import_export_share_an_opcode() -> None:
    """1Bh must be the drive's or the changer's command, as the caller says whose it is."""
    data = bytes.fromhex("1b0000100100")
    assert cdb.decode(data) == cdb.OpenCloseImportExport(0x10, close=True)
    assert cdb.decode(data, drive=True) == cdb.LoadUnload(load=True)


def test_exchange_means_two_things() -> None:
    """One CDB must invert the first medium in one bit order and the second in the other, both ways."""
    data = bytes.fromhex("a60000011000010010030100")
    scsi2 = cdb.decode(data)
    smc3 = cdb.decode(data, order=InvertOrder.SMC3)
    assert isinstance(scsi2, cdb.ExchangeMedium)
    assert isinstance(smc3, cdb.ExchangeMedium)
    assert (scsi2.invert_first, scsi2.invert_second) == (True, False)
    assert (smc3.invert_first, smc3.invert_second) == (False, True)
    assert scsi2.encode() == smc3.encode() == data


def test_unknown_opcodes() -> None:
    """An opcode that no command here has must be told apart from a bad field: 05/20/00, not 05/24/00."""
    for data in ("a3000000000000000000000 0", "9e1100000000000000000000000000 00", "ff"):
        with pytest.raises(UnknownOpcodeError):
            cdb.decode(bytes.fromhex(data.replace(" ", "")))


@pytest.mark.parametrize(
    "data", ["", "a5", "a500000010000101000000", "5600000000000000", "120080000000", "1b0000000200"]
)
def test_impossible_cdbs(data: str) -> None:
    """Too short a CDB, a page without EVPD and an unknown action must raise DecodeError."""
    with pytest.raises(DecodeError):
        cdb.decode(bytes.fromhex(data))


def test_reserved_bits_are_ignored() -> None:
    """The logical unit number that SCSI-2 hosts put into byte 1 must not change the command."""
    assert cdb.decode(bytes.fromhex("a5e000001000010100000000")) == cdb.MoveMedium(0x1000, 0x101)


@pytest.mark.parametrize(
    "command",
    [
        cdb.MoveMedium(65536, 0),
        cdb.MoveMedium(0, -1),
        cdb.MoveMedium(0, 1, control=256),
        cdb.ReadElementStatus(kind=16),
        cdb.ReadElementStatus(allocation=1 << 24),
        cdb.Inquiry(256),
        cdb.ModeSense6(0x1D, allocation=256),
        cdb.ModeSense10(0x40),
        cdb.ReportElementInformation(3, number=256),
        cdb.LogSense(64),
        cdb.SendVolumeTag(action=32),
    ],
)
def test_values_that_do_not_fit(command: cdb.Command) -> None:
    """A value too large for its field must be refused before it is sent."""
    with pytest.raises(EncodeError, match="is not between 0 and"):
        command.encode()


def test_commands_are_told_apart() -> None:
    """Commands with equal fields must not be equal: they go into logs and journals."""
    assert len({cdb.Reserve(), cdb.Release(), cdb.TestUnitReady()}) == 3
