"""`rsm changer decode`: captures shown to people and machines, and bad ones refused in one sentence."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest

from rsm.errors import InvalidRequest
from rsm.hardware.faults import BadReply
from rsm_scsi import decode_command
from rsm_smc import elements, identity, mode, sense, text
from rsm_smc.elements import Element, ElementKind, Identifier, IdentifierForm, Layout

STATUS = elements.encode(
    [
        Element(1000, ElementKind.STORAGE, full=True, access=True, volume_tag="RSM001L9", medium_type=1),
        Element(1001, ElementKind.STORAGE, access=True, exception=(0x83, 0x02)),
        Element(
            256,
            ElementKind.DATA_TRANSFER,
            full=True,
            access=False,
            source=1002,
            inverted=True,
            identifier=Identifier.serial_number("DRIVE00001"),
        ),
    ],
    Layout(identifier=IdentifierForm.SERIAL),
)


def run(tmp_path: Path, content: str | bytes, *options: str) -> int:
    """Decode a capture with this content."""
    file = tmp_path / "reply.hex"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return run_on(str(file), *options)


def run_on(file: str, *options: str) -> int:
    """Decode a file."""
    parser = argparse.ArgumentParser()
    decode_command.configure(parser)
    arguments = parser.parse_args([file, *options])
    status: int = arguments.action(arguments)
    return status


def test_elements_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Element status is a table with one line an element."""
    assert run(tmp_path, text.format_hex(STATUS, ("a comment",))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["ELEMENT", "TYPE", "STATE"]
    assert lines[1].split() == ["1000", "storage", "full", "RSM001L9", "data"]
    assert "absent (83/02)" in lines[2]
    assert lines[3].split()[:5] == ["256", "data", "transfer", "full", "1002"]
    assert "turned over" in lines[3]
    assert "drive DRIVE00001" in lines[3]


def test_elements_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has the codec's field names as keys."""
    assert run(tmp_path, STATUS.hex(), "--json") == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert set(value) == set(elements.ElementStatus._fields)
    assert value["warnings"] == []
    first, second, third = value["elements"]
    assert set(first) == set(Element._fields)
    assert (first["address"], first["kind"], first["full"], first["volume_tag"]) == (
        1000,
        2,
        True,
        "RSM001L9",
    )
    assert second["exception"] == [0x83, 0x02]
    assert third["identifier"]["serial"] == "DRIVE00001"
    assert bytes.fromhex(third["identifier"]["data"]).startswith(b"DRIVE00001")


def test_zeros_are_no_elements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reply of zeros says that there are no elements."""
    assert run(tmp_path, "00 " * 64) == 0
    assert capsys.readouterr().out == "no elements\n"


def test_warnings_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is odd about a reply is told, in both forms."""
    cut = STATUS[:-10].hex()
    run(tmp_path, cut)
    assert "warning: " in capsys.readouterr().out
    run(tmp_path, cut, "--json")
    assert all(isinstance(warning, str) for warning in json.loads(capsys.readouterr().out)["warnings"])


@pytest.mark.parametrize(
    ("kind", "reply", "expected"),
    [
        ("inquiry", identity.encode_standard(identity.StandardInquiry(8, "HP", "MSL", "1")), "product: MSL"),
        ("vpd", identity.encode_serial("ABC123"), "serial: ABC123"),
        ("vpd", identity.encode_pages([0, 0x80]), "pages: 0, 128"),
        (
            "vpd",
            identity.encode_designators([identity.Designator(1, 0, 3, bytes.fromhex("5001438001020304"))]),
            "data=50 01 43 80 01 02 03 04",
        ),
        ("vpd", bytes.fromhex("08 b0 00 02 ab cd"), "data: ab cd"),
        ("mode", mode.encode([mode.ElementAssignment(0, 1, 32, 24, 16, 1, 1, 2)]), "first_storage=32"),
        ("mode", mode.encode([mode.ElementAssignment(0, 1, 32, 24, 16, 1, 1, 2)], ten=True), "storages=24"),
        ("sense", sense.encode(5, 0x3B, 0x0E), "code: 05/3B/0E"),
        ("sense", sense.encode(5, 0x3B, 0x0E, descriptor=True), "meaning: the source is empty"),
    ],
)
def test_every_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, reply: bytes, expected: str
) -> None:
    """Each type of reply is shown with its fields, and is valid JSON."""
    assert run(tmp_path, reply.hex(" "), "--type", kind) == 0
    assert expected in capsys.readouterr().out
    assert run(tmp_path, reply.hex(" "), "--type", kind, "--json") == 0
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no bytes"),
        ("# only a comment\n", "no bytes"),
        ("hello world", "not a capture"),
        ("0 1 2", "not a capture"),
        ("00000000: 0400 0014 0000 0148  ........", "not a capture"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_no_capture(tmp_path: Path, content: str | bytes, words: str) -> None:
    """A file that is no capture is refused in one sentence that names it, with a hint."""
    with pytest.raises(InvalidRequest, match=words) as caught:
        run(tmp_path, content)
    assert "reply.hex" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_no_file(tmp_path: Path) -> None:
    """A missing file and a directory are refused in one sentence."""
    for file in (tmp_path / "missing", tmp_path):
        with pytest.raises(InvalidRequest, match="cannot be read"):
            run_on(str(file))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("elements", "00 00 00"),
        ("inquiry", "08 80"),
        ("vpd", "08"),
        ("vpd", "08 80 00 10 41"),
        ("mode", "00 00 00 00"),
        ("sense", "7f 00 00"),
        ("sense", "70"),
    ],
)
def test_nonsense(tmp_path: Path, kind: str, content: str) -> None:
    """Bytes that cannot be what they were said to be are the device's fault, told in one sentence."""
    with pytest.raises(BadReply, match=r"reply\.hex is not"):
        run(tmp_path, content, "--type", kind)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A hyphen reads standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(STATUS.hex()))
    assert run_on("-") == 0
    assert "RSM001L9" in capsys.readouterr().out
