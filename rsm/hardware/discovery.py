"""What is attached to this machine: changers and drives as found, before anybody opens them.

A discovery driver is a module-level object that satisfies `Discovery`, registered in the entry-point group
`rsm.discovery`. It **must** find devices without sending them a command and without needing a right, group
the several paths to one device, and never merge two devices: where it cannot know, it keeps them apart or
says so in `doubts`. It holds no policy: which changer to manage, and which drive belongs to which changer,
is asked of the changers themselves (`rsm.hardware.contract.Changer.drive`).

Discovery drivers are kept from each other: one that cannot be imported, raises, or does not come back in
time is logged, named in `Found.skipped` and left out.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from rsm.hardware.faults import DeviceGone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rsm.hardware.inventory import DeviceIdentity

_LOG = logging.getLogger(__name__)

GROUP = "rsm.discovery"

LIMIT = 10.0
"""Seconds that a discovery driver may take to be imported and to find everything."""

T = TypeVar("T")


class DeviceKind(Enum):
    """What a found device is, by its peripheral device type."""

    CHANGER = "changer"
    """Type 8."""
    DRIVE = "drive"
    """Type 1: a tape drive, of a changer or on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePath:
    """One of the ways by which this machine reaches a device."""

    address: str
    """Host adapter, channel, target and logical unit, such as 2:0:0:3."""
    sg: str | None
    """The SCSI generic node, such as /dev/sg3; None if there is none to be opened here."""
    node: str | None = None
    """The node of the tape driver (/dev/nst0) or of the changer driver (/dev/sch0), if it has one."""
    problem: str | None = None
    """Why the caller may not, or cannot, open `sg`, in a sentence; None if it can."""
    group: str | None = None
    """The group whose members may open `sg`, where that is the problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDevice:
    """A changer or drive that is attached, with every path to it."""

    kind: DeviceKind
    identity: DeviceIdentity
    paths: tuple[DevicePath, ...]
    names: tuple[str, ...] = ()
    """Links below /dev that lead to this device and are claimed by no other, the most stable first."""
    contested: tuple[str, ...] = ()
    """Links that other devices claim as well: where they lead may change with any reboot."""
    world_wide_names: tuple[str, ...] = ()
    """Names of VPD page 83h, such as naa.6000000000000001; the longest, most telling first."""
    attached_changer: bool = False
    """The drive says that a changer is attached to it, which may be a lie (scsi.md §3 row 38)."""
    doubts: tuple[str, ...] = ()
    """What is not certain about the grouping or the names, a sentence each."""

    @property
    def name(self) -> str | None:
        """The best name to open it by: the most stable link, else its first node, None without any."""
        return next(iter((*self.names, *(path.sg for path in self.usable_first if path.sg))), None)

    @property
    def usable_first(self) -> tuple[DevicePath, ...]:
        """The paths, those that can be opened before the others."""
        return tuple(sorted(self.paths, key=lambda path: path.problem is not None))

    @property
    def openable(self) -> bool:
        """Whether there is a path that the caller may open."""
        return any(path.problem is None for path in self.paths)

    @property
    def nodes(self) -> frozenset[str]:
        """Every device node that leads to it."""
        return frozenset(node for path in self.paths for node in (path.sg, path.node) if node)

    @property
    def key(self) -> tuple[str, ...]:
        """What stays the same when the device goes and comes back under other node names, if anything does."""
        who = (self.kind.value, self.identity.vendor, self.identity.product, self.identity.serial)
        if self.identity.serial and not self.doubts:
            return (*who, *self.world_wide_names[:1])
        return (*who, *self.world_wide_names[:1], *sorted(path.address for path in self.paths))


class Watch(Protocol):
    """A subscription to arrivals and departures, to be waited for with `select`; close it after use."""

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when something may have changed."""
        ...

    def drain(self) -> None:
        """Take what has been told so far; the truth is in `Discovery.devices`."""
        ...

    def close(self) -> None:
        """End the subscription."""
        ...


