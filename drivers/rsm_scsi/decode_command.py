"""`rsm changer decode`: what a captured reply says, for people and as JSON.

A capture holds one reply as hex pairs, with lines beginning with # as comments; it is what a user sends with
a bug report.
"""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rsm.errors import InvalidRequest
from rsm.hardware.faults import BadReply
from rsm_smc import elements, identity, mode, reactions, sense, text
from rsm_smc.errors import DecodeError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence

    from rsm_smc.elements import Element, ElementStatus

_CAPTURE_HINT = "a capture is hex pairs, with # before comments: sg_raw -o reply.bin …; xxd -p reply.bin"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `rsm changer decode`."""
    parser.description = (
        "Show what a captured SCSI reply says. One reply a file, as hex pairs; # begins a comment."
    )
    parser.add_argument("file", metavar="FILE", help="the capture, or - for standard input")
    parser.add_argument(
        "--type",
        choices=sorted(_TYPES),
        default="elements",
        help="what was asked for: READ ELEMENT STATUS (elements, the default), INQUIRY, a VPD page, "
        "MODE SENSE or sense data",
    )
    parser.add_argument(
        "--json", action="store_true", help="give one JSON object; its keys are the field names"
    )
    parser.set_defaults(action=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the reply; raises `InvalidRequest` for a file that is no capture, `BadReply` for nonsense in it."""
    reply = read_capture(arguments.file)
    read, show = _TYPES[arguments.type]
    try:
        value = read(reply)
    except DecodeError as error:
        raise BadReply(
            f"{_name(arguments.file)} is not {_ARTICLES[arguments.type]}: {error}",
            hint="--type says what the bytes are",
        ) from error
    if arguments.json:
        json.dump(plain(value), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in show(value))
    return 0


def read_capture(file: str, stdin: TextIO | None = None) -> bytes:
    """Give the bytes of a capture file, `-` being standard input; raises `InvalidRequest` for anything else."""
    try:
        content = (stdin or sys.stdin).read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidRequest(f"{_name(file)} cannot be read: {reason}", hint=_CAPTURE_HINT) from error
    try:
        reply = text.parse_hex(content)
    except DecodeError as error:
        raise InvalidRequest(f"{_name(file)} is not a capture: {error}", hint=_CAPTURE_HINT) from error
    if not reply:
        raise InvalidRequest(f"{_name(file)} holds no bytes", hint=_CAPTURE_HINT)
    return reply


def plain(value: Any) -> Any:
    """Turn a value of the codec into what JSON can say: bytes as hex, warnings as sentences, sets sorted."""
    for kind, turn in _PLAIN:
        if isinstance(value, kind):
            return turn(value)
    return value


_PLAIN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (elements.Oddity, str),
    (dict, lambda value: {key: plain(item) for key, item in value.items()}),
    (int, lambda value: value.value if isinstance(value, Enum) else value),
    (Enum, lambda value: value.name.lower()),
    (bytes, lambda value: value.hex(" ")),
    (frozenset, lambda value: sorted(plain(item) for item in value)),
    (tuple, lambda value: plain(value._asdict()) if hasattr(value, "_asdict") else list(map(plain, value))),
    (list, lambda value: list(map(plain, value))),
)


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


# What each type of reply is read as, and how it is shown


def _vpd(reply: bytes) -> dict[str, Any]:
    if len(reply) < 4:
        raise DecodeError(f"a VPD page has 4 bytes at least, not {len(reply)}")
    page = reply[1]
    found: dict[str, Any] = {"device_type": reply[0] & 0x1F, "page": page}
    if page == identity.SUPPORTED_PAGES:
        return found | {"pages": identity.decode_pages(reply)}
    if page == identity.UNIT_SERIAL_NUMBER:
        return found | {"serial": identity.decode_serial(reply)}
    if page == identity.DEVICE_IDENTIFICATION:
        return found | {"designators": identity.decode_designators(reply)}
    return found | {"data": identity.page_body(reply, page)}


def _mode(reply: bytes) -> dict[str, Any]:
    value = _mode_reply(reply)
    pages = [{"page": _PAGES.get(type(page), "unknown"), **page._asdict()} for page in value.pages]
    return value._asdict() | {"pages": pages}


