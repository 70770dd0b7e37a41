"""What a drive tells of its medium and of its troubles, and what is told when it cannot."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from rsm.hardware.contract import DriveMedium, ReportingDrive, Severity, TapeAlert
from rsm.hardware.faults import DeviceGone, HardwareFailed, NotReadyYet, OperatorNeeded
from rsm.hardware.inventory import ElementKind, MediumKind
from rsm.testing.changer_suite import scratch_of
from rsm_mock.personalities import PERSONALITIES
from rsm_mock.simulation import Simulation
from rsm_scsi.drive import ScsiDrive
from rsm_scsi.drive_reports import _MEANINGS
from rsm_scsi.standalone import StandaloneDrive
from rsm_scsi.transport import HostStatus, Reply
from rsm_scsi.wrappers import Wrapper
from rsm_smc import attributes, logpage, mode

LOG_SENSE, READ_ATTRIBUTE = 0x4D, 0x8C


class Telling(Wrapper):
    """A drive whose replies to some commands are given; it remembers what was asked."""

    def __init__(self, simulation: Simulation, **answers: bytes) -> None:
        super().__init__(simulation.drive_transport(0))
        self.answers = {int(opcode.removeprefix("op"), 16): reply for opcode, reply in answers.items()}
        self.asked: list[int] = []

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Answer as given, else as simulated."""
        self.asked.append(cdb[0])
        if cdb[0] in self.answers:
            return Reply(0, self.answers[cdb[0]])
        return super().execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)


def load(simulation: Simulation) -> str | None:
    """Put the first medium into the first drive; give its volume tag."""
    with simulation.open_changer() as changer:
        inventory = changer.inventory()
        scratch = scratch_of(inventory)
        assert scratch is not None
        assert scratch.drive is not None
        changer.move(scratch.full, scratch.drive)
        return next(item.volume_tag for item in inventory.elements if item.address == scratch.full)


def drive(simulation: Simulation, **answers: bytes) -> ScsiDrive:
    """Open the first drive."""
    wire = Telling(simulation, **answers)
    return ScsiDrive(wire, node="/dev/nst0", matched_by="serial", clock=simulation.clock)


@pytest.fixture
def simulation() -> Simulation:
    """A generic library."""
    return Simulation("generic")


@pytest.fixture
def tag(simulation: Simulation) -> str | None:
    """Its first medium, in its first drive."""
    return load(simulation)


def numbers(alerts: frozenset[TapeAlert]) -> set[int]:
    """Give the flags' numbers."""
    return {alert.number for alert in alerts}


# Medium


def test_medium_of_a_simulated_drive(simulation: Simulation, tag: str | None) -> None:
    """Bar code, serial number, kind, loads and write protection of a loaded medium are told."""
    with drive(simulation) as opened:
        medium = opened.medium()
    assert medium is not None
    assert tag is not None
    assert medium.barcode == tag
    assert medium.serial
    assert medium.kind is MediumKind.DATA
    assert medium.write_protected is False
    assert medium.loads is not None
    assert medium.density is None  # the simulated drive's block descriptor says 00h, default


def test_no_medium(simulation: Simulation) -> None:
    """An empty drive has no medium."""
    assert drive(simulation).medium() is None


def test_medium_that_is_loading() -> None:
    """While the medium is loading nothing is told of it, and waiting helps."""
    simulation = Simulation("generic", pace=1.0)
    load(simulation)
    opened = drive(simulation)
    with pytest.raises(NotReadyYet):
        opened.medium()
    opened.wait_ready(600)
    assert opened.medium() is not None


def test_swapped_bar_code(simulation: Simulation, tag: str | None) -> None:
    """The chip's bar code is the medium's own, whatever label the library reads now."""
    chip = attributes.encode([attributes.Attribute(0x0806, False, 1, b"OTHER1L8".ljust(32))])
    medium = drive(simulation, op8c=chip).medium()
    assert medium is not None
    assert (medium.barcode, tag != "OTHER1L8") == ("OTHER1L8", True)


