"""READ ELEMENT STATUS as it is asked: below 64 KiB, in chunks, without what a device refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from rsm.clock import JumpingClock
from rsm.hardware.faults import NotReadyYet, NotSupported, OperatorNeeded
from rsm.hardware.inventory import ElementAddress, ElementKind, Inventory
from rsm_mock.simulation import Simulation
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.transport import Reply, Status
from rsm_scsi.wrappers import Wrapper
from rsm_smc import cdb as commands
from rsm_smc import elements, identity, mode, sense
from rsm_smc.cdb import ModeSense6, ReadElementStatus
from rsm_smc.elements import Element, Identifier, IdentifierForm, Layout
from rsm_smc.elements import ElementKind as Kind

CLOCK = JumpingClock()
REFUSED = Reply(Status.CHECK_CONDITION, sense=sense.encode(5, 0x24, 0x00))
NO_ELEMENT = Reply(Status.CHECK_CONDITION, sense=sense.encode(5, 0x21, 0x01, field_pointer=2))


class Recording(Wrapper):
    """A transport that remembers each READ ELEMENT STATUS that went through it."""

    questions: list[ReadElementStatus]

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Note and hand on."""
        command = commands.decode(cdb)
        if isinstance(command, ReadElementStatus):
            self.questions.append(command)
        return super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)


