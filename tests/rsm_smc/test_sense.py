"""Sense data, and the table of what they mean and ask for (scsi.md §2)."""

from __future__ import annotations

import pytest

from rsm_smc import EncodeError
from rsm_smc.reactions import Reaction, element_meaning, lookup
from rsm_smc.sense import Sense, decode, encode


def meaning_of(code: str) -> Reaction:
    """Look up the reaction to a code written as 05/3B/0D."""
    key, asc, ascq = (int(part, 16) for part in code.split("/"))
    return lookup(decode(encode(key, asc, ascq))).reaction


@pytest.mark.parametrize("code", [0x00, 0x01, 0x6F, 0x74, 0x7E, 0x7F])
def test_other_response_codes_are_kept_unread(code: int) -> None:
    """A response code that is not 70h to 73h must give no key, and all bytes."""
    data = bytes([code]) + bytes(range(17))
    found = decode(data)
    assert (found.key, found.asc, found.ascq, found.raw) == (None, None, None, data)
    assert str(found).startswith("unreadable sense")


def test_empty_sense() -> None:
    """No bytes must be a value that says so: a target may answer 02 with no sense at all."""
    assert decode(b"") == Sense(None)
    assert str(decode(b"")) == "no sense data"


@pytest.mark.parametrize("length", range(3, 14))
def test_short_fixed_sense_has_no_codes(length: int) -> None:
    """Below 14 bytes ASC and ASCQ must be None, not 00/00, and a progress of 13 bytes is no ASC alone."""
    found = decode(encode(5, 0x3B, 0x0D)[:length])
    assert (found.key, found.asc, found.ascq) == (5, None, None)


def test_additional_length_bounds_fixed_sense() -> None:
    """What a zero-filled buffer holds beyond the additional length must not be read as 00/00."""
    found = decode(bytes.fromhex("7000020000000002") + bytes(88))
    assert (found.key, found.asc, found.ascq) == (2, None, None)
    assert str(found) == "02/--/--"


@pytest.mark.parametrize(
    ("length", "key", "asc"), [(1, None, None), (2, 5, None), (3, 5, None), (4, 5, 0x53)]
)
def test_short_descriptor_sense(length: int, key: int | None, asc: int | None) -> None:
    """Descriptor format must give the key from 2 bytes on and the codes from 4 bytes on."""
    found = decode(bytes.fromhex("7205530200000000")[:length])
    assert (found.key, found.asc) == (key, asc)


@pytest.mark.parametrize(("code", "deferred"), [(0x70, False), (0x71, True), (0x72, False), (0x73, True)])
def test_deferred_sense(code: int, *, deferred: bool) -> None:
    """71h and 73h must be told as deferred, and ask for a look, not for a repetition."""
    found = decode(encode(2, 4, 1, deferred=deferred, descriptor=code >= 0x72))
    assert (found.response_code, found.deferred) == (code, deferred)
    assert lookup(found).reaction is (Reaction.REPLAN if deferred else Reaction.WAIT)


def test_information_only_if_valid() -> None:
    """INFORMATION must be None without VALID, and 0 with it."""
    assert decode(bytes.fromhex("70000600000002 0a00000000280100000000")).information is None
    assert decode(encode(6, 0x28, 1, information=0)).information == 0


def test_progress_and_no_field_pointer_when_not_ready() -> None:
    """The sense-key specific bytes of NOT READY must be progress, never a field pointer."""
    found = decode(bytes.fromhex("700002000000000a000000000401008 04000".replace(" ", "")))
    assert found.field_pointer is None
    assert found.progress == pytest.approx(0.25)


def test_stream_and_other_descriptors() -> None:
    """Descriptors for stream commands, command information, FRU and unknown ones must be read or stepped over."""
    data = bytes.fromhex(
        "7203110000000020 0402 00e0 99021234 010a0000 0000000000000009 0302 0007 0002 1234 00ff"
    )
    found = decode(data)
    assert (found.filemark, found.end_of_medium, found.incorrect_length) == (True, True, True)
    assert found.command_specific == 9
    assert found.field_replaceable_unit == 7


@pytest.mark.parametrize(
    "arguments",
    [(16, 0, 0), (5, 256, 0), (5, 0, -1)],
)
def test_codes_that_do_not_fit(arguments: tuple[int, int, int]) -> None:
    """A code out of range must be refused."""
    with pytest.raises(EncodeError):
        encode(*arguments)


def test_fields_that_do_not_fit() -> None:
    """Information of 33 bits must be refused in fixed and taken in descriptor format."""
    with pytest.raises(EncodeError, match="information"):
        encode(6, 0x28, 0, information=1 << 32)
    assert decode(encode(6, 0x28, 0, information=1 << 32, descriptor=True)).information == 1 << 32
    for pointer, bit in ((65536, None), (1, 8)):
        with pytest.raises(EncodeError):
            encode(5, 0x24, 0, field_pointer=pointer, bit_pointer=bit)


WAIT, ATTENTION, REPLAN, FALLBACK, OPERATOR, DOWN, NONE = (
    Reaction.WAIT,
    Reaction.ATTENTION,
    Reaction.REPLAN,
    Reaction.FALLBACK,
    Reaction.OPERATOR,
    Reaction.DOWN,
    Reaction.NONE,
)


