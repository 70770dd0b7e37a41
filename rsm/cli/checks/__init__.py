"""The examinations of `rsm doctor`: each takes a host and gives findings, and changes nothing.

One that breaks is itself reported, and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsm.cli.checks import devices, leases, records
from rsm.cli.checks.host import Finding, Host, Level, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Check = Callable[[Host], Iterable[Finding]]

__all__ = ["CHECKS", "Finding", "Host", "Level", "examine"]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("sg", devices.generic_module),
    ("discovery", devices.discovery_drivers),
    ("changers", devices.changers),
    ("rights", devices.rights),
    ("names", devices.names),
    ("tape driver", devices.tape_driver),
    ("changer driver", devices.changer_driver),
    ("udev", devices.udev_rules),
    ("leases", leases.directory),
    ("leases", leases.held),
    ("store", records.store),
    ("sqlite", records.sqlite),
    ("libraries", records.libraries),
    ("libraries", records.inventories),
    ("moves", records.intents),
    ("rich", records.rich),
)
"""Name and examination, in the order in which they are told: causes before what follows from them."""


def examine(host: Host, checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """Give the findings of all checks as they come."""
    for name, check in checks:
        try:
            for finding in check(host):
                yield finding._replace(check=name)
        except Exception as error:  # noqa: BLE001 - one broken examination must not hide the others
            yield problem(f"this could not be examined: {type(error).__name__}: {error}")._replace(check=name)