def test_density_protection_and_pool(simulation: Simulation, tag: str | None) -> None:
    """Density comes from the block descriptor, protection from the mode header, the pool from the chip."""
    chip = attributes.encode([attributes.Attribute(0x0808, False, 1, b"Weekly".ljust(160))])
    page = mode.UnknownPage(0x10, 0, bytes(14))
    state = bytearray(mode.encode([page], block_descriptor=b"\x5e" + bytes(7)))
    state[2] |= 0x80
    assert drive(simulation, op8c=chip, op1a=bytes(state)).medium() == DriveMedium(
        density=0x5E, write_protected=True, pool="Weekly"
    )


def test_density_of_the_medium_itself(simulation: Simulation, tag: str | None) -> None:
    """The density that the chip tells counts before the one that the drive is set to."""
    chip = attributes.encode([attributes.Attribute(0x0405, True, 0, b"\x5c")])
    state = mode.encode([mode.UnknownPage(0x10, 0, bytes(14))], block_descriptor=b"\x5e" + bytes(7))
    medium = drive(simulation, op8c=chip, op1a=state).medium()
    assert medium is not None
    assert medium.density == 0x5C


def test_write_once_medium(simulation: Simulation, tag: str | None) -> None:
    """A write-once medium is told from the chip."""
    chip = attributes.encode([attributes.Attribute(0x0408, True, 0, b"\x80")])
    medium = drive(simulation, op8c=chip).medium()
    assert medium is not None
    assert medium.kind is MediumKind.WORM


@pytest.mark.parametrize(
    "code", [(5, 0x20, 0), (5, 0x24, 0), (5, 0x04, 0x10), (2, 0x04, 0x10), (3, 0x11, 0x12)]
)
def test_no_chip(simulation: Simulation, tag: str | None, code: tuple[int, int, int]) -> None:
    """A drive without READ ATTRIBUTE, and a medium without a chip, leave out what only a chip can tell."""
    simulation.faults.sense(code, on="8c", drive=0, times=0)
    assert drive(simulation).medium() == DriveMedium(write_protected=False)


def test_no_mode_data(simulation: Simulation, tag: str | None) -> None:
    """A drive that refuses mode data leaves out density and protection."""
    simulation.faults.sense((5, 0x24, 0), on="mode", drive=0, times=0)
    medium = drive(simulation).medium()
    assert medium is not None
    assert (medium.density, medium.write_protected, medium.barcode) == (None, None, tag)


def test_refused_command_is_not_asked_again(simulation: Simulation, tag: str | None) -> None:
    """A command that the drive does not have is asked for once."""
    simulation.faults.sense((5, 0x20, 0), on="8c", drive=0, times=0)
    wire = Telling(simulation)
    opened = ScsiDrive(wire, node="/dev/nst0", matched_by="serial", clock=simulation.clock)
    assert opened.medium() == opened.medium()
    assert wire.asked.count(READ_ATTRIBUTE) == 1


@pytest.mark.parametrize("reply", [b"", b"\0\0", b"\0\0\0\x09\x08"], ids=["nothing", "half a header", "cut"])
def test_damaged_replies(simulation: Simulation, tag: str | None, reply: bytes) -> None:
    """Replies that mean nothing are told as not told."""
    opened = drive(simulation, op8c=reply, op1a=reply, op5a=reply, op4d=reply)
    assert opened.medium() == DriveMedium()
    assert opened.alerts() == frozenset()


def test_cleaning_medium() -> None:
    """A cleaning medium in the drive is told as such, though neither chip nor mode data can be had."""
    simulation = Simulation("generic")
    load(simulation)
    simulation.faults.sense((5, 0x30, 0x03), on="ready", drive=0)
    assert drive(simulation).medium() == DriveMedium(kind=MediumKind.CLEANING)


@pytest.mark.parametrize("ask", [ScsiDrive.medium, ScsiDrive.alerts], ids=["medium", "alerts"])
def test_drive_that_cannot_be_asked(
    simulation: Simulation, tag: str | None, ask: Callable[[ScsiDrive], object]
) -> None:
    """A lost path is a fault, not a drive with nothing to tell."""
    simulation.faults.host(HostStatus.NO_CONNECT, drive=0, times=0)
    with pytest.raises(DeviceGone):
        ask(drive(simulation))


def test_drive_that_fails_while_it_is_asked(simulation: Simulation, tag: str | None) -> None:
    """A hardware error in the middle of the telling is a fault."""
    simulation.faults.sense((4, 0x40, 0x01), on="8c", drive=0)
    with pytest.raises(HardwareFailed):
        drive(simulation).medium()


