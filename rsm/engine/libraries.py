"""Libraries: taken into management, looked over, let go again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rsm.engine import names, pools
from rsm.errors import AlreadyExists, Busy, InvalidName, Refused
from rsm.model.media_type import TWO_SIDED_OPTICAL, type_of_drive
from rsm.model.outcome import Cell, LibraryView
from rsm.model.states import LibraryKind, NewMedia
from rsm.store import rows

if TYPE_CHECKING:
    from rsm.engine.context import Context
    from rsm.hardware.inventory import Capabilities, DeviceIdentity
    from rsm.model.objects import Library
    from rsm.store.sqlite import Reader, Writer

NAME_LENGTH = 64
"""NTMS_OBJECTNAME_LENGTH (ntms.md §1.2)."""


def check_name(name: str) -> str:
    """Give a library's name as typed, or raise `InvalidName`."""
    if not re.fullmatch(rf"[\w][\w.+-]{{0,{NAME_LENGTH - 1}}}", name):
        raise InvalidName(
            f"{name!r} cannot name a library",
            hint=f"up to {NAME_LENGTH} letters, digits, and . + - _, the first a letter or digit",
        )
    return name


def add(
    context: Context,
    writer: Writer,
    device: str,
    identity: DeviceIdentity,
    capabilities: Capabilities,
    *,
    name: str | None,
    new_media: NewMedia,
    media_type: str | None,
) -> Library:
    """Take the changer at `device` into management under a name that is given, or made from its model.

    A library that is managed already, found by its serial number under another device name, is refused
    unless it is added by its own name: that tells its new device. Raises `AlreadyExists` otherwise.
    """
    known = writer.one(
        "library.by_robot", serial=identity.serial, vendor=identity.vendor, product=identity.product
    ) or (None if identity.serial else writer.one("library.by_device", device=device))
    if known is not None:
        return _moved(context, writer, rows.library(known), device, name)
    chosen = check_name(name) if name else _unused_name(writer, identity)
    if writer.one("library.by_name", name=chosen):
        raise AlreadyExists(f"there is already a library called {chosen}", hint="give another --name")
    library = context.fresh()
    writer.run(
        "library.add",
        id=library,
        name=chosen,
        kind=LibraryKind.ONLINE if capabilities.moves else LibraryKind.STANDALONE,
        device=device,
        vendor=identity.vendor,
        product=identity.product,
        revision=identity.revision,
        serial=identity.serial,
        new_media=new_media.value,
        default_type=_default_type(writer, media_type, identity, capabilities),
        reads_volume_tags=capabilities.reads_volume_tags,
        rotates=capabilities.rotates,
        created=context.now_ms,
    )
    context.event(
        writer,
        "library added",
        f"library {chosen} added: {identity.vendor} {identity.product} {identity.serial} at {device}",
        library=library,
    )
    return names.library(writer, chosen)


def view(reader: Reader, name: str) -> LibraryView:
    """Give a library with every place and the medium in it; reads each table once."""
    library = names.library(reader, name)
    identity = str(library.id)
    places = {row["id"]: row for row in reader.all("library.places", library=identity)}
    sides: dict[str, list[object]] = {}
    for row in reader.all("medium.sides_of_library", library=identity):
        sides.setdefault(row["medium"], []).append(row)
    media = {
        row["place"]: rows.medium(row, sides.get(row["id"], []), places[row["place"]])  # type: ignore[arg-type]
        for row in reader.all("medium.of_library", library=identity)
        if row["place"]
    }
    cells = tuple(Cell(place=rows.place(row), medium=media.get(key)) for key, row in places.items())
    return LibraryView(library=library, cells=cells)


def remove(context: Context, writer: Writer, name: str) -> Library:
    """Let a library go; its media stay known and are on the shelf. Raises `Busy` while one is mounted."""
    library = names.library(writer, name)
    if library.kind is LibraryKind.OFFLINE:
        raise Refused("the shelf cannot be removed: it holds what is in no library")
    if writer.value("library.held_media", library=str(library.id)):
        raise Busy(
            f"media are mounted in {library.name}", hint="rsm drive list shows them; dismount them first"
        )
    if writer.one("journal.open_intent", library=str(library.id)):
        raise Busy(
            f"a move in {library.name} is under way, or was interrupted and how it ended is not known",
            hint=f"rsm library inventory {library.name}",
        )
    shelf = names.shelf(writer)
    media = writer.all("medium.brief_of_library", library=str(library.id))
    at = context.now_ms
    writer.many("medium.lose", ({"id": row["id"], "library": shelf, "at": at} for row in media))
    writer.many("medium.rank", ({"medium": row["id"]} for row in media))
    writer.run("library.forget_homes", library=str(library.id))
    writer.run("library.remove", id=str(library.id))
    context.event(
        writer, "library removed", f"library {library.name} removed; {len(media)} media are on the shelf"
    )
    return library


def _moved(context: Context, writer: Writer, known: Library, device: str, name: str | None) -> Library:
    """Record the new device name of a library that is known, if the caller named that very library."""
    if name != known.name or device == known.device:
        raise AlreadyExists(
            f"{device} is library {known.name} already",
            hint=None
            if device == known.device
            else f"if it has moved there: rsm library add {device} --name {known.name}",
        )
    writer.run("library.set_device", id=str(known.id), device=device)
    context.event(writer, "library moved", f"library {known.name} is now at {device}", library=str(known.id))
    return names.library(writer, known.name)


def _unused_name(reader: Reader, identity: DeviceIdentity) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", identity.product.lower()).strip("-")[: NAME_LENGTH - 4] or "library"
    number = 1
    name = stem
    while reader.one("library.by_name", name=name):
        number += 1
        name = f"{stem}-{number}"
    return name


def _default_type(
    reader: Reader, wanted: str | None, identity: DeviceIdentity, capabilities: Capabilities
) -> str | None:
    """Give the type of media that nothing else tells the type of."""
    if wanted is not None:
        return pools.media_type(reader, wanted)
    if capabilities.rotates:
        return TWO_SIDED_OPTICAL
    return type_of_drive(identity.product)
