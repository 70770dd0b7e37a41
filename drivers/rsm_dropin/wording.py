"""What mtx 1.3.12 says, to the byte: its usage text, its sense report, its names (scsi.md §5).

These are an interface: scripts look for `Error Code=`, `Source Element Address` and `is Empty`.
"""

from __future__ import annotations

VERSION = "1.3.12"
"""The mtx whose words these are."""

USAGE = """\
Usage:
\tmtx --version
\tmtx [ -f <loader-dev> ] noattach <more commands>
\tmtx [ -f <loader-dev> ] inquiry | inventory\x20
\tmtx [ -f <loader-dev> ] [altres] [nobarcode] status
\tmtx [ -f <loader-dev> ] [altres] first [<drive#>]
\tmtx [ -f <loader-dev> ] [altres] last [<drive#>]
\tmtx [ -f <loader-dev> ] [altres] previous [<drive#>]
\tmtx [ -f <loader-dev> ] [altres] next [<drive#>]
\tmtx [ -f <loader-dev> ] [altres] [invert] load <storage-element-number> [<drive#>]
\tmtx [ -f <loader-dev> ] [altres] [invert] unload [<storage-element-number>][<drive#>]
\tmtx [ -f <loader-dev> ] [altres] [eepos eepos-number] transfer <storage-element-number> <storage-element-number>
\tmtx [ -f <loader-dev> ] [altres] [eepos eepos-number][invert][invert2] exchange <storage-element-number> <storage-element-number>
\tmtx [ -f <loader-dev> ] [altres] position <storage-element-number>
\tmtx [ -f <loader-dev> ] eject"""

PRODUCT_TYPES = (
    "Disk Drive",
    "Tape Drive",
    "Printer",
    "Processor",
    "Write-once",
    "CD-ROM",
    "Scanner",
    "Optical",
    "Medium Changer",
    "Communications",
    "ASC IT8",
    "ASC IT8",
    "RAID Array",
    "Enclosure Services",
    "RBC Simplified Disk",
    "OCR/W",
    "Bridging Expander",
    *["Reserved"] * 14,
    "Unknown",
)
"""By peripheral device type."""

_KEYS = {
    0x0: "No Sense",
    0x1: "Recovered Error",
    0x2: "Not Ready",
    0x3: "Medium Error",
    0x4: "Hardware Error",
    0x5: "Illegal Request",
    0x6: "Unit Attention",
    0x7: "Data Protect",
    0x8: "Blank Check",
    0xA: "Copy Aborted",
    0xB: "Aborted Command",
    0xD: "Volume Overflow",
    0xE: "Miscompare",
}

_CODES = {0x70: "Current", 0x71: "Deferred"}

_CLEANED, _NEEDS_OFFLINE, _FULL, _EMPTY = (0x30, 0x03), (0x3A, 0x00), (0x3B, 0x0D), (0x3B, 0x0E)


class Stop(Exception):
    """What ends the program with status 1: the lines for stderr, without a line break at the end."""


def fixed_format(sense: bytes) -> bytes:
    """Give sense data in the fixed format, 18 bytes: descriptor format, which mtx misreads, is translated."""
    if len(sense) < 8 or sense[0] & 0x7F not in {0x72, 0x73}:
        return sense[:18].ljust(18, b"\0")
    fixed = bytearray(18)
    fixed[0] = 0x70 | (sense[0] & 1)
    fixed[2], fixed[7], fixed[12], fixed[13] = sense[1] & 0x0F, 10, sense[2], sense[3]
    at, end = 8, 8 + sense[7]
    while at + 2 <= min(end, len(sense)):
        kind, body = sense[at], sense[at + 2 : at + 2 + sense[at + 1]]
        if kind == 0x00 and len(body) >= 10 and body[0] & 0x80:
            fixed[0] |= 0x80
            fixed[3:7] = body[6:10]
        elif kind == 0x02 and len(body) >= 5:
            fixed[15:18] = body[2:5]
        elif kind == 0x04 and len(body) >= 2:
            fixed[2] |= body[1] & 0xE0
        at += 2 + sense[at + 1]
    return bytes(fixed)


def sense_report(sense: bytes) -> str:
    """Give the block that mtx prints of sense data, without a line break at the end."""
    data = fixed_format(sense)
    code, key, flags = data[0] & 0x7F, data[2] & 0x0F, data[15]
    has_pointer = bool(flags & 0x80)
    lines = [
        "Long Report=yes",
        f"Valid Residual={_yes(data[0] & 0x80)}",
        f"Error Code={code:0x} ({_CODES.get(code, 'Unknown?!')})",
        f"Sense Key={_KEYS.get(key, f'0x{key:02X}')}",
        f"FileMark={_yes(data[2] & 0x80)}",
        f"EOM={_yes(data[2] & 0x40)}",
        f"ILI={_yes(data[2] & 0x20)}",
    ]
    if data[0] & 0x80:
        lines.append("Residual = {:02X} {:02X} {:02X} {:02X}".format(*data[3:7]))
    lines += [f"Additional Sense Code = {data[12]:02X}", f"Additional Sense Qualifier = {data[13]:02X}"]
    if has_pointer:
        lines.append(f"Field in Error = {flags & 0x07:02X}")
    lines += [
        f"BPV={_yes(flags & 0x08)}",
        f"Error in CDB={_yes(flags & 0x40)}",
        f"SKSV={_yes(has_pointer)}",
    ]
    if has_pointer:
        lines.append(f"Field Pointer = {data[16]:02X} {data[17]:02X}")
    return "\n".join(f"mtx: Request Sense: {line}" for line in lines)


def failure(sense: bytes, words: str) -> Stop:
    """Give the end of a program for a command that was answered with these sense data."""
    return Stop(f"{sense_report(sense)}\n{words}")


def refused_move(sense: bytes, source: int, destination: int, *, command: str = "MOVE MEDIUM") -> str:
    """Give what mtx says of a move that the library did not make; addresses, not slot numbers."""
    data = fixed_format(sense)
    code = data[12], data[13]
    if code == _FULL:
        return f"Destination Element Address {destination} is Already Full"
    if code == _EMPTY:
        return f"Source Element Address {source} is Empty"
    if code == _CLEANED:
        return "Cleaning Cartridge Installed and Ejected"
    if code == _NEEDS_OFFLINE:
        return "Drive needs offline before move"
    return f"{sense_report(sense)}\n{failed_move(source, destination, command=command)}"


def failed_move(source: int, destination: int, *, command: str = "MOVE MEDIUM") -> str:
    """Give the last line of a move that failed."""
    return f"{command} from Element Address {source} to {destination} Failed"


def _yes(flag: int) -> str:
    return "yes" if flag else "no"
