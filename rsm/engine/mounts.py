"""Mount and dismount one medium.

A medium in a slot has side 1 up; a jukebox turns it over on the way (INVERT) for side 2, and back again on
the way home, so that what is in the slots stays side 1 up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.engine import names, robot
from rsm.engine.moves import carry
from rsm.errors import (
    Busy,
    InvalidState,
    LibraryFull,
    MediaOffline,
    ObjectNotFound,
    ResourceDisabled,
    Unavailable,
)
from rsm.hardware.faults import DeviceGone, NotSupported
from rsm.hardware.inventory import ElementAddress
from rsm.model.outcome import Dismounted, Mounted
from rsm.model.states import BarcodeState, DriveState, LibraryKind, PlaceKind
from rsm.store import rows

if TYPE_CHECKING:
    from rsm.engine.context import Context
    from rsm.hardware.contract import Changer
    from rsm.model.objects import Library, Medium, Place, Side
    from rsm.store.sqlite import Reader, Row, Writer

DRIVE_READY_LIMIT = 600.0
"""Seconds for a loaded drive to become ready (scsi.md §2.4, PBS); LTO-9's first load is longer."""

UNLOAD_LIMIT = 1200.0
"""Seconds for a drive to give its medium up (scsi.md §1.17: 18 minutes in the worst case)."""


def mount(context: Context, what: str, *, drive: int | None = None) -> Mounted:
    """Bring a side into a drive and give the device node that an application opens.

    `what` is a logical medium, a side or a medium; `drive` asks for a drive by its number. A medium that
    stands in a drive already, right side up and unused, is taken where it is. Raises `MediaOffline`,
    `ResourceDisabled`, `InvalidState`, `Busy` when no drive is free, and the faults of the hardware.
    """
    with context.store.reading() as reader:
        medium, side = names.mountable(reader, what)
        library = names.library(reader, medium.library)
    _check_mountable(medium, library)
    with robot.opened(context, library) as changer:
        with robot.leased(context, changer):
            address, already = _load(context, changer, library, medium, side, drive)
        return _ready(context, changer, library, str(medium.id), side, address, already=already)


def dismount(context: Context, what: str) -> Dismounted:
    """Unload the drive that holds a medium and put the medium into its home slot, or another empty one.

    Raises `InvalidState` when it is in no drive, `LibraryFull`, and the faults of the hardware.
    """
    with context.store.reading() as reader:
        medium = _dismountable(reader, what)
        library = names.library(reader, medium.library)
    place = medium.place
    assert place is not None  # noqa: S101 - _dismountable saw to it
    with robot.opened(context, library) as changer:
        warnings = _unload(context, changer, place)
        if not changer.capabilities.moves:
            return _given_to_hand(context, library, medium, place, warnings)
        with robot.leased(context, changer):
            with context.store.reading() as reader:
                medium = _dismountable(reader, str(medium.id))
                target = _slot_for(reader, library, medium)
            context.progress(f"moving {medium.name} to slot {target.number} of {library.name}")
            turned = _is_turned(medium)

            def record(writer: Writer) -> None:
                context.event(
                    writer,
                    "dismounted",
                    f"{medium.name} dismounted from drive {place.number} of {library.name} to slot {target.number}",
                    library=str(library.id),
                    medium=str(medium.id),
                )

            carry(
                context,
                changer,
                library,
                medium,
                target,
                invert=turned,
                reason=f"dismount {medium.name}",
                at_once=record,
            )
    with context.store.reading() as reader:
        medium = names.medium_by_id(reader, str(medium.id))
        row = reader.one("library.place_by_id", id=str(target.id))
        assert row is not None  # noqa: S101 - places are kept
        return Dismounted(medium=medium, library=library.name, place=rows.place(row), warnings=warnings)


def _check_mountable(medium: Medium, library: Library) -> None:
    if not medium.enabled:
        raise ResourceDisabled(f"medium {medium.name} is disabled")
    if library.kind is LibraryKind.OFFLINE or medium.place is None:
        raise MediaOffline(
            f"medium {medium.name} is off line: {names.whereabouts(medium)}",
            hint="put it into a library and take that library's inventory: rsm library inventory NAME",
        )
    if medium.barcode_state is BarcodeState.DUPLICATE:
        raise InvalidState(
            f"another medium bears the bar code {medium.barcode} too", hint="relabel one of them"
        )
    if medium.place.kind in {PlaceKind.PORT, PlaceKind.CHANGER} and not medium.place.present:
        raise MediaOffline(f"medium {medium.name} is off line: {names.whereabouts(medium)}")


