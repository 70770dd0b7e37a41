"""The mtx driver where mtx and libraries do not do what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsm.clock import JumpingClock
from rsm.hardware.faults import (
    BadReply,
    DeviceFault,
    DeviceGone,
    HardwareFailed,
    InventoryStale,
    MoveRefused,
    NotReadyYet,
    NotSupported,
    OperatorNeeded,
    OutcomeUnknown,
)
from rsm.hardware.inventory import ElementAddress, ElementKind
from rsm_mtx import DRIVER
from rsm_mtx.changer import MtxChanger
from rsm_mtx.ordinals import DRIVES_FROM, LAST, drive_address, drive_number, slot_address, slot_number
from rsm_mtx.program import Outcome

SLOT, EMPTY, DRIVE = slot_address(1), slot_address(4), drive_address(0)
DONE = Outcome(0, b"Loading media from Storage Element 1 into drive 0...done\n", b"")


@pytest.fixture
def library(stage: Callable[..., Any]) -> Any:
    """Two drives, four slots, one port, two media, looked at once."""
    library = stage(slots=4, ports=1, drives=2, media=2)
    library.changer.inventory()
    library.program.runs.clear()
    return library


def _complaint(key: str, asc: int, ascq: int) -> bytes:
    return (
        f"mtx: Request Sense: Sense Key={key}\n"
        f"mtx: Request Sense: Additional Sense Code = {asc:02X}\n"
        f"mtx: Request Sense: Additional Sense Qualifier = {ascq:02X}\n"
        "MOVE MEDIUM from Element Address 1024 to 1 Failed\n"
    ).encode()


def _move(library: Any, source: int = SLOT, destination: int = DRIVE) -> DeviceFault:
    with pytest.raises(DeviceFault) as caught:
        library.changer.move(source, destination)
    return caught.value


def test_addresses(library: Any) -> None:
    """Slots and ports keep mtx's numbers, drives stand from 50,000 on; capabilities say that these are ordinals."""
    inventory = library.changer.inventory()
    assert [(item.address, item.kind) for item in inventory.elements] == [
        *[(number, ElementKind.STORAGE) for number in (1, 2, 3, 4)],
        (5, ElementKind.IMPORT_EXPORT),
        (50_000, ElementKind.DATA_TRANSFER),
        (50_001, ElementKind.DATA_TRANSFER),
    ]
    assert library.changer.capabilities.ordinal


@pytest.mark.parametrize("address", [-1, 0, 1, DRIVES_FROM - 1, DRIVES_FROM, LAST, LAST + 1])
def test_ordinals_are_disjoint(address: int) -> None:
    """An address is a slot's, a drive's or nobody's, and numbers and addresses lead back to each other."""
    slot, drive = slot_number(address), drive_number(address)
    assert slot is None or drive is None
    assert slot is None or slot_address(slot) == address
    assert drive is None or drive_address(drive) == address
    assert (slot is None and drive is None) == (not 1 <= address <= LAST)


@pytest.mark.parametrize(
    ("source", "destination", "words"),
    [
        (SLOT, DRIVE, ["load", "1", "0"]),
        (SLOT, EMPTY, ["transfer", "1", "4"]),
        (SLOT, slot_address(5), ["transfer", "1", "5"]),
    ],
)
def test_words(library: Any, source: int, destination: int, words: list[str]) -> None:
    """Each kind of move has its word, and is said once between two looks."""
    report = library.changer.move(source, destination)
    assert library.program.runs == [["status"], words, ["status"]]
    assert {item.address: item.full for item in report.seen} == {source: False, destination: True}


def test_unload_and_turn_over(stage: Callable[..., Any]) -> None:
    """A medium in a drive is unloaded into the slot that was named; turning over is said before."""
    library = stage("optical-jukebox", slots=4, media=0, two_sided=2)
    library.changer.move(SLOT, DRIVE)
    library.changer.move(DRIVE, EMPTY)
    assert library.program.moves()[-1] == ["unload", "4", "0"]
    library.changer.move(EMPTY, SLOT, invert=True)
    assert library.program.moves()[-1] == ["invert", "transfer", "4", "1"]


def test_from_drive_to_drive(library: Any) -> None:
    """Mtx has no word for a move between drives."""
    library.changer.move(SLOT, DRIVE)
    assert isinstance(_move(library, DRIVE, drive_address(1)), NotSupported)
    assert len(library.program.moves()) == 1