_PAGES: dict[type, str] = {
    mode.ElementAssignment: "1Dh element address assignment",
    mode.TransportGeometry: "1Eh transport geometry",
    mode.DeviceCapabilities: "1Fh device capabilities",
    mode.ExtendedCapabilities: "1Fh/41h extended device capabilities",
}


def _mode_reply(reply: bytes) -> mode.ModeReply:
    """Take it for MODE SENSE(6), whose length byte then fits, or else for (10)."""
    if len(reply) >= 8 and reply[0] + 1 != len(reply) and int.from_bytes(reply[:2], "big") + 2 == len(reply):
        return mode.decode(reply, ten=True)
    try:
        return mode.decode(reply)
    except DecodeError as first:
        try:
            return mode.decode(reply, ten=True)
        except DecodeError:
            raise first from None


def _sense(reply: bytes) -> dict[str, Any]:
    value = sense.decode(reply)
    if value.key is None:
        raise DecodeError(
            f"response code {reply[0] & 0x7F:02X}h is none of 70h to 73h, or the data are too short"
        )
    meaning = reactions.lookup(value)
    return {
        "code": str(value),
        **value._asdict(),
        "meaning": meaning.text,
        "reaction": meaning.reaction,
        "advice": meaning.advice,
    }


def _show_elements(status: ElementStatus) -> Iterable[str]:
    if not status.elements:
        yield "no elements"
    else:
        rows = [_row(element) for element in status.elements]
        yield from _table(("ELEMENT", "TYPE", "STATE", "VOLUME TAG", "SOURCE", "NOTES"), rows)
    yield from (f"warning: {warning}" for warning in status.warnings)


def _row(element: Element) -> tuple[str, ...]:
    notes = []
    if element.exception is not None:
        asc, ascq = element.exception
        notes.append(f"{reactions.element_meaning(asc, ascq).text} ({asc:02X}/{ascq:02X})")
    if element.access is False:
        notes.append("not accessible")
    if element.disabled:
        notes.append("disabled")
    if element.inverted:
        notes.append("turned over")
    if element.imported:
        notes.append("put there by hand")
    if element.alternate_tag:
        notes.append(f"alternate tag {element.alternate_tag}")
    if element.medium_type:
        notes.append(_MEDIA.get(element.medium_type, f"medium type {element.medium_type}"))
    if element.identifier is not None:
        notes.append(f"drive {element.identifier.serial or element.identifier.data.hex(' ')}")
    return (
        str(element.address),
        element.kind.name.lower().replace("_", " "),
        "full" if element.full else "empty",
        element.volume_tag or "",
        "" if element.source is None else str(element.source),
        ", ".join(notes),
    )


_MEDIA = {1: "data", 2: "cleaning", 3: "diagnostic", 4: "WORM", 5: "microcode"}


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _show_fields(value: Any) -> Iterable[str]:
    """List names and values, nested ones indented."""
    yield from _lines(plain(value), "")


def _lines(value: Any, indent: str) -> Iterable[str]:
    items = (
        value.items() if isinstance(value, dict) else ((str(index), item) for index, item in enumerate(value))
    )
    for key, item in items:
        name = str(key).replace("_", " ")
        if isinstance(item, (dict, list)) and any(isinstance(part, (dict, list)) for part in _parts(item)):
            yield f"{indent}{name}:"
            yield from _lines(item, f"{indent}  ")
        elif isinstance(item, dict):
            yield f"{indent}{name}: " + ", ".join(f"{part}={_word(item[part])}" for part in item)
        elif isinstance(item, list):
            yield f"{indent}{name}: " + (", ".join(map(_word, item)) or "-")
        else:
            yield f"{indent}{name}: {_word(item)}"


def _parts(item: Any) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def _word(item: Any) -> str:
    if item is None or item == "":
        return "-"
    if isinstance(item, bool):
        return "yes" if item else "no"
    return str(item)


_TYPES: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], Iterable[str]]]] = {
    "elements": (elements.decode, _show_elements),
    "inquiry": (identity.decode_standard, _show_fields),
    "vpd": (_vpd, _show_fields),
    "mode": (_mode, _show_fields),
    "sense": (_sense, _show_fields),
}
_ARTICLES = {
    "elements": "element status",
    "inquiry": "INQUIRY data",
    "vpd": "a VPD page",
    "mode": "mode data",
    "sense": "sense data",
}