def _load(
    context: Context, changer: Changer, library: Library, medium: Medium, side: Side, wanted: int | None
) -> tuple[int, bool]:
    """Bring the side into a drive, under the lease; give the drive's address and whether it was there."""
    with context.store.reading() as reader:
        medium = names.medium_by_id(reader, str(medium.id))
        drives = reader.all("library.drives", library=str(library.id))
    place = medium.place
    if place is not None and place.kind is PlaceKind.DRIVE:
        return _claim(context, library, medium, side, place, wanted)
    if not changer.capabilities.moves:
        raise Unavailable(
            f"{library.name} is a stand-alone drive, and {medium.name} is not in it",
            hint=f"insert {medium.name}, then: rsm library inventory {library.name}",
        )
    target = _drive_for(drives, library, wanted)
    assert place is not None  # noqa: S101 - _check_mountable saw to it
    invert = _needs_turning(changer, library, medium, side, place)
    context.progress(f"moving {medium.name} to drive {target.number} of {library.name}")

    def record(writer: Writer) -> None:
        _record_mounted(context, writer, library, medium, side, target)

    carry(
        context,
        changer,
        library,
        medium,
        target,
        invert=invert,
        reason=f"mount {medium.name}",
        at_once=record,
    )
    return target.address, False


def _claim(
    context: Context, library: Library, medium: Medium, side: Side, place: Place, wanted: int | None
) -> tuple[int, bool]:
    """Take a medium that stands in a drive already."""
    if wanted is not None and wanted != place.number:
        raise Busy(
            f"medium {medium.name} is in drive {place.number} of {library.name}, not in drive {wanted}",
            hint=f"rsm dismount {medium.name}",
        )
    if place.mounted_side == side.id:
        return place.address, True
    up = _side_up(place)
    if place.mounted_side is not None or (len(medium.sides) > 1 and up != side.number):
        raise Busy(
            f"side {up} of {medium.name} is in drive {place.number} of {library.name}",
            hint=f"rsm dismount {medium.name}, then mount side {side.number}",
        )
    with context.store.writing() as writer:
        _record_mounted(context, writer, library, medium, side, place)
    return place.address, False


def _drive_for(drives: list[Row], library: Library, wanted: int | None) -> Place:
    """Choose the empty drive that has mounted least, so that wear is spread; or the very one asked for."""
    if wanted is not None:
        drives = [row for row in drives if row["number"] == wanted]
        if not drives:
            raise ObjectNotFound(f"library {library.name} has no drive {wanted}", hint="rsm drive list")
    usable = [row for row in drives if row["present"] and row["enabled"]]
    free = [row for row in usable if row["medium"] is None and not row["full_seen"]]
    if free:
        return rows.place(free[0])
    states = ", ".join(
        f"drive {row['number']} {_busy_with(row)}"
        for row in sorted(drives, key=lambda row: int(row["number"]))
    )
    raise Busy(
        f"no drive of {library.name} is free: {states or 'it has none'}", hint="rsm dismount MEDIUM frees one"
    )


def _busy_with(row: Row) -> str:
    if not row["present"]:
        return "is absent"
    if not row["enabled"]:
        return "is disabled"
    if row["medium"] is None:
        return "holds a medium that is not recorded"
    return f"holds {row['medium_barcode'] or row['medium'][:8]}"


def _needs_turning(changer: Changer, library: Library, medium: Medium, side: Side, place: Place) -> bool:
    turn = len(medium.sides) > 1 and _side_up(place) != side.number
    if turn and not changer.capabilities.rotates:
        raise NotSupported(f"library {library.name} cannot turn {medium.name} over to side {side.number}")
    return turn


def _side_up(place: Place) -> int:
    return 2 if place.inverted else 1


