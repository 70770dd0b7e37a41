"""What is attached and who belongs to whom: the changers are asked which drives are theirs.

Every changer is opened on a thread of its own, so that one that hangs holds up nobody else.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rsm.errors import RsmError
from rsm.hardware import discovery
from rsm.hardware.discovery import Found, FoundDevice, Task
from rsm.hardware.inventory import ElementKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rsm.clock import Clock
    from rsm.hardware import contract
    from rsm.hardware.inventory import ElementReport

    Open = Callable[[str, Clock], contract.Changer]
    Robot = tuple[str, str, str]

PATIENCE = 120.0
"""Seconds that the changers have, all at the same time, to tell of their elements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveElement:
    """A drive as its changer tells of it, and the node it was matched to."""

    number: int
    """As people count: the first data transfer element is drive 0."""
    address: int
    serial: str | None
    node: str | None
    """What an application opens, such as /dev/nst0; None if no node is known."""
    matched_by: str | None
    """The rule that matched (scsi.md §4, step 3)."""
    name: str | None
    """The most stable name of the drive, if it was found here."""
    problem: str | None
    """Why no node is known."""


class Changer(NamedTuple):
    """A changer and what it said."""

    device: FoundDevice
    drives: tuple[DriveElement, ...] | None
    """None if it was not asked, or did not answer."""
    problem: str | None
    """Why it did not answer."""
    library: str | None
    """What it is called in the store, if it is managed."""
    add: str | None
    """The command that takes it into management, None if it cannot be opened by any name."""


class Alone(NamedTuple):
    """A drive that no changer claims."""

    device: FoundDevice
    library: str | None
    add: str | None
    """The command that takes it into management; None while it may belong to a changer that did not answer."""


class Survey(NamedTuple):
    """Everything that is attached."""

    changers: tuple[Changer, ...]
    alone: tuple[Alone, ...]
    """Drives that no changer claimed."""
    skipped: dict[str, str]
    """Discovery drivers that were left out, and why."""
    certain: bool
    """Whether every changer answered, so that drives which none claimed belong to none of them."""


def managed(store: str | None) -> dict[Robot, str]:
    """Give the names of the libraries by vendor, product and serial number; none if there is no store to read."""
    from rsm.session import Session

    try:
        with Session(store).listing("libraries") as rows:
            at = [rows.columns.index(name) for name in ("vendor", "product", "serial", "name")]
            found = [tuple(str(row[i] or "") for i in at) for row in rows]
    except RsmError:
        return {}
    return {(vendor, product, serial): name for vendor, product, serial, name in found if serial}


def survey(
    clock: Clock,
    *,
    ask: bool = True,
    known: Mapping[Robot, str] | None = None,
    found: Found | None = None,
    opener: Open | None = None,
    patience: float = PATIENCE,
) -> Survey:
    """Find everything, and with `ask` open the changers that may be opened; never raises for one of them."""
    from rsm.hardware import registry

    found = discovery.discover() if found is None else found
    known = known or {}
    answers = _ask(found, clock, opener or registry.open_changer, patience) if ask else {}
    names = _Names(known)
    changers = []
    for device in found.changers:
        drives, problem = answers.get(device.key, (None, None))
        changers.append(Changer(device, drives, problem, names.library(device), names.add(device)))
    claimed = {element.node for changer in changers for element in changer.drives or ()} - {None}
    certain = all(changer.drives is not None for changer in changers)
    alone = [
        Alone(device, names.library(device), names.add(device) if certain else None)
        for device in found.drives
        if not device.nodes & claimed
    ]
    return Survey(tuple(changers), tuple(alone), found.skipped, certain)


Answer = tuple["tuple[DriveElement, ...] | None", "str | None"]


def _ask(found: Found, clock: Clock, opener: Open, patience: float) -> dict[tuple[str, ...], Answer]:
    """Give what each openable changer says of its drives, or why it says nothing."""
    tasks = {
        device.key: Task(device.name, _question(device.name, clock, opener, found.drives))
        for device in found.changers
        if device.openable and device.name is not None
    }
    until = clock.monotonic() + patience
    return {key: _answer(task, max(0.0, until - clock.monotonic())) for key, task in tasks.items()}


def _answer(task: Task[tuple[DriveElement, ...]], left: float) -> Answer:
    try:
        return task.result(left), None
    except RsmError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - a third party's driver may fail in any way
        return None, f"{type(error).__name__}: {error}"


def _question(
    name: str, clock: Clock, opener: Open, local: Sequence[FoundDevice]
) -> Callable[[], tuple[DriveElement, ...]]:
    def drives() -> tuple[DriveElement, ...]:
        with opener(name, clock) as changer:
            elements = [
                element
                for element in changer.inventory().elements
                if element.kind is ElementKind.DATA_TRANSFER
            ]
            return tuple(_drive(changer, at, element, local) for at, element in enumerate(elements))

    return drives


def _drive(
    changer: contract.Changer, number: int, element: ElementReport, local: Iterable[FoundDevice]
) -> DriveElement:
    """Let the changer's own driver match the element; it alone knows what the changer said of the drive."""
    node = matched_by = problem = None
    try:
        with changer.drive(element.address) as drive:
            node, matched_by = drive.node, drive.matched_by
    except RsmError as error:
        problem = str(error)
    device = next((device for device in local if node in device.nodes), None)
    return DriveElement(
        number=number,
        address=element.address,
        serial=element.drive_serial,
        node=node,
        matched_by=matched_by,
        name=device.name if device else None,
        problem=problem,
    )


class _Names:
    """Says what a device is called in the store, or how to add it under a name that is not taken."""

    def __init__(self, known: Mapping[Robot, str]) -> None:
        self._known = known
        self._taken = set(known.values())

    def library(self, device: FoundDevice) -> str | None:
        identity = device.identity
        return self._known.get((identity.vendor, identity.product, identity.serial))

    def add(self, device: FoundDevice) -> str | None:
        if device.name is None or self.library(device) is not None:
            return None
        word = "".join(letter if letter.isalnum() else "-" for letter in device.identity.product.lower())
        word = "-".join(filter(None, word.split("-"))) or device.kind.value
        name = next(name for name in _numbered(word) if name not in self._taken)
        self._taken.add(name)
        return f"rsm library add {shlex.quote(device.name)} --name {shlex.quote(name)}"


def _numbered(word: str) -> Iterable[str]:
    yield word
    number = 2
    while True:
        yield f"{word}-{number}"
        number += 1
