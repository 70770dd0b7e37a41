"""Which drive element is which tape node: the evidence in its order, and no guessing."""

from __future__ import annotations

import pytest

from rsm_scsi.finding import DriveElement
from rsm_scsi.matching import Match, match_drives
from rsm_scsi.sysfs import ScsiPlace, TapeNode
from rsm_smc.elements import Identifier, ScsiAddress
from rsm_smc.identity import Designator

CHANGER = ScsiPlace(3, 0, 0, 9)
NAA = bytes.fromhex("50014380272bd1e5")


def node(
    number: int, serial: str = "", *, host: int = 3, vendor: str = "IBM", naa: bytes | None = None
) -> TapeNode:
    """Give a tape node."""
    names = () if naa is None else (Designator(1, 0, 3, naa),)
    return TapeNode(f"sg{number}", f"nst{number}", vendor, serial, names, ScsiPlace(host, 0, number, 0))


def drive(address: int, serial: str | None = None, *, naa: bytes | None = None) -> DriveElement:
    """Give a drive element as a changer describes it."""
    if naa is not None:
        return DriveElement(address, None, Identifier.naa(naa))
    identifier = None if serial is None else Identifier.serial_number(serial)
    return DriveElement(address, serial, identifier)


def pairs(found: dict[int, Match]) -> dict[int, tuple[str, str]]:
    """Give node name and evidence by address."""
    return {address: (match.node.sg, match.by) for address, match in found.items()}


def test_serial_whatever_the_order() -> None:
    """Equal serial numbers pair element and node, whatever order either side has."""
    found = match_drives(
        [drive(256, "AAA0000001"), drive(257, "AAA0000002")],
        [node(4, "AAA0000002"), node(7, "AAA0000001")],
        CHANGER,
    )
    assert pairs(found) == {256: ("sg7", "serial"), 257: ("sg4", "serial")}


def test_world_wide_name_before_serial() -> None:
    """A binary world wide name pairs where there is no serial number."""
    found = match_drives([drive(1, naa=NAA)], [node(1, "X000001"), node(2, "X000002", naa=NAA)], None)
    assert pairs(found) == {1: ("sg2", "identifier")}


def test_vendor_in_front_of_the_serial() -> None:
    """Quantum's page 80h begins with the vendor; the library's serial number does not."""
    found = match_drives([drive(1, "CX1234567")], [node(1, "QUANTUM CX1234567", vendor="QUANTUM")], None)
    assert pairs(found) == {1: ("sg1", "serial")}


def test_vendor_and_serial_without_product() -> None:
    """A 32-byte T10 identifier, of which nobody can say where its serial begins, is compared as a whole."""
    element = DriveElement(1, None, Identifier.vendor_and_serial("HP", "HU1234ABCD"))
    assert pairs(match_drives([element], [node(1, "HU1234ABCD", vendor="HP")], None)) == {
        1: ("sg1", "serial")
    }


@pytest.mark.parametrize(
    ("told", "real"), [("XYZZY_A1AB", "XYZZY_A1ABC123"), ("2345678901", "HU12345678901")]
)
def test_cut_serial(told: str, real: str) -> None:
    """A serial number that the library cut at either end pairs, if it is the only one that fits."""
    found = match_drives([drive(1, told)], [node(1, real), node(2, "OTHER00001")], None)
    assert pairs(found) == {1: ("sg1", "part of serial")}


def test_cut_serial_that_fits_two() -> None:
    """A part that fits two drives pairs neither."""
    assert match_drives([drive(1, "XYZZY_A")], [node(1, "XYZZY_A1"), node(2, "XYZZY_A2")], None) == {}


def test_too_short_a_part() -> None:
    """Five characters are too few to compare."""
    assert match_drives([drive(1, "VTLDR")], [node(1, "VTLDRV0001")], None) == {}


def test_elimination_of_the_last() -> None:
    """If one of each is left on the changer's adapter, they are a pair; tgt cuts the last drive's identifier."""
    found = match_drives(
        [drive(256, "VTLDRV0001"), drive(257)], [node(1, "VTLDRV0001"), node(2, "VTLDRV0002")], CHANGER
    )
    assert pairs(found) == {256: ("sg1", "serial"), 257: ("sg2", "elimination")}


