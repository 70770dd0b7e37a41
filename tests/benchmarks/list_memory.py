"""How much memory a long listing takes: `python -m tests.benchmarks.list_memory [MEDIA]`, from the root.

Peak resident memory of `rsm media list` over 1,000,000 media, as a table and as JSON, against the same
listing of 100 media in the same run; aim: 60 MB, and next to no growth.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.filled_store import fill
from tests.benchmarks.start_up import command_of

AIM = 60 * 1024
"""Kilobytes that the listing may take at its peak."""


def measured(command: list[str]) -> tuple[int, float]:
    """Run a command to its end and give its peak memory in kilobytes and its seconds."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    return usage.ru_maxrss, time.perf_counter() - begin


def main() -> int:
    """Measure, print, and give 1 if the aim was missed."""
    media = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    missed = False
    with tempfile.TemporaryDirectory() as directory:
        small, large = Path(directory, "small.db"), Path(directory, "large.db")
        fill(small, 100)
        fill(large, media)
        for options in ((), ("--json",)):
            few, _ = measured(command_of("--store", str(small), "media", "list", *options))
            many, seconds = measured(command_of("--store", str(large), "media", "list", *options))
            missed |= many > AIM
            print(
                f"rsm media list {' '.join(options)}: {many / 1024:.1f} MB for {media:,} media"
                f" in {seconds:.1f} s, ratio {many / few:.2f} to 100 media (aim {AIM // 1024} MB)"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
