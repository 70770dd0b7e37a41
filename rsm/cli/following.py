"""`rsm discover --follow`: who comes and who goes, a line each; no command is sent to any device.

News only says that something may have changed: what is attached is then looked at and compared with before,
so that a lost path is not told as a lost device. A slow look of its own covers places where no news comes,
such as a container.
"""

from __future__ import annotations

import json as json_text
import select
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rsm.cli import words
from rsm.cli.discover import columns, who
from rsm.hardware import discovery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rsm.hardware.discovery import Found, FoundDevice, Watch

    Key = tuple[str, ...]

BACKSTOP = 15.0
"""Seconds after which is looked without news."""

QUIET = 0.3
"""Seconds without news after which a burst of it is over; a library of 16 drives comes with 100 events."""

_LONGEST_BURST = 3.0


def follow(*, json: bool) -> int:
    """Print what is there, then every change, until Ctrl-C (which is how this ends well)."""
    watches = discovery.watches()  # before the first look, so that nothing falls between
    try:
        for event, device, detail in changes(discovery.discover, lambda: _wait(watches)):
            _print(event, device, detail, json=json)
    except KeyboardInterrupt:
        return 0
    finally:
        for watch in watches:
            watch.close()
    return 0


def changes(look: Callable[[], Found], wait: Callable[[], None]) -> Iterator[tuple[str, FoundDevice, str]]:
    """Give (`present`, `arrived`, `gone` or `changed`, device, what changed), looking after each `wait`."""
    event = "present"
    before: dict[Key, FoundDevice] = {}
    while True:
        found = look()
        # A discovery driver that failed this time saw nothing: that is no departure.
        now = {device.key: device for device in found.devices}
        if found.skipped and event == "arrived":
            now = before | now
        yield from ((event, device, "") for key, device in now.items() if key not in before)
        yield from (("gone", device, "") for key, device in before.items() if key not in now)
        for key, device in now.items():
            if key in before and (said := _difference(before[key], device)):
                yield "changed", device, said
        event, before = "arrived", now
        wait()


def _difference(before: FoundDevice, now: FoundDevice) -> str:
    """Say which nodes and which best name changed; nothing if the rest did."""
    said = [f"now also {node}" for node in sorted(now.nodes - before.nodes)]
    said += [f"no longer {node}" for node in sorted(before.nodes - now.nodes)]
    if not said and now.name != before.name:
        said = [f"now {now.name}"]
    return ", ".join(said)


def _wait(watches: Sequence[Watch]) -> None:
    """Return when there was news and it is quiet again, or after the time of the backstop."""
    if not _news(watches, BACKSTOP):
        return
    end = time.monotonic() + _LONGEST_BURST
    while _news(watches, QUIET) and time.monotonic() < end:
        pass


def _news(watches: Sequence[Watch], limit: float) -> bool:
    """Wait for news and take it; tells whether there was any."""
    readable, _, _ = select.select(watches, [], [], limit)
    for watch in readable:
        watch.drain()
    return bool(readable)


def _print(event: str, device: FoundDevice, detail: str, *, json: bool) -> None:
    now = datetime.now(UTC)
    if json:
        facts = {
            "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "event": event,
            "detail": detail or None,
            **columns(device),
        }
        line = json_text.dumps(facts, ensure_ascii=False)
    else:
        place = device.name or ", ".join(path.address for path in device.paths)
        said = f" ({detail})" if detail else ""
        line = words.clean(
            f"{now.astimezone():%H:%M:%S}  {event:<8} {device.kind.value:<8} {who(device)}  {place}{said}"
        )
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
