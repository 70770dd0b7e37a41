"""Decode a READ ELEMENT STATUS reply of 10,000 elements with rsm_smc and with PySCSI, side by side.

Run it as `python tests/benchmarks/decode_elements.py [ROUNDS]`. Rounds alternate between the two in one
process, so that the machine's other work falls on both; the median counts. Prints nanoseconds per element and
the ratio (aim: 15 or more), first for the storage of a library, then for drives with identifiers, of which
PySCSI decodes everything but the identifiers.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from typing import TYPE_CHECKING

from rsm_smc import elements

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PySCSI 2.1 is built on a deprecated enum trick
    from pyscsi.pyscsi.scsi_cdb_readelementstatus import ReadElementStatus

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 10_000
AIM = 15


def storage() -> bytes:
    """Return 10,000 storage elements with volume tags, two of three full, each medium's source known."""
    return elements.encode(
        [
            elements.Element(
                index,
                elements.ElementKind.STORAGE,
                full=index % 3 != 0,
                access=True,
                source=index if index % 3 else None,
                medium_type=1 if index % 3 else 0,
                volume_tag=f"RSM{index:05}L9" if index % 3 else None,
            )
            for index in range(COUNT)
        ]
    )


def drives() -> bytes:
    """Return 10,000 drives with volume tags and T10 identifiers."""
    return elements.encode(
        [
            elements.Element(
                index,
                elements.ElementKind.DATA_TRANSFER,
                full=True,
                access=False,
                source=index,
                volume_tag=f"RSM{index:05}L9",
                identifier=elements.Identifier.t10("IBM", "ULT3580-TD9", f"{index:010}"),
            )
            for index in range(COUNT)
        ],
        elements.Layout(identifier=elements.IdentifierForm.T10),
    )


def ours(reply: bytes) -> int:
    """Decode with rsm_smc and return how many elements there were."""
    status = elements.decode(reply)
    if status.warnings:
        raise SystemExit(f"the reply is not clean: {status.warnings[0]}")
    return len(status.elements)


def theirs(reply: bytes) -> int:
    """Decode with PySCSI and return how many elements there were."""
    pages = ReadElementStatus.unmarshall_datain(bytearray(reply))["element_status_pages"]
    return sum(len(page["element_descriptors"]) for page in pages)


def seconds(decode: Callable[[bytes], int], reply: bytes) -> float:
    """Time one decoding, and see that it was whole."""
    begin = time.perf_counter()
    found = decode(reply)
    spent = time.perf_counter() - begin
    if found != COUNT:
        raise SystemExit(f"{decode.__name__}: {found} of {COUNT} elements")
    return spent


def compare(name: str, reply: bytes, rounds: int) -> float:
    """Print one line of comparison and return the ratio."""
    spent: dict[str, list[float]] = {"rsm_smc": [], "PySCSI": []}
    for _ in range(rounds):
        # PySCSI takes so much longer that several of ours fit beside one of its own
        spent["rsm_smc"] += [seconds(ours, reply) for _ in range(3)]
        spent["PySCSI"].append(seconds(theirs, reply))
    medians = {who: statistics.median(times) / COUNT * 1e9 for who, times in spent.items()}
    ratio = medians["PySCSI"] / medians["rsm_smc"]
    print(
        f"{name}: rsm_smc {medians['rsm_smc']:,.0f} ns, PySCSI {medians['PySCSI']:,.0f} ns an element; "
        f"ratio {ratio:.1f} (aim {AIM})"
    )
    return ratio


def main(rounds: int = 7) -> int:
    """Compare both replies; the status is 1 if storage misses the aim."""
    ratio = compare(f"{COUNT:,} storage elements", storage(), rounds)
    compare(f"{COUNT:,} drives with identifiers", drives(), max(1, rounds // 3))
    return 0 if ratio >= AIM else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