def test_done_and_not_done(library: Any) -> None:
    """`done` with status 0 is not believed: nothing is there, and the move may still be under way."""
    library.program.answers["load"] = [DONE]
    fault = _move(library)
    assert isinstance(fault, OutcomeUnknown)
    assert fault.executed is None
    assert {item.address: item.full for item in fault.seen} == {SLOT: True, DRIVE: False}


def test_failed_and_done(library: Any) -> None:
    """A complaint about a move that was made is a warning."""
    inner = library.program.run

    def made_and_complained(words: list[str], *, timeout: float) -> Outcome:
        outcome: Outcome = inner(words, timeout=timeout)
        if words[0] != "load":
            return outcome
        return Outcome(1, b"", b"Source Element Address 1024 is Empty\n")

    library.program.run = made_and_complained
    report = library.changer.move(SLOT, DRIVE)
    assert "Source Element Address 1024 is Empty" in report.warnings[0]


def test_no_end(library: Any) -> None:
    """A move that does not end in time is looked at: made, or unknown; never sent again."""
    library.program.answers["load"] = [OutcomeUnknown("no answer")]
    fault = _move(library)
    assert isinstance(fault, OutcomeUnknown)
    assert fault.seen
    assert len(library.program.moves()) == 1


def test_cannot_look_afterwards(library: Any) -> None:
    """If nothing can be seen after a move, its outcome is unknown, whatever mtx said."""
    library.program.answers["status"] = [None, OutcomeUnknown("no answer")]
    assert isinstance(_move(library), OutcomeUnknown)


def test_counted_anew(stage: Callable[..., Any]) -> None:
    """When the number of elements has changed nothing is moved until an inventory was taken."""
    library = stage(slots=4, ports=1, drives=2, media=2)
    library.changer.inventory()
    shorter = _status(drives=2, slots=3, ports=1)
    library.program.answers["status"] = [shorter, shorter]
    assert isinstance(_move(library), InventoryStale)
    assert library.changer.stale
    assert isinstance(_move(library), InventoryStale)
    assert library.program.moves() == []
    library.changer.inventory()
    assert not library.changer.stale
    library.changer.move(SLOT, DRIVE)


def _status(*, drives: int, slots: int, ports: int) -> Outcome:
    lines = [f"  Storage Changer x:{drives} Drives, {slots + ports} Slots ( {ports} Import/Export )"]
    lines += [f"Data Transfer Element {number}:Empty" for number in range(drives)]
    for number in range(1, slots + ports + 1):
        port = " IMPORT/EXPORT" if number > slots else ""
        lines.append(f"      Storage Element {number}{port}:{'Full ' if number < 3 else 'Empty'}")
    return Outcome(0, "".join(line + "\n" for line in lines).encode(), b"")


def test_first_move_without_an_inventory(stage: Callable[..., Any]) -> None:
    """Without an inventory before, the first look is what later ones are compared with."""
    library = stage(slots=4, ports=1, drives=2, media=2)
    library.changer.move(SLOT, DRIVE)


def test_attention(library: Any) -> None:
    """A unit attention makes the inventory stale, and nothing moves until it was taken anew."""
    library.program.answers["load"] = [Outcome(1, b"", _complaint("Unit Attention", 0x28, 0))]
    assert isinstance(_move(library), InventoryStale)
    assert library.changer.stale
    assert isinstance(_move(library), InventoryStale)
    assert len(library.program.moves()) == 1


@pytest.mark.parametrize(
    ("complaint", "kind", "executed"),
    [
        (b"Destination Element Address 1 is Already Full\n", MoveRefused, False),
        (b"Source Element Address 1024 is Empty\n", MoveRefused, False),
        (b"Drive 0 Full (Storage Element 3 loaded)\n", MoveRefused, False),
        (b"Drive needs offline before move\n", OperatorNeeded, False),
        (_complaint("Hardware Error", 0x15, 0x01), HardwareFailed, None),
        (_complaint("Not Ready", 0x04, 0x01), NotReadyYet, False),
        (_complaint("Not Ready", 0x04, 0x8E), OperatorNeeded, False),
        (_complaint("Illegal Request", 0x21, 0x01), NotSupported, False),
        (_complaint("Illegal Request", 0x53, 0x02), OperatorNeeded, False),
        (_complaint("No Sense", 0, 0), OutcomeUnknown, None),
        (b"MOVE MEDIUM from Element Address 1024 to 1 Failed\n", OutcomeUnknown, None),
        (b"something new\n", OutcomeUnknown, None),
        (b"", OutcomeUnknown, None),
    ],
)
def test_complaints(library: Any, complaint: bytes, kind: type[DeviceFault], executed: bool | None) -> None:
    """Each complaint has its fault, which names the device, says what is proven, and shows what was seen."""
    library.program.answers["load"] = [Outcome(1, b"", complaint)]
    fault = _move(library)
    assert type(fault) is kind
    assert fault.executed is executed
    assert library.changer.device in str(fault)
    assert {item.address for item in fault.seen} == {SLOT, DRIVE}


