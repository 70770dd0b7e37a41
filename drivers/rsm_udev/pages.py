"""Who a device is, from what the kernel asked it when it was found (`vpd_pg80`, `vpd_pg83`, `inquiry`).

This package stands alone and needs two fields of two pages; the whole of them is read by `rsm_smc.identity`.
"""

from __future__ import annotations

_SERIAL, _NAMES = 0x80, 0x83
_EUI, _NAA = 2, 3
_PREFIX = {_EUI: "eui", _NAA: "naa"}
_LOCAL = "naa.3"
"""How a locally assigned name begins: unique in one machine at best (every tgt counts from 3000000100000001)."""
_ATTACHED_CHANGER = 0x08


def serial(page: bytes) -> str:
    """Give the unit serial number (VPD page 80h), stripped at both ends; "" if it is none or was cut.

    tgt pads on the left, mhvtl with blanks and NULs (scsi.md §1.1).
    """
    body = _body(page, _SERIAL)
    return "" if body is None else body.decode("latin-1").strip(" \0")


def world_wide_names(page: bytes) -> tuple[str, ...]:
    """Give the names (NAA, EUI-64) of the logical unit in VPD page 83h, the longest first.

    Those of its ports are left out: they differ by path, and a drive and the changer behind it share them.
    So are names that are only locally assigned.
    """
    body = _body(page, _NAMES) or b""
    names = []
    position = 0
    while position + 4 <= len(body):
        association, kind, length = body[position + 1] >> 4 & 3, body[position + 1] & 15, body[position + 3]
        data = body[position + 4 : position + 4 + length]
        if association == 0 and kind in _PREFIX and data and len(data) == length:
            names.append(f"{_PREFIX[kind]}.{data.hex()}")
        position += 4 + length
    names = [name for name in names if not name.startswith(_LOCAL)]
    return tuple(sorted(set(names), key=lambda name: (-len(name), name)))


def attached_changer(inquiry: bytes) -> bool:
    """Tell whether a drive says that a medium changer is attached to it (INQUIRY byte 6, MChngr)."""
    return len(inquiry) > 6 and bool(inquiry[6] & _ATTACHED_CHANGER)


def _body(page: bytes, code: int) -> bytes | None:
    """Give what follows the header, None if this is another page or was cut short."""
    if len(page) < 4 or page[1] != code:
        return None
    length = int.from_bytes(page[2:4], "big")
    return page[4 : 4 + length] if len(page) >= 4 + length else None
