"""Move one medium, journaled: intent committed, command sent once, result looked at, outcome committed.

What a command's status says is never recorded; what the touched elements show afterwards is. A process that
dies in between leaves an open intent, and the next step of the same robot settles it by looking:

    the destination holds the medium      it moved
    the source still holds it             it did not move, once the library is idle *and* the command's own
                                          limit has passed; before that it may still be on its way
    neither                               the intent is closed, the library is marked for an inventory
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.engine import inventory, names
from rsm.errors import Busy, Code, RsmError
from rsm.hardware.faults import DeviceFault, InventoryStale, MoveRefused, OutcomeUnknown
from rsm.hardware.inventory import ElementAddress
from rsm.store.rows import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rsm.engine.context import Context
    from rsm.hardware.contract import Changer
    from rsm.hardware.inventory import ElementReport
    from rsm.model.objects import Library, Medium, Place
    from rsm.store.sqlite import Row, Writer

    AtOnce = Callable[[Writer], None]
    """What else is to be recorded in the transaction that records a good move."""

ATTEMPTS = 3
"""Times a move is planned anew when a unit attention came first, each with an intent of its own."""


class MediumElsewhere(RsmError):
    """The medium is not where the store last saw it; what was seen instead has been recorded."""

    code = Code.MEDIA_NOT_AVAILABLE


def carry(
    context: Context,
    changer: Changer,
    library: Library,
    medium: Medium,
    destination: Place,
    *,
    invert: bool,
    reason: str,
    at_once: AtOnce,
) -> None:
    """Move a medium from where it is to `destination`, under the lease that the caller holds.

    A library that has said that something changed is taken stock of first, and both elements are looked at. Raises `MediumElsewhere` when they are not as recorded,
    `OutcomeUnknown` when the move's end cannot be seen yet (its intent then stays open), and other
    `DeviceFault`s; whatever was seen is recorded in every case.
    """
    settle(context, changer, library)
    for attempt in range(1, ATTEMPTS + 1):
        if changer.stale or library.stale or attempt > 1:
            medium = _retaken(context, changer, library, medium)
        source = _confirmed(context, changer, library, medium, destination)
        try:
            _move(
                context,
                changer,
                library,
                medium,
                source,
                destination,
                invert=invert,
                reason=reason,
                at_once=at_once,
            )
        except InventoryStale:
            if attempt == ATTEMPTS:
                raise
        else:
            return


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


def _retaken(context: Context, changer: Changer, library: Library, medium: Medium) -> Medium:
    """Take the whole inventory anew, since what the plan rests on may be wrong; give the medium as it is now."""
    context.progress(f"something changed in {library.name}; taking its inventory")
    inventory.record(
        context, library, changer.inventory(), device=changer.device, revision=changer.identity.revision
    )
    with context.store.reading() as reader:
        now = names.medium_by_id(reader, str(medium.id))
    if now.place is None or medium.place is None or now.place.kind is not medium.place.kind:
        raise MediumElsewhere(f"medium {medium.name} was moved by somebody else: {names.whereabouts(now)}")
    return now


def settle_if_possible(context: Context, changer: Changer, library: Library) -> tuple[str, ...]:
    """Close an open intent if its end can be seen; else give a warning, since looking harms nothing."""
    try:
        settle(context, changer, library)
    except Busy as busy:
        return (f"{busy}; {busy.hint}",)
    return ()


def _confirmed(
    context: Context, changer: Changer, library: Library, medium: Medium, destination: Place
) -> Place:
    """Look at both ends; give the source place if they are as recorded, else record and raise."""
    source = medium.place
    if source is None:
        raise MediumElsewhere(f"medium {medium.name} is not in a place of {library.name}")
    seen = changer.look([ElementAddress(source.address), ElementAddress(destination.address)])
    with context.store.writing() as writer:
        inventory.observe(context, writer, library, seen)
        now = names.medium_by_id(writer, str(medium.id))
        target = writer.one("medium.by_place", place=str(destination.id))
    if now.place is None or now.place.id != source.id:
        raise MediumElsewhere(
            f"medium {medium.name} is not in {source.kind.name.lower()} {source.number} of {library.name} any more",
            hint=f"rsm library inventory {library.name}",
        )
    if target is not None or any(report.address == destination.address and report.full for report in seen):
        raise MediumElsewhere(
            f"{destination.kind.name.lower()} {destination.number} of {library.name} is full",
            hint=f"rsm library inventory {library.name}",
        )
    return source


def _move(
    context: Context,
    changer: Changer,
    library: Library,
    medium: Medium,
    source: Place,
    destination: Place,
    *,
    invert: bool,
    reason: str,
    at_once: AtOnce,
) -> None:
    intent = context.fresh()
    with context.store.writing() as writer:
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
            limit_ms=milliseconds(changer.move_limit),
        )
    ends = (ElementAddress(source.address), ElementAddress(destination.address))
    fault: DeviceFault | None = None
    try:
        seen = changer.move(*ends, invert=invert).seen
    except DeviceFault as raised:
        fault, seen = raised, raised.seen
    if fault is not None and not seen:
        seen = _look_again(changer, ends)
    # The open intent of this very move: the command's limit counts from its sending.
    with context.store.writing() as writer:
        row = writer.one("journal.open_intent", library=str(library.id))
        assert row is not None  # noqa: S101 - written above, and only the lease's holder closes it
        moved = _is_moved(seen, source.address, destination.address)
        if (
            fault is not None
            and fault.executed is None
            and moved is not True
            and not _limit_passed(context, row)
        ):
            context.event(
                writer,
                "move unknown",
                f"{library.name}: how the move of {medium.name} ended is not known yet: {fault}",
                library=str(library.id),
                medium=str(medium.id),
            )
            undecided = True
        else:
            undecided = False
            _close(context, writer, library, row, seen, fault)
            if moved is True:
                at_once(writer)
    if moved is True and not undecided:
        return
    if undecided:
        raise OutcomeUnknown(
            f"how the move of {medium.name} ended is not known yet: {fault}",
            hint=f"nothing is sent again; once its limit has passed, rsm library inventory {library.name} tells",
            sense=fault.sense if fault else b"",
        ) from fault
    if fault is not None:
        raise fault
    raise MoveRefused(
        f"{library.name} called the move of {medium.name} good, but it is not in "
        f"{destination.kind.name.lower()} {destination.number}",
        hint=f"rsm library inventory {library.name} finds where it was put",
        element=destination.address,
    )


def _look_again(changer: Changer, ends: tuple[ElementAddress, ElementAddress]) -> tuple[ElementReport, ...]:
    """Look at what the driver could not; nothing seen is an answer too, and the first fault the one to tell."""
    try:
        return changer.look(ends)
    except DeviceFault:
        return ()


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
    inventory.observe(context, writer, library, seen, followed=(row["source"], row["destination"]))
    moved = _is_moved(seen, row["source"], row["destination"])
    outcome = {True: "moved", False: "not moved", None: "not where it was sent"}[moved]
    text = f"{outcome}: {fault}" if fault is not None else outcome
    writer.run("journal.close", id=row["id"], at=context.now_ms, outcome=text)
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
