"""`rsm-mtx`: the command line, output and exit status of mtx 1.3.12, straight on a device.

The device is `-f NAME`, else `$CHANGER`, else `$TAPE`, else /dev/changer; a NAME like `mock:PATH.json` is a
simulated library. Several commands may follow each other. Every byte and every status is mtx's, except:

    what                                mtx                              rsm-mtx
    a move that got no answer           prints `done`, exit 0            looks; exit 1 unless it was made
    a status that got no answer         an empty library, exit 0         says so, exit 1
    a move with GOOD that was not made  prints `done`, exit 0            says so, exit 1
    unit attention, BUSY                fails; loses bar codes           waits, looks again, sends again
    origin of a medium unknown          invents a slot                   `Unknown Storage Element`; unloads to
                                                                         the slot that mtx would have invented
    absent slots and drives             left out; later numbers shift    kept, as empty
    counts unlike mode page 1Dh         loses elements or stops          warns where mtx does, shows all
    no mode page 1Dh                    two drives, 62 slots, no ports   whatever there is
    contents after a move, same run     volume tag stays behind          read again
    sense data of 72h                   misread                          read
    `load`, `unload` … slot 0           another element's slot           refused
    `first` … with no such drive        uses drive 0                     refused
    `position`, `exchange` wrong slot   another element                  refused
    `exchange` with `invert2`           a bit in the wrong byte          the bit that inverts
    `eject` that failed                 exit 0                           exit 1
    `erase`                             sends ERASE                      not offered
    two programs at once                both move                        one waits for the other (the lease)

The wait for the lease is 240 s, or `$RSM_LEASE_WAIT`; then exit 1 naming the holder. After a move the
inventory of a library that rsm manages is marked stale.
"""

from __future__ import annotations

import os
import sys

from rsm_dropin.contents import inquire, read_contents
from rsm_dropin.sg_reading import open_device
from rsm_dropin.wording import PRODUCT_TYPES, USAGE, VERSION, Stop

TYPE_CHECKING = False  # as typing has it; importing typing would cost a fifth of the time there is
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from rsm_dropin.contents import Contents, Element
    from rsm_dropin.robot import Robot
    from rsm_dropin.sg_reading import Device

_DEFAULT = "/dev/changer"
_DIGITS = "0123456789"


