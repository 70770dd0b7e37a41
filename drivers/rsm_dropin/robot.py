"""Moves: under the lease, through `rsm_scsi`, sent once, and judged by what is seen afterwards.

Loading all this takes a quarter of a second, which no robot notices; a program that only looks never does.
"""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rsm.clock import SystemClock
from rsm.errors import RsmError
from rsm.hardware import lease
from rsm.hardware.faults import DeviceFault, InventoryStale, NotReadyYet, NotSupported, OutcomeUnknown
from rsm.hardware.inventory import ElementAddress
from rsm_dropin import store_mark
from rsm_dropin.sg_reading import MOCK, simulated_transport
from rsm_dropin.wording import Stop, failed_move, refused_move, sense_report
from rsm_scsi.changer import ScsiChanger
from rsm_scsi.wrappers import Wrapper
from rsm_smc.cdb import ExchangeMedium, MoveMedium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rsm.clock import Clock
    from rsm.hardware.inventory import MoveReport
    from rsm_scsi.transport import Reply, Transport

WAIT_VARIABLE = "RSM_LEASE_WAIT"
LEASE_LIMIT = 240.0
"""Seconds to wait for somebody else's step of the robot: Bacula and Bareos kill a changer program after 300."""

READY_LIMIT = 300.0
"""Seconds to wait for a library that is becoming ready, or that answers BUSY to a move."""

_NO_SUCH_COMMAND = bytes((0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0))
"""What a library answers that is not even asked to exchange, because its mode page 1Fh says that it cannot."""

_NOTHING_DONE = (InventoryStale, NotReadyYet)
"""Answers to a move that prove that it was not made, and that asking again may help."""

_AGAIN = 1.0
"""Seconds before a move is tried again."""

_SETTLING = 10
"""Seconds in which a library may take its time to show a medium where it has put it."""


