"""Where the store is (interfaces.md, Store)."""

from __future__ import annotations

import os

SYSTEM_STORE = "/var/lib/rsm/rsm.db"


def default_path() -> str:
    """Give the path of the store to use when none is named.

    `$RSM_STORE`; else the system's store if it exists and can be read, or if the caller is root; else
    `rsm/rsm.db` below the XDG state directory.
    """
    named = os.environ.get("RSM_STORE")
    if named:
        return named
    if os.geteuid() == 0 or os.access(SYSTEM_STORE, os.R_OK):
        return SYSTEM_STORE
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):  # noqa: PTH117 - pathlib costs a listing 5 ms of start-up
        state = os.path.expanduser("~/.local/state")  # noqa: PTH111 - likewise
    return os.path.join(state, "rsm", "rsm.db")  # noqa: PTH118 - likewise
