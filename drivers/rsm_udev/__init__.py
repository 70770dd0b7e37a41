"""Finds changers and tape drives through sysfs and udev, without a command and without a privilege.

`DISCOVERY` stands behind the entry point `udev` of the group `rsm.discovery`.
"""

from rsm_udev.discovery import UdevDiscovery

DISCOVERY = UdevDiscovery()

__all__ = ["DISCOVERY", "UdevDiscovery"]
