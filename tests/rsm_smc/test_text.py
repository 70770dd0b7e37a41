"""Hex captures, tags and text fields."""

from __future__ import annotations

import pytest

from rsm_smc import DecodeError, EncodeError
from rsm_smc.text import format_hex, normalise_tag, pad_field, pad_tag, parse_hex, same_tag


def test_capture_format() -> None:
    """Pairs, words, blank lines, comments alone and at the end of a line must all be read."""
    written = "# a library\n\n04 00 00 14 # header\n0000 0148\r\n0280 # page\n"
    assert parse_hex(written) == bytes.fromhex("04000014000001480280")
    assert parse_hex("") == b""


def test_captures_are_written_as_they_are_read() -> None:
    """Comments must stand first, each line marked, then 16 bytes a line."""
    assert format_hex(bytes(range(18)), ("two\nlines",)) == (
        "# two\n# lines\n00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n10 11\n"
    )


@pytest.mark.parametrize(
    "written",
    [
        "00000000: 0400 0014 0000 0418 0280 0034 0000 0410  ...........4....\n",
        "0000000 0004 1400 0000 1804\n0000010 0000\n",
        "0000 04 00 00 14\n0010 00 00 01 48\n",
        "00000000  04 00 00 14  |....|\n",
        " 00     04 00 00 14 00 00 04 18  02 80 00 34 00 00 04 10\n 10     04 00 01 00\n",
        " 00     04 00 00 14 00 00 04 18  02 80 00 34 00 00 04 10    ...........4....\n",
    ],
    ids=["xxd", "hexdump", "four digits", "hexdump -C", "sg_raw without text", "sg_raw"],
)
def test_offset_dumps_are_refused_with_a_hint(written: str) -> None:
    """A dump's offsets must never be taken for data; the message must say what to give instead."""
    with pytest.raises(DecodeError, match="without offsets"):
        parse_hex(written)


@pytest.mark.parametrize(("written", "line"), [("04 0\n", 1), ("04\nzz\n", 2), ("# c\n\n04 00 0x14\n", 3)])
def test_what_is_not_hex_names_its_line(written: str, line: int) -> None:
    """Anything but hex pairs must be refused, naming the line."""
    with pytest.raises(DecodeError, match=f"line {line}: "):
        parse_hex(written)


def test_captures_that_only_look_like_dumps() -> None:
    """Bytes that begin like offsets must still be read where nothing else speaks for a dump."""
    assert parse_hex("00 00 00 10\n10 00 00 20\n") == bytes.fromhex("0000001010000020")
    assert parse_hex("00000000 00000000") == bytes(8)


def test_tag_fields() -> None:
    """A tag must fill its 32 bytes with the pad asked for, and come back; none is all pad."""
    assert pad_tag("TAPE01L8", pad=b"\0") == b"TAPE01L8".ljust(32, b"\0")
    assert normalise_tag(pad_tag("TAPE01L8")) == "TAPE01L8"
    assert pad_tag(None) == b" " * 32


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("TAPE01L8", "TAPE01L8", True),
        ("TAPE01L8", "TAPE01", True),
        ("TAPE01", "TAPE01L8", True),
        ("TAPE01L8", "TAPE01L9", False),
        ("TAPE0", "TAPE012", False),
        ("TAPE01", "TAPE012345", False),
        (None, "TAPE01", False),
        ("", "", False),
    ],
)
def test_same_tag(one: str | None, other: str | None, *, same: bool) -> None:
    """Tags must be the same with and without a two-character media suffix after at least six characters."""
    assert same_tag(one, other) is same


def test_fields_that_do_not_fit() -> None:
    """Text too long or not ASCII must be refused."""
    assert pad_field("IBM", 8) == b"IBM     "
    for text in ("NINE CHAR", "Ä"):
        with pytest.raises(EncodeError):
            pad_field(text, 8)
