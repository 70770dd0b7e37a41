"""READ ELEMENT STATUS as devices need it asked: per type, in chunks, without the options they refuse.

The rules are those of scsi.md §3: rows 1 and 2 (allocation below 64 KiB, capped counts), 3 and 4 (pedantic
allocation checks, more bytes than asked for), 5 (DVCID), 17 (VOLTAG dropped only on 05/24/00) and 37 (all
types only). What a device refused is remembered in its `LogicalUnit.refused`.
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from rsm.hardware.faults import BadReply
from rsm_smc import elements as element_status
from rsm_smc.cdb import ReadElementStatus
from rsm_smc.elements import OddityKind
from rsm_smc.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm_scsi.unit import LogicalUnit
    from rsm_scsi.verdict import Verdict
    from rsm_smc.elements import Element, ElementStatus

_LOG = logging.getLogger(__name__)

_HEADERS = 16
_ROOM = 164
"""Bytes of the longest descriptor met: both tags and Quantum's 64-byte identifier field (scsi.md §1.5)."""
_SMALLEST = 4096
_LARGEST = 65532
"""A multiple of four below 64 KiB: iSCSI targets pad to four bytes, old ones read 16 bits of the length."""
_ALL = 0xFFFF
_HEADER = 8
_TRIES = 2
"""How often a reply that cannot be decoded is asked for."""

_CUTS = {OddityKind.CUT_DESCRIPTOR, OddityKind.CUT_IDENTIFIER, OddityKind.UNFILLED_IDENTIFIER}
_LIMIT_SHOWS = {
    *_CUTS,
    OddityKind.SHORT_REPLY,
    OddityKind.COUNT_DIFFERS,
    OddityKind.CUT_PAGE_HEADER,
    OddityKind.LOST_DESCRIPTOR,
    OddityKind.PAGE_REMAINDER,
    OddityKind.PAGE_OVERRUN,
}


class Option(Enum):
    """What a READ ELEMENT STATUS may ask for beyond the plain thing; a device may refuse it."""

    VOLTAG = "volume tags"
    DVCID = "device identifiers"
    ROOMY = "an allocation length above what the reply needs"
    COUNT = "more elements than there are"


_NAMED_BY_POINTER = {
    1: Option.VOLTAG,
    4: Option.COUNT,
    5: Option.COUNT,
    6: Option.DVCID,
    7: Option.ROOMY,
    8: Option.ROOMY,
    9: Option.ROOMY,
}
"""Which option a field pointer of 05/24/00 means: the byte of the CDB (scsi.md §1.5)."""


class Reading(NamedTuple):
    """What a range of addresses gave: the elements by address, and what was odd about the replies."""

    elements: dict[int, Element]
    warnings: tuple[str, ...] = ()
    answered: bool = True
    """False if the device refused to say anything of this type at all."""


class _Question(NamedTuple):
    kind: int
    start: int
    number: int
    exact: int
    """How many elements there are from `start` on, as far as anybody said, else 1."""
    options: frozenset[Option]

    def command(self, room: int, *, attached: bool) -> ReadElementStatus:
        return ReadElementStatus(
            kind=self.kind,
            start=self.start,
            count=self.number if Option.COUNT in self.options else self.exact,
            voltag=Option.VOLTAG in self.options,
            dvcid=Option.DVCID in self.options,
            allocation=room,
            attached=attached,
        )


class _Answer(NamedTuple):
    status: ElementStatus
    room: int

    @property
    def limited(self) -> bool:
        """Whether the allocation length, not the device, ended the reply."""
        return self.status.byte_count + 8 > self.room

    @property
    def texts(self) -> list[str]:
        """What was odd, leaving out what only shows that there was more than asked for."""
        return [
            str(warning)
            for warning in self.status.warnings
            if not (self.limited and warning.kind in _LIMIT_SHOWS)
        ]