class ScriptedChanger:
    """A small changer that answers each command from a table of functions keyed by the command's class."""

    device = "/dev/sg3"

    def __init__(self, status: Callable[[ReadElementStatus], Reply], *, assignment: bool = True) -> None:
        self.status = status
        self.assignment = assignment
        self.questions: list[ReadElementStatus] = []

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Answer."""
        command = commands.decode(cdb)
        if isinstance(command, ReadElementStatus):
            self.questions.append(command)
            reply = self.status(command)
            return Reply(reply.status, reply.data[:reply_length], reply.sense)
        if isinstance(command, commands.Inquiry):
            if command.page is not None:
                return REFUSED
            return Reply(0, identity.encode_standard(identity.StandardInquiry(8, "ACME", "ROBOT", "1")))
        if isinstance(command, ModeSense6) and command.page == 0x1D and self.assignment:
            return Reply(0, mode.encode([mode.ElementAssignment(0, 1, 10, 3, 0, 0, 1, 1)]))
        if isinstance(command, ModeSense6):
            return REFUSED
        return Reply(0)

    def close(self) -> None:
        """Do nothing."""


SLOTS = [Element(address, Kind.STORAGE, full=address == 11, access=True) for address in (10, 11, 12)]
ROBOT = [Element(0, Kind.TRANSPORT)]
DRIVES = [Element(1, Kind.DATA_TRANSFER, access=True)]
ALL = {1: ROBOT, 2: SLOTS, 4: DRIVES}


def answer(question: ReadElementStatus, layout: Layout | None = None) -> Reply:
    """Answer a question properly."""
    found = [
        item
        for kind, items in ALL.items()
        for item in items
        if question.kind in {0, kind} and item.address >= question.start
    ]
    chosen = found[: question.count]
    if not chosen:
        return Reply(0, bytes(8))
    tagged = [
        item._replace(volume_tag="TAG001" if item.full and question.voltag else None) for item in chosen
    ]
    wanted = layout or Layout(primary_tags=question.voltag)
    return Reply(0, elements.encode(tagged, wanted))


def inventory_of(changer: ScriptedChanger) -> Inventory:
    """Read it once."""
    return ScsiChanger(changer, clock=CLOCK).inventory()


def addresses(inventory: Inventory) -> list[int]:
    """Give the addresses seen."""
    return [int(item.address) for item in inventory.elements]


@pytest.fixture
def large() -> Iterator[tuple[Recording, ScsiChanger]]:
    """A library of 2,600 slots."""
    simulation = Simulation("generic", slots=2600, drives=16, ports=20, media=2000)
    wire = Recording(simulation.transport())
    wire.questions = []
    with ScsiChanger(wire, clock=simulation.clock) as changer:
        yield wire, changer


def test_large_library_in_chunks(large: tuple[Recording, ScsiChanger]) -> None:
    """Every element of a large library is read, never more than 500 or 64 KiB at once, and one type at a time."""
    wire, changer = large
    inventory = changer.inventory()
    kinds = [item.kind for item in inventory.elements]
    assert kinds.count(ElementKind.STORAGE) == 2600
    assert kinds.count(ElementKind.DATA_TRANSFER) == 16
    assert all(question.allocation <= 65535 for question in wire.questions)
    assert all(question.count <= 500 for question in wire.questions)
    assert all(question.kind != 0 for question in wire.questions)
    assert inventory.warnings == ()


def test_drives_are_read_twice(large: tuple[Recording, ScsiChanger]) -> None:
    """Tags and identifiers are never asked for in one command."""
    wire, changer = large
    inventory = changer.inventory()
    asked = [(question.voltag, question.dvcid) for question in wire.questions if question.kind == 4]
    assert asked == [(True, False), (False, True)]
    assert all(item.drive_serial for item in inventory.elements if item.kind is ElementKind.DATA_TRANSFER)


def test_look_asks_for_few(large: tuple[Recording, ScsiChanger]) -> None:
    """A look asks for neighbours together and for nothing else."""
    wire, changer = large
    changer.inventory()
    wire.questions.clear()
    wanted = [ElementAddress(address) for address in (1030, 1024, 1025, 1026)]
    assert [item.address for item in changer.look(wanted)] == [1024, 1025, 1026, 1030]
    assert [(question.start, question.count) for question in wire.questions] == [(1024, 3), (1030, 1)]


@pytest.mark.parametrize("none", [REFUSED, NO_ELEMENT, Reply(0, bytes(8))])
def test_three_ways_to_say_none(none: Reply) -> None:
    """A type without elements may be refused in two ways or counted 0, and the others are read all the same."""

    def status(question: ReadElementStatus) -> Reply:
        return none if question.kind == Kind.DATA_TRANSFER else answer(question)

    inventory = inventory_of(ScriptedChanger(status))
    assert addresses(inventory) == [0, 10, 11, 12]
    assert inventory.elements[2].volume_tag == "TAG001"  # tags were not given up for the drives' sake


@pytest.mark.parametrize("pointer", [None, 1, 6, 7])
def test_refused_tags(pointer: int | None) -> None:
    """Volume tags refused with 05/24/00, whatever its field pointer says, are left out from then on."""

    def status(question: ReadElementStatus) -> Reply:
        if question.voltag:
            return Reply(Status.CHECK_CONDITION, sense=sense.encode(5, 0x24, 0, field_pointer=pointer))
        return answer(question)

    device = ScriptedChanger(status)
    changer = ScsiChanger(device, clock=CLOCK)
    assert addresses(changer.inventory()) == [0, 1, 10, 11, 12]
    assert not changer.capabilities.reads_volume_tags
    device.questions.clear()
    changer.inventory()
    assert not any(question.voltag for question in device.questions)


def test_tags_are_not_given_up_for_an_attention() -> None:
    """A unit attention on the first command costs no volume tags (mtx loses them)."""
    attentions = [Reply(Status.CHECK_CONDITION, sense=sense.encode(6, 0x28, 0))] * 3

    def status(question: ReadElementStatus) -> Reply:
        return attentions.pop() if attentions else answer(question)

    inventory = inventory_of(ScriptedChanger(status))
    assert [item.volume_tag for item in inventory.elements if item.full] == ["TAG001"]


def test_identifiers_refused_once() -> None:
    """A device that gives no identifiers is asked for them once, and loses nothing else."""

    def status(question: ReadElementStatus) -> Reply:
        return REFUSED if question.dvcid else answer(question)

    device = ScriptedChanger(status)
    changer = ScsiChanger(device, clock=CLOCK)
    for _ in range(2):
        assert addresses(changer.inventory()) == [0, 1, 10, 11, 12]
    assert sum(question.dvcid for question in device.questions) == 1


def test_status_bits_beside_identifiers_are_void() -> None:
    """What a reply with identifiers says of fullness is not believed (IBM)."""

    def status(question: ReadElementStatus) -> Reply:
        if not question.dvcid:
            return answer(question)
        wrong = Element(1, Kind.DATA_TRANSFER, full=True, exception=(0x83, 0x04))
        named = wrong._replace(identifier=Identifier.serial_number("DRIVE00001"))
        return Reply(
            0, elements.encode([named], Layout(primary_tags=False, identifier=IdentifierForm.SERIAL))
        )

    drive = next(item for item in inventory_of(ScriptedChanger(status)).elements if item.address == 1)
    assert (drive.full, drive.exception, drive.drive_serial) == (False, None, "DRIVE00001")


def test_pedantic_allocation() -> None:
    """A loader that wants the exact allocation length gets it, after 8 bytes have told what it is."""

    def status(question: ReadElementStatus) -> Reply:
        whole = answer(question)
        if question.allocation not in {8, len(whole.data)}:
            return Reply(Status.CHECK_CONDITION, sense=sense.encode(5, 0x24, 0, field_pointer=7))
        return whole

    device = ScriptedChanger(status)
    changer = ScsiChanger(device, clock=CLOCK)
    changer.inventory()
    device.questions.clear()
    inventory = changer.inventory()
    assert addresses(inventory) == [0, 1, 10, 11, 12]
    assert [item.volume_tag for item in inventory.elements if item.full] == ["TAG001"]
    assert device.questions[0].allocation == 8  # and from then on so from the start


def test_no_page_of_addresses() -> None:
    """Without mode page 1Dh the elements are found by asking, type by type."""
    inventory = inventory_of(ScriptedChanger(answer, assignment=False))
    assert addresses(inventory) == [0, 1, 10, 11, 12]


def test_look_without_a_page_of_addresses() -> None:
    """A look before any inventory finds out itself of what type an element is."""
    changer = ScsiChanger(ScriptedChanger(answer, assignment=False), clock=CLOCK)
    assert [item.kind for item in changer.look([ElementAddress(11), ElementAddress(99)])] == [
        ElementKind.STORAGE
    ]


def test_one_element_at_a_time() -> None:
    """A device that gives one element for each command, however many are asked for, is read to its end."""
    inventory = inventory_of(ScriptedChanger(lambda question: answer(replace(question, count=1))))
    assert addresses(inventory) == [0, 1, 10, 11, 12]


def test_start_address_ignored() -> None:
    """A device that always begins at the beginning is no endless loop."""

    def status(question: ReadElementStatus) -> Reply:
        found = ALL[Kind(question.kind)][:2]
        return Reply(0, elements.encode(found, Layout(primary_tags=False)))

    inventory = inventory_of(ScriptedChanger(status))
    assert addresses(inventory) == [0, 1, 10, 11]
    assert any("3 storage elements, 2 were reported" in warning for warning in inventory.warnings)


def test_more_elements_than_the_page_counts() -> None:
    """Elements beyond what mode page 1Dh counts are kept, with a warning."""
    extra = [Element(address, Kind.STORAGE) for address in range(10, 16)]

    def status(question: ReadElementStatus) -> Reply:
        if question.kind != Kind.STORAGE:
            return answer(question)
        found = [item for item in extra if item.address >= question.start]
        return Reply(0, elements.encode(found) if found else bytes(8))

    inventory = inventory_of(ScriptedChanger(status))
    assert addresses(inventory) == [0, 1, *range(10, 16)]
    assert any("3 storage elements, 6 were reported" in warning for warning in inventory.warnings)


@pytest.mark.parametrize(
    ("code", "kind"),
    [((5, 0x25, 0x00), NotSupported), ((2, 0x04, 0x18), OperatorNeeded), ((2, 0x04, 0x01), NotReadyYet)],
)
def test_other_refusals_are_faults(code: tuple[int, int, int], kind: type[Exception]) -> None:
    """What is neither "none" nor a refused option is a fault, not an empty library."""
    reply = Reply(Status.CHECK_CONDITION, sense=sense.encode(*code))
    with pytest.raises(kind):
        inventory_of(ScriptedChanger(lambda _: reply))


def test_descriptor_sense() -> None:
    """Sense data in descriptor format are understood all the same."""
    reply = Reply(Status.CHECK_CONDITION, sense=sense.encode(2, 4, 0x18, descriptor=True))
    with pytest.raises(OperatorNeeded, match="door"):
        inventory_of(ScriptedChanger(lambda _: reply))


def test_void_access_is_not_reported() -> None:
    """Where a library never sets Access (tgt), nothing is said about it."""
    simulation = Simulation("tgt")
    with simulation.open_changer() as changer:
        assert {item.accessible for item in changer.inventory().elements} == {None}
