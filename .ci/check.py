"""Run every check of the source, report each: ./dev check."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKS = (
    ("lint", "ruff check . dev"),
    ("format", "ruff format --check . dev"),
    ("types", "mypy"),
    ("import contracts", "lint-imports"),
    ("spelling", "codespell"),
    ("packaging", "validate-pyproject pyproject.toml"),
)


def main() -> int:
    """Print what fails whole and the rest as a line; return 1 if anything failed."""
    failed = 0
    settings = {**os.environ, "VALIDATE_PYPROJECT_NO_NETWORK": "1"}
    for name, words in CHECKS:
        began = time.monotonic()
        done = subprocess.run(
            words.split(), check=False, cwd=ROOT, env=settings, capture_output=True, text=True
        )
        if done.returncode:
            failed += 1
            print(done.stdout + done.stderr, end="")
        verdict = "FAILED" if done.returncode else "ok"
        print(f"{verdict:6} {time.monotonic() - began:5.1f} s  {name:16} ({words})", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