def _is_turned(medium: Medium) -> bool:
    """Tell whether side 2 is up: the library says so, or we turned it and the library keeps no account."""
    place = medium.place
    return place is not None and (
        place.inverted or any(side.id == place.mounted_side and side.number > 1 for side in medium.sides)
    )


def _record_mounted(
    context: Context, writer: Writer, library: Library, medium: Medium, side: Side, drive: Place
) -> None:
    writer.run("library.set_mounted", id=str(drive.id), side=str(side.id), state=DriveState.MOUNTED)
    writer.run("medium.set_used", id=str(side.id), at=context.now_ms)
    writer.run("medium.rank", medium=str(medium.id))
    number = f" side {side.number}" if len(medium.sides) > 1 else ""
    context.event(
        writer,
        "mounted",
        f"{medium.name}{number} mounted in drive {drive.number} of {library.name}",
        library=str(library.id),
        medium=str(medium.id),
    )


def _ready(
    context: Context,
    changer: Changer,
    library: Library,
    medium: str,
    side: Side,
    address: int,
    *,
    already: bool,
) -> Mounted:
    """Wait for the loaded drive, outside the lease, and remember the node that it turned out to be."""
    with changer.drive(ElementAddress(address)) as drive:
        if not already:
            context.progress(f"waiting for {drive.node} to become ready")
            drive.wait_ready(DRIVE_READY_LIMIT)
        node, matched_by = drive.node, drive.matched_by
    with context.store.writing() as writer:
        found = names.medium_by_id(writer, medium)
        if found.place is None or found.place.mounted_side != side.id:
            raise InvalidState(f"medium {found.name} was taken away while it was being mounted")
        if found.place.node != node:
            writer.run("library.set_node", id=str(found.place.id), node=node)
    sides = {each.id: each for each in found.sides}
    return Mounted(
        logical_medium=sides[side.id].logical_medium,
        medium=found,
        side=side.number,
        library=library.name,
        drive=found.place.number,
        node=node,
        matched_by=matched_by,
        already=already,
    )


def _dismountable(reader: Reader, what: str) -> Medium:
    logical = names.logical_medium(reader, what)
    if logical is not None or ":" in what:
        medium, _ = names.mountable(reader, what)
    else:
        medium = names.medium(reader, what)
    if medium.place is None or medium.place.kind is not PlaceKind.DRIVE:
        raise InvalidState(f"medium {medium.name} is in no drive: {names.whereabouts(medium)}")
    return medium


def _unload(context: Context, changer: Changer, place: Place) -> tuple[str, ...]:
    """Make the drive give its medium up; a drive without a node is left to the library's own unloading."""
    context.progress(f"unloading drive {place.number}")
    try:
        drive = changer.drive(ElementAddress(place.address))
    except DeviceGone as fault:
        return (f"drive {place.number} was not unloaded first: {fault}",)
    with drive:
        drive.unload(UNLOAD_LIMIT)
    return ()


def _slot_for(reader: Reader, library: Library, medium: Medium) -> Place:
    """Give the medium's home if it is empty, else the first empty slot."""
    free = [rows.place(row) for row in reader.all("library.free_slots", library=str(library.id))]
    if not free:
        raise LibraryFull(f"library {library.name} has no empty slot for {medium.name}")
    return next((place for place in free if place.id == medium.home), free[0])


def _given_to_hand(
    context: Context, library: Library, medium: Medium, place: Place, warnings: tuple[str, ...]
) -> Dismounted:
    """Record that a stand-alone drive has put its medium out: whoever takes it has it on the shelf."""
    with context.store.writing() as writer:
        shelf = writer.one("library.shelf")
        assert shelf is not None  # noqa: S101 - the first migration made it, and nothing removes it
        writer.run("medium.lose", id=str(medium.id), library=shelf["id"], at=context.now_ms)
        writer.run("library.dismount_emptied", library=str(library.id))
        writer.run("medium.rank", medium=str(medium.id))
        context.event(
            writer,
            "dismounted",
            f"{medium.name} put out by {library.name}",
            library=str(library.id),
            medium=str(medium.id),
        )
        found = names.medium_by_id(writer, str(medium.id))
    return Dismounted(medium=found, library=library.name, place=place, warnings=warnings)