class Session:
    """One run of the program: options, the device, and what was last read of it."""

    def __init__(self, out: BinaryIO, err: BinaryIO, environment: Mapping[str, str]) -> None:
        self._out = out
        self._err = err
        self._environment = environment
        self._device: Device | None = None
        self._robot: Robot | None = None
        self._contents: Contents | None = None
        self._barcodes = self._attached = True
        self._all_types = self._invert = self._invert_second = False
        self._door = 0

    # Words

    def say(self, *parts: str | bytes) -> None:
        """Print text and raw bytes."""
        for part in parts:
            self._out.write(part if isinstance(part, bytes) else os.fsencode(part))

    def complain(self, text: str) -> None:
        """Print a line, or several, on stderr; what was printed before comes first."""
        self._out.flush()
        self._err.write(os.fsencode(text + "\n"))
        self._err.flush()

    # The device

    def use(self, name: str) -> None:
        """Open a device; raises `Stop` if that cannot be done."""
        self.close()
        self._device = open_device(name)
        self._contents = None

    def close(self) -> None:
        """Give the robot back, if one was used."""
        if self._robot is not None:
            self._robot.close()
            self._robot = None

    @property
    def device(self) -> Device:
        """The device, opened by now."""
        if self._device is None:
            variables = self._environment
            self.use(variables.get("CHANGER") or variables.get("TAPE") or _DEFAULT)
        assert self._device is not None  # noqa: S101 - `use` sets it or raises
        return self._device

    @property
    def robot(self) -> Robot:
        """The robot of the device."""
        if self._robot is None:
            from rsm_dropin.robot import Robot  # noqa: PLC0415 - slow to load, see there

            self._robot = Robot(self.device.name, self._environment)
        return self._robot

    @property
    def contents(self) -> Contents:
        """What is in the library: as last read, or read now if something may have moved since."""
        if self._contents is None:
            self._contents = contents = read_contents(
                self.device, barcodes=self._barcodes, all_types=self._all_types, attached=self._attached
            )
            for warning in contents.warnings:
                self.complain(warning)
        return self._contents

    def _read_again(self) -> Contents:
        self._contents = None
        return self.contents

    # Options

    def altres(self) -> None:
        """Ask for all element types in one command."""
        self._all_types = True

    def nobarcode(self) -> None:
        """Do not ask for volume tags."""
        self._barcodes = False

    def noattach(self) -> None:
        """Do not believe a drive that says it has a changer attached."""
        self._attached = False

    def invert(self) -> None:
        """Turn the medium over on the way."""
        self._invert = True

    def invert2(self) -> None:
        """Turn the second medium of an exchange over."""
        self._invert_second = True

    def eepos(self, door: int | None = None) -> None:
        """Say where the import/export door is to be."""
        if door is None or not 0 <= door <= 3:
            raise Stop("eepos equires argument between 0 and 3.")
        self._door = door

    # Looking

    def inquiry(self) -> None:
        """Print who the device says it is."""
        data = inquire(self.device, "INQUIRY Command Failed")
        self.say(f"Product Type: {PRODUCT_TYPES[data[0] & 0x1F]}\n")
        self.say("Vendor ID: '", data[8:16], "'\nProduct ID: '", data[16:32], "'\nRevision: '", data[32:36])
        self.say("'\nAttached Changer API: ", "Yes\n" if data[6] & 0x08 else "No\n")

    def status(self) -> None:
        """Print every drive and slot."""
        contents = self.contents
        self.say(
            f"  Storage Changer {self.device.name}:{len(contents.drives)} Drives, {len(contents.slots)} Slots "
            f"( {contents.ports} Import/Export )\n"
        )
        for number, drive in enumerate(contents.drives):
            self.say(f"Data Transfer Element {number}:")
            if drive.full:
                home = contents.home(drive)
                origin = "Unknown Storage Element" if home is None else f"Storage Element {home}"
                self.say(f"Full ({origin} Loaded)", *_tags(drive, ":VolumeTag = ", ":AlternateVolumeTag = "))
            else:
                self.say("Empty")
            self.say("\n")
        storage = len(contents.slots) - contents.ports
        for number, slot in enumerate(contents.slots, 1):
            port = " IMPORT/EXPORT" if number > storage else ""
            self.say(f"      Storage Element {number}{port}:{'Full ' if slot.full else 'Empty'}")
            self.say(*_tags(slot, ":VolumeTag=", ":AlternateVolumeTag="), "\n")

    # Moving

    def load(self, slot: int | None = None, drive: int | None = None) -> None:
        """Load the medium of a slot into a drive."""
        with self.robot.leased():
            contents = self._read_again()
            if not slot:
                raise Stop("No source specified")
            source = contents.slot(slot)
            if source is None:
                raise Stop(f"Invalid <storage-element-number> argument '{slot}' to 'load' command")
            target = self._drive(drive, "load")
            if target.full:
                home = contents.way_back(target) or 0
                raise Stop(f"Drive {drive or 0} Full (Storage Element {home} loaded)")
            self._load(slot, source, drive or 0, target)

    def unload(self, slot: int | None = None, drive: int | None = None) -> None:
        """Put the medium of a drive into a slot, by default the one it came from."""
        with self.robot.leased():
            contents = self._read_again()
            if slot is not None and contents.slot(slot) is None:
                raise Stop(f"illegal <storage-element-number> argument '{slot}' to 'unload' command")
            source = self._drive(drive, "unload")
            if not source.full:
                raise Stop(f"Data Transfer Element {drive or 0} is Empty")
            slot = slot or contents.way_back(source)
            if slot is None:
                raise Stop(f"No Source for tape in drive {drive or 0}!")
            self._unload(drive or 0, source, slot)

    def transfer(self, source: int | None = None, destination: int | None = None) -> None:
        """Move a medium from slot to slot."""
        with self.robot.leased():
            self._read_again()
            start, end = self._two_slots(source, destination)
            self._move(start, end)

    def exchange(
        self, source: int | None = None, first: int | None = None, second: int | None = None
    ) -> None:
        """Put the medium of a slot into another, and what was there into a third, or back to the first."""
        with self.robot.leased():
            contents = self._read_again()
            start, middle = self._two_slots(source, first)
            end = contents.slot(second) if second else start
            if end is None:
                raise Stop("Invalid destination")
            self.robot.exchange(
                start.address,
                middle.address,
                end.address,
                # mtx takes SMC-3's order of the two bits; the driver knows which of them a device means.
                invert_first=self._invert,
                invert_second=self._invert_second,
                door=self._door,
                unchanged=self._unchanged(start, middle, end),
            )
            self._contents = None

    def first(self, drive: int | None = None) -> None:
        """Load the first slot, having unloaded what is in the drive."""
        self._end(1, drive, "first")

    def last(self, drive: int | None = None) -> None:
        """Load the last slot that is no port, having unloaded what is in the drive."""
        self._end(None, drive, "last")

    def _end(self, slot: int | None, drive: int | None, command: str) -> None:
        with self.robot.leased():
            contents = self._read_again()
            target = self._drive(drive, command)
            slot = slot or len(contents.slots) - contents.ports
            if target.full:
                home = contents.way_back(target)
                if home == slot:
                    self.say("loading...done.\n")
                    return
                self._unload_home(drive or 0, target, home)
            self._load_next(slot, drive or 0)

    def next(self, drive: int | None = None) -> None:
        """Load the next full slot after the one the drive's medium came from."""
        self._neighbour(drive, "next")

    def previous(self, drive: int | None = None) -> None:
        """Load the full slot before the one the drive's medium came from."""
        self._neighbour(drive, "previous")

    def _neighbour(self, drive: int | None, command: str) -> None:
        with self.robot.leased():
            contents = self._read_again()
            target = self._drive(drive, command)
            home: int | None = None
            if target.full:
                home = contents.way_back(target)
                if command == "previous" and home == 1:
                    raise Stop("No More Media")
                self._unload_home(drive or 0, target, home)
            storage = len(contents.slots) - contents.ports
            if command == "next":
                order = range((home or 0) + 1, storage + 1)
            else:
                order = range(home - 1 if home else len(contents.slots), 0, -1)
            slot = next((number for number in order if contents.slots[number - 1].full), None)
            if slot is None:
                raise Stop("No More Media")
            self._load_next(slot, drive or 0)

    def _unload_home(self, number: int, drive: Element, home: int | None) -> None:
        if home is None:
            raise Stop("Do not know which slot to unload tape into!")
        self._unload(number, drive, home)

    def _load_next(self, number: int, drive: int) -> None:
        contents = self.contents
        slot = contents.slot(number)
        if slot is None:
            raise Stop("No More Media")
        self._load(number, slot, drive, contents.drives[drive])

    def _drive(self, number: int | None, command: str) -> Element:
        drives = self.contents.drives
        if not 0 <= (number or 0) < len(drives):
            raise Stop(f"illegal <drive-number> argument '{number or 0}' to '{command}' command")
        return drives[number or 0]

    def _two_slots(self, source: int | None, destination: int | None) -> tuple[Element, Element]:
        if not source:
            raise Stop("No source specified")
        if not destination:
            raise Stop("No destination specified")
        start, end = self.contents.slot(source), self.contents.slot(destination)
        if start is None:
            raise Stop("Invalid source")
        if end is None:
            raise Stop("Invalid destination")
        return start, end

    def _load(self, number: int, slot: Element, drive: int, target: Element) -> None:
        self.say(f"Loading media from Storage Element {number} into drive {drive}...")
        self._move(slot, target)
        self.say("done\n")

    def _unload(self, drive: int, source: Element, slot: int) -> None:
        target = self.contents.slots[slot - 1]
        if target.full:
            raise Stop(f"Storage Element {slot} is Already Full")
        self.say(f"Unloading drive {drive} into Storage Element {slot}...")
        self._move(source, target)
        self.say("done\n")

    def _move(self, source: Element, destination: Element) -> None:
        self._out.flush()
        try:
            self.robot.move(
                source.address,
                destination.address,
                invert=self._invert,
                door=self._door,
                unchanged=self._unchanged(source, destination),
            )
        finally:
            self._contents = None

    def _unchanged(self, *touched: Element) -> Callable[[], bool]:
        """Give a look at whether these elements are still as they were when the move was decided on."""

        def look() -> bool:
            contents = self._read_again()
            now = {item.address: item for item in [*contents.drives, *contents.slots]}
            return all(
                item.address in now
                and (now[item.address].full, now[item.address].tag) == (item.full, item.tag)
                for item in touched
            )

        return look

    # The rest

    def inventory(self) -> None:
        """Have the library look at its elements anew."""
        with self.robot.leased():
            self.robot.initialise()
            self._contents = None

    def position(self, slot: int | None = None) -> None:
        """Send the transport before a slot."""
        with self.robot.leased():
            target = self._read_again().slot(1 if slot is None else slot)
            if target is None:
                raise Stop("Invalid destination")
            self.robot.position(target.address)

    def eject(self) -> None:
        """Have a drive eject its medium."""
        with self.robot.leased():
            self.robot.eject()


