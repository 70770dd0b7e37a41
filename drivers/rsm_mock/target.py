"""The changer as a SCSI target: command blocks in, answers out, with the vendor's own way of refusing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rsm.hardware.inventory import ElementKind
from rsm_mock import pages, reports, reserving, tagging
from rsm_mock.alerts import log_sense
from rsm_mock.answers import UNKNOWN_OPCODE, Answer, Check, invalid_address, invalid_field
from rsm_mock.machine import Attention, Motion, Work
from rsm_mock.traits import DESTINATION_FULL, Code, Initialising
from rsm_mock.world import Impossible, Reason
from rsm_smc import cdb
from rsm_smc.identity import CHANGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rsm_mock.machine import LogicalUnit, Machine
    from rsm_mock.traits import Personality

SOURCE_EMPTY = Code(0x05, 0x3B, 0x0E)
ELEMENT_DISABLED = Code(0x05, 0x3B, 0x18)
DRIVE_REMOVED = Code(0x05, 0x3B, 0x1A)
TRANSPORT_FULL = Code(0x04, 0x3B, 0x16)
REMOVAL_PREVENTED = Code(0x05, 0x53, 0x02)
PORT_OPEN = Code(0x05, 0x53, 0x81)
BECOMING_READY = Code(0x02, 0x04, 0x01)
POSITIONING_FAILED = Code(0x04, 0x15, 0x01)

_SOURCE, _DESTINATION, _SECOND = 4, 6, 8
"""Where the addresses of MOVE and EXCHANGE MEDIUM stand in the command block."""

_WITHOUT_READY = frozenset({0x03, 0x12, 0x16, 0x17, 0x1A, 0x1E, 0x4D, 0x56, 0x57, 0x5A, 0x5E, 0x5F})
"""Commands that a changer answers while it is not ready."""

_INITIALISING = frozenset({0x07, 0x37, 0xE7})


class ChangerTarget:
    """The medium changer of a machine."""

    MOTION: ClassVar[frozenset[int]] = frozenset({0xA5, 0xA6, 0xA7, 0x2B, 0x1B, *_INITIALISING})
    """Operation codes that need the robot."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._personality = machine.personality
        self._motion = machine.personality.motion

    @property
    def unit(self) -> LogicalUnit:
        """What the logical unit remembers."""
        return self._machine.changer

    @property
    def connected(self) -> bool:
        """Whether anything answers at all."""
        return True

    def run(self, block: bytes, data_out: bytes = b"") -> Answer:
        """Carry out a command; raises `Check` if it is refused. Unit attentions are past."""
        opcode = block[0]
        if opcode not in opcodes(self._personality):
            raise Check(UNKNOWN_OPCODE)
        if opcode not in _WITHOUT_READY:
            self._check_ready(opcode)
        command = cdb.decode(
            block,
            drive=self._motion.port_opcode_loads,
            order=cdb.InvertOrder.SMC3 if self._motion.exchange_order_smc3 else cdb.InvertOrder.SCSI2,
        )
        return self._HANDLERS[type(command)](self, command, data_out)

    def _check_ready(self, opcode: int) -> None:
        machine, hand = self._machine, self._personality.hand
        if machine.world.door_open:
            raise Check(hand.door_open)
        if machine.starting is not None:
            raise Check(BECOMING_READY)
        if machine.needs_initialise and hand.demands_initialise and opcode not in _INITIALISING:
            raise Check(hand.demands_initialise)

    # Asking

    def _ready(self, _command: cdb.TestUnitReady, _data: bytes) -> Answer:
        return Answer()

    def _inquiry(self, command: cdb.Inquiry, _data: bytes) -> Answer:
        return Answer(data=pages.changer_inquiry(self._machine, command))

    def _mode_6(self, command: cdb.ModeSense6, _data: bytes) -> Answer:
        return Answer(data=pages.changer_mode(self._machine, command, ten=False))

    def _mode_10(self, command: cdb.ModeSense10, _data: bytes) -> Answer:
        return Answer(data=pages.changer_mode(self._machine, command, ten=True))

    def _elements(self, command: cdb.ReadElementStatus, _data: bytes) -> Answer:
        return reports.read_element_status(self._machine, command)

    def _information(self, command: cdb.ReportElementInformation, _data: bytes) -> Answer:
        return Answer(data=reports.report_element_information(self._machine, command))

    def _send_tag(self, command: cdb.SendVolumeTag, data: bytes) -> Answer:
        tagging.send_volume_tag(self._machine, command, data)
        return Answer()

    def _request_address(self, command: cdb.RequestVolumeElementAddress, _data: bytes) -> Answer:
        return Answer(data=tagging.request_volume_element_address(self._machine, command))

    def _log(self, command: cdb.LogSense, _data: bytes) -> Answer:
        return Answer(data=log_sense(self._machine, self.unit, command))

    # Moving

    def _move(self, command: cdb.MoveMedium, _data: bytes) -> Answer:
        seconds = self._check_move(command)
        machine = self._machine
        motion = Motion(
            work=Work.MOVE,
            timer=machine.timer(self._personality.timings.move + seconds),
            number=machine.next_motion,
            source=command.source,
            destination=command.destination,
            transport=command.transport,
            invert=command.invert and not self._motion.ignores_invert,
            landing=machine.take_diversion(command.source, command.destination),
        )
        return self._started(motion)

    def _check_move(self, command: cdb.MoveMedium) -> float:
        """Refuse what cannot be, and give the seconds that a drive needs to eject first."""
        self._check_addresses(
            command.transport, (command.source, _SOURCE), (command.destination, _DESTINATION)
        )
        seconds = self._check_eject(command.source)
        self._check_destination(command.destination)
        same = self._motion.same_element
        if command.source == command.destination and same is not None:
            raise Check(same, pointer=_DESTINATION if same[1] != 0x3B else None)
        if command.invert and not (self._machine.world.rotates or self._motion.ignores_invert):
            raise invalid_field(10, 0)
        self._physically(
            lambda: self._machine.world.check_move(
                command.source, command.destination, transport=command.transport, ejected=True
            ),
            _SOURCE,
            _DESTINATION,
        )
        return seconds

    def _exchange(self, command: cdb.ExchangeMedium, _data: bytes) -> Answer:
        self._check_addresses(
            command.transport,
            (command.source, _SOURCE),
            (command.first, _DESTINATION),
            (command.second, _SECOND),
        )
        seconds = self._check_eject(command.source) + self._check_eject(command.first)
        for destination in (command.first, command.second):
            self._check_destination(destination)
        if (command.invert_first or command.invert_second) and not self._machine.world.rotates:
            raise invalid_field(10)
        self._physically(
            lambda: self._machine.world.check_exchange(
                command.source, command.first, command.second, transport=command.transport, ejected=True
            ),
            _SOURCE,
            _SECOND,
        )
        machine = self._machine
        motion = Motion(
            work=Work.EXCHANGE,
            timer=machine.timer(2 * self._personality.timings.move + seconds),
            number=machine.next_motion,
            source=command.source,
            destination=command.first,
            second=command.second,
            transport=command.transport,
            invert=command.invert_first,
            invert_second=command.invert_second,
        )
        return self._started(motion)

    def _position(self, command: cdb.PositionToElement, _data: bytes) -> Answer:
        self._check_addresses(command.transport, (command.destination, 4))
        if command.invert and not self._machine.world.rotates:
            raise invalid_field(8, 0)
        machine = self._machine
        motion = Motion(
            work=Work.POSITION,
            timer=machine.timer(self._personality.timings.move / 2),
            number=machine.next_motion,
            destination=command.destination,
        )
        return self._started(motion)

    def _initialise(self, _command: cdb.InitializeElementStatus, _data: bytes) -> Answer:
        return self._scan(0, 0)

    def _initialise_range(self, command: cdb.InitializeElementStatusWithRange, _data: bytes) -> Answer:
        if not command.ranged:
            return self._scan(0, 0)
        if command.start not in self._machine.world.elements:
            raise invalid_address(2)
        return self._scan(command.start, command.count)

    def _scan(self, start: int, count: int) -> Answer:
        machine = self._machine
        if self._motion.initialising is Initialising.NOTHING:
            return Answer()
        seconds = len(machine.scan_range(start, count)) * self._personality.timings.scan
        motion = Motion(
            work=Work.SCAN,
            timer=machine.timer(seconds),
            number=machine.next_motion,
            source=start,
            destination=count,
        )
        return self._started(motion)

    def _started(self, motion: Motion) -> Answer:
        motion = self._machine.start(motion)
        if not motion.timer.seconds:
            return Answer()
        return Answer(seconds=motion.timer.seconds, motion=motion.number)

    def stick(self, block: bytes) -> Answer:
        """Take the medium of a MOVE MEDIUM onto the transport and leave it there: 04/15/01."""
        command = cdb.decode(block)
        if not isinstance(command, cdb.MoveMedium):
            return self.run(block)
        self._check_move(command)
        hands = [each for each in self._machine.world.of_kind(ElementKind.TRANSPORT) if each.medium is None]
        if not hands:  # every hand holds something already, perhaps the very medium that is to be moved
            raise Check(POSITIONING_FAILED)
        motion = Motion(
            work=Work.MOVE,
            timer=self._machine.timer(0),
            number=self._machine.next_motion,
            source=command.source,
            destination=hands[0].address,
        )
        self._machine.start(motion)
        raise Check(POSITIONING_FAILED)

    def _check_addresses(self, transport: int, *places: tuple[int, int]) -> None:
        elements = self._machine.world.elements
        if self._motion.checks_transport and transport:
            known = elements.get(transport)
            if known is None or known.kind is not ElementKind.TRANSPORT:
                raise invalid_address(2)
        for address, pointer in places:
            if address not in elements:
                raise Check(self._motion.unknown_element, pointer=pointer)
            is_destination = pointer != _SOURCE
            is_hand = elements[address].kind is ElementKind.TRANSPORT
            if is_hand and is_destination and not self._motion.transport_destination:
                raise invalid_address(pointer)

    def _check_eject(self, address: int) -> float:
        """Refuse to take a medium that a drive holds on to, or give the seconds until the library has it out."""
        element = self._machine.world.elements[address]
        if element.bay is None or not element.bay.threaded or element.medium is None:
            return 0.0
        if self._machine.unit_of(element).prevented:
            raise Check(self._motion.drive_prevents)
        if self._motion.loaded_refusal is not None:
            raise Check(self._motion.loaded_refusal)
        return self._personality.timings.unload

    def _check_destination(self, address: int) -> None:
        """Refuse an import/export element that is locked or open."""
        if self._machine.world.elements[address].kind is not ElementKind.IMPORT_EXPORT:
            return
        if self.unit.prevented:
            raise Check(REMOVAL_PREVENTED)
        if address in self._machine.world.open_ports:
            raise Check(PORT_OPEN)

    def _physically(self, check: Callable[[], None], source: int, destination: int) -> None:
        """Turn what the world refuses into sense data."""
        try:
            check()
        except Impossible as impossible:
            raise self._refusal(impossible, source, destination) from None

    def _refusal(self, impossible: Impossible, source: int, destination: int) -> Check:
        reason = impossible.reason
        if reason is Reason.ABSENT:
            is_drive = self._machine.world.elements[impossible.address].bay is not None
            return Check(DRIVE_REMOVED if is_drive else self._personality.hand.magazine_out)
        plain = {
            Reason.EMPTY: SOURCE_EMPTY,
            Reason.FULL: DESTINATION_FULL,
            Reason.DISABLED: ELEMENT_DISABLED,
            Reason.HAND_FULL: TRANSPORT_FULL,
            Reason.SAME: DESTINATION_FULL,
        }
        if reason in plain:
            return Check(plain[reason])
        return invalid_address(source if reason is Reason.HELD else destination)

    # Locking, opening, reserving

    def _prevent(self, command: cdb.PreventAllow, _data: bytes) -> Answer:
        self._machine.changed |= self.unit.prevented != command.prevent
        self.unit.prevented = command.prevent
        return Answer()

    def _port(self, command: cdb.OpenCloseImportExport, _data: bytes) -> Answer:
        world = self._machine.world
        element = world.elements.get(command.address)
        if element is None or element.kind is not ElementKind.IMPORT_EXPORT:
            raise invalid_address(2)
        if self.unit.prevented and not command.close:
            raise Check(REMOVAL_PREVENTED)
        if command.close and command.address in world.open_ports:
            world.open_ports.discard(command.address)
            self.unit.attend(Attention(*self._personality.hand.port_accessed[1:]))
        elif not command.close:
            world.open_ports.add(command.address)
        self._machine.changed = True
        return Answer()

    def _load(self, _command: cdb.LoadUnload, _data: bytes) -> Answer:
        return Answer()

    def _reserve(self, command: cdb.Reserve | cdb.Release, _data: bytes) -> Answer:
        if command.ten and not self._personality.mode.ten:
            raise Check(UNKNOWN_OPCODE)
        return Answer()

    def _persistent_in(self, command: cdb.PersistentReserveIn, _data: bytes) -> Answer:
        return Answer(data=reserving.persistent_reserve_in(self.unit, command))

    def _persistent_out(self, command: cdb.PersistentReserveOut, data: bytes) -> Answer:
        self._machine.changed = True
        return reserving.persistent_reserve_out(self.unit, command, data)

    _HANDLERS: ClassVar[Mapping[type, Callable[[ChangerTarget, Any, bytes], Answer]]] = {
        cdb.TestUnitReady: _ready,
        cdb.Inquiry: _inquiry,
        cdb.ModeSense6: _mode_6,
        cdb.ModeSense10: _mode_10,
        cdb.ReadElementStatus: _elements,
        cdb.ReportElementInformation: _information,
        cdb.SendVolumeTag: _send_tag,
        cdb.RequestVolumeElementAddress: _request_address,
        cdb.LogSense: _log,
        cdb.MoveMedium: _move,
        cdb.ExchangeMedium: _exchange,
        cdb.PositionToElement: _position,
        cdb.InitializeElementStatus: _initialise,
        cdb.InitializeElementStatusWithRange: _initialise_range,
        cdb.PreventAllow: _prevent,
        cdb.OpenCloseImportExport: _port,
        cdb.LoadUnload: _load,
        cdb.Reserve: _reserve,
        cdb.Release: _reserve,
        cdb.PersistentReserveIn: _persistent_in,
        cdb.PersistentReserveOut: _persistent_out,
    }


def opcodes(personality: Personality) -> frozenset[int]:
    """Give the operation codes that a personality's changer knows (scsi.md §1.18)."""
    motion = personality.motion
    is_attached = personality.identity.device_type != CHANGER
    medium_changer = {0xA7, 0xB4} if is_attached else {0xA5, 0xB8}
    known = {0x00, 0x12, 0x1A, *medium_changer, *motion.initialise_opcodes}
    optional = (
        (personality.mode.ten, {0x5A}),
        (motion.exchanges, {0xA6}),
        (motion.positions, {0x2B}),
        (motion.opens_ports or motion.port_opcode_loads, {0x1B}),
        (motion.locks, {0x1E}),
        (motion.searches_tags, {0xB5, 0xB6}),
        (motion.reports_information, {0x9E}),
        (motion.reserves, {0x16, 0x17, 0x56, 0x57}),
        (motion.persistent_reserves, {0x5E, 0x5F}),
        (motion.reports_log, {0x4D}),
    )
    for there, codes in optional:
        if there:
            known |= codes
    return frozenset(known)
