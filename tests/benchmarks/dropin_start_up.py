"""How long `rsm-mtx status` takes beside the bare interpreter and beside mtx.

    python tests/benchmarks/dropin_start_up.py [--device /dev/sgN]

Without a device nothing is asked of a library: both programs are given /dev/null and end where they would begin
to talk, which is start-up and little else. Aim: 2.5 times `python3 -I -S -c pass`. Byte code is made before.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
AIM = 2.5
_DROPIN = "from rsm_dropin.mtx import run; raise SystemExit(run())"


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Give the time that a command takes."""
    begin = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False, env=environment)
    return time.perf_counter() - begin


def rsm_mtx(*words: str) -> list[str]:
    """Give how rsm-mtx is started: its console script if it is installed beside this Python."""
    script = Path(sys.executable).with_name("rsm-mtx")
    return [str(script), *words] if script.exists() else [sys.executable, "-c", _DROPIN, *words]


def main() -> int:
    """Measure, print ratios, and give 1 if the aim was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="/dev/null", help="a changer to ask for its status")
    device = parser.parse_args().device
    mtx = shutil.which("mtx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    with tempfile.TemporaryDirectory() as directory:
        ours = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
        environment = {key: value for key, value in os.environ.items() if key not in ours}
        environment["PYTHONPYCACHEPREFIX"] = directory
        cases = {
            "python -I -S -c pass": [sys.executable, "-I", "-S", "-c", "pass"],
            "python -c pass": [sys.executable, "-c", "pass"],
            "rsm-mtx status": rsm_mtx("-f", device, "status"),
        }
        if mtx is not None:
            cases["mtx status"] = [mtx, "-f", device, "status"]
        for command in cases.values():
            seconds(command, environment)  # makes the byte code
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, command in cases.items():
                times[name].append(seconds(command, environment))
    bare = times["python -I -S -c pass"]
    ratios = {
        name: statistics.median(one / base for one, base in zip(taken, bare, strict=True))
        for name, taken in times.items()
    }
    for name, taken in times.items():
        aim = f" (aim {AIM})" if name == "rsm-mtx status" else ""
        print(f"{name:22} {statistics.median(taken) * 1000:7.1f} ms, ratio {ratios[name]:.2f}{aim}")
    return int(ratios["rsm-mtx status"] > AIM)


if __name__ == "__main__":
    sys.exit(main())
