"""`rsm discover`: the changers and drives of this machine, how to open them, and how to add them."""

from __future__ import annotations

from rsm.cli import grammar, words

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from rsm.cli.survey import Changer, Survey
    from rsm.hardware.discovery import DevicePath, FoundDevice

_DETAILS = """\
Every changer with its drives and how they were matched, the drives that
belong to no changer found here, and the command that adds each. A changer is
opened and read if you may open it; nothing is moved. Reading takes from a
changer the news that somebody was at its door, which rsm learns of anyway
when it looks next; with --no-open no command is sent to any device.

Device nodes such as /dev/sg3 change with every reboot; the names below
/dev/changer and /dev/tape stay. `rsm udev install` makes them."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm discover`."""
    parser.description = grammar.described("find the changers and drives of this machine", _DETAILS)
    parser.add_argument("--no-open", action="store_true", help="send no command to any device")
    parser.add_argument(
        "--follow", action="store_true", help="show arrivals and departures, a line each, until Ctrl-C"
    )
    grammar.with_common(parser)


def run(arguments: Namespace) -> int:
    """Print what is attached, or what comes and goes."""
    if arguments.follow:
        from rsm.cli import following

        return following.follow(json=arguments.json)
    from rsm.cli import render, survey
    from rsm.clock import SystemClock

    seen = survey.survey(
        arguments.clock or SystemClock(), ask=not arguments.no_open, known=survey.managed(arguments.store)
    )
    if arguments.json:
        rows = list(_rows(seen))
        render.json_array(tuple(rows[0]) if rows else (), (tuple(row.values()) for row in rows))
    else:
        _print(seen)
    render.warn(f"discovery driver {name} is left out: {why}" for name, why in seen.skipped.items())
    return 0


def _rows(seen: Survey) -> Iterator[dict[str, object]]:
    from rsm.cli.render import plain

    for changer in seen.changers:
        drives = [plain(element) for element in changer.drives] if changer.drives is not None else None
        more = {"library": changer.library, "add": changer.add, "problem": changer.problem, "drives": drives}
        yield columns(changer.device) | more
    for alone in seen.alone:
        more = {"library": alone.library, "add": alone.add, "problem": None, "drives": None}
        yield columns(alone.device) | more


def columns(device: FoundDevice) -> dict[str, object]:
    """Give a found device as JSON has it."""
    from rsm.cli.render import plain

    identity = device.identity
    return {
        "kind": device.kind.value,
        "name": device.name,
        "vendor": identity.vendor,
        "product": identity.product,
        "revision": identity.revision,
        "serial": identity.serial or None,
        "openable": device.openable,
        "paths": plain(device.paths),
        "names": device.names,
        "contested": device.contested,
        "world_wide_names": device.world_wide_names,
        "attached_changer": device.attached_changer,
        "doubts": device.doubts,
    }


def _print(seen: Survey) -> None:
    from rsm.cli import render

    blocks = [list(_changer(changer)) for changer in seen.changers]
    for alone in seen.alone:
        owner = "of no changer found here" if seen.certain else "alone, or of a changer that did not tell"
        title = f"drive {who(alone.device)}, {owner}"
        blocks.append([title, *_device(alone.device), *_next(alone.library, alone.add)])
    for number, (title, *lines) in enumerate(blocks):
        print(("\n" if number else "") + render.bold(words.clean(title)))
        for line in lines:
            print("  " + words.clean(line))
    if not blocks:
        render.note("no changer and no tape drive is attached; rsm doctor tells what may be wrong")


def who(device: FoundDevice) -> str:
    """Give vendor, product and serial number of a found device in one line."""
    identity = device.identity
    serial = f"serial {identity.serial}" if identity.serial else "no serial number"
    return f"{identity.vendor} {identity.product}, {serial}"


def _changer(changer: Changer) -> Iterator[str]:
    yield f"changer {who(changer.device)}"
    yield from _device(changer.device)
    for element in changer.drives or ():
        at = f"drive {element.number}   {element.node or '-'}"
        if element.matched_by:
            nodes = f" ({element.name})" if element.name else ""
            yield f"{at}{nodes}, matched by {element.matched_by}"
        else:
            yield f"{at}   {element.problem}"
    if changer.problem is not None:
        yield f"not asked {changer.problem}"
    yield from _next(changer.library, changer.add)


def _device(device: FoundDevice) -> Iterator[str]:
    for number, name in enumerate(_one_of_each(device.names)):
        yield f"{'' if number else 'name':<8}  {name}"
    for path in device.paths:
        yield f"path      {_path(path)}"
        if path.problem is not None:
            yield f"problem   {path.problem}"
        if path.group is not None:
            yield f"next      sudo usermod -aG {path.group} $USER, then log in anew"
    for name in device.contested:
        yield f"unsure    {name} is claimed by several devices"
    for doubt in device.doubts:
        yield f"doubt     {doubt}"


def _one_of_each(names: Iterable[str]) -> Iterator[str]:
    """Give the first name of each kind: by-serial, by-id, by-path."""
    kinds = set()
    for name in names:
        kind = name.split("/")[-2]
        if kind not in kinds:
            kinds.add(kind)
            yield name


def _path(path: DevicePath) -> str:
    nodes = " ".join(node for node in (path.sg, path.node) if node)
    return f"{nodes or 'no node'} at {path.address}"


def _next(library: str | None, add: str | None) -> Iterator[str]:
    if library is not None:
        yield f"library   {library}"
    elif add is not None:
        yield f"add       {add}"
