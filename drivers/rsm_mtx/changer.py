"""The changer contract through mtx: run it, then look, and believe what is seen.

mtx looks at the SCSI status alone, so that a move that timed out ends with `done` and status 0 (scsi.md §0.2);
therefore its status decides nothing here. Before each move the elements are counted: mtx moves numbers up when
an element goes missing, and a number that is right in the morning is another slot when a magazine is out.

It tells less than the driver `scsi`: no serial number but sysfs's, no exceptions, no access, and no origin of a
medium (mtx invents one). Drives cannot be told apart, so `drive` opens none.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rsm.hardware.faults import (
    BadReply,
    DeviceFault,
    DeviceGone,
    InventoryStale,
    NotReadyYet,
    NotSupported,
    OutcomeUnknown,
)
from rsm.hardware.inventory import (
    Capabilities,
    DeviceIdentity,
    ElementAddress,
    ElementKind,
    ElementReport,
    Inventory,
    MoveReport,
)
from rsm_mtx import ordinals
from rsm_mtx.report import UnreadableError, read_inquiry, read_status
from rsm_mtx.verdict import LOOK, judge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rsm.clock import Clock
    from rsm.hardware.contract import Drive
    from rsm_mtx.program import Outcome, Runner
    from rsm_mtx.report import Counts, Place, StatusReport

_LOG = logging.getLogger(__name__)

QUICK, MOVE, INITIALISE = 330.0, 900.0, 3900.0
"""Seconds: mtx gives most commands five minutes of its own, and an inventory more."""

_STEP = 2.0
_SYSFS = Path("/sys")


class MtxChanger:
    """A medium changer behind mtx; fills `rsm.hardware.contract.Changer`. Addresses are ordinals (`ordinals`)."""

    def __init__(self, device: str, program: Runner, *, clock: Clock, sysfs: Path = _SYSFS) -> None:
        self._device = device
        self._program = program
        self._clock = clock
        self._open = True
        self._stale = False
        self._counts: Counts | None = None
        self._tags_seen: bool | None = None
        self._identity = self._introduce(sysfs)

    # Who it is and what it can do

    @property
    def device(self) -> str:
        """The name it was opened by."""
        return self._device

    @property
    def identity(self) -> DeviceIdentity:
        """Vendor, product and revision as mtx tells them; the serial number is sysfs's, "" without one."""
        return self._identity

    @property
    def capabilities(self) -> Capabilities:
        """What can be done through mtx; whether the library turns media over it does not tell."""
        return Capabilities(reads_volume_tags=self._tags_seen is not False, ordinal=True)

    @property
    def stale(self) -> bool:
        """Whether, since the last inventory, a unit attention was told or the elements were counted anew."""
        return self._stale

    @property
    def move_limit(self) -> float:
        """Seconds after which a move counts as lost: the look before it, and the run of mtx."""
        return QUICK + MOVE

    def _introduce(self, sysfs: Path) -> DeviceIdentity:
        doing = "say who it is"
        outcome = self._run(["inquiry"], QUICK)
        try:
            told = read_inquiry(_text(outcome.output))
        except UnreadableError as error:
            raise self._fault(outcome, doing) or BadReply(
                f"{self._device} did not {doing}: {error}"
            ) from error
        serial = _serial(sysfs, self._program.device)
        return DeviceIdentity(told.vendor, told.product, told.revision, serial)

    # Looking

    def wait_ready(self, timeout: float) -> None:
        """Return once a status can be had; raises `NotReadyYet` after `timeout` seconds."""
        deadline = self._clock.monotonic() + timeout
        while True:
            try:
                self._status()
            except (NotReadyYet, InventoryStale) as fault:
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    raise NotReadyYet(f"{fault}, and {timeout:.0f} s of waiting did not help") from fault
                self._clock.sleep(min(_STEP, left))
            else:
                return

    def inventory(self) -> Inventory:
        """Give every element as it is now, without moving anything."""
        report = self._status()
        self._counts, self._stale = report.counts, False
        places = [*report.drives.values(), *report.slots.values()]
        if any(place.full for place in places):
            self._tags_seen = any(place.tag for place in places)
        return Inventory(_elements(report))

    def look(self, addresses: Collection[ElementAddress]) -> tuple[ElementReport, ...]:
        """Give the named elements as they are now, in address order; unknown addresses are left out."""
        return _select(self._status(), addresses)

    def _status(self) -> StatusReport:
        """Run `mtx status`; a library without any element is one that did not answer (scsi.md §0.2)."""
        doing = "report its elements"
        outcome = self._run(["status"], QUICK)
        try:
            report = read_status(_text(outcome.output))
        except UnreadableError as error:
            raise self._fault(outcome, doing) or BadReply(
                f"{self._device} did not {doing} in a way that can be read: {error}"
            ) from error
        if not report.slots:
            raise self._fault(outcome, doing) or BadReply(
                f"{self._device} did not {doing}: mtx shows no slot, as it does when there was no answer in time"
            )
        self._stale |= self._counts is not None and report.counts != self._counts
        return report

    # Moving

    def move(
        self, source: ElementAddress, destination: ElementAddress, *, invert: bool = False
    ) -> MoveReport:
        """Move the medium in `source` to `destination`, turned over if `invert`; mtx is run once."""
        doing = f"move the medium in element {source} to element {destination}"
        words = self._words(source, destination, doing)
        before = self._settle((source, destination), doing)
        trouble: DeviceFault | None = None
        try:
            outcome = self._run([*(["invert"] if invert else []), *words], MOVE)
        except OutcomeUnknown as fault:
            trouble = fault
        else:
            trouble = self._fault(outcome, doing, moving=True)
        return self._judge(source, destination, doing, before, trouble)

    def _words(self, source: int, destination: int, doing: str) -> list[str]:
        """Give the command for a move; raises `NotSupported` for what mtx has no word for."""
        for address in (source, destination):
            if not 0 <= address <= ordinals.LAST:
                raise NotSupported(f"{self._device} cannot {doing}: {address} is no address", element=None)
        slot, other_slot = ordinals.slot_number(source), ordinals.slot_number(destination)
        drive, other_drive = ordinals.drive_number(source), ordinals.drive_number(destination)
        if slot is not None and other_slot is not None:
            return ["transfer", str(slot), str(other_slot)]
        if slot is not None and other_drive is not None:
            return ["load", str(slot), str(other_drive)]
        if drive is not None and other_slot is not None:
            return ["unload", str(other_slot), str(drive)]
        raise NotSupported(f"{self._device} cannot {doing}: mtx moves to and from slots only")

    def _settle(self, addresses: Iterable[ElementAddress], doing: str) -> StatusReport:
        """Make sure that the numbers still mean what they meant; raises `InventoryStale` if not."""
        report = self._status()
        if self._counts is None:
            self._counts = report.counts
        if self._stale:
            raise InventoryStale(
                f"{self._device} did not {doing}: its elements may have changed since they were last looked at",
                hint="take an inventory first (rsm library inventory)",
            )
        for address in addresses:
            if not _select(report, {address}):
                fault = NotSupported(f"{self._device} has no element {address}", element=address)
                fault.seen = _select(report, set(addresses))
                raise fault
        return report

    def _judge(
        self,
        source: ElementAddress,
        destination: ElementAddress,
        doing: str,
        before: StatusReport,
        trouble: DeviceFault | None,
    ) -> MoveReport:
        """Look, and decide from what is seen; mtx's own answer only explains it."""
        touched = {source, destination}
        was = {item.address: item.full for item in _select(before, touched)}
        try:
            seen = self.look(touched)
        except DeviceFault as failure:
            if trouble is not None and trouble.executed is False:
                raise trouble from failure
            raise OutcomeUnknown(
                f"{self._device} was told to {doing}, and cannot be looked at: {failure}", hint=LOOK
            ) from failure
        full = {item.address: item.full for item in seen}
        has_moved = full.get(source) is False and full.get(destination) is True
        if has_moved and was != full and not self._stale:
            warnings = () if trouble is None else (f"the medium has moved, although {trouble}",)
            return MoveReport(seen, warnings)
        if trouble is None:
            trouble = OutcomeUnknown(
                f"{self._device} was told to {doing}, mtx reports no trouble, and the medium is not there",
                hint=LOOK,
            )
        elif trouble.executed is False and full != was:
            trouble = OutcomeUnknown(f"{trouble}; yet something has moved", hint=LOOK, sense=trouble.sense)
        trouble.seen = seen
        raise trouble

    # What a changer may leave out

    def exchange(
        self,
        source: ElementAddress,  # noqa: ARG002 - the contract's
        first: ElementAddress,  # noqa: ARG002
        second: ElementAddress,  # noqa: ARG002
        *,
        invert_first: bool = False,  # noqa: ARG002
        invert_second: bool = False,  # noqa: ARG002
    ) -> MoveReport:
        """Raise `NotSupported`: mtx sets a wrong bit, and does not say where a medium went."""
        raise NotSupported(f"{self._device} cannot exchange media through mtx")

    def initialise(self, elements: range | None = None) -> None:  # noqa: ARG002 - mtx knows no range
        """Make the library look at all its elements anew; may take an hour."""
        doing = "look at its elements anew"
        fault = self._fault(self._run(["inventory"], INITIALISE), doing)
        if fault is not None:
            raise fault

    def position(self, destination: ElementAddress) -> None:
        """Raise `NotSupported`: mtx goes to another element for a number that it does not know."""
        raise NotSupported(f"{self._device} cannot position before element {destination} through mtx")

    def lock(self, locked: bool) -> None:  # noqa: FBT001 - the state itself is the argument
        """Raise `NotSupported`: mtx has no word for it."""
        raise NotSupported(f"{self._device} cannot be {'locked' if locked else 'unlocked'} through mtx")

    def open_port(self, address: ElementAddress, *, opened: bool) -> None:
        """Raise `NotSupported`: mtx has no word for it."""
        raise NotSupported(
            f"{self._device} cannot {'open' if opened else 'close'} port {address} through mtx"
        )

    # Drives and the end

    def drive(self, address: ElementAddress) -> Drive:
        """Raise `DeviceGone`: mtx tells no serial numbers, so nothing says which tape node an element is."""
        self._check_open()
        if ordinals.drive_number(address) is None:
            raise DeviceGone(f"element {address} of {self._device} is not a drive", element=address)
        raise DeviceGone(
            f"mtx does not say which tape node is drive {ordinals.drive_number(address)} of {self._device}",
            hint=f"open the changer without mtx ({self._program.device}), which matches drives by serial number",
            element=address,
        )

    def close(self) -> None:
        """Give the device back; further calls raise `DeviceGone`."""
        self._open = False

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    # Running mtx

    def _check_open(self) -> None:
        if not self._open:
            raise DeviceGone(f"{self._device} was closed")

    def _run(self, words: Sequence[str], timeout: float) -> Outcome:
        self._check_open()
        began = self._clock.monotonic()
        outcome = self._program.run(words, timeout=timeout)
        _LOG.debug(
            "mtx %s: status %d in %.1f s", " ".join(words), outcome.status, self._clock.monotonic() - began
        )
        return outcome

    def _fault(self, outcome: Outcome, doing: str, *, moving: bool = False) -> DeviceFault | None:
        """Give the fault that a complaint means; a status other than 0 without a known complaint is one too."""
        complaint = _text(outcome.complaint)
        fault = judge(complaint, device=self._device, doing=doing, moving=moving)
        if fault is None and outcome.status:
            words = complaint.strip().partition("\n")[0] or "nothing"
            unclear = OutcomeUnknown if moving else BadReply
            fault = unclear(
                f"{self._device} did not {doing}: mtx ended with status {outcome.status} and said {words!r}"
            )
        self._stale |= isinstance(fault, InventoryStale)
        return fault