class Discovery(Protocol):
    """What stands behind an entry point of `rsm.discovery`."""

    def devices(self) -> tuple[FoundDevice, ...]:
        """Give the changers and drives that are attached now."""
        ...

    def watch(self) -> Watch | None:
        """Begin to listen for changes; None where nothing can tell of them."""
        ...


class Found(NamedTuple):
    """What the discovery drivers found together, changers first, and which of them were left out."""

    devices: tuple[FoundDevice, ...]
    skipped: dict[str, str]
    """Name of the discovery driver and why it was left out."""

    @property
    def changers(self) -> tuple[FoundDevice, ...]:
        """The changers."""
        return tuple(device for device in self.devices if device.kind is DeviceKind.CHANGER)

    @property
    def drives(self) -> tuple[FoundDevice, ...]:
        """The drives, those of changers among them."""
        return tuple(device for device in self.devices if device.kind is DeviceKind.DRIVE)


class TooSlow(DeviceGone):
    """Something did not come back within its limit and was left to itself."""


class Task(Generic[T]):
    """Work that is begun on a thread of its own, so that one that hangs holds up nobody else."""

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        self._name = name
        self._work = work
        self._results: list[T] = []
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._run, name=f"rsm {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except Exception as error:  # noqa: BLE001 - handed over to whoever asks for the result
            self._errors.append(error)

    def result(self, limit: float) -> T:
        """Give what the work gave, or raise what it raised; raises `TooSlow` after `limit` seconds."""
        self._thread.join(limit)
        for error in self._errors:
            raise error
        for result in self._results:
            return result
        raise TooSlow(f"{self._name} did not answer within {limit:.0f} s", hint="it is left out this time")


def installed() -> Mapping[str, Callable[[], Discovery]]:
    """Give, by name, how to load each discovery driver of this installation; nothing is imported yet."""
    entries = sorted(metadata.entry_points(group=GROUP), key=lambda entry: entry.name)
    return {entry.name: entry.load for entry in entries}


def discover(drivers: Mapping[str, Callable[[], Discovery]] | None = None, *, limit: float = LIMIT) -> Found:
    """Give what all discovery drivers find, each node once; never raises because of one of them."""
    given = installed() if drivers is None else drivers
    tasks = {name: Task(name, lambda load=load: load().devices()) for name, load in given.items()}  # type: ignore[misc]  # mypy sees no type for a bound default
    found: list[FoundDevice] = []
    skipped: dict[str, str] = {}
    for name, task in tasks.items():
        try:
            found += _new(task.result(limit), found)
        except Exception as error:  # noqa: BLE001 - a third party's code may fail in any way
            skipped[name] = str(error) if isinstance(error, TooSlow) else f"{type(error).__name__}: {error}"
            _LOG.info("discovery driver %s is left out: %s", name, skipped[name])
    found.sort(key=lambda device: device.kind is not DeviceKind.CHANGER)
    return Found(tuple(found), skipped)


def watches(drivers: Mapping[str, Callable[[], Discovery]] | None = None) -> tuple[Watch, ...]:
    """Begin to listen for changes with every discovery driver that can; one that cannot is left out."""
    begun = []
    for name, load in (installed() if drivers is None else drivers).items():
        try:
            watch = Task(name, lambda load=load: load().watch()).result(LIMIT)  # type: ignore[misc]  # as above
        except Exception as error:  # noqa: BLE001 - as above
            _LOG.info("discovery driver %s cannot listen for changes: %s", name, error)
        else:
            begun += [watch] if watch is not None else []
    return tuple(begun)


def _new(devices: Iterable[FoundDevice], known: list[FoundDevice]) -> list[FoundDevice]:
    """Leave out what another discovery driver has found already, by its nodes."""
    taken = {node for device in known for node in device.nodes}
    return [device for device in devices if not device.nodes & taken]
