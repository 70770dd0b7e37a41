"""The contract between the manager and a driver: what a driver must do, and what it may leave out.

A driver is a module-level object that satisfies `Driver`, registered in the entry-point group
`rsm.drivers`. The manager opens devices through `rsm.hardware.registry` and sees nothing else of it.

A `Changer` **must**
  * give its identity, capabilities and inventory, and look at single elements;
  * move a medium, sending the motion command once, and read the touched elements again afterwards,
    whether the move went well or not (the fault then carries them in `.seen`);
  * drain unit attentions before a motion command, and raise `InventoryStale` *instead of moving* when one
    of them says that elements may have changed; `stale` stays True until the next inventory;
  * raise only `rsm.hardware.faults.DeviceFault` and its subclasses.

It **may** leave out exchange, initialise, position, lock and open_port: they then raise `NotSupported`,
and `capabilities` says so beforehand.

A `Drive` **must** become ready and unload. A drive that can also tell of its medium and of its troubles is a
`ReportingDrive`; ask with `isinstance`, for a driver may leave that out.

A driver holds no policy: it never chooses a medium, a slot or a drive, and never remembers a home.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from rsm.hardware.inventory import MediumKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from rsm.clock import Clock
    from rsm.hardware.inventory import (
        Capabilities,
        DeviceIdentity,
        ElementAddress,
        ElementReport,
        Inventory,
        MoveReport,
    )


class Changer(Protocol):
    """A medium changer, or a stand-alone drive that is treated as one with a single element."""

    @property
    def device(self) -> str:
        """The name it was opened by, as a person types it."""
        ...

    @property
    def identity(self) -> DeviceIdentity:
        """Vendor, product, revision and serial number."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this changer can do."""
        ...

    @property
    def stale(self) -> bool:
        """Whether a unit attention since the last inventory said that elements may have changed."""
        ...

    @property
    def move_limit(self) -> float:
        """Seconds after which a motion command counts as lost, counted from the call of `move` or `exchange`.

        It covers whatever the driver itself waits for before it sends the command; the journal keeps it.
        """
        ...

    def wait_ready(self, timeout: float) -> None:
        """Return once the changer is ready; raise `NotReadyYet` after `timeout` seconds.

        Raises `OperatorNeeded` at once when only a person can make it ready.
        """
        ...

    def inventory(self) -> Inventory:
        """Give every element as it is now, without moving anything."""
        ...

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        """Give the named elements as they are now, in address order; unknown addresses are left out."""
        ...

    def move(
        self, source: ElementAddress, destination: ElementAddress, *, invert: bool = False
    ) -> MoveReport:
        """Move the medium in `source` to `destination`, turned over if `invert`.

        Raises `MoveRefused`, `InventoryStale` or another fault with `executed` False when nothing moved,
        and `OutcomeUnknown` or `HardwareFailed` when only a look can tell.
        """
        ...

    def exchange(
        self,
        source: ElementAddress,
        first: ElementAddress,
        second: ElementAddress,
        *,
        invert_first: bool = False,
        invert_second: bool = False,
    ) -> MoveReport:
        """Put the medium of `source` into `first`, and what was there into `second`, in one command."""
        ...

    def initialise(self, elements: range | None = None) -> None:
        """Make the library look at its elements anew (all, or a range of addresses); may take an hour."""
        ...

    def position(self, destination: ElementAddress) -> None:
        """Send the transport to stand before an element, to save time later."""
        ...

    def lock(self, locked: bool) -> None:  # noqa: FBT001 - the state itself is the argument
        """Prevent, or allow again, removal of media by hand."""
        ...

    def open_port(self, address: ElementAddress, *, opened: bool) -> None:
        """Open or close an import/export element towards the operator."""
        ...

    def drive(self, address: ElementAddress) -> Drive:
        """Open the drive behind a data transfer element; raises `DeviceGone` if no node is known."""
        ...

    def close(self) -> None:
        """Give the device back; further calls raise `DeviceGone`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Drive(Protocol):
    """A drive that belongs to a data transfer element, as far as mounting needs it."""

    @property
    def node(self) -> str:
        """The device node an application opens, such as /dev/nst0."""
        ...

    @property
    def matched_by(self) -> str:
        """How element and node were matched: `serial`, `identifier`, `elimination`, `simulated`."""
        ...

    def wait_ready(self, timeout: float) -> None:
        """Return once the medium in the drive can be used; raise `NotReadyYet` after `timeout` seconds."""
        ...

    def unload(self, timeout: float) -> None:
        """Rewind and eject the medium so that a changer can take it; an empty drive is fine."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Severity(Enum):
    """How bad a TapeAlert is, in the three classes of the standard (SSC)."""

    INFORMATION = "information"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class TapeAlert:
    """A flag that a drive has raised: its number (1 to 64), what it means in words, and how bad that is."""

    number: int
    meaning: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveMedium:
    """What a drive tells of the medium in it; None where drive or medium cannot say."""

    barcode: str | None = None
    """The bar code that was written into the medium's chip (attribute 0806h): not what a library has read."""
    serial: str | None = None
    """The medium's own serial number (attribute 0401h), which no label can change."""
    kind: MediumKind = MediumKind.UNSPECIFIED
    density: int | None = None
    """Density code (SSC), such as 5Eh for LTO-8."""
    write_protected: bool | None = None
    loads: int | None = None
    """How often it was loaded in its life (attribute 0003h)."""
    pool: str | None = None
    """The pool that some application wrote into the chip (attribute 0808h)."""


@runtime_checkable
class ReportingDrive(Drive, Protocol):
    """A drive that also tells of its medium and of its troubles. Neither moves a medium or opens a tape node."""

    def alerts(self) -> frozenset[TapeAlert]:
        """Give the TapeAlert flags that are raised; empty if the drive has none, or none at all.

        On drives that only have log page 2Eh, reading takes the flags away: keep what was read.
        """
        ...

    def medium(self) -> DriveMedium | None:
        """Tell of the medium in the drive; None if there is none. Raises `NotReadyYet` while it is loading."""
        ...


class Driver(Protocol):
    """What stands behind an entry point of `rsm.drivers`."""

    @property
    def shapes(self) -> tuple[str, ...]:
        """The device names it opens, as people are told them, such as `/dev/sgN`."""
        ...

    def accepts(self, device: str) -> bool:
        """Tell from the name alone, without touching anything, whether this driver opens such devices."""
        ...

    def open_changer(self, device: str, clock: Clock) -> Changer:
        """Open a changer, or a stand-alone drive as one."""
        ...
