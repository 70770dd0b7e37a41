"""`rsm-changer`: the changer command of Bacula and Bareos, without a shell script and without mtx.

    rsm-changer CHANGER COMMAND SLOT ARCHIVE-DEVICE DRIVE-INDEX           (%c %o %S %a %d)

    load SLOT, unload SLOT   a drive; SLOT 0 unloads to where the medium came from
    loaded                   prints the slot of the medium in the drive, 0 if there is none
    list, listall, slots     print what is where, in the forms that the scripts have
    transfer SLOT TO         from slot to slot; TO stands where the archive device would

It keeps the contract of the scripts `mtx-changer` of both (scsi.md §5.5), with these differences: `loaded` and
`listall` give a number also where the library does not know the origin (the slot that `unload` would use); a
full slot without a bar code is `S:4:F:` in `listall`, as in Bacula's; there is no configuration file; a drive
is put off line before its medium is taken out, and waited for after a load, wherever ARCHIVE-DEVICE is a node.
What goes wrong is said as mtx says it, because Bareos looks for `Source Element Address` and `is Empty`.
"""

from __future__ import annotations

import sys

from rsm_dropin.mtx import Session, carried_out, ended
from rsm_dropin.wording import Stop

TYPE_CHECKING = False  # as typing has it; importing typing would cost a fifth of the time there is
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from rsm_dropin.contents import Contents, Element

USAGE = """\
usage: rsm-changer CHANGER COMMAND [SLOT [ARCHIVE-DEVICE [DRIVE-INDEX]]]
       rsm-changer CHANGER list|listall|slots
       rsm-changer CHANGER transfer SLOT SLOT
       rsm-changer CHANGER load|unload|loaded SLOT ARCHIVE-DEVICE DRIVE-INDEX"""

_LEAST = {"list": 2, "listall": 2, "slots": 2, "transfer": 4, "load": 5, "unload": 5, "loaded": 5}
"""Arguments that each command needs, the changer and the command among them."""


def main(arguments: list[str], out: BinaryIO, err: BinaryIO, environment: Mapping[str, str]) -> int:
    """Carry one command out and give the exit status, 0 or 1."""
    return carried_out(_run, arguments, Session(out, err, environment), out)


def _run(session: Session, arguments: list[str]) -> None:
    command = arguments[1] if len(arguments) > 1 else ""
    if len(arguments) < _LEAST.get(command, len(arguments) + 1):
        raise Stop(USAGE)
    session.use(arguments[0])
    words = [*arguments[2:], "", "", ""]
    if command == "transfer":
        session.transfer(_number(words[0], "slot"), _number(words[1], "slot"))
    elif command in {"load", "unload", "loaded"}:
        _drive_command(session, command, words)
    elif command == "list":
        _list(session, session.contents)
    elif command == "listall":
        _list_all(session, session.contents)
    else:
        session.say(f"{len(session.contents.slots)}\n")


def _drive_command(session: Session, command: str, words: list[str]) -> None:
    from rsm_dropin import tape  # noqa: PLC0415 - only these commands have to do with the drive

    slot, node, drive = _number(words[0], "slot"), words[1], _number(words[2], "drive index")
    if command == "loaded":
        _loaded(session, session.contents, drive)
    elif command == "load":
        session.load(slot, drive)
        if tape.is_tape(node) and not tape.wait_on_line(node):
            raise Stop(
                f"{node} is not ready {tape.READY_LIMIT:.0f} s after the medium of slot {slot} was loaded"
            )
    else:
        if tape.is_tape(node):
            tape.put_off_line(node)
        session.unload(slot or None, drive)


def _number(word: str, what: str) -> int:
    if not (word.isascii() and word.isdecimal()):
        raise Stop(f"{what} {word!r} is not a number\n{USAGE}")
    return int(word[:9])


def _loaded(session: Session, contents: Contents, number: int) -> None:
    if number >= len(contents.drives):
        raise Stop(f"there is no drive {number}, the last is {len(contents.drives) - 1}")
    drive = contents.drives[number]
    session.say(f"{_origin(contents, drive) if drive.full else 0}\n")


def _origin(contents: Contents, drive: Element) -> int:
    """Give the number of the slot that a drive's medium belongs to: never 0, which would say that there is none.

    Where every slot is full and the origin unknown, it is the number after the last.
    """
    return contents.way_back(drive) or len(contents.slots) + 1


def _list(session: Session, contents: Contents) -> None:
    """Print `slot:bar code` for every medium, ports left out; those in drives under the slots they belong to."""
    storage = len(contents.slots) - contents.ports
    for number, slot in enumerate(contents.slots[:storage], 1):
        if slot.full:
            session.say(f"{number}:", slot.tag.rstrip(), "\n")
    for drive in contents.drives:
        if drive.full:
            session.say(f"{_origin(contents, drive)}:", drive.tag.rstrip(), "\n")


def _list_all(session: Session, contents: Contents) -> None:
    for number, drive in enumerate(contents.drives):
        if drive.full:
            session.say(f"D:{number}:F:{_origin(contents, drive)}:", drive.tag, "\n")
        else:
            session.say(f"D:{number}:E\n")
    storage = len(contents.slots) - contents.ports
    for number, slot in enumerate(contents.slots, 1):
        kind = "I" if number > storage else "S"
        if slot.full:
            session.say(f"{kind}:{number}:F:", slot.tag, "\n")
        else:
            session.say(f"{kind}:{number}:E\n")


def run() -> int:
    """Be the program: the console script `rsm-changer`."""
    return ended(main)


if __name__ == "__main__":
    sys.exit(run())