@pytest.mark.parametrize(
    ("elements", "nodes"),
    [
        ([drive(1), drive(2)], [node(1, "A000001")]),
        ([drive(1)], [node(1, "A000001"), node(2, "A000002")]),
        ([drive(1)], [node(1, "A000001", host=4)]),
        ([drive(1, "B000009")], [node(1, "A000001")]),
    ],
    ids=["two elements", "two nodes", "another adapter", "serial numbers that differ"],
)
def test_no_elimination(elements: list[DriveElement], nodes: list[TapeNode]) -> None:
    """Nothing is paired by elimination if anything speaks against it or leaves a choice."""
    assert match_drives(elements, nodes, CHANGER) == {}


def test_no_elimination_without_the_changers_place() -> None:
    """Where it is not known which adapter the changer hangs on, nothing is eliminated."""
    assert match_drives([drive(1)], [node(1, "A000001")], None) == {}


def test_foreign_drives_are_normal() -> None:
    """Drives of other partitions have no node, and local drives may belong to no changer."""
    found = match_drives(
        [drive(1, "A000001"), drive(2, "C000003")], [node(1, "A000001"), node(2, "B000002")], CHANGER
    )
    assert pairs(found) == {1: ("sg1", "serial")}


def test_several_paths_to_one_drive() -> None:
    """One drive on two adapters is one drive, taken on the changer's own adapter."""
    found = match_drives(
        [drive(1, "A000001")], [node(1, "A000001", host=1), node(2, "A000001", host=3)], CHANGER
    )
    assert pairs(found) == {1: ("sg2", "serial")}


def test_two_elements_with_one_serial() -> None:
    """Two elements that claim the same drive get none (iSCSI libraries with equal serial numbers)."""
    assert match_drives([drive(1, "A000001"), drive(2, "A000001")], [node(1, "A000001")], CHANGER) == {}


def test_parallel_bus_address() -> None:
    """Target and logical unit on a shared parallel bus pair, unless the drive hangs on another bus."""
    here, there = ScsiAddress(5, 0), ScsiAddress(6, 0, other_bus=True)
    elements = [DriveElement(1, None, None, here), DriveElement(2, None, None, there)]
    found = match_drives(elements, [node(5), node(6)], CHANGER)
    assert pairs(found)[1] == ("sg5", "bus address")


# By hand


@pytest.mark.parametrize("named", ["sg2", "/dev/sg2", "nst2", "/dev/nst2", "/dev/st2", "B000002"])
@pytest.mark.parametrize("key", [1, "A000001"])
def test_manual_before_all_evidence(key: int | str, named: str) -> None:
    """A node that somebody named is taken, whatever the serial numbers say, and shown as that."""
    found = match_drives(
        [drive(1, "A000001"), drive(2, "C000003")],
        [node(1, "A000001"), node(2, "B000002"), node(3, "C000003")],
        CHANGER,
        {key: named},
    )
    assert pairs(found) == {1: ("sg2", "manual"), 2: ("sg3", "serial")}


def test_manual_address_before_serial() -> None:
    """Of two entries for one drive, that for its address counts."""
    found = match_drives([drive(1, "A000001")], [node(1), node(2)], CHANGER, {1: "sg1", "A000001": "sg2"})
    assert pairs(found) == {1: ("sg1", "manual")}


def test_manual_takes_a_node_from_the_others() -> None:
    """A drive that was given away by hand, by any of its paths, is no candidate for another element."""
    nodes = [node(1, "A000001", host=1), node(2, "A000001", host=3)]
    found = match_drives([drive(1, "A000001"), drive(2)], nodes, CHANGER, {2: "sg1"})
    assert pairs(found) == {2: ("sg1", "manual")}


def test_manual_tells_equal_serials_apart() -> None:
    """Drives with one serial number (iSCSI libraries) are told apart by hand."""
    nodes = [node(1, "SAME001"), node(2, "SAME001")]
    found = match_drives([drive(1, "SAME001"), drive(2, "SAME001")], nodes, CHANGER, {1: "sg2", 2: "sg1"})
    assert pairs(found) == {1: ("sg2", "manual"), 2: ("sg1", "manual")}


def test_manual_node_that_is_not_there() -> None:
    """A node that is not attached leaves its element without one, rather than with another."""
    assert match_drives([drive(1, "A000001")], [node(1, "A000001")], CHANGER, {1: "sg9"}) == {}


def test_manual_node_for_two() -> None:
    """A node that is named for two elements goes to neither."""
    assert match_drives([drive(1), drive(2)], [node(1)], CHANGER, {1: "sg1", 2: "nst1"}) == {}
