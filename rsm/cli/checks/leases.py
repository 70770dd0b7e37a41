"""Where leases are kept, and who holds one."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

from rsm.cli.checks.host import ok, problem, warning
from rsm.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rsm.cli.checks.host import Finding, Host

LONG = 3600.0
"""Seconds that no robot step takes; a lease held longer is probably held by something that hangs."""


def directory(host: Host) -> Iterator[Finding]:
    """Tell whether leases are in /run/rsm: elsewhere they keep only the programs of one user apart."""
    system = host.root / "run/rsm"
    if not system.is_dir():
        yield warning(
            "there is no /run/rsm: leases keep the programs of one user apart, and nobody else's",
            "sudo rsm udev install",
        )
    elif not os.access(system, os.W_OK | os.X_OK):
        yield problem(
            "/run/rsm may not be written by you, so others do not see your leases, nor you theirs",
            "sudo usermod -aG tape $USER, then log in anew",
        )
    else:
        yield ok("/run/rsm is there and writable")


def held(host: Host) -> Iterator[Finding]:
    """Say who is using a robot now."""
    try:
        leases = sorted(host.leases().glob("*.lease"))
    except (Unavailable, OSError) as error:
        yield problem(f"the directory of leases cannot be used: {error}", getattr(error, "hint", None))
        return
    for lease in leases:
        content = _holder(lease)
        if content is None:
            continue
        since = content.get("since")
        seconds = max(0.0, host.clock.now() - since) if isinstance(since, (int, float)) else 0.0
        said = (
            f"{content.get('key', lease.stem)} is in use by {content.get('holder', 'another process')}"
            f" (process {content.get('pid', '?')}, for {seconds:.0f} s)"
        )
        if seconds > LONG:
            yield warning(said, f"look whether it hangs: ps -fp {content.get('pid', '?')}")
        else:
            yield ok(said)


def _holder(lease: Path) -> dict[str, object] | None:
    """Give what the holder wrote, None if nobody holds the lease or we may not see."""
    try:
        file = os.open(lease, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _content(file)
    finally:
        os.close(file)
    return None


def _content(file: int) -> dict[str, object]:
    try:
        content = json.loads(os.pread(file, 65536, 0))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
