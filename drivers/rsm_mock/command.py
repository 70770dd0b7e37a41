"""The verbs of `rsm mock`: make a simulated library, look at it as its operator does, lay hands on it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any
from zlib import crc32

from rsm.clock import SystemClock
from rsm.errors import InvalidRequest
from rsm.hardware.inventory import MediumKind
from rsm_mock.building import build
from rsm_mock.faults import COMMANDS, Carried, Effect, Fault, commands
from rsm_mock.operator import Operator
from rsm_mock.personalities import PERSONALITIES
from rsm_mock.picture import as_document, as_text
from rsm_mock.state import SCHEME, StateFile, library_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_ANYWHERE = "ELEMENT is an address, a bar code, slot:N or port:N (from 1), or drive:N (from 0)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of `rsm mock` to a parser; the chosen one is `arguments.action`."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    _configure_create(verbs)
    show = _verb(verbs, "show", _show, "show what is where, as a person in front of the library sees it")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    _configure_media(verbs)
    _configure_cabinet(verbs)
    _configure_fault(verbs)
    listing = verbs.add_parser("personalities", help="list the libraries that can be simulated")
    listing.add_argument("--json", action="store_true", help="print one JSON array")
    listing.set_defaults(action=_personalities)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the chosen verb, print to standard output, and give the exit status.

    Raises `rsm.errors.RsmError` for everything that cannot be done.
    """
    action: Callable[[argparse.Namespace], int] = arguments.action
    return action(arguments)


# The grammar


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    action: Callable[[argparse.Namespace], int],
    description: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=description, description=description)
    parser.add_argument("path", metavar="PATH", help="the library's file, such as lib.json or mock:lib.json")
    parser.set_defaults(action=action)
    return parser


