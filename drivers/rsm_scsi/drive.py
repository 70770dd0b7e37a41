"""A tape drive behind a data transfer element: loaded, ready, unloaded; and how its node is found."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rsm.hardware.faults import DeviceGone, InventoryStale, NotReadyYet, OperatorNeeded, OutcomeUnknown
from rsm_scsi import timeouts
from rsm_scsi.drive_reports import read_alerts, read_medium
from rsm_scsi.matching import manual_node, match_drives
from rsm_scsi.nodes import DEVICES, SYSFS
from rsm_scsi.sg import open_sg
from rsm_scsi.sysfs import place_of, tape_nodes
from rsm_scsi.unit import LogicalUnit
from rsm_smc.cdb import LoadUnload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rsm.clock import Clock
    from rsm.hardware.contract import DriveMedium, TapeAlert
    from rsm.hardware.faults import DeviceFault
    from rsm_scsi.finding import DriveElement
    from rsm_scsi.transport import Transport
    from rsm_scsi.verdict import Verdict
    from rsm_smc.sense import Sense

_LOG = logging.getLogger(__name__)

EMPTY_PATIENCE = 60.0
"""Seconds that a drive may say "no medium" after a load before it is believed."""

_PREVENTED = {(0x53, 0x02), (0x53, 0x03)}
PROCESSES = Path("/proc")


class ScsiDrive:
    """A drive; fills `rsm.hardware.contract.ReportingDrive`. Takes over the transport and closes it.

    Commands go to the drive's sg node. Nothing here opens its tape node: an open waits for a medium (st), a
    close may rewind one, and while it is open the kernel keeps the medium locked in.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        node: str,
        matched_by: str,
        clock: Clock,
        processes: Path = PROCESSES,
        on_attention: Callable[[Sense], None] | None = None,
    ) -> None:
        self._node = node
        self._matched_by = matched_by
        self._clock = clock
        self._processes = processes
        self._unit = LogicalUnit(transport, clock=clock, on_attention=on_attention or self._attend)

    @property
    def node(self) -> str:
        """The device node an application opens, such as /dev/nst0."""
        return self._node

    @property
    def matched_by(self) -> str:
        """The evidence that this node belongs to its element (`matching.Match.by`), or `simulated`."""
        return self._matched_by

    @property
    def unit(self) -> LogicalUnit:
        """The drive as a logical unit, for other commands."""
        return self._unit

    def _attend(self, sense: Sense) -> None:
        _LOG.info("%s: unit attention %s", self._unit.device, sense)

    def loaded(self) -> bool:
        """Tell whether a medium is in the drive and can be used, as far as TEST UNIT READY says now."""
        return self._unit.probe().fault is None

    def wait_ready(self, timeout: float) -> None:
        """Return once the medium can be used, having sent LOAD if the drive waits for it (02/04/02).

        Raises `NotReadyYet` after `timeout` seconds, or after a minute of "no medium" (02/3A); the first load
        of an LTO-9 medium may take two hours (scsi.md §1.17).
        """
        empty_until = self._clock.monotonic() + min(timeout, EMPTY_PATIENCE)

        def patience(verdict: Verdict) -> bool:
            if verdict.is_code(0x02, 0x3A):
                if self._clock.monotonic() < empty_until:
                    return True
                raise NotReadyYet(f"there is no medium in the drive {self._node}")
            return isinstance(verdict.fault, NotReadyYet)

        self._unit.wait_ready(timeout, wake=self._load, patience=patience)

    def _load(self) -> None:
        self._unit.tell(LoadUnload(load=True), "load its medium", timeout=timeouts.limit(LoadUnload.OPCODE))

    def alerts(self) -> frozenset[TapeAlert]:
        """Give the TapeAlert flags that are raised; reading takes them away where only page 2Eh is there."""
        return read_alerts(self._unit)

    def medium(self) -> DriveMedium | None:
        """Tell of the medium in the drive; None if there is none.

        Raises `NotReadyYet` while it is loading, and the drive's own fault if it cannot be asked.
        """
        return read_medium(self._unit)

    def unload(self, timeout: float) -> None:
        """Rewind and eject the medium so that a changer can take it; an empty drive is fine.

        Raises `OperatorNeeded` naming who has the node open if the drive prevents removal (53/02, 53/03),
        and `NotReadyYet` after `timeout` seconds.
        """
        deadline = self._clock.monotonic() + timeout
        while True:
            left = deadline - self._clock.monotonic()
            fault = self._unload_once(max(1.0, left))
            if fault is None:
                return
            if not isinstance(fault, (NotReadyYet, InventoryStale, OutcomeUnknown)) or left <= 0:
                raise fault
            # Unloading what is unloaded is harmless, so here sending again is safe.
            self._clock.sleep(timeouts.LOADED_STEP)

    def _unload_once(self, timeout: float) -> DeviceFault | None:
        verdict = self._unit.probe()
        if verdict.is_code(0x02, 0x3A):
            return None
        try:
            _, verdict = self._unit.ask(LoadUnload(load=False), "unload its medium", timeout=timeout)
        except OutcomeUnknown as fault:
            return fault
        if verdict.fault is None or verdict.is_code(0x02, 0x3A):
            return None
        if verdict.sense is not None and (verdict.sense.asc, verdict.sense.ascq) in _PREVENTED:
            return self._held(verdict)
        return verdict.fault

    def _held(self, verdict: Verdict) -> DeviceFault:
        holders = holders_of(self._node, self._processes)
        return OperatorNeeded(
            f"the drive {self._node} does not let go of its medium: "
            + (f"it is held open by {', '.join(holders)}" if holders else "removal is prevented"),
            hint=(
                "the kernel's tape driver locks the medium in while a program has the drive open:"
                " end that program, then try again"
                if holders
                else f"a program of another user may have it open (sudo fuser -v {self._node}), another host may"
                f" use the drive, or a lock was left behind (mt -f {self._node} unlock)"
            ),
            sense=verdict.sense.raw if verdict.sense is not None else b"",
        )

    def close(self) -> None:
        """Give the device back."""
        self._unit.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()