class _Control(Wrapper):
    """Puts vendors' bits into the control byte of moves: the import/export door of mtx's `eepos`."""

    door = 0

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send one command block, and give what came back."""
        if self.door and cdb[0] in {MoveMedium.OPCODE, ExchangeMedium.OPCODE}:
            cdb = cdb[:11] + bytes((cdb[11] | self.door << 6,))
        return self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)


class Robot:
    """The robot of one device, for the steps of one program run; raises `Stop` with the words of mtx."""

    def __init__(self, name: str, environment: Mapping[str, str], *, clock: Clock | None = None) -> None:
        self._name = name
        self._environment = environment
        self._clock = SystemClock() if clock is None else clock
        self._control: _Control | None = None
        self._changer: ScsiChanger | None = None

    @contextmanager
    def leased(self) -> Iterator[None]:
        """Hold the library for one step, ready to be told something; what was read before is not to be relied on."""
        try:
            changer = self._open()
            with lease.hold(
                lease.lease_key(changer.identity, changer.device),
                holder=_holder(self._environment),
                timeout=_patience(self._environment),
                clock=self._clock,
            ):
                changer.wait_ready(READY_LIMIT)
                yield
        except DeviceFault as fault:
            raise Stop(_report(fault, "READ ELEMENT STATUS Command Failed")) from fault
        except RsmError as error:
            raise Stop(_with_hint(error)) from error

    def move(
        self,
        source: int,
        destination: int,
        *,
        invert: bool = False,
        door: int = 0,
        unchanged: Callable[[], bool],
    ) -> None:
        """Move the medium in element `source` to element `destination`; only inside `leased`.

        `unchanged` looks again when a unit attention came instead, and says whether the move still makes sense.
        """

        def send(changer: ScsiChanger) -> MoveReport:
            return changer.move(ElementAddress(source), ElementAddress(destination), invert=invert)

        self._carry_out(send, source, destination, "MOVE MEDIUM", door, unchanged)

    def exchange(
        self,
        source: int,
        first: int,
        second: int,
        *,
        invert_first: bool = False,
        invert_second: bool = False,
        door: int = 0,
        unchanged: Callable[[], bool],
    ) -> None:
        """Put the medium of `source` into `first`, and what was there into `second`; only inside `leased`."""

        def send(changer: ScsiChanger) -> MoveReport:
            return changer.exchange(
                ElementAddress(source),
                ElementAddress(first),
                ElementAddress(second),
                invert_first=invert_first,
                invert_second=invert_second,
            )

        self._carry_out(send, source, first, "EXCHANGE MEDIUM", door, unchanged)

    def _carry_out(
        self,
        send: Callable[[ScsiChanger], MoveReport],
        source: int,
        destination: int,
        command: str,
        door: int,
        unchanged: Callable[[], bool],
    ) -> None:
        changer = self._open()
        if self._control is not None:
            self._control.door = door
        # Before the command, because afterwards there may be nobody left to do it; and afterwards, because an
        # inventory that was read before the move may have been recorded after the first mark.
        is_managed = store_mark.inventory_stale(changer.identity, changer.device)
        try:
            self._send(changer, send, source, destination, command, unchanged)
        finally:
            if is_managed:
                store_mark.inventory_stale(changer.identity, changer.device)

    def _send(
        self,
        changer: ScsiChanger,
        send: Callable[[ScsiChanger], MoveReport],
        source: int,
        destination: int,
        command: str,
        unchanged: Callable[[], bool],
    ) -> None:
        deadline = self._clock.monotonic() + READY_LIMIT
        while True:
            if changer.stale:
                self._look_again(changer, unchanged, failed_move(source, destination, command=command))
            try:
                report = send(changer)
            except DeviceFault as fault:
                if isinstance(fault, _NOTHING_DONE) and self._clock.monotonic() < deadline:
                    self._clock.sleep(_AGAIN)
                    continue
                if isinstance(fault, OutcomeUnknown) and _has_moved(fault.seen, source, destination):
                    return
                raise Stop(_words(fault, source, destination, command)) from fault
            self._confirm(changer, report, source, destination, command)
            return

    def _look_again(self, changer: ScsiChanger, unchanged: Callable[[], bool], words: str) -> None:
        """Have the driver take an inventory after a unit attention; ends the program if things have moved."""
        changer.inventory()
        if not unchanged():
            raise Stop(f"{self._name}: the library has changed in the meantime\n{words}")

    def _confirm(
        self, changer: ScsiChanger, report: MoveReport, source: int, destination: int, command: str
    ) -> None:
        """Believe what is seen, not the status: Quantum may put a medium elsewhere and report GOOD (§0.10)."""
        if command != "MOVE MEDIUM" or source == destination:
            return
        seen = report.seen
        for _ in range(_SETTLING):
            if _has_moved(seen, source, destination):
                return
            self._clock.sleep(1.0)
            seen = changer.look({ElementAddress(source), ElementAddress(destination)})
        raise Stop(
            f"{self._name}: the library reports success, but the medium is not seen in element {destination}\n"
            + failed_move(source, destination, command=command)
        )

    def initialise(self) -> None:
        """Have the library look at its elements anew; only inside `leased`."""
        changer = self._open()
        store_mark.inventory_stale(changer.identity, changer.device)
        try:
            changer.initialise()
        except DeviceFault as fault:
            words = "Initialize Element Status (0x07) failed\nmtx:inventory failed"
            raise Stop(_report(fault, words)) from fault

    def position(self, destination: int) -> None:
        """Send the transport before an element; only inside `leased`."""
        try:
            self._open().position(ElementAddress(destination))
        except DeviceFault as fault:
            raise Stop("Could not position transport") from fault

    def eject(self) -> None:
        """Send what mtx sends for `eject`: a drive's LOAD UNLOAD without the bit for loading."""
        changer = self._open()
        assert self._control is not None  # noqa: S101 - set with the changer
        changer.wait_ready(READY_LIMIT)
        reply = self._control.execute(bytes((0x1B, 0, 0, 0, 2, 0)), timeout=1200.0)
        if reply.status or not reply.delivered:
            report = sense_report(reply.sense)
            raise Stop(f"{report}\nEject (0x1B) failed\nmtx:eject failed")

    def close(self) -> None:
        """Give the device back."""
        if self._changer is not None:
            self._changer.close()

    def _open(self) -> ScsiChanger:
        if self._changer is None:
            self._control = _Control(_transport(self._name))
            self._changer = ScsiChanger(self._control, clock=self._clock)
        return self._changer


def _transport(name: str) -> Transport:
    if name.startswith(MOCK):
        return simulated_transport(name)
    from rsm_scsi.sg import open_sg  # noqa: PLC0415 - a simulated library has no node

    return open_sg(name)


def _has_moved(seen: Iterable[object], source: int, destination: int) -> bool:
    """Tell whether the source is seen empty and the destination full; the continuity that stands for identity."""
    full = {getattr(item, "address", None): getattr(item, "full", None) for item in seen}
    return full.get(source) is False and full.get(destination) is True


def _words(fault: DeviceFault, source: int, destination: int, command: str) -> str:
    """Give what mtx says of this answer; where it has no sense data and mtx is misled, say what happened."""
    sense = fault.sense
    if not sense and command == "EXCHANGE MEDIUM" and isinstance(fault, NotSupported):
        sense = _NO_SUCH_COMMAND
    if sense:
        return refused_move(sense, source, destination, command=command)
    return f"{_with_hint(fault)}\n{failed_move(source, destination, command=command)}"


def _report(fault: DeviceFault, words: str) -> str:
    return f"{sense_report(fault.sense)}\n{words}" if fault.sense else _with_hint(fault)


def _with_hint(error: RsmError) -> str:
    return f"{error}\n{error.hint}" if error.hint else str(error)


def _holder(environment: Mapping[str, str]) -> str:
    words = shlex.join([os.path.basename(sys.argv[0] or "rsm-mtx"), *sys.argv[1:]])  # noqa: PTH119 - the word alone
    return f"{words[:200]} ({environment.get('USER') or os.getuid()})"


def _patience(environment: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(environment.get(WAIT_VARIABLE, LEASE_LIMIT)))
    except ValueError:
        return LEASE_LIMIT
