"""How long until the first line: `python -m tests.benchmarks.start_up`, from the root of the repository.

`rsm --help` and `rsm media list` over 100,000 media, both into a pipe, against `python -c pass` of the same
environment, in turns. Start-up is to the first line read; aims: 2.5 and 3.5 times an empty Python. All run
from byte code, as an installed rsm does, kept in a directory of its own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.filled_store import fill

MEDIA = 100_000
ROUNDS = 31

Seconds = float


def as_installed(byte_code: str) -> dict[str, str]:
    """Give an environment in which Python buffers its output and keeps byte code in that directory."""
    ours = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX"}
    return {
        **{key: value for key, value in os.environ.items() if key not in ours},
        "PYTHONPYCACHEPREFIX": byte_code,
    }


def first_line(command: list[str], environment: dict[str, str]) -> Seconds:
    """Give the time from starting a command to its first line, or to its end if it prints none."""
    begin = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - begin
        process.stdout.close()
    return seconds


def command_of(*words: str) -> list[str]:
    """Give how rsm is started: its console script if it is installed beside this Python."""
    script = Path(sys.executable).with_name("rsm")
    return [str(script), *words] if script.exists() else [sys.executable, "-m", "rsm", *words]


def main() -> int:
    """Measure, print ratios, and give 1 if an aim was missed."""
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory, "rsm.db")
        fill(store, MEDIA)
        environment = as_installed(str(Path(directory, "byte-code")))
        empty = [sys.executable, "-c", "pass"]
        cases = {
            "rsm --help": (command_of("--help"), 2.5),
            f"rsm media list, {MEDIA:,} media": (command_of("--store", str(store), "media", "list"), 3.5),
        }
        base: list[Seconds] = []
        times: dict[str, list[Seconds]] = {name: [] for name in cases}
        for command in (empty, *(command for command, _ in cases.values())):
            first_line(command, environment)  # makes the byte code
        for _ in range(ROUNDS):
            base.append(first_line(empty, environment))
            for name, (command, _) in cases.items():
                times[name].append(first_line(command, environment))
    nothing = statistics.median(base)
    print(f"python -c pass: {nothing * 1000:.1f} ms, median of {ROUNDS}")
    missed = False
    for name, (_, aim) in cases.items():
        ratio = statistics.median(mine / bare for mine, bare in zip(times[name], base, strict=True))
        missed |= ratio > aim
        print(
            f"{name}: {statistics.median(times[name]) * 1000:.1f} ms to the first line, ratio {ratio:.2f} (aim {aim})"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
