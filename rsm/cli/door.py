"""The way from a command to the session: which store, which clock, who is told of the progress."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from rsm.cli.progress import Progress
    from rsm.session import Session


class Door:
    """A session as a context manager; what takes longer than a second shows on a terminal meanwhile."""

    def __init__(self, arguments: Namespace) -> None:
        self._progress: Progress | None = None
        if sys.stderr.isatty():
            from rsm.cli.progress import Progress

            self._progress = Progress()
        self._session = _session(arguments, self._progress)

    def __enter__(self) -> Session:
        return self._session.__enter__()

    def __exit__(self, *exc: object) -> None:
        if self._progress is not None:
            self._progress.close()
        self._session.__exit__(*exc)


def _session(arguments: Namespace, progress: Progress | None = None) -> Session:
    from rsm import session

    return session.Session(arguments.store, clock=arguments.clock, progress=progress)


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

    Raises `ObjectNotFound` for a filter by a library, pool or medium that is not there.
    """
    from rsm.cli import render

    session = _session(arguments)
    with session.listing(name, **filters) as rows:
        if arguments.json:
            total = render.json_array(rows.columns, rows)
        else:
            total = render.table(rows.columns, rows, shown, nameless=nameless)
    if total == 0 and not arguments.json:
        render.note(empty)
    return 0