@pytest.mark.parametrize(
    ("reaction", "codes"),
    [
        (WAIT, "02/04/00 02/04/01 02/04/02 02/04/07 02/04/85 02/04/87 02/04/88 02/04/89 02/3E/00"),
        (OPERATOR, "02/04/03 02/04/12 02/04/15 02/04/17 02/04/18 02/04/19 02/04/83 02/04/8D 02/04/8E"),
        (OPERATOR, "02/3A/02 02/3B/12 02/53/02 02/80/05 02/80/06"),
        (FALLBACK, "02/74/71"),
        (REPLAN, "02/80/00 02/3A/00"),
        (REPLAN, "04/15/01 04/15/02 04/53/00 04/53/01 04/53/04 04/53/05 04/53/06 04/04/03 04/3B/0D 04/3B/0E"),
        (DOWN, "04/40/01 04/40/80 04/44/00 04/44/86 04/53/09 04/53/0A 04/53/0D 04/3B/16 04/99/99"),
        (OPERATOR, "04/53/82 04/53/83 04/80/01 04/83/00"),
        (REPLAN, "0B/08/00 0B/08/01 0B/48/00 0B/00/16 03/11/00 03/53/04"),
        (
            FALLBACK,
            "05/20/00 05/21/01 05/24/00 05/25/00 05/26/00 05/26/99 05/30/00 05/39/00 05/3B/81 05/3B/A0",
        ),
        (REPLAN, "05/2C/00 05/30/03 05/3A/00 05/3B/0D 05/3B/0E 05/15/01 05/53/00 05/53/07 05/53/08"),
        (OPERATOR, "05/3B/11 05/3B/12 05/53/02 05/53/03 05/53/81 05/83/02"),
        (DOWN, "05/3B/18 05/3B/1A 05/44/00 05/83/04 05/83/05"),
        (WAIT, "05/3B/83 05/3B/87 05/3B/90 05/53/01 05/83/06"),
        (
            ATTENTION,
            "06/28/00 06/28/01 06/28/03 06/29/00 06/29/07 06/2A/01 06/2A/02 06/2A/03 06/2A/05 06/2A/10",
        ),
        (
            ATTENTION,
            "06/2A/15 06/3B/12 06/3B/13 06/3B/14 06/3B/15 06/3B/18 06/3B/19 06/3B/1A 06/3B/1B 06/3B/20",
        ),
        (ATTENTION, "06/3F/01 06/3F/03 06/3F/0E 06/41/FE 06/99/99"),
        (OPERATOR, "06/53/02 06/5A/01 09/80/00"),
        (NONE, "01/5B/02 01/5D/00 01/30/03 01/00/00 01/3B/0D 00/5D/00"),
        (WAIT, "00/00/00"),
        (REPLAN, "0E/00/00"),
    ],
)
def test_every_documented_code_has_its_reaction(reaction: Reaction, codes: str) -> None:
    """Each row of the table of codes must ask for the class of reaction given there."""
    assert {code: meaning_of(code) for code in codes.split()} == dict.fromkeys(codes.split(), reaction)


def test_waiting_has_a_step_and_a_limit() -> None:
    """Whoever is told to wait must be told how long: becoming ready is asked each second, for an hour at most."""
    for code in ("02/04/00", "02/04/01", "02/04/07", "02/3E/00", "05/3B/90", "00/00/00"):
        key, asc, ascq = (int(part, 16) for part in code.split("/"))
        meaning = lookup(decode(encode(key, asc, ascq)))
        assert meaning.retry_seconds
        assert meaning.limit_seconds
        assert meaning.limit_seconds > meaning.retry_seconds
    assert lookup(decode(encode(2, 4, 1))).retry_seconds == 1


def test_unreadable_sense_asks_for_a_look() -> None:
    """Sense that says nothing must never lead to a repetition."""
    assert lookup(decode(b"\x7f\0\0")).reaction is REPLAN
    assert lookup(decode(bytes.fromhex("700005"))).reaction is FALLBACK


@pytest.mark.parametrize(
    ("code", "absent", "cleaning"),
    [
        ((0x30, 0x03), False, True),
        ((0x3B, 0x12), True, False),
        ((0x3B, 0x1A), True, False),
        ((0x83, 0x04), True, False),
        ((0x83, 0x02), True, False),
        ((0x83, 0x00), False, False),
        ((0x83, 0x01), False, False),
        ((0x83, 0x05), False, False),
        ((0x83, 0x06), False, False),
        ((0x83, 0x09), False, False),
        ((0x30, 0x83), False, False),
    ],
)
def test_exceptions_of_elements(code: tuple[int, int], *, absent: bool, cleaning: bool) -> None:
    """An element's exception must say in words what it is, and whether the element is there at all."""
    meaning = element_meaning(*code)
    assert (meaning.absent, meaning.cleaning) == (absent, cleaning)
    assert "code" not in meaning.text


def test_unknown_exception_of_an_element() -> None:
    """An exception that nobody documented must be shown by its numbers."""
    assert element_meaning(0x12, 0x34).text == "abnormal, code 12/34"
