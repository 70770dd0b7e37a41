"""Rows of the store as the model's values; times turn from milliseconds to seconds here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from rsm.model.objects import Library, LogicalMedium, Medium, Place, Pool, Side
from rsm.model.states import (
    BarcodeState,
    DriveState,
    Identity,
    LibraryKind,
    MediumState,
    NewMedia,
    PlaceKind,
    PoolKind,
    SideState,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsm.store.sqlite import Row


def milliseconds(seconds: float) -> int:
    """Give a time as the store keeps it."""
    return round(seconds * 1000)


def _seconds(value: int | None) -> float | None:
    return None if value is None else value / 1000


def _id(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def library(row: Row) -> Library:
    """Give a library from its row."""
    return Library(
        id=UUID(row["id"]),
        name=row["name"],
        kind=LibraryKind(row["kind"]),
        device=row["device"],
        vendor=row["vendor"],
        product=row["product"],
        revision=row["revision"],
        serial=row["serial"],
        new_media=NewMedia(row["new_media"]),
        default_type=row["default_type"],
        enabled=bool(row["enabled"]),
        stale=bool(row["stale"]),
        reads_volume_tags=bool(row["reads_volume_tags"]),
        rotates=bool(row["rotates"]),
        inventoried=_seconds(row["inventoried"]),
    )


def place(row: Row) -> Place:
    """Give a place from its row."""
    return Place(
        id=UUID(row["id"]),
        library=UUID(row["library"]),
        kind=PlaceKind(row["kind"]),
        address=row["address"],
        number=row["number"],
        present=bool(row["present"]),
        enabled=bool(row["enabled"]),
        accessible=_flag(row["accessible"]),
        full=_flag(row["full_seen"]),
        condition=row["condition"],
        serial=row["serial"],
        state=None if row["state"] is None else DriveState(row["state"]),
        mounted_side=_id(row["mounted_side"]),
        node=row["node"],
        mount_count=row["mount_count"],
    )


def pool(row: Row) -> Pool:
    """Give a pool from its row."""
    return Pool(
        id=UUID(row["id"]),
        parent=_id(row["parent"]),
        path=row["path"],
        kind=PoolKind(row["kind"]),
        media_type=row["media_type"],
        draws_from_free=bool(row["draws_from_free"]),
        returns_to_free=bool(row["returns_to_free"]),
        max_allocates=row["max_allocates"],
    )


def side(row: Row) -> Side:
    """Give a side from its row, which carries its logical medium beside it."""
    return Side(
        id=UUID(row["id"]),
        medium=UUID(row["medium"]),
        number=row["number"],
        state=SideState(row["state"]),
        logical_medium=_id(row["logical_medium"]),
        allocate_count=row["allocate_count"],
        mount_count=row["mount_count"],
        last_used=_seconds(row["last_used"] or None),
    )


def medium(row: Row, sides: Sequence[Row], at: Row | None) -> Medium:
    """Give a medium from its row, the rows of its sides, and that of its place if it has one."""
    return Medium(
        id=UUID(row["id"]),
        barcode=row["barcode"],
        barcode_state=BarcodeState(row["barcode_state"]),
        identity=Identity(row["identity"]),
        media_type=row["media_type"],
        pool=row["pool_path"],
        library=row["library_name"],
        place=None if at is None else place(at),
        home=_id(row["home"]),
        state=MediumState(row["state"]),
        turned=bool(row["turned"]),
        chip_serial=row["chip_serial"],
        enabled=bool(row["enabled"]),
        missing_since=_seconds(row["missing_since"]),
        seen=_seconds(_last_seen(row)),
        sides=tuple(side(each) for each in sides),
    )


def _last_seen(row: Row) -> int | None:
    """Give when a medium was last seen: an inventory that finds it where it was does not touch its row."""
    times = [row["seen"], row["inventoried"] if row["place"] else None]
    return max((each for each in times if each is not None), default=None)


def logical_medium(row: Row) -> LogicalMedium:
    """Give a logical medium from its row."""
    return LogicalMedium(
        id=UUID(row["id"]),
        side=UUID(row["side"]),
        pool=UUID(row["pool"]),
        application=row["application"],
        created=row["created"] / 1000,
    )
