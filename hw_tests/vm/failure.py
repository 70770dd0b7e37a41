"""The one error of the harness."""

from __future__ import annotations


class VmFailure(Exception):
    """Say that the VM or its library could not be set up; COMMAND's own failures are its exit status."""