class SysfsDrives:
    """Finds the drives of one changer among the nodes of this machine; a `finding.DriveFinder`.

    `changer` is the name of the changer's own sg node, such as sg3, which tells its host adapter. `manual`
    gives the node of a drive by its element address or serial number, as `match_drives` describes it.
    """

    def __init__(
        self,
        changer: str,
        *,
        clock: Clock,
        sysfs: Path = SYSFS,
        devices: Path = DEVICES,
        opener: Callable[[str], Transport] = open_sg,
        manual: Mapping[int | str, str] | None = None,
    ) -> None:
        self._changer = changer
        self._clock = clock
        self._sysfs = sysfs
        self._devices = devices
        self._opener = opener
        self._manual = {drive: self._resolved(node) for drive, node in (manual or {}).items()}

    def _resolved(self, node: str) -> str:
        """Give the node that a link below /dev leads to now; any other name unchanged."""
        path = Path(node)
        return path.resolve().name if path.is_symlink() else node

    def follow(self, changer: str) -> None:
        """Take note that the changer's sg node has another name now."""
        self._changer = changer

    def __call__(self, element: DriveElement, all_elements: Sequence[DriveElement]) -> ScsiDrive:
        """Open the drive in `element`; raises `DeviceGone` if no node fits it, or more than one does."""
        nodes = tape_nodes(self._sysfs)
        place = place_of(self._sysfs, self._changer)
        match = match_drives(all_elements, nodes, place, self._manual).get(element.address)
        if match is None:
            raise self._unmatched(element, len(nodes))
        if match.node.nst is None:
            raise DeviceGone(
                f"the drive in element {element.address} is {match.node.sg}, but has no tape node",
                hint="load the module st: sudo modprobe st",
                element=element.address,
            )
        transport = self._opener(str(self._devices / match.node.sg))
        node = str(self._devices / match.node.nst)
        return ScsiDrive(transport, node=node, matched_by=match.by, clock=self._clock)

    def _unmatched(self, element: DriveElement, attached: int) -> DeviceGone:
        named = manual_node(element, self._manual)
        if named is not None:
            return DeviceGone(
                f"the drive in element {element.address} was said to be {named}, which is no tape drive here"
                " or is named for another element too",
                hint=f"{attached} tape drives are attached here; lsscsi -g lists them",
                element=element.address,
            )
        known = f"serial {element.serial}" if element.serial else "no serial number reported"
        return DeviceGone(
            f"no tape node of this machine is known to be the drive in element {element.address} ({known})",
            hint=f"{attached} tape drives are attached here; lsscsi -g lists them",
            element=element.address,
        )


def holders_of(node: str, processes: Path = PROCESSES) -> list[str]:
    """Name the processes that have a tape node, or a sibling of it, open; only those this user may see."""
    path = Path(node)
    number = path.name.removeprefix("n").removeprefix("st").rstrip("alm")
    siblings = re.compile(rf"{re.escape(str(path.parent))}/n?st{re.escape(number)}[alm]?")
    found = []
    for process in sorted(processes.glob("[0-9]*"), key=lambda entry: int(entry.name)):
        try:
            if not any(siblings.fullmatch(str(entry.readlink())) for entry in (process / "fd").iterdir()):
                continue
            command = (process / "comm").read_text().strip()
        except OSError:
            continue  # it ended, or belongs to somebody else
        found.append(f"{command} (process {process.name})")
    return found
