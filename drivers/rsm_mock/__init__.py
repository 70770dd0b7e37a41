"""A simulated tape library, jukebox or stand-alone drive that answers SCSI commands under the real driver.

`DRIVER` opens `mock:PATH.json`; `rsm_mock.simulation.Simulation` is a library without a file for tests.
"""

from rsm_mock.driver import DRIVER

__all__ = ["DRIVER"]