class ElementReader:
    """Reads element status from one changer."""

    def __init__(self, unit: LogicalUnit, *, at_once: int, attached: bool) -> None:
        self._unit = unit
        self._at_once = at_once
        self._attached = attached

    @property
    def tags_refused(self) -> bool:
        """Whether the device was found to refuse volume tags."""
        return Option.VOLTAG in self._unit.refused

    def everything(self) -> Reading:
        """Read all types in one command, for devices that refuse single types (scsi.md §3 row 37)."""
        answer = self._ask(0, 0, _ALL, _ALL, Option.VOLTAG)
        if answer is None:
            return Reading({}, answered=False)
        return Reading({item.address: item for item in answer.status.elements}, tuple(answer.texts))

    def type(self, kind: int, *, start: int, declared: int | None) -> Reading:
        """Read all elements of a type; `declared` is how many there should be, None if nobody said."""
        return self._range(kind, start, declared, Option.VOLTAG, exact=False)

    def identifiers(self, kind: int, *, start: int, declared: int) -> Reading:
        """Read the same range for the drives' identifiers; nothing where DVCID is refused.

        Everything else in the answer is void: IBM's status bits mean nothing with DVCID (scsi.md §0.5).
        """
        if Option.DVCID in self._unit.refused:
            return Reading({}, answered=False)
        reading = self._range(kind, start, declared, Option.DVCID, exact=True)
        if not reading.answered:
            _LOG.info("%s gives no device identifiers", self._unit.device)
            self._unit.refused.add(Option.DVCID)
        return reading

    def these(self, kind: int, addresses: list[int]) -> Reading:
        """Read single elements of one type, neighbours together."""
        found: dict[int, Element] = {}
        warnings: list[str] = []
        answered = False
        for first, last in _runs(addresses):
            reading = self._range(kind, first, last - first + 1, Option.VOLTAG, exact=True)
            found.update(reading.elements)
            warnings += reading.warnings
            answered |= reading.answered
        wanted = {address: found[address] for address in addresses if address in found}
        return Reading(wanted, tuple(warnings), answered)

    def _range(self, kind: int, start: int, declared: int | None, option: Option, *, exact: bool) -> Reading:
        """Ask from `start` on until `declared` elements are there, or no more come.

        A last descriptor that is cut is read again from its own address on, once: what ended the reply may
        have been the allocation length or an accident. tgt cuts its last descriptor every time.
        """
        found: dict[int, Element] = {}
        warnings: dict[str, None] = {}
        answered = False
        cut: int | None = None
        while start <= _ALL:
            left = 1 if declared is None else max(1, declared - len(found))
            wanted = min(self._at_once, left) if exact else self._at_once
            answer = self._ask(kind, start, wanted, left, option)
            if answer is None:
                break
            answered = True
            fresh = [item for item in answer.status.elements if item.kind == kind and item.address >= start]
            if fresh and fresh[-1].address != cut and _is_cut(fresh[-1], answer.status):
                cut = start = fresh.pop().address
                found.update((item.address, item) for item in fresh)
                continue
            warnings.update(dict.fromkeys(answer.texts))
            if not fresh:
                break
            found.update((item.address, item) for item in fresh)
            start = max(item.address for item in fresh) + 1
            complete = declared is not None and len(found) >= declared
            if complete and not answer.limited and (exact or len(fresh) < wanted):
                break
        return Reading(found, tuple(warnings), answered)

    def _ask(self, kind: int, start: int, number: int, exact: int, option: Option) -> _Answer | None:
        """Send one question in the forms that the device may accept; None if it has no such elements.

        05/21/01 and 05/24/00 both mean that where dropping options does not help (mhvtl: 05/24/00).
        """
        options = frozenset({option, Option.ROOMY, Option.COUNT}) - self._unit.refused
        question = _Question(kind, start, number, exact, options)
        answer, verdict = self._try(question)
        if answer is not None:
            return answer
        for milder in _milder(question, verdict):
            answer, _ = self._try(milder)
            if answer is not None:
                self._remember(question.options - milder.options)
                return answer
        return None

    def _remember(self, dropped: frozenset[Option]) -> None:
        for option in dropped:
            _LOG.info("%s refuses %s in READ ELEMENT STATUS", self._unit.device, option.value)
        self._unit.refused |= dropped

    def _try(self, question: _Question) -> tuple[_Answer | None, Verdict]:
        """Send a question; (None, verdict) is a refusal that milder forms may avoid, other faults are raised."""
        if Option.ROOMY in question.options:
            return self._send(question, _room(question.number))
        header, verdict = self._send(question, _HEADER)
        if header is None:
            return None, verdict
        return self._send(question, min(_LARGEST, _HEADER + header.status.byte_count))

    def _send(self, question: _Question, room: int) -> tuple[_Answer | None, Verdict]:
        command = question.command(room, attached=self._attached)
        trouble = ""
        for _ in range(_TRIES):
            reply, verdict = self._unit.ask(command, "report its elements", reply_length=room)
            if verdict.is_code(5, 0x21, 0x01) or verdict.is_code(5, 0x24, 0x00):
                return None, verdict
            if verdict.fault is not None:
                raise verdict.fault
            try:
                status = element_status.decode(reply.data[:room])
            except DecodeError as error:
                trouble = str(error)
                continue
            if status.elements or not status.count or room == _HEADER:
                return _Answer(status, room), verdict
            trouble = f"{status.count} elements are announced and none can be read"
        raise BadReply(
            f"{self._unit.device} reported its elements in a way that means nothing: {trouble}",
            hint="rsm changer decode shows such a reply in detail; please send it with a bug report",
        )


def _milder(question: _Question, verdict: Verdict) -> Iterator[_Question]:
    """Give the question with fewer and fewer options: first without the one that the field pointer names."""
    if verdict.is_code(5, 0x21, 0x01):
        return
    pointer = verdict.sense.field_pointer if verdict.sense is not None else None
    named = _NAMED_BY_POINTER.get(pointer) if pointer is not None else None
    order = [Option.DVCID, Option.VOLTAG, Option.ROOMY]
    if named is not None:
        order = [named, *(option for option in order if option is not named)]
    options = question.options
    for option in order:
        if option not in options:
            continue
        options -= {option}
        if option is Option.DVCID:
            return  # without identifiers the question has no purpose
        yield question._replace(options=options)


def _is_cut(element: Element, status: ElementStatus) -> bool:
    return any(warning.address == element.address and warning.kind in _CUTS for warning in status.warnings)


def _room(number: int) -> int:
    return min(_LARGEST, max(_SMALLEST, (_HEADERS + _ROOM * number + 3) & ~3))


def _runs(addresses: list[int]) -> Iterator[tuple[int, int]]:
    """Give the runs of neighbouring addresses as (first, last)."""
    ordered = sorted(set(addresses))
    first = 0
    for index, address in enumerate(ordered):
        if index + 1 == len(ordered) or ordered[index + 1] != address + 1:
            yield ordered[first], address
            first = index + 1
