"""What importing the codec costs."""

from __future__ import annotations

import subprocess
import sys


def test_elements_are_light_to_import() -> None:
    """Importing the element codec must not draw in dataclasses and inspect: a command starts in milliseconds."""
    program = (
        "import sys, rsm_smc.elements; print(sorted({'dataclasses', 'inspect', 'json'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