_COMMANDS: dict[str, tuple[Callable[..., None], int]] = {
    "inquiry": (Session.inquiry, 0),
    "status": (Session.status, 0),
    "invert": (Session.invert, 0),
    "noattach": (Session.noattach, 0),
    "eepos": (Session.eepos, 1),
    "load": (Session.load, 2),
    "unload": (Session.unload, 2),
    "transfer": (Session.transfer, 2),
    "first": (Session.first, 1),
    "last": (Session.last, 1),
    "previous": (Session.previous, 1),
    "next": (Session.next, 1),
    "inventory": (Session.inventory, 0),
    "eject": (Session.eject, 0),
    "nobarcode": (Session.nobarcode, 0),
    "position": (Session.position, 1),
    "invert2": (Session.invert2, 0),
    "exchange": (Session.exchange, 3),
    "altres": (Session.altres, 0),
}
"""What each word does, and how many numbers may follow it."""


def main(arguments: list[str], out: BinaryIO, err: BinaryIO, environment: Mapping[str, str]) -> int:
    """Carry the commands out in order and give the exit status, 0 or 1."""
    return carried_out(_run, arguments, Session(out, err, environment), out)


def carried_out(
    run: Callable[[Session, list[str]], None], arguments: list[str], session: Session, out: BinaryIO
) -> int:
    """Run a program of this family and give its exit status; what stops it is told, and the device given back."""
    try:
        run(session, arguments)
    except Stop as stop:
        session.complain(str(stop))
        return 1
    finally:
        session.close()
        out.flush()
    return 0


