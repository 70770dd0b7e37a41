"""What every decision is made with: the store, the time, fresh ids, who asks, and whom to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rsm.store.rows import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from rsm.clock import Clock
    from rsm.store.sqlite import SqliteStore, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The surroundings of one caller; time and identity are injected, so that tests jump and replay."""

    store: SqliteStore
    clock: Clock
    new_id: Callable[[], UUID]
    actor: str
    """User and program, as events and the lease show them."""
    application: str
    progress: Callable[[str], None]

    @property
    def now_ms(self) -> int:
        """The time of day as the store keeps it."""
        return milliseconds(self.clock.now())

    def fresh(self) -> str:
        """Give a new id as the store keeps it."""
        return str(self.new_id())

    def event(
        self, writer: Writer, kind: str, text: str, *, library: str | None = None, medium: str | None = None
    ) -> None:
        """Add a line to the append-only history, in the transaction that it tells of."""
        writer.run(
            "journal.event",
            at=self.now_ms,
            kind=kind,
            library=library,
            medium=medium,
            text=text,
            actor=self.actor,
        )
