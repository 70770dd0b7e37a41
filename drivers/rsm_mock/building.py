"""Making a new library: elements, drives and media as a personality has them, or as somebody asks for."""

from __future__ import annotations

from math import isfinite
from string import ascii_uppercase, digits
from typing import TYPE_CHECKING
from zlib import crc32

from rsm.errors import InvalidName, InvalidRequest
from rsm.hardware.inventory import ElementKind, MediumKind
from rsm.model.barcode import MEDIA_TYPE_BY_SUFFIX
from rsm_mock.machine import POWER_ON, LogicalUnit, Machine
from rsm_mock.personalities import personality_named
from rsm_mock.world import Bay, Element, Medium, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.clock import Clock
    from rsm_mock.traits import Personality

LONGEST_BARCODE = 32
"""Characters that a volume tag holds (scsi.md §1.5)."""

_LAST_ADDRESS = 0xFFFF
_DRIVE_SERIAL_LENGTH = 10
_DIGITS = digits + ascii_uppercase
"""Two of them tell in a drive's serial number which library it was made for."""


def build(
    personality: str | Personality,
    *,
    clock: Clock,
    slots: int | None = None,
    drives: int | None = None,
    ports: int | None = None,
    media: int | None = None,
    two_sided: int = 0,
    cleaning: int = 0,
    worm: int = 0,
    prefix: str = "RSM",
    suffix: str | None = None,
    pace: float = 0.0,
    serial: str = "0001",
) -> Machine:
    """Give a new library, switched on, that has not yet told anybody of its power on.

    Counts that are None are the personality's own; half of the slots are then filled, a jukebox's with two-sided
    media. `serial` is appended
    to the personality's serial number. Raises `InvalidRequest` or `InvalidName` for what cannot be built.
    """
    chosen = personality_named(personality) if isinstance(personality, str) else personality
    size = chosen.size
    counts = {
        ElementKind.TRANSPORT: size.transports,
        ElementKind.STORAGE: size.slots if slots is None else slots,
        ElementKind.IMPORT_EXPORT: size.ports if ports is None else ports,
        ElementKind.DATA_TRANSFER: size.drives if drives is None else drives,
    }
    _check_counts(chosen, counts, pace)
    if not (serial.isascii() and serial.isalnum() and len(serial) <= _DRIVE_SERIAL_LENGTH):
        raise InvalidName(f"{serial!r} cannot end a serial number: up to 10 letters and digits can")
    elements = _elements(chosen, counts, serial)
    filled = counts[ElementKind.STORAGE] // 2 if media is None else media
    if media is None and not two_sided and chosen.motion.rotates:
        filled, two_sided = 0, filled  # what a jukebox that turns media over is for
    wanted = _media_wanted(filled, two_sided=two_sided, cleaning=cleaning, worm=worm)
    ending = chosen.suffix if suffix is None else suffix
    world = World(
        elements,
        rotates=chosen.motion.rotates or two_sided > 0,
        stand_alone=chosen.stand_alone,
    )
    _fill(world, list(_cartridges(world, wanted, prefix, ending)))
    machine = Machine(
        personality=chosen,
        serial=chosen.identity.serial + serial,
        world=world,
        clock=clock,
        drives=[LogicalUnit(attentions=[POWER_ON]) for _ in range(counts[ElementKind.DATA_TRANSFER])],
        changer=LogicalUnit(attentions=[POWER_ON]),
        pace=pace,
    )
    machine.changed = True
    return machine


def new_medium(
    world: World,
    barcode: str | None,
    *,
    kind: MediumKind = MediumKind.DATA,
    two_sided: bool = False,
    back_label: str | None = None,
) -> Medium:
    """Give a medium that did not exist before; raises `InvalidName` if its bar code cannot be one."""
    for label in (barcode, back_label):
        if label is not None:
            check_barcode(label)
    identity = world.new_id()
    sides = (f"{identity}-A", f"{identity}-B") if two_sided else (f"{identity}-A",)
    return Medium(identity, barcode, sides, kind=kind, back_label=back_label)


def check_barcode(barcode: str) -> None:
    """Raise `InvalidName` unless a label can say this."""
    if not barcode or barcode != barcode.strip():
        raise InvalidName(f"bar code {barcode!r} is empty or begins or ends with a blank")
    if len(barcode) > LONGEST_BARCODE:
        raise InvalidName(
            f"bar code {barcode} has {len(barcode)} characters, an element can report {LONGEST_BARCODE}"
        )
    if not (barcode.isascii() and barcode.isprintable()):
        raise InvalidName(f"bar code {barcode!r} holds characters that no label can carry")


