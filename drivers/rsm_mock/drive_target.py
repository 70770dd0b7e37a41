"""A drive as a SCSI target, as far as mounting needs it: no data are kept, a medium has only its memory chip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rsm.hardware.inventory import MediumKind
from rsm_mock import pages, reserving
from rsm_mock.alerts import log_sense
from rsm_mock.answers import UNKNOWN_OPCODE, Answer, Check, invalid_field
from rsm_mock.traits import Code
from rsm_mock.world import Activity
from rsm_smc import attributes, cdb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rsm_mock.machine import LogicalUnit, Machine
    from rsm_mock.world import Bay, Medium

MEDIUM_NOT_PRESENT = Code(0x02, 0x3A, 0x00)
UNLOADING = Code(0x02, 0x04, 0x00)
LOADING = Code(0x02, 0x04, 0x01)
LOAD_WANTED = Code(0x02, 0x04, 0x02)
CLEANING_MEDIUM = Code(0x05, 0x30, 0x03)
REMOVAL_PREVENTED = Code(0x05, 0x53, 0x02)
MEMORY_NOT_ACCESSIBLE = Code(0x05, 0x04, 0x10)

_VOLUME_IDENTIFIER = 0x0008
_CAPACITY_MB = 18_000_000
_MEMBERS = {MediumKind.DATA: 0x00, MediumKind.CLEANING: 0x01, MediumKind.WORM: 0x80}
"""Values of the attribute 0408h, medium type."""


class DriveTarget:
    """One drive of a machine, by its number in address order."""

    MOTION: ClassVar[frozenset[int]] = frozenset()
    """A drive never needs the robot."""

    def __init__(self, machine: Machine, number: int) -> None:
        self._machine = machine
        self._element = machine.bays()[number]
        self.unit: LogicalUnit = machine.drives[number]

    @property
    def connected(self) -> bool:
        """Whether anything answers: a drive that was taken out does not."""
        return self._machine.world.present(self._element) and self._element.bay is not None

    @property
    def _bay(self) -> Bay:
        bay = self._element.bay
        if bay is None:
            raise Check(UNKNOWN_OPCODE)
        return bay

    def run(self, block: bytes, data_out: bytes = b"") -> Answer:
        """Carry out a command; raises `Check` if it is refused. Unit attentions are past."""
        command = cdb.decode(block, drive=True)
        handler = self._HANDLERS.get(type(command))
        if handler is None:
            raise Check(UNKNOWN_OPCODE)
        return handler(self, command, data_out)

    def stick(self, block: bytes) -> Answer:
        """Carry the command out: a drive has no transport to stick on."""
        return self.run(block)

    def _loaded(self) -> Medium:
        """Give the medium that can be used, or refuse with what the drive is doing instead."""
        bay, medium = self._bay, self._element.medium
        if medium is None:
            raise Check(MEDIUM_NOT_PRESENT)
        if bay.activity is Activity.CLEANING or (bay.threaded and medium.kind is MediumKind.CLEANING):
            raise Check(CLEANING_MEDIUM)
        if bay.activity is Activity.LOADING:
            raise Check(LOADING)
        if bay.activity is Activity.UNLOADING:
            raise Check(UNLOADING)
        if not bay.threaded:
            raise Check(MEDIUM_NOT_PRESENT if self._machine.personality.loads_itself else LOAD_WANTED)
        return medium

    def _ready(self, _command: cdb.TestUnitReady, _data: bytes) -> Answer:
        self._loaded()
        return Answer()

    def _inquiry(self, command: cdb.Inquiry, _data: bytes) -> Answer:
        return Answer(data=pages.drive_inquiry(self._machine, self._bay, command))

    def _mode_6(self, command: cdb.ModeSense6, _data: bytes) -> Answer:
        return Answer(data=pages.drive_mode(command, ten=False))

    def _mode_10(self, command: cdb.ModeSense10, _data: bytes) -> Answer:
        return Answer(data=pages.drive_mode(command, ten=True))

    def _log(self, command: cdb.LogSense, _data: bytes) -> Answer:
        return Answer(data=log_sense(self._machine, self.unit, command))

    def _prevent(self, command: cdb.PreventAllow, _data: bytes) -> Answer:
        self._machine.changed |= self.unit.prevented != command.prevent
        self.unit.prevented = command.prevent
        return Answer()

    def _load_unload(self, command: cdb.LoadUnload, _data: bytes) -> Answer:
        bay, medium = self._bay, self._element.medium
        if medium is None:
            raise Check(MEDIUM_NOT_PRESENT)
        if bay.activity is not None:
            raise Check(UNLOADING if bay.activity is Activity.UNLOADING else LOADING)
        if command.load:
            if medium.kind is MediumKind.CLEANING:
                raise Check(CLEANING_MEDIUM)
            seconds = 0.0 if bay.threaded else self._machine.thread(self._element)
        else:
            if bay.threaded and self.unit.prevented:
                raise Check(REMOVAL_PREVENTED)
            seconds = self._machine.eject(self._element)
        return Answer(seconds=0.0 if command.immediate else seconds)

    def _attributes(self, command: cdb.ReadAttribute, _data: bytes) -> Answer:
        try:
            medium = self._loaded()
        except Check as check:
            raise Check(check.code if check.code == MEDIUM_NOT_PRESENT else MEMORY_NOT_ACCESSIBLE) from None
        there = memory_of(medium)
        if command.first and all(attribute.id != command.first for attribute in there):
            # An IBM drive refuses a first identifier that the medium does not have (scsi.md §1.16).
            raise invalid_field(8)
        wanted = [attribute for attribute in there if attribute.id >= command.first]
        if command.action == 0:
            reply = attributes.encode(wanted)
        elif command.action == 1:
            reply = attributes.encode_list(attribute.id for attribute in wanted)
        else:
            raise invalid_field(1, 4)
        return Answer(data=reply[: command.allocation])

    def _reserve(self, _command: cdb.Reserve | cdb.Release, _data: bytes) -> Answer:
        return Answer()

    def _persistent_in(self, command: cdb.PersistentReserveIn, _data: bytes) -> Answer:
        return Answer(data=reserving.persistent_reserve_in(self.unit, command))

    def _persistent_out(self, command: cdb.PersistentReserveOut, data: bytes) -> Answer:
        self._machine.changed = True
        return reserving.persistent_reserve_out(self.unit, command, data)

    _HANDLERS: ClassVar[Mapping[type, Callable[[DriveTarget, Any, bytes], Answer]]] = {
        cdb.TestUnitReady: _ready,
        cdb.Inquiry: _inquiry,
        cdb.ModeSense6: _mode_6,
        cdb.ModeSense10: _mode_10,
        cdb.LogSense: _log,
        cdb.PreventAllow: _prevent,
        cdb.LoadUnload: _load_unload,
        cdb.ReadAttribute: _attributes,
        cdb.Reserve: _reserve,
        cdb.Release: _reserve,
        cdb.PersistentReserveIn: _persistent_in,
        cdb.PersistentReserveOut: _persistent_out,
    }


def memory_of(medium: Medium) -> list[attributes.Attribute]:
    """Give what a medium's memory chip holds; 0008h names the side that lies up, so that a test can see it."""
    side = medium.sides[min(medium.up, len(medium.sides) - 1)]
    chip = [
        _number(attributes.REMAINING_CAPACITY, _CAPACITY_MB),
        _number(attributes.MAXIMUM_CAPACITY, _CAPACITY_MB),
        _number(attributes.LOAD_COUNT, medium.loads),
        _text(_VOLUME_IDENTIFIER, side, 32),
        _text(attributes.MEDIUM_MANUFACTURER, "RSM", 8),
        _text(attributes.MEDIUM_SERIAL, medium.id, 32),
        _number(attributes.MEDIUM_TYPE, _MEMBERS.get(medium.kind, 0), 1),
    ]
    if medium.barcode is not None:
        chip.append(
            attributes.Attribute(
                attributes.BARCODE, False, attributes.ASCII, medium.barcode.encode("ascii").ljust(32)
            )
        )
    return chip


def _number(identifier: int, value: int, width: int = 8) -> attributes.Attribute:
    return attributes.Attribute(identifier, True, attributes.BINARY, value.to_bytes(width, "big"))


def _text(identifier: int, value: str, width: int) -> attributes.Attribute:
    return attributes.Attribute(identifier, True, attributes.ASCII, value.encode("ascii").ljust(width))
