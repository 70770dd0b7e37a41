"""Numbers of mtx as element addresses: slots and ports as they are, drives from 50,000 on.

    mtx                                       address
    Storage Element 1 … 49,999, ports last    1 … 49,999
    Data Transfer Element 0 … 15,535          50,000 … 65,535

They are ordinals, not addresses of SMC-3: when an element goes missing, mtx moves all later numbers up.
"""

from __future__ import annotations

from rsm.hardware.inventory import ElementAddress

DRIVES_FROM = 50_000
LAST = 0xFFFF


def slot_address(number: int) -> ElementAddress:
    """Give the address of a slot or port."""
    return ElementAddress(number)


def drive_address(number: int) -> ElementAddress:
    """Give the address of a drive."""
    return ElementAddress(DRIVES_FROM + number)


def slot_number(address: int) -> int | None:
    """Give the number of a slot or port; None for any other address."""
    return address if 1 <= address < DRIVES_FROM else None


def drive_number(address: int) -> int | None:
    """Give the number of a drive; None for any other address."""
    return address - DRIVES_FROM if DRIVES_FROM <= address <= LAST else None
