"""The way from a command to the session: which store, which clock, who is told of the progress."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from rsm.cli.progress import Progress
    from rsm.session import Session


class Door:
    """A session as a context manager; what takes longer than a second shows on a terminal meanwhile."""

    def __init__(self, arguments: Namespace) -> None:
        self._progress: Progress | None = None
        if sys.stderr.isatty():
            from rsm.cli.progress import Progress  # noqa: PLC0415 - only a person at a terminal watches

            self._progress = Progress()
        self._session = _session(arguments, self._progress)

    def __enter__(self) -> Session:
        return self._session.__enter__()

    def __exit__(self, *exc: object) -> None:
        if self._progress is not None:
            self._progress.close()
        self._session.__exit__(*exc)


def _session(arguments: Namespace, progress: Progress | None = None) -> Session:
    from rsm import session  # noqa: PLC0415 - help and the verbs of devices need no session

    store: Path | None = None
    if arguments.store is not None:
        from pathlib import Path  # noqa: PLC0415 - 4 ms that only --store costs

        store = Path(arguments.store)
    return session.Session(store, clock=arguments.clock, progress=progress)


def listing(
    arguments: Namespace,
    name: str,
    shown: Sequence[str],
    *,
    nameless: str | None = None,
    empty: str,
    **filters: str | int | None,
) -> int:
    """Print a listing of the store as a table, or as JSON if asked, and give the exit status.

    A filter by a library or pool that does not exist raises `ObjectNotFound` instead of listing nothing.
    """
    from rsm.cli import render  # noqa: PLC0415 - the verbs that print one word need none

    session = _session(arguments)
    with session.listing(name, **{key: value for key, value in filters.items() if value is not None}) as rows:
        if arguments.json:
            total = render.json_array(rows.columns, rows)
        else:
            total = render.table(rows.columns, rows, shown, nameless=nameless)
    if total == 0:
        _check_filters(session, filters)
        if not arguments.json:
            render.note(empty)
    return 0


def _check_filters(session: Session, filters: dict[str, str | int | None]) -> None:
    library, pool = filters.get("library"), filters.get("pool")
    if isinstance(library, str):
        session.library(library)
    if isinstance(pool, str):
        session.pool(pool)