def test_empty_library_is_no_library(library: Any) -> None:
    """A status without any slot, which mtx prints when the library did not answer, is not taken for one."""
    library.program.answers["status"] = [_status(drives=0, slots=0, ports=0)]
    with pytest.raises(BadReply, match="no answer in time"):
        library.changer.inventory()


@pytest.mark.parametrize("output", [b"", b"hello\n", b"\xff\xfe"])
def test_unreadable_status(library: Any, output: bytes) -> None:
    """Output that cannot be read is a fault, with the complaint if there is one."""
    library.program.answers["status"] = [Outcome(0, output, b"")]
    with pytest.raises(BadReply):
        library.changer.inventory()
    library.program.answers["status"] = [
        Outcome(1, output, b"cannot open SCSI device '/dev/sg3' - Permission denied\n")
    ]
    with pytest.raises(DeviceGone, match="Permission denied") as caught:
        library.changer.inventory()
    assert "group" in str(caught.value.hint)


def test_wait_ready(library: Any) -> None:
    """A library that becomes ready is waited for, one that does not only as long as was said."""
    busy = Outcome(1, b"", _complaint("Not Ready", 0x04, 0x01))
    library.program.answers["status"] = [busy, busy]
    library.changer.wait_ready(10)
    library.program.answers["status"] = [busy] * 100
    with pytest.raises(NotReadyYet, match="10 s of waiting"):
        library.changer.wait_ready(10)


def test_initialise(library: Any) -> None:
    """An inventory by the robot is mtx's; what it complains of is a fault."""
    library.changer.initialise()
    library.program.answers["inventory"] = [Outcome(1, b"", b"mtx:inventory failed\n")]
    with pytest.raises(DeviceFault):
        library.changer.initialise(range(1, 3))


def test_no_drives(library: Any) -> None:
    """A drive cannot be told from others by mtx, and the hint says what can."""
    with pytest.raises(DeviceGone) as caught:
        library.changer.drive(DRIVE)
    assert "without mtx" in str(caught.value.hint)


def test_not_offered(library: Any) -> None:
    """Positions, locks and ports have no word, or a dangerous one, and nothing is run for them."""
    with pytest.raises(NotSupported):
        library.changer.position(SLOT)
    with pytest.raises(NotSupported):
        library.changer.lock(locked=True)
    with pytest.raises(NotSupported):
        library.changer.open_port(slot_address(5), opened=True)
    assert library.program.runs == []


def test_origin_is_not_told(library: Any) -> None:
    """Mtx invents the slot that a medium came from, so none is reported."""
    library.changer.move(SLOT, DRIVE)
    assert all(item.source is None for item in library.changer.inventory().elements)


def test_serial_number(library: Any, tmp_path: Path) -> None:
    """The serial number is what the kernel read of the node, stripped; none for a page that was cut."""
    page = tmp_path / "class/scsi_generic" / "lib.json" / "device/vpd_pg80"
    page.parent.mkdir(parents=True)
    program = library.program
    program.device = "/nowhere/lib.json"
    answer = Outcome(0, b"Vendor ID: 'A       '\nProduct ID: 'B'\nRevision: '1   '\n", b"")
    for content, serial in (
        (b"\x08\x80\x00\x0a  SERIAL1 ", "SERIAL1"),
        (b"\x08\x80\x00\x0aSER", ""),
        (b"", ""),
    ):
        page.write_bytes(content)
        program.answers["inquiry"] = [answer]
        changer = MtxChanger("mtx:x", program, clock=JumpingClock(), sysfs=tmp_path)
        assert changer.identity.serial == serial
        assert (changer.identity.vendor, changer.identity.product) == ("A", "B")


def test_names() -> None:
    """The driver opens what begins with `mtx:`, and nothing else."""
    assert DRIVER.accepts("mtx:/dev/sg3")
    assert not DRIVER.accepts("/dev/sg3")
    assert not DRIVER.accepts("mock:mtx:.json")


def test_no_such_element(library: Any) -> None:
    """A number that mtx would take for another element is never passed on."""
    assert isinstance(_move(library, ElementAddress(0), EMPTY), NotSupported)
    assert isinstance(_move(library, slot_address(77), EMPTY), NotSupported)
    assert library.program.moves() == []