def _text(output: bytes) -> str:
    """Give text in which every byte is a character, as in volume tags (latin-1)."""
    return output.decode("latin-1")


def _elements(report: StatusReport) -> tuple[ElementReport, ...]:
    slots = [
        _element(
            ordinals.slot_address(place.number),
            ElementKind.IMPORT_EXPORT if place.is_port else ElementKind.STORAGE,
            place,
        )
        for place in report.slots.values()
    ]
    drives = [
        _element(ordinals.drive_address(place.number), ElementKind.DATA_TRANSFER, place)
        for place in report.drives.values()
    ]
    return tuple(sorted((*slots, *drives), key=lambda item: item.address))


def _element(address: ElementAddress, kind: ElementKind, place: Place) -> ElementReport:
    return ElementReport(
        address=address,
        kind=kind,
        full=place.full,
        volume_tag=place.tag if place.full else None,
        alternate_tag=place.alternate if place.full else None,
    )


def _select(report: StatusReport, addresses: Collection[int]) -> tuple[ElementReport, ...]:
    return tuple(item for item in _elements(report) if item.address in addresses)


def _serial(sysfs: Path, device: str) -> str:
    """Give the unit serial number that the kernel read (VPD page 80h); "" for what is no sg node."""
    name = Path(device).resolve().name
    try:
        page = (sysfs / "class/scsi_generic" / name / "device/vpd_pg80").read_bytes()
    except (OSError, ValueError):
        return ""
    length = int.from_bytes(page[2:4], "big")
    body = page[4 : 4 + length]
    return body.decode("latin-1").strip(" \0\t\r\n") if len(body) == length else ""
