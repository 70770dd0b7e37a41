"""Move one medium, journaled: intent committed, command sent once, result looked at, outcome committed.

What a command's status says is never recorded; what the touched elements show afterwards is. A process that
dies in between leaves an open intent, and the next step of the same robot settles it by looking:

    the destination holds the medium      it moved
    the source still holds it             it did not move, once the library is idle *and* the command's own
                                          limit has passed; before that it may still be on its way
    neither                               the intent is closed, the library is marked for an inventory

A step is planned on what is recorded and looked at before it is made; where the look shows something else,
that is recorded and the step planned anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rsm.engine import inventory, names
from rsm.errors import Busy, Code, ResourceDisabled, Unavailable
from rsm.hardware.faults import (
    BadReply,
    DeviceFault,
    InventoryStale,
    MoveRefused,
    NotSupported,
    OutcomeUnknown,
)
from rsm.hardware.inventory import ElementAddress
from rsm.store.rows import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rsm.engine.context import Context
    from rsm.hardware.contract import Changer
    from rsm.hardware.inventory import ElementReport
    from rsm.model.objects import Library, Medium, Place
    from rsm.store.sqlite import Reader, Row, Writer

    AtOnce = Callable[[Writer], None]
    """What else is to be recorded in the transaction that records a good move."""

ATTEMPTS = 3
"""Times a step is planned anew when the library turns out to be other than recorded."""

READY_LIMIT = 900.0
"""Seconds to wait for a robot that is still busy with something else before a move is sent."""

Result = TypeVar("Result")


class MediumElsewhere(Unavailable):
    """The medium is not where the store last saw it; what was seen instead has been recorded."""

    code = Code.MEDIA_NOT_AVAILABLE


def planned(
    context: Context, changer: Changer, library: Library, step: Callable[[Library], Result]
) -> Result:
    """Make a step of the robot, under the lease that the caller holds, on a record that is up to date.

    An interrupted move is settled first, and the inventory taken if the library has said that something
    changed. A step that meets a surprise (`MediumElsewhere`, `InventoryStale`) is planned anew after a
    fresh inventory, since whoever moved one medium may have moved others.
    """
    for attempt in range(1, ATTEMPTS + 1):
        settle(context, changer, library)
        with context.store.reading() as reader:
            library = names.library_again(reader, library)
        if not library.enabled:
            raise ResourceDisabled(f"library {library.name} is disabled")
        if changer.stale or library.stale or attempt > 1:
            context.progress(f"something changed in {library.name}; taking its inventory")
            inventory.record(context, changer, library, inventory.take(context, changer, library))
            with context.store.reading() as reader:
                library = names.library_again(reader, library)
        try:
            return step(library)
        except (MediumElsewhere, InventoryStale):
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def confirm(
    context: Context, changer: Changer, library: Library, medium: Medium, *, destination: Place | None = None
) -> Medium:
    """Look whether a medium is where it is recorded and its destination empty, and record what is seen.

    Gives the medium as it is recorded then; raises `MediumElsewhere` if either is otherwise.
    """
    source = medium.place
    if source is None:
        raise MediumElsewhere(f"medium {medium.name} is {names.whereabouts(medium)}")
    ends = [source, *([destination] if destination else [])]
    seen = changer.look([ElementAddress(each.address) for each in ends])
    with context.store.writing() as writer:
        inventory.observe(context, writer, library, seen)
        now = names.medium_by_id(writer, str(medium.id))
        filled = (
            destination is not None and writer.one("medium.by_place", place=str(destination.id)) is not None
        )
    full = {report.address: report.full for report in seen}
    if now.place is None or now.place.id != source.id or not full.get(ElementAddress(source.address)):
        raise MediumElsewhere(
            f"medium {medium.name} is not in {source.kind.name.lower()} {source.number} of {library.name} any more",
            hint=f"rsm library inventory {library.name}",
        )
    if destination is not None and (filled or full.get(ElementAddress(destination.address)) is not False):
        raise MediumElsewhere(
            f"{destination.kind.name.lower()} {destination.number} of {library.name} is not empty",
            hint=f"rsm library inventory {library.name}",
        )
    return now


def carry(
    context: Context,
    changer: Changer,
    library: Library,
    medium: Medium,
    destination: Place,
    *,
    side_up: int,
    reason: str,
    at_once: AtOnce,
) -> None:
    """Move a medium from where it is to `destination`, to lie there with that side up.

    Raises `MediumElsewhere` when the ends are not as recorded, `OutcomeUnknown` when the move's end cannot be
    seen yet (its intent then stays open), and other `DeviceFault`s; whatever was seen is recorded in
    every case.
    """
    now = confirm(context, changer, library, medium, destination=destination)
    source = now.place
    assert source is not None  # noqa: S101 - confirm saw to it
    invert = len(now.sides) > 1 and (2 if now.turned else 1) != side_up
    if invert and not changer.capabilities.rotates:
        raise NotSupported(f"library {library.name} cannot turn {medium.name} over to side {side_up}")
    changer.wait_ready(READY_LIMIT)
    row = _intend(context, changer, library, now, source, destination, invert=invert, reason=reason)
    fault, seen = _send(changer, source, destination, invert=invert)
    _conclude(context, library, now, destination, row, fault, seen, side_up, at_once)


def settle(context: Context, changer: Changer, library: Library) -> None:
    """Close an intent that was left open, by looking; raises `Busy` while its move may still be under way."""
    with context.store.reading() as reader:
        row = reader.one("journal.open_intent", library=str(library.id))
    if row is None:
        return
    context.progress(f"finding out how an interrupted move in {library.name} ended")
    seen = changer.look([ElementAddress(row["source"]), ElementAddress(row["destination"])])
    remaining = (row["sent"] + row["limit_ms"] - context.now_ms) / 1000
    if _is_moved(seen, row["source"], row["destination"]) is not True and remaining > 0:
        raise Busy(
            f"a move in {library.name} was interrupted and may still be under way",
            hint=f"try again in {remaining:.0f} s, when its time limit has passed",
        )
    with context.store.writing() as writer:
        _close(context, writer, library, row, seen)


def settle_if_possible(context: Context, changer: Changer, library: Library) -> tuple[str, ...]:
    """Close an open intent if its end can be seen; else give a warning, since looking harms nothing."""
    try:
        settle(context, changer, library)
    except Busy as busy:
        return (f"{busy}; {busy.hint}",)
    return ()


def is_in_flight(reader: Reader, medium: Medium) -> bool:
    """Tell whether a medium is being moved, or may be: nobody else may decide about it meanwhile."""
    return reader.one("medium.in_flight", medium=str(medium.id)) is not None


def _intend(
    context: Context,
    changer: Changer,
    library: Library,
    medium: Medium,
    source: Place,
    destination: Place,
    *,
    invert: bool,
    reason: str,
) -> Row:
    intent, limit = context.fresh(), milliseconds(changer.move_limit)
    with context.store.writing() as writer:
        names.library_row(writer, library)
        writer.run(
            "journal.intend",
            id=intent,
            library=str(library.id),
            medium=str(medium.id),
            source=source.address,
            destination=destination.address,
            inverted=invert,
            reason=reason,
            holder=context.actor,
            sent=context.now_ms,
            limit_ms=limit,
        )
        writer.run("medium.rank", medium=str(medium.id))
        row = writer.one("journal.open_intent", library=str(library.id))
        assert row is not None  # noqa: S101 - written just above
        return row


def _send(
    changer: Changer, source: Place, destination: Place, *, invert: bool
) -> tuple[DeviceFault | None, Sequence[ElementReport]]:
    """Send the command, once; give the fault if there was one, and what the ends looked like afterwards."""
    ends = (ElementAddress(source.address), ElementAddress(destination.address))
    try:
        return None, changer.move(*ends, invert=invert).seen
    except DeviceFault as fault:
        if fault.seen:
            return fault, fault.seen
        try:
            return fault, changer.look(ends)
        except DeviceFault:
            # Nothing to be seen is an answer too, and the first fault the one to tell.
            return fault, ()


def _conclude(
    context: Context,
    library: Library,
    medium: Medium,
    destination: Place,
    row: Row,
    fault: DeviceFault | None,
    seen: Sequence[ElementReport],
    side_up: int,
    at_once: AtOnce,
) -> None:
    """Record what was seen, close the intent if its end is known, and raise unless the medium arrived as asked."""
    instead: str | None = None
    moved = _is_moved(seen, row["source"], row["destination"])
    answered = not isinstance(fault, (OutcomeUnknown, BadReply))
    with context.store.writing() as writer:
        if moved is not True and not answered and not _limit_passed(context, row):
            context.event(
                writer,
                "move unknown",
                f"{library.name}: how the move of {medium.name} ended is not known yet: {fault}",
                library=str(library.id),
                medium=str(medium.id),
            )
            arrived = None
        else:
            _close(context, writer, library, row, seen, fault)
            now = names.medium_by_id(writer, str(medium.id))
            arrived = moved is True and now.place is not None and now.place.id == destination.id
            if arrived and len(now.sides) > 1 and (2 if now.turned else 1) != side_up:
                arrived, instead = False, f"it came with side {2 if now.turned else 1} up, not side {side_up}"
            elif arrived:
                at_once(writer)
            else:
                other = writer.one("medium.by_place", place=str(destination.id))
                instead = None if other is None else f"{other['barcode'] or other['id'][:8]} came instead"
    if arrived:
        return
    if arrived is None:
        raise OutcomeUnknown(
            f"how the move of {medium.name} ended is not known yet: {fault}",
            hint=f"nothing is sent again; once its limit has passed, rsm library inventory {library.name} tells",
            sense=fault.sense if fault else b"",
        ) from fault
    if fault is not None:
        raise fault
    where = f"{destination.kind.name.lower()} {destination.number}"
    raise MoveRefused(
        f"{library.name} called the move of {medium.name} to {where} good, but {instead or 'it is not there'}",
        hint=f"rsm library inventory {library.name} finds where it was put",
        element=destination.address,
    )


def _is_moved(seen: Sequence[ElementReport], source: int, destination: int) -> bool | None:
    """Tell from the two ends whether the medium moved; None when neither or both hold one."""
    full: dict[int, bool | None] = {report.address: report.full for report in seen}
    at_source, at_destination = full.get(source), full.get(destination)
    if at_destination and at_source is False:
        return True
    if at_source and at_destination is False:
        return False
    return None


def _limit_passed(context: Context, row: Row) -> bool:
    return bool(context.now_ms >= row["sent"] + row["limit_ms"])


def _close(
    context: Context,
    writer: Writer,
    library: Library,
    row: Row,
    seen: Sequence[ElementReport],
    fault: DeviceFault | None = None,
) -> None:
    """Record what was seen and close the intent with it, in the caller's transaction."""
    moved = _is_moved(seen, row["source"], row["destination"])
    # Closed first, so that the medium counts as missing if neither end holds it.
    outcome = {True: "moved", False: "not moved", None: "not where it was sent"}[moved]
    text = f"{outcome}: {fault}" if fault is not None else outcome
    writer.run("journal.close", id=row["id"], at=context.now_ms, outcome=text)
    inventory.observe(context, writer, library, seen, flight=inventory.flight_of(row, still_open=False))
    if row["medium"]:
        writer.run("medium.rank", medium=row["medium"])
    if moved is None:
        writer.run("library.set_stale", id=str(library.id), stale=1)
    if moved is not True:
        context.event(
            writer,
            "move failed",
            f"{library.name}: a move from element {row['source']} to {row['destination']} ended: {text}",
            library=str(library.id),
            medium=row["medium"],
        )