def _configure_create(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    create = _verb(verbs, "create", _create, "make a new simulated library")
    create.add_argument(
        "--personality",
        default="generic",
        metavar="NAME",
        help="see `rsm mock personalities` (default: generic)",
    )
    for name, what in (
        ("slots", "storage elements"),
        ("drives", "drives"),
        ("ports", "import/export elements"),
        ("media", "one-sided data media in its slots (default: half as many as slots)"),
    ):
        create.add_argument(f"--{name}", type=int, metavar="N", help=f"number of {what}")
    for name in ("two-sided", "cleaning", "worm"):
        create.add_argument(
            f"--{name}", type=int, default=0, metavar="N", help=f"number of {name} media besides"
        )
    create.add_argument("--prefix", default="RSM", help="what bar codes begin with (default: RSM)")
    create.add_argument("--suffix", help="what bar codes end with (default: as the personality has it, L9)")
    create.add_argument("--serial", help="digits of its serial number (default: from the file's name)")
    create.add_argument(
        "--pace", type=float, default=0.0, metavar="X", help="0: no time passes (default), 1: as in life"
    )
    create.add_argument("--force", action="store_true", help="replace a file that is there")


def _configure_media(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    insert = _verb(verbs, "insert", _insert, "put a medium into a port, a slot or a stand-alone drive")
    insert.add_argument(
        "barcode", nargs="?", metavar="BARCODE", help="its label; none for a medium without one"
    )
    insert.add_argument("--at", metavar="ELEMENT", help=f"where (default: the first empty port); {_ANYWHERE}")
    insert.add_argument(
        "--kind", choices=("data", "cleaning", "worm", "diagnostic"), default="data", help="what it is for"
    )
    insert.add_argument("--two-sided", action="store_true", help="it has a second side")
    insert.add_argument("--unreadable", action="store_true", help="its label cannot be read")
    insert.add_argument(
        "--new", action="store_true", help="another one, even if the shelf has one of that label"
    )
    remove = _verb(verbs, "remove", _remove, "take a medium out and lay it on the shelf")
    remove.add_argument("element", metavar="ELEMENT", help=_ANYWHERE)
    swap = _verb(verbs, "swap", _swap, "exchange the contents of two elements by hand")
    swap.add_argument("first", metavar="ELEMENT")
    swap.add_argument("second", metavar="ELEMENT", help=_ANYWHERE)
    swap.add_argument("--labels", action="store_true", help="exchange the labels of the two media instead")
    relabel = _verb(verbs, "relabel", _relabel, "stick another label on a medium")
    relabel.add_argument("element", metavar="ELEMENT", help=_ANYWHERE)
    relabel.add_argument("barcode", nargs="?", metavar="BARCODE", help="the new label; none tears it off")
    relabel.add_argument("--unreadable", action="store_true", help="the label cannot be read")
    for parser in (insert, remove, swap, relabel):
        parser.add_argument(
            "--force", action="store_true", help="behind closed doors, unnoticed by the library"
        )


def _configure_cabinet(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    door = _verb(verbs, "door", _door, "open or close the cabinet")
    door.add_argument("act", choices=("open", "close"))
    magazine = _verb(verbs, "magazine", _magazine, "pull a magazine out, with its media, or push it in")
    magazine.add_argument("act", choices=("pull", "insert"))
    magazine.add_argument("number", type=int, nargs="?", default=0, metavar="N", help="counted from 0")
    drive = _verb(verbs, "drive", _drive, "take an empty drive out, or put it back")
    drive.add_argument("act", choices=("pull", "insert"))
    drive.add_argument("number", type=int, nargs="?", default=0, metavar="N", help="counted from 0")
    element = _verb(verbs, "element", _element, "enable or disable an element at the panel")
    element.add_argument("act", choices=("enable", "disable"))
    element.add_argument("element", metavar="ELEMENT", help=_ANYWHERE)
    reserve = _verb(verbs, "reserve", _reserve, "let another host reserve the changer, or give it free")
    reserve.add_argument("act", choices=("take", "release"))
    _verb(verbs, "power-cycle", _power_cycle, "switch the library and its drives off and on")


def _configure_fault(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fault = _verb(verbs, "fault", _fault, "let something go wrong, or list what is going to")
    fault.add_argument(
        "effect", nargs="?", choices=[effect.value for effect in Effect], help="none: list the script"
    )
    fault.add_argument(
        "--on",
        default=None,
        metavar="COMMAND",
        help=f"which commands: {', '.join(sorted(COMMANDS))}, or an operation code such as a5",
    )
    fault.add_argument("--after", type=int, default=0, metavar="N", help="let N such commands pass first")
    fault.add_argument(
        "--times", type=int, default=1, metavar="N", help="how often (default: 1; 0: for ever)"
    )
    fault.add_argument("--drive", type=int, metavar="N", help="a drive's commands instead of the changer's")
    fault.add_argument("--sense", metavar="KEY/ASC/ASCQ", help="in hexadecimal, such as 04/15/01")
    fault.add_argument("--status", metavar="HEX", help="a SCSI or host status, such as 08 for BUSY")
    fault.add_argument(
        "--carried",
        choices=[carried.value for carried in Carried],
        default="no",
        help="whether the command is carried out all the same (default: no)",
    )
    fault.add_argument("--seconds", type=float, default=0.0, metavar="S", help="how much later, for later")
    fault.add_argument("--length", type=int, default=0, metavar="N", help="bytes that are left of a reply")
    fault.add_argument("--element", type=int, metavar="ADDRESS", help="where a medium goes instead")
    fault.add_argument("--clear", action="store_true", help="forget the script first")


# The verbs


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _file(arguments: argparse.Namespace) -> StateFile:
    return StateFile(arguments.path, clock=SystemClock())


def _create(arguments: argparse.Namespace) -> int:
    path = library_path(arguments.path)
    clock = SystemClock()
    serial = arguments.serial or f"{crc32(str(path.absolute()).encode()) % 10_000:04d}"
    machine = build(
        arguments.personality,
        clock=clock,
        slots=arguments.slots,
        drives=arguments.drives,
        ports=arguments.ports,
        media=arguments.media,
        two_sided=arguments.two_sided,
        cleaning=arguments.cleaning,
        worm=arguments.worm,
        prefix=arguments.prefix,
        suffix=arguments.suffix,
        pace=arguments.pace,
        serial=serial,
    )
    StateFile(path, clock=clock).create(machine, replace=arguments.force)
    count = sum(1 for _ in machine.world.media())
    _say(f"made {machine.personality.name} library {machine.serial} with {count} media: {SCHEME}{path}")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    file = _file(arguments)
    with file.hold() as machine:
        machine.settle()
        if arguments.json:
            _say(json.dumps({"path": str(file.path), **as_document(machine)}, indent=2))
        else:
            for line in as_text(machine, str(file.path)):
                _say(line)
    return 0


def _insert(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        element = Operator(machine).insert(
            arguments.barcode,
            at=arguments.at,
            kind=MediumKind(arguments.kind),
            two_sided=arguments.two_sided,
            readable=not arguments.unreadable,
            new=arguments.new,
            force=arguments.force,
        )
    _say(f"{arguments.barcode or 'a medium without a label'} is now in element {element.address}")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        medium = Operator(machine).remove(arguments.element, force=arguments.force)
    _say(f"{medium.barcode or 'a medium without a label'} is now on the shelf")
    return 0


def _swap(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        operator = Operator(machine)
        act = operator.swap_labels if arguments.labels else operator.swap
        act(arguments.first, arguments.second, force=arguments.force)
    what = "the labels of" if arguments.labels else "the contents of"
    _say(f"exchanged {what} {arguments.first} and {arguments.second}")
    return 0


def _relabel(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        Operator(machine).relabel(
            arguments.element, arguments.barcode, readable=not arguments.unreadable, force=arguments.force
        )
    _say(f"the medium of {arguments.element} now has {arguments.barcode or 'no label'}")
    return 0


def _door(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        operator = Operator(machine)
        if arguments.act == "open":
            operator.open_door()
        else:
            operator.close_door()
    _say("the door is open" if arguments.act == "open" else "the door is closed")
    return 0


def _magazine(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        operator = Operator(machine)
        if arguments.act == "pull":
            media = operator.pull_magazine(arguments.number)
            _say(f"magazine {arguments.number} is out, with {len(media)} media")
        else:
            operator.insert_magazine(arguments.number)
            _say(f"magazine {arguments.number} is in")
    return 0


def _drive(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        Operator(machine).install_drive(arguments.number, installed=arguments.act == "insert")
    _say(f"drive {arguments.number} is {'in' if arguments.act == 'insert' else 'out'}")
    return 0


def _element(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        Operator(machine).enable(arguments.element, enabled=arguments.act == "enable")
    _say(f"element {arguments.element} is {arguments.act}d")
    return 0


def _reserve(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        Operator(machine).reserve_elsewhere(reserved=arguments.act == "take")
    _say("another host holds the changer" if arguments.act == "take" else "the changer is free")
    return 0


def _power_cycle(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        Operator(machine).power_cycle()
    _say("the library was switched off and on")
    return 0


def _fault(arguments: argparse.Namespace) -> int:
    with _file(arguments).hold() as machine:
        if arguments.clear:
            machine.faults.entries.clear()
            machine.changed = True
        if arguments.effect is not None:
            fault = machine.faults.add(_fault_of(arguments))
            if fault.drive is not None and not 0 <= fault.drive < len(machine.drives):
                raise InvalidRequest(f"the library has no drive {fault.drive}, it has {len(machine.drives)}")
            machine.changed = True
        script = [_told(entry) for entry in machine.faults.entries]
    for line in script or ["nothing is going to go wrong"]:
        _say(line)
    return 0


_USUAL = {
    Effect.TIMEOUT: "move",
    Effect.TRUNCATE: "elements",
    Effect.ZEROS: "elements",
    Effect.ELSEWHERE: "move",
    Effect.STUCK: "move",
}
"""Which commands an effect is about when nobody says."""


def _fault_of(arguments: argparse.Namespace) -> Fault:
    effect = Effect(arguments.effect)
    if effect in {Effect.STATUS, Effect.HOST} and arguments.status is None:
        raise InvalidRequest(f"a fault of the kind {effect.value} needs --status")
    return Fault(
        effect,
        commands(arguments.on or _USUAL.get(effect, "any")),
        after=arguments.after,
        times=arguments.times,
        drive=arguments.drive,
        sense=None if arguments.sense is None else _sense(arguments.sense),
        status=0 if arguments.status is None else _hex(arguments.status, "status"),
        carried=Carried(arguments.carried),
        seconds=arguments.seconds,
        length=arguments.length,
        element=arguments.element,
    )


def _sense(text: str) -> tuple[int, int, int]:
    parts = [_hex(part, "sense code") for part in text.split("/")]
    if len(parts) != 3 or parts[0] > 0x0F:
        raise InvalidRequest(f"{text!r} is no sense", hint="write KEY/ASC/ASCQ, such as 04/15/01")
    return parts[0], parts[1], parts[2]


def _hex(text: str, what: str) -> int:
    try:
        value = int(text, 16)
    except ValueError:
        value = -1
    if not 0 <= value <= 0xFF:
        raise InvalidRequest(f"{text!r} is no {what}", hint="one byte in hexadecimal, such as 08")
    return value


def _told(fault: Fault) -> str:
    who = "the changer" if fault.drive is None else f"drive {fault.drive}"
    word = next((name for name, codes in COMMANDS.items() if codes == fault.commands), None)
    what = word or " ".join(f"{code:02x}" for code in sorted(fault.commands))
    often = {0: "for ever", 1: "once"}.get(fault.times, f"{fault.times} times")
    detail = ""
    if fault.sense is not None:
        detail = " " + "/".join(f"{part:02X}" for part in fault.sense)
    elif fault.effect in {Effect.STATUS, Effect.HOST}:
        detail = f" {fault.status:02X}"
    carried = f", carried out: {fault.carried.value}" if fault.carried is not Carried.NOT else ""
    return f"{fault.effect.value}{detail} for {who}, on {what}, after {fault.after}, {often}{carried}"


def _personalities(arguments: argparse.Namespace) -> int:
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "description": one.description,
            "vendor": one.identity.vendor,
            "product": one.identity.product,
        }
        for one in PERSONALITIES.values()
    ]
    if arguments.json:
        _say(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        _say(f"{row['name']:<17} {row['description']}")
    return 0
