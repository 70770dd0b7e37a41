"""Bytes as people write them: hex captures, and the text fields of SCSI replies."""

from __future__ import annotations

from .errors import DecodeError, EncodeError

TAG_TEXT = 32
"""Bytes of text in a volume tag field; 4 more hold reserved bytes and a sequence number (scsi.md §1.5)."""

_HEX = frozenset("0123456789abcdefABCDEF")
_PLAIN_HINT = "a capture is hex pairs and # comments, without offsets and text (xxd -p writes one)"
_DUMP_HINT = f"looks like the offset of a dump; {_PLAIN_HINT}"


def parse_hex(text: str) -> bytes:
    """Return the bytes that a capture file holds: hex pairs, blanks and line breaks free, # begins a comment.

    Raises DecodeError naming the line for anything else, with a hint where it looks like an offset dump.
    """
    lines = [(number, line.partition("#")[0].split()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, words) for number, words in lines if words]
    if _rows_of_sixteen(lines):
        raise DecodeError(f"line {lines[0][0]}: {lines[0][1][0]!r} {_DUMP_HINT}")
    data = bytearray()
    for number, words in lines:
        if _is_offset(words, len(data)):
            raise DecodeError(f"line {number}: {words[0]!r} {_DUMP_HINT}")
        for word in words:
            if not _HEX.issuperset(word):
                raise DecodeError(f"line {number}: {word!r} is not hex pairs; {_PLAIN_HINT}")
            if len(word) % 2:
                raise DecodeError(f"line {number}: {word!r} has an odd number of hex digits; {_PLAIN_HINT}")
            data += bytes.fromhex(word)
    return bytes(data)


def _is_offset(words: list[str], so_far: int) -> bool:
    """Tell a dump's offset column: `00000010:`, or a first word longer than the next that counts the bytes."""
    first = words[0]
    if first.endswith(":"):
        return True
    if len(words) < 2 or len(first) <= len(words[1]) or not _HEX.issuperset(first):
        return False
    return so_far in {int(first, 16), int(first, 8) if set(first) <= set("01234567") else -1}


def _rows_of_sixteen(lines: list[tuple[int, list[str]]]) -> bool:
    """Tell a dump whose offsets are as short as its pairs (sg_raw): rows of 17 words that begin 00, 10, 20."""
    if len(lines) < 2 or any(len(words) < 17 for _, words in lines[:-1]):
        return False
    return all(words[0].lower() == f"{16 * row:02x}" for row, (_, words) in enumerate(lines))


def format_hex(data: bytes, comments: tuple[str, ...] = ()) -> str:
    """Return `data` as capture-file text, 16 bytes a line, after `comments` as lines beginning with #."""
    lines = [f"# {line}".rstrip() for comment in comments for line in comment.splitlines() or [""]]
    lines += [data[start : start + 16].hex(" ") for start in range(0, len(data), 16)]
    return "\n".join(lines) + "\n"


def normalise_tag(field: bytes) -> str | None:
    """Return the volume tag in a tag field, or None if it is blank.

    Cut at the first NUL, right-stripped, latin-1: libraries pad with spaces (tgt, SMC-2), with NULs or with
    both, and bar codes with bytes above 7Eh exist (scsi.md §1.5).
    """
    return str(field[:TAG_TEXT].partition(b"\0")[0], "latin-1").rstrip() or None


def pad_tag(tag: str | None, *, pad: bytes = b" ") -> bytes:
    """Return the 32 bytes of text of a tag field. Raises EncodeError if `tag` would not come back the same."""
    try:
        text = (tag or "").encode("latin-1")
    except UnicodeEncodeError as error:
        raise EncodeError(f"volume tag {tag!r} has a character outside latin-1") from error
    if len(text) > TAG_TEXT:
        raise EncodeError(f"volume tag {tag!r} is longer than {TAG_TEXT} characters")
    if normalise_tag(text) != tag and tag:
        raise EncodeError(f"volume tag {tag!r} holds a NUL or ends in blanks")
    return text.ljust(TAG_TEXT, pad)


def same_tag(one: str | None, other: str | None) -> bool:
    """Tell whether two tags name one medium, with or without the two-character media suffix (L8, LW, CU).

    Libraries set to report 6 characters drop the suffix that others keep (scsi.md §3 row 34).
    """
    if not one or not other:
        return False
    short, long = sorted((one, other), key=len)
    return short == long or (len(long) == len(short) + 2 and len(short) >= 6 and long.startswith(short))


def strip_field(field: bytes) -> str:
    """Return the text of an identity field, stripped at both ends of blanks and NULs.

    tgt pads its serial number on the left, mhvtl with blanks and NULs on the right.
    """
    return str(field, "latin-1").strip(" \0\t\r\n")


def pad_field(text: str, width: int) -> bytes:
    """Return `text` as ASCII, padded with blanks to `width`. Raises EncodeError if it does not fit."""
    try:
        field = text.encode("ascii")
    except UnicodeEncodeError as error:
        raise EncodeError(f"{text!r} is not ASCII") from error
    if len(field) > width:
        raise EncodeError(f"{text!r} is longer than {width} characters")
    return field.ljust(width)
