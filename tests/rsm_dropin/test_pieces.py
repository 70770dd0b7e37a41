"""The pieces by themselves: sense reports, element descriptors, the header of SG_IO."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsm_dropin import sg_reading, wording
from rsm_dropin.contents import Contents, Element, parse
from rsm_dropin.sg_reading import Answer, Device
from rsm_smc import elements, sense


def test_header_is_the_kernels() -> None:
    """The header of SG_IO has the size that the kernel's has where pointers have 8 bytes."""
    assert sg_reading._HEADER.size == 88


@given(st.binary(max_size=40))
def test_any_sense_is_reported(data: bytes) -> None:
    """Whatever a device sends as sense data, the report has its lines and nothing raises."""
    lines = wording.sense_report(data).splitlines()
    assert 12 <= len(lines) <= 15
    assert all(line.startswith("mtx: Request Sense: ") for line in lines)
    assert wording.refused_move(data, 1, 2)


@pytest.mark.parametrize("deferred", [False, True])
def test_descriptor_sense_is_read(deferred: bool) -> None:
    """Sense data in descriptor format are reported as if they were in the fixed one (mtx misreads them)."""
    facts = {"deferred": deferred, "information": 0x01020304, "field_pointer": 6, "bit_pointer": 3}
    fixed = sense.encode(5, 0x21, 0x01, **facts)  # type: ignore[arg-type]  # one table for both formats
    described = sense.encode(5, 0x21, 0x01, descriptor=True, **facts)  # type: ignore[arg-type]
    assert wording.sense_report(described) == wording.sense_report(fixed)
    assert "Residual = 01 02 03 04" in wording.sense_report(fixed)
    assert "Field Pointer = 00 06" in wording.sense_report(fixed)


@given(st.binary(max_size=300))
def test_any_reply_ends(reply: bytes) -> None:
    """Whatever a device sends as element status, reading it ends and raises nothing."""
    assert len(list(parse(reply.ljust(8, b"\0")))) <= len(reply)


@given(
    tags=st.lists(st.text(alphabet="ABC019", min_size=1, max_size=32), min_size=1, max_size=5),
    tail=st.binary(max_size=20),
)
def test_agrees_with_the_codec(tags: list[str], tail: bytes) -> None:
    """What the codec writes is read here as the codec reads it, trailing bytes or not."""
    values = _elements(tags)
    reply = elements.encode(values)
    found = list(parse(reply + tail))
    assert [(item.address, item.full, item.tag.decode().rstrip()) for item in found] == [
        (1000 + at, at % 2 == 0, tag) for at, tag in enumerate(tags)
    ]


def _elements(tags: list[str]) -> list[elements.Element]:
    return [
        elements.Element(1000 + at, elements.ElementKind.STORAGE, full=at % 2 == 0, volume_tag=tag)
        for at, tag in enumerate(tags)
    ]


def _library(homes: list[int | None], full: list[bool]) -> Contents:
    """Make drives that are full with media from these slots (None unknown, numbers from 1), and slots."""
    drives = [
        Element(4, 500 + at, full=True, source=None if home is None else 1000 + home)
        for at, home in enumerate(homes)
    ]
    slots = [Element(2, 1001 + at, full=is_full, source=None) for at, is_full in enumerate(full)]
    return Contents([*drives, *slots], [])


@pytest.mark.parametrize(
    ("homes", "full", "ways"),
    [
        ([2], [True, False, False], [2]),
        ([1], [True, False, False], [2]),
        ([None], [True, False, False], [2]),
        ([None, 2], [True, False, False], [3, 2]),
        ([None, None], [False, False], [1, 2]),
        ([9], [False], [1]),
        ([None], [True, True], [None]),
        ([None, None], [False], [1, None]),
    ],
)
def test_way_back(homes: list[int | None], full: list[bool], ways: list[int | None]) -> None:
    """A medium goes home if its home is empty, else to the first empty slot that is nobody else's home."""
    contents = _library(homes, full)
    assert [contents.way_back(drive) for drive in contents.drives] == ways


class Scripted(Device):
    """A device that gives prepared answers."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__("scripted")
        self.answers = list(answers)

    def _send(self, cdb: bytes, room: int, seconds: float) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def _answer(*codes: int, status: int = 2, host_status: int = 0) -> Answer:
    return Answer(status, host_status, sense.encode(*codes) if codes else b"", b"")


def test_attentions_are_taken_away() -> None:
    """Unit attentions are taken away one after the other, but not for ever."""
    good = _answer(status=0)
    assert Scripted(*[_answer(6, 0x29, 0)] * 3, good).ask(bytes(6), 0) is good
    assert Scripted(_answer(6, 0x29, 0)).ask(bytes(6), 0).key == 6


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (_answer(status=0), True),
        (_answer(status=0, host_status=3), False),
        (_answer(1, 0x5B, 0), True),
        (_answer(4, 0x15, 1), False),
        (_answer(status=8), False),
        (_answer(status=2), False),
    ],
)
def test_what_is_good(answer: Answer, good: bool) -> None:
    """Recovered errors are good; a lost command, which mtx takes for one, is not."""
    assert answer.is_good is good


def test_what_the_kernel_is_handed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The header of SG_IO points to the command and to room for the reply, and what comes back is read from it."""
    handed: list[bytes] = []

    def ioctl(_: int, request: int, argument: bytearray) -> int:
        if request == sg_reading._SG_IO:
            fields = list(sg_reading._HEADER.unpack(argument))
            handed.append(ctypes.string_at(fields[7], fields[2]))
            assert (fields[0], fields[1], fields[5], fields[9]) == (ord("S"), -3, 56, 60_000)
            ctypes.memmove(fields[6], b"reply", 5)
            ctypes.memmove(fields[8], b"\x70\0\x06", 3)
            fields[13], fields[16], fields[17] = 2, 3, 7
            sg_reading._HEADER.pack_into(argument, 0, *fields)
        return 0

    monkeypatch.setattr("rsm_dropin.sg_reading.fcntl.ioctl", ioctl)
    answer = sg_reading.SgDevice("/dev/null")._send(bytes((0x12, 0, 0, 0, 56, 0)), 56, 60.0)
    assert handed == [bytes((0x12, 0, 0, 0, 56, 0))]
    assert answer.data == b"reply".ljust(56, b"\0")
    assert (answer.status, answer.host_status, answer.key) == (2, 7, 6)