# TapeAlert


def test_alerts_in_words(simulation: Simulation) -> None:
    """Each raised flag comes with its number, what it means, and how bad it is; an empty drive answers too."""
    simulation.machine.drives[0].alerts = {0x14, 0x04, 61}
    alerts = drive(simulation).alerts()
    assert numbers(alerts) == {0x14, 0x04, 61}
    clean = next(alert for alert in alerts if alert.number == 0x14)
    assert clean == TapeAlert(20, "the drive must be cleaned now", Severity.CRITICAL)


def test_alerts_are_left_raised(simulation: Simulation) -> None:
    """Where page 12h is there, reading takes no flag away."""
    simulation.machine.drives[0].alerts = {3}
    opened = drive(simulation)
    assert numbers(opened.alerts()) == numbers(opened.alerts()) == {3}


def test_alerts_by_the_other_page(simulation: Simulation) -> None:
    """A drive without page 12h (mhvtl) is asked for page 2Eh, which takes the flags away."""
    simulation.machine.drives[0].alerts = {3, 64}
    simulation.faults.sense((5, 0x24, 0), on="4d", drive=0)
    opened = drive(simulation)
    assert numbers(opened.alerts()) == {3, 64}
    assert opened.alerts() == frozenset()


def test_no_alerts_at_all(simulation: Simulation) -> None:
    """A drive without LOG SENSE has no flags, and is asked once."""
    simulation.faults.sense((5, 0x20, 0), on="4d", drive=0, times=0)
    wire = Telling(simulation)
    opened = ScsiDrive(wire, node="/dev/nst0", matched_by="serial", clock=simulation.clock)
    opened.loaded()  # takes the unit attentions away, which would have the command sent again
    assert opened.alerts() == opened.alerts() == frozenset()
    assert wire.asked.count(LOG_SENSE) == 1


def test_meanings() -> None:
    """Every flag that the codec names has a meaning, and each is a phrase of its own."""
    assert {int(flag) for flag in logpage.DriveAlert} <= set(_MEANINGS)
    words = [meaning for _, meaning in _MEANINGS.values()]
    assert len(set(words)) == len(words)
    assert all(not text.endswith(".") and text[0].islower() for text in words)


# The contract, and where nothing blocks


@pytest.mark.parametrize("personality", sorted(PERSONALITIES))
def test_every_personality(personality: str) -> None:
    """Every simulated model's drive fills the contract and answers both questions, empty or not."""
    simulation = Simulation(personality)
    with simulation.open_changer() as changer:
        elements = changer.inventory().elements
        address = next((item.address for item in elements if item.kind is ElementKind.DATA_TRANSFER), None)
        if address is None:
            pytest.skip("it has no drive")
        with changer.drive(address) as found:
            assert isinstance(found, ReportingDrive)
            assert found.alerts() == frozenset()
            medium = found.medium()
            assert medium is None or medium.write_protected is not None


def test_stand_alone_drive_reads_the_chip() -> None:
    """A stand-alone drive shows the chip's bar code as its volume tag, and the same as the drive's medium."""
    simulation = Simulation("standalone-drive")
    with StandaloneDrive(simulation.transport(), node="/dev/nst0", clock=simulation.clock) as changer:
        element = changer.inventory().elements[1]
        with changer.drive(element.address) as inner:
            medium = inner.medium()
        assert element.volume_tag == (None if medium is None else medium.barcode)


def test_no_tape_node_is_opened(
    simulation: Simulation, tag: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a drive is asked opens its tape node, which could wait for ever or rewind a medium."""

    def refuse(path: str, *_: object, **__: object) -> int:
        raise OSError(errno.EBUSY, f"{path} was opened")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    with drive(simulation) as opened:
        opened.wait_ready(60)
        assert opened.medium() is not None
        opened.alerts()
        opened.unload(60)


def test_prevented_removal_is_explained(simulation: Simulation, tag: str | None) -> None:
    """A drive that keeps its medium says who may have locked it, and what undoes it."""
    simulation.faults.sense((5, 0x53, 0x02), on="load", drive=0)
    with pytest.raises(OperatorNeeded, match="removal is prevented") as caught:
        drive(simulation).unload(60)
    assert "fuser" in str(caught.value.hint)
    assert "/dev/nst0" in str(caught.value.hint)
