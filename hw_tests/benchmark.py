"""What rsm costs beside mtx and PySCSI, on genuine nodes; figures of one guest run, taken in turns.

    ./dev vm --slots 2000 --drives 16 --media 200 -- python hw_tests/benchmark.py [--rounds N] [CHANGER]

Prints medians and the ratio of each program to `python3 -I -S -c pass` (aim for rsm-mtx: 2.5 or less), then of
an inventory in this process by PySCSI to one by rsm_scsi (aim: 6 or more), with what of it is waiting for the
library, which no decoder shortens. Nothing is moved. Byte code is made before. PySCSI's commands go out by the SG_IO call that cython-sgio makes for it, so that this need not be
installed; rsm's inventory asks for the drives' identifiers besides. Status: 1 if an aim was missed.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from rsm.clock import SystemClock
from rsm_scsi.driver import ScsiDriver
from rsm_scsi.sg import SgHeader, open_sg
from rsm_scsi.wrappers import Wrapper
from rsm_smc.text import normalise_tag

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PySCSI 2.1 is built on a deprecated enum trick
    from pyscsi.pyscsi.scsi_cdb_readelementstatus import ReadElementStatus
    from pyscsi.pyscsi.scsi_enum_command import smc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rsm.hardware.contract import Changer
    from rsm_scsi.transport import Reply, Transport

    Places = list[tuple[int, bool | None, str | None]]

START_AIM = 2.5
INVENTORY_AIM = 6.0
BARE = "python3 -I -S -c pass"
_SG_IO = 0x2285
_FROM_DEVICE = -3
_ROOM = 0x40000
"""Bytes for one reply: 5,000 elements with tags."""


class Waits:
    """How long each command took."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def each(self, runs: int) -> tuple[float, float]:
        """Give how many commands each of so many runs sent, and the seconds it waited for them."""
        return len(self.times) / runs, sum(self.times) / runs


class TimedTransport(Wrapper):
    """Keeps how long each command took."""

    def __init__(self, inner: Transport, waits: Waits) -> None:
        super().__init__(inner)
        self._waits = waits

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", reply_length: int = 0, timeout: float = 60.0
    ) -> Reply:
        """Send a command."""
        begin = time.perf_counter()
        reply = self._inner.execute(cdb, data_out=data_out, reply_length=reply_length, timeout=timeout)
        self._waits.times.append(time.perf_counter() - begin)
        return reply


