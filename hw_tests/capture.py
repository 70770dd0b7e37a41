"""Record what a changer says of itself, for `tests/data` and for a bug report.

    .venv/bin/python -m hw_tests.capture /dev/sg3 captures/

writes one .hex file for each reply: INQUIRY, the vital product data pages 00h, 80h and 83h, the mode pages
1Dh, 1Eh and 1Fh, and READ ELEMENT STATUS for each type of element, plain, with volume tags and with device
identifiers. `rsm changer decode --type TYPE FILE` shows what a file says; TYPE is in its first lines, beside
the command and the statuses. A command that the device refuses leaves its sense data instead.

Only commands that read are sent, and none that moves anything or that makes the library look anew. The files
hold serial numbers and bar codes. Needs the group of the node, not root.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rsm.errors import RsmError
from rsm_scsi.sg import open_sg
from rsm_scsi.transport import Status
from rsm_scsi.wrappers import SenseFetching, sense_of
from rsm_smc import identity
from rsm_smc.cdb import Inquiry, ModeSense6, ReadElementStatus
from rsm_smc.elements import ElementKind
from rsm_smc.errors import DecodeError
from rsm_smc.text import format_hex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rsm_scsi.transport import Reply, Transport
    from rsm_smc.cdb import Command

LARGEST = 65532
"""Bytes of room for element status: a multiple of four below 64 KiB (scsi.md §3 row 1)."""

READING = frozenset({Inquiry.OPCODE, ModeSense6.OPCODE, ReadElementStatus.OPCODE})
"""The operation codes that are sent, and no others."""

_SHORT = 252
_ATTENTIONS = 10


class Question(NamedTuple):
    """A command to send, the file its reply goes to, and what `rsm changer decode` calls such a reply."""

    name: str
    command: Command
    room: int
    kind: str

    @property
    def title(self) -> str:
        """Its name as people write it."""
        return self.name.replace("_", " ")


def questions() -> Iterator[Question]:
    """Give every question, in the order of asking."""
    yield Question("inquiry", Inquiry(allocation=_SHORT), _SHORT, "inquiry")
    for page in (identity.SUPPORTED_PAGES, identity.UNIT_SERIAL_NUMBER, identity.DEVICE_IDENTIFICATION):
        yield Question(f"vpd_{page:02x}", Inquiry(page=page, allocation=_SHORT), _SHORT, "vpd")
    for page in (0x1D, 0x1E, 0x1F):
        yield Question(f"mode_{page:02x}", ModeSense6(page, allocation=_SHORT), _SHORT, "mode")
    for kind in (
        ElementKind.TRANSPORT,
        ElementKind.STORAGE,
        ElementKind.IMPORT_EXPORT,
        ElementKind.DATA_TRANSFER,
    ):
        name = kind.name.lower()
        for suffix, voltag, dvcid in (
            ("plain", False, False),
            ("voltag", True, False),
            ("dvcid", False, True),
            ("voltag_dvcid", True, True),
        ):
            command = ReadElementStatus(kind=kind, voltag=voltag, dvcid=dvcid, allocation=LARGEST)
            yield Question(f"{name}_{suffix}", command, LARGEST, "elements")


class Captured(NamedTuple):
    """A file that was written, and whether it holds the reply or the sense data of a refusal."""

    path: Path
    kind: str
    size: int


def capture(transport: Transport, folder: Path, *, prefix: str = "") -> Iterator[Captured]:
    """Ask everything, and write each reply as it comes; gives the files.

    Raises `rsm.hardware.faults.DeviceFault` if the device goes away, and OSError if a file cannot be written.
    """
    device = SenseFetching(transport)
    model = ""
    for question in questions():
        reply = _ask(device, question)
        if question.name == "inquiry" and reply.status == Status.GOOD:
            model = _model(reply.data)
        yield _write(folder / f"{prefix}{question.name}.hex", question, reply, model)


def _ask(device: Transport, question: Question) -> Reply:
    """Send a command; unit attentions are taken away, as they say nothing of the command."""
    cdb = question.command.encode()
    if cdb[0] not in READING:
        raise ValueError(f"operation code {cdb[0]:02X}h is none that only reads")
    for _ in range(_ATTENTIONS):
        reply = device.execute(cdb, reply_length=question.room, timeout=300)
        sense = sense_of(reply)
        if sense is None or sense.key != 6:
            break
    return reply


def _write(path: Path, question: Question, reply: Reply, model: str) -> Captured:
    """Write a reply, or the sense data if there was none; a path that failed leaves a file of comments."""
    is_good = reply.delivered and reply.status == Status.GOOD
    kind, data = (question.kind, reply.data) if is_good else ("sense", reply.sense)
    statuses = f"status {reply.status:02x}, host {reply.host_status:02x}, driver {reply.driver_status:02x}"
    comments = (
        f"{model}, {question.title}".lstrip(", "),
        f"CDB {question.command.encode().hex(' ')}",
        f"rsm changer decode --type {kind}",
        f"{statuses}, residual {reply.residual}, {len(data)} bytes",
    )
    path.write_text(format_hex(data, comments), encoding="ascii", errors="backslashreplace")
    return Captured(path, kind, len(data))


def _model(data: bytes) -> str:
    try:
        told = identity.decode_standard(data)
    except DecodeError:
        return ""
    return f"{told.vendor} {told.product} {told.revision}"


def main(words: Sequence[str] | None = None) -> int:
    """Capture what the command line names, and list the files; return 1 if the device cannot be asked."""
    parser = argparse.ArgumentParser(
        prog="python -m hw_tests.capture",
        description="Record what a changer says of itself; moves nothing.",
        epilog="The files hold serial numbers and bar codes.",
    )
    parser.add_argument("device", metavar="DEVICE", help="the changer's node, such as /dev/sg3")
    parser.add_argument("folder", metavar="DIR", type=Path, help="where the files go; made if need be")
    parser.add_argument("--prefix", default="", help="what the files' names begin with, such as acme_")
    arguments = parser.parse_args(words)
    try:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        with open_sg(arguments.device) as transport:
            for captured in capture(transport, arguments.folder, prefix=arguments.prefix):
                print(f"{captured.path}: {captured.kind}, {captured.size} bytes")
    except RsmError as error:
        print(
            f"capture: {error}", *([f"hint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr
        )
        return 1
    except OSError as error:
        print(f"capture: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
