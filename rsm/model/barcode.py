"""What a bar code says: the volume, the generation and the kind of medium (field.md §6)."""

from __future__ import annotations

from dataclasses import dataclass

from rsm.errors import InvalidName

BARCODE_LENGTH = 32
"""Characters that a SMC-3 volume tag can hold."""

CLEANING_PREFIXES = ("CLN",)
"""Bar codes beginning so are cleaning media; Oracle's `DG` diagnostics are left to the library's own word."""

_LTO_DATA = {f"L{generation}": f"LTO-{generation}" for generation in range(1, 10)}
_LTO_WORM = {"LT": 3, "LU": 4, "LV": 5, "LW": 6, "LX": 7, "LY": 8, "LZ": 9}

MEDIA_TYPE_BY_SUFFIX: dict[str, str] = {
    **_LTO_DATA,
    **{suffix: f"LTO-{generation} WORM" for suffix, generation in _LTO_WORM.items()},
    "M8": "LTO-7 M8",
    "LA": "LTO-10",
    "PA": "LTO-10 Premium",
    "LH": "LTO-10 WORM",
    **{suffix: f"3592 {suffix}" for suffix in ("JA", "JB", "JC", "JD", "JE", "JK", "JL")},
    **{suffix: f"3592 {suffix} WORM" for suffix in ("JW", "JX", "JY", "JZ", "JV", "JM")},
    "T1": "T10000 T1",
    "T2": "T10000 T2",
}
"""The two characters that end a bar code, and the media type they name (field.md §6)."""

_LTO_LABEL_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """What can be told from a bar code alone; `media_type` is None when its ending says nothing."""

    barcode: str
    media_type: str | None
    cleaning: bool


def read(barcode: str) -> Reading:
    """Give what a bar code says of its medium.

    The ending counts only where a media identifier belongs: in labels of eight characters or more, so
    that `TAPEL1` or `OPT2` are not taken for an LTO generation.
    """
    cleaning = barcode.upper().startswith(CLEANING_PREFIXES)
    suffix = barcode[-2:].upper() if len(barcode) >= _LTO_LABEL_LENGTH else ""
    if cleaning:
        return Reading(barcode, CLEANING_TYPE, cleaning=True)
    return Reading(barcode, MEDIA_TYPE_BY_SUFFIX.get(suffix), cleaning=False)


CLEANING_TYPE = "Cleaning"


def check(text: str) -> str:
    """Give a bar code as typed by a person, stripped; raise `InvalidName` if it cannot be one."""
    barcode = text.strip()
    if not barcode:
        raise InvalidName("an empty bar code names nothing")
    if len(barcode) > BARCODE_LENGTH:
        raise InvalidName(
            f"bar code {barcode!r} has {len(barcode)} characters, and a volume tag holds at most {BARCODE_LENGTH}"
        )
    if not barcode.isprintable():
        raise InvalidName(f"bar code {barcode!r} holds characters that cannot be printed")
    return barcode
