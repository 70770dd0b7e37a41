"""Whether the caller may open a node, and what it takes if not; the node itself is not opened."""

from __future__ import annotations

import grp
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Access = Callable[[str, int], bool]


class Hindrance(NamedTuple):
    """Why a node cannot be opened by the caller."""

    problem: str
    """In a sentence."""
    group: str | None
    """The group whose members may open it, None if that is not the matter."""


def hindrance(node: Path, access: Access = os.access) -> Hindrance | None:
    """Tell why the caller may not open a node for reading and writing; None if it may.

    Reading alone does not do: sg refuses element status and moves to whoever opened it so (scsi.md §0.11).
    """
    try:
        state = node.stat()
    except FileNotFoundError:
        return Hindrance(f"there is no {node} here; a container must be given it", None)
    except OSError as error:
        return Hindrance(f"{node} may not be looked at: {error.strerror}", None)
    if access(str(node), os.R_OK | os.W_OK):
        return None
    both = stat.S_IRGRP | stat.S_IWGRP
    if state.st_mode & both != both or state.st_gid == 0:
        return Hindrance(f"only root may open {node}: udev's rules give it to no group", None)
    group = _name(state.st_gid)
    return Hindrance(f"only root and members of the group {group} may open {node}", group)


def _name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