def _run(session: Session, arguments: list[str]) -> None:
    words = list(reversed(arguments))
    while words:
        word = words.pop()
        if word == "-f":
            if not words:
                raise Stop(USAGE)
            session.use(words.pop())
            continue
        if word == "--version":
            raise Stop(f"mtx version {VERSION}\n\n{USAGE}")
        if word not in _COMMANDS:
            raise Stop(USAGE)
        action, most = _COMMANDS[word]
        numbers: list[int] = []
        while words and len(numbers) < most and words[-1][:1] in _DIGITS and words[-1]:
            numbers.append(_number(words.pop()))
        action(session, *numbers)


def _number(word: str) -> int:
    """Give the number at the beginning of a word, as atoi does."""
    length = 0
    while length < len(word) and word[length] in _DIGITS:
        length += 1
    return int(word[: min(length, 9)])


def _tags(element: Element, primary: str, alternate: str) -> list[str | bytes]:
    parts: list[str | bytes] = []
    if element.tag:
        parts += [primary, element.tag]
    if element.alternate:
        parts += [alternate, element.alternate]
    return parts


def run() -> int:
    """Be the program: the console script `rsm-mtx`."""
    return ended(main)


def ended(program: Callable[..., int]) -> int:
    """Run a program on this process's words and streams; give its exit status, also when it was interrupted."""
    try:
        return program(sys.argv[1:], sys.stdout.buffer, sys.stderr.buffer, os.environ)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains again when it closes stdout
        return 1


if __name__ == "__main__":
    sys.exit(run())