def spent(work: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turns(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Give the median of each case; every round runs each once, after a first that does not count."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, work in cases.items():
            seconds = spent(work)
            if number:
                times[name].append(seconds)
    return {name: statistics.median(taken) for name, taken in times.items()}


def programs(device: str, rounds: int) -> dict[str, float]:
    """Give the medians of whole programs, from start to end."""
    script = Path(sys.executable).with_name("rsm-mtx")
    commands = {
        BARE: [sys.executable, "-I", "-S", "-c", "pass"],
        "rsm-mtx status": [str(script), "-f", device, "status"],
    }
    if mtx := shutil.which("mtx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"):
        commands["mtx status"] = [mtx, "-f", device, "status"]
    with tempfile.TemporaryDirectory() as directory:
        ours = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
        environment = {key: value for key, value in os.environ.items() if key not in ours}
        environment["PYTHONPYCACHEPREFIX"] = directory

        def run(command: list[str]) -> Callable[[], object]:
            return lambda: subprocess.run(command, capture_output=True, check=True, env=environment)

        return in_turns({name: run(command) for name, command in commands.items()}, rounds)


def by_rsm(changer: Changer) -> Places:
    """Take an inventory with rsm_scsi."""
    return [(int(item.address), item.full, item.volume_tag) for item in changer.inventory().elements]


def by_pyscsi(node: int, waits: Waits) -> Places:
    """Read the four types of element and decode them with PySCSI; give the same of each element."""
    seen: Places = []
    for kind in (1, 2, 3, 4):
        command = ReadElementStatus(
            smc.READ_ELEMENT_STATUS, 0, 0xFFFF, element_type=kind, voltag=1, alloclen=_ROOM
        )
        begin = time.perf_counter()
        _sg_io(node, command.cdb, command.datain)
        waits.times.append(time.perf_counter() - begin)
        command.unmarshall()
        for page in command.result["element_status_pages"]:
            seen += [
                (
                    item["element_address"],
                    bool(item["full"]),
                    normalise_tag(bytes(item.get("primary_volume_tag", b""))[:32]),
                )
                for item in page["element_descriptors"]
            ]
    return seen


def _sg_io(node: int, cdb: bytearray, data: bytearray) -> None:
    """Send a command that reads, and wait for the reply, which is written into `data`."""
    block = (ctypes.c_ubyte * len(cdb)).from_buffer(cdb)
    room = (ctypes.c_ubyte * len(data)).from_buffer(data)
    sense = ctypes.create_string_buffer(32)
    header = SgHeader(
        interface_id=ord("S"),
        dxfer_direction=_FROM_DEVICE,
        cmd_len=len(cdb),
        mx_sb_len=len(sense),
        dxfer_len=len(data),
        dxferp=ctypes.addressof(room),
        cmdp=ctypes.addressof(block),
        sbp=ctypes.addressof(sense),
        timeout=60_000,
    )
    fcntl.ioctl(node, _SG_IO, header)
    if header.status or header.host_status:
        raise SystemExit(f"READ ELEMENT STATUS: status {header.status:02x}h, host {header.host_status:02x}h")


def inventories(device: str, rounds: int) -> float:
    """Print the medians of both, having made sure that they saw the same; give the ratio."""
    waits = {"PySCSI": Waits(), "rsm_scsi": Waits()}
    driver = ScsiDriver(opener=lambda path: TimedTransport(open_sg(path), waits["rsm_scsi"]))
    node = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with driver.open_changer(device, SystemClock()) as changer:
            changer.wait_ready(600)
            ours, theirs = sorted(by_rsm(changer)), sorted(by_pyscsi(node, waits["PySCSI"]))
            if ours != theirs:
                different = sorted(set(ours) ^ set(theirs), key=lambda item: item[0])
                raise SystemExit(f"rsm_scsi and PySCSI do not see the same: {different[:4]}")
            for kept in waits.values():
                kept.times.clear()
            cases = {
                "PySCSI": lambda: by_pyscsi(node, waits["PySCSI"]),
                "rsm_scsi": lambda: by_rsm(changer),
            }
            medians = in_turns(cases, rounds)
    finally:
        os.close(node)
    computed = {}
    for name, median in medians.items():
        commands, waited = waits[name].each(rounds + 1)
        computed[name] = median - waited
        print(
            f"{name:22} {median * 1000:8.1f} ms for {len(ours):,} elements,"
            f" of which {waited * 1000:.1f} ms in {commands:.0f} commands"
        )
    ratio = medians["PySCSI"] / medians["rsm_scsi"]
    print(
        f"{'PySCSI to rsm_scsi':22} {ratio:8.2f} (aim {INVENTORY_AIM:g} or more);"
        f" {computed['PySCSI'] / computed['rsm_scsi']:.2f} without the commands"
    )
    return ratio


def main() -> int:
    """Measure, print, and give 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("changer", nargs="?", default=os.environ.get("VTL_CHANGER"), help="an sg node")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    arguments = parser.parse_args()
    if arguments.changer is None:
        parser.error("name a changer, or run this in ./dev vm")
    started = programs(arguments.changer, arguments.rounds)
    for name, median in started.items():
        aim = f" (aim {START_AIM} or less)" if name == "rsm-mtx status" else ""
        print(f"{name:22} {median * 1000:8.1f} ms, {median / started[BARE]:6.2f} x the bare interpreter{aim}")
    ratio = inventories(arguments.changer, arguments.rounds)
    return int(started["rsm-mtx status"] > START_AIM * started[BARE] or ratio < INVENTORY_AIM)


if __name__ == "__main__":
    sys.exit(main())