def _check_counts(personality: Personality, counts: dict[ElementKind, int], pace: float) -> None:
    if not (isfinite(pace) and pace >= 0):
        raise InvalidRequest(f"time cannot pass at a pace of {pace:g}", hint="0 is instant, 1 is as in life")
    for kind, count in counts.items():
        if count < 0:
            raise InvalidRequest(
                f"a library cannot have {count} {kind.name.lower().replace('_', ' ')} elements"
            )
    if not counts[ElementKind.DATA_TRANSFER]:
        raise InvalidRequest("a library without a drive cannot mount anything; ask for at least one")
    if personality.stand_alone and (
        counts[ElementKind.STORAGE]
        or counts[ElementKind.IMPORT_EXPORT]
        or counts[ElementKind.DATA_TRANSFER] > 1
    ):
        raise InvalidRequest(f"{personality.name} is one drive, it has no slots, ports or further drives")


def _elements(personality: Personality, counts: dict[ElementKind, int], serial: str) -> dict[int, Element]:
    """Lay the elements out at the personality's addresses, or above them where the counts make them collide."""
    elements: dict[int, Element] = {}
    starts = dict(zip(_ADDRESS_ORDER, personality.addresses, strict=True))
    taken = 0
    for kind in sorted(starts, key=lambda kind: starts[kind]):
        first = max(starts[kind], taken)
        taken = first + counts[kind] if counts[kind] else taken
        if taken - 1 > _LAST_ADDRESS:
            raise InvalidRequest(
                f"a library of {sum(counts.values())} elements is larger than its addresses allow"
            )
        for index in range(counts[kind]):
            element = Element(first + index, kind)
            if kind is ElementKind.STORAGE and personality.size.magazine:
                element.magazine = index // personality.size.magazine
            if kind is ElementKind.DATA_TRANSFER:
                element.bay = _bay(personality, serial, index)
            elements[element.address] = element
    return elements


_ADDRESS_ORDER = (
    ElementKind.TRANSPORT,
    ElementKind.STORAGE,
    ElementKind.IMPORT_EXPORT,
    ElementKind.DATA_TRANSFER,
)


def _bay(personality: Personality, serial: str, index: int) -> Bay:
    library = int(serial) if serial.isdecimal() else crc32(serial.encode())
    high, low = divmod(library % len(_DIGITS) ** 2, len(_DIGITS))
    number = f"{_DIGITS[high]}{_DIGITS[low]}{index + 1:04d}"
    beginning = personality.identity.drive_serial
    return Bay(
        beginning + number.rjust(_DRIVE_SERIAL_LENGTH - len(beginning), "0"),
        0x5000E111 << 32 | library % 0x10000 << 16 | (index + 1),
    )


def _media_wanted(data: int, *, two_sided: int, cleaning: int, worm: int) -> list[tuple[MediumKind, bool]]:
    for count, what in ((data, "media"), (two_sided, "two-sided media"), (cleaning, "cleaning media")):
        if count < 0:
            raise InvalidRequest(f"a library cannot hold {count} {what}")
    return [
        *[(MediumKind.DATA, False)] * data,
        *[(MediumKind.WORM, False)] * worm,
        *[(MediumKind.DATA, True)] * two_sided,
        *[(MediumKind.CLEANING, False)] * cleaning,
    ]


def _cartridges(
    world: World, wanted: list[tuple[MediumKind, bool]], prefix: str, suffix: str
) -> Iterator[Medium]:
    data = sum(kind is not MediumKind.CLEANING for kind, _ in wanted)
    for number, (kind, two_sided) in enumerate(wanted, start=1):
        if kind is MediumKind.CLEANING:
            yield new_medium(world, f"CLN{number - data:03d}{suffix}", kind=kind)
            continue
        width = max(6 - len(prefix), len(str(data)), 1)
        barcode = f"{prefix}{number:0{width}d}{_ending(suffix, kind, two_sided=two_sided)}"
        back = f"{prefix}{number:0{width}d}B"[:LONGEST_BARCODE] if two_sided else None
        yield new_medium(world, barcode, kind=kind, two_sided=two_sided, back_label=back)


def _ending(suffix: str, kind: MediumKind, *, two_sided: bool) -> str:
    """Give what a label ends with: a tape's generation would make a disc a tape, or WORM rewritable."""
    if two_sided:
        return ""
    if kind is not MediumKind.WORM:
        return suffix
    worm = f"{MEDIA_TYPE_BY_SUFFIX.get(suffix)} WORM"
    return next((other for other, name in MEDIA_TYPE_BY_SUFFIX.items() if name == worm), suffix)


def _fill(world: World, media: list[Medium]) -> None:
    places = world.of_kind(ElementKind.STORAGE)
    if world.stand_alone:
        world.shelf.extend(media)
        return
    if len(media) > len(places):
        raise InvalidRequest(f"{len(media)} media do not fit into {len(places)} slots")
    for place, medium in zip(places, media, strict=False):
        place.medium = medium
