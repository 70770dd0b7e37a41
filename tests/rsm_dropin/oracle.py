"""A real program over a simulated library: its SG_IO goes through `sg_to_socket.c` to whoever listens here."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rsm_scsi.transport import Transport

_OUT = -2
_QUESTION = struct.Struct("3i")
_ANSWER = struct.Struct("6i")


class Oracle:
    """Runs programs over a transport; `device` is the name that they are given."""

    def __init__(self, library: Path, directory: Path, transport: Transport, device: str) -> None:
        self._library = library
        self._socket = directory / "sg.socket"
        self._transport = transport
        self._device = device
        self.commands: list[bytes] = []

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        """Run a program to its end, answering its commands."""
        self._socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self._socket))
            listener.listen()
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            try:
                return subprocess.run(
                    command, capture_output=True, check=False, timeout=30, env=self._environment()
                )
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin",
            "LD_PRELOAD": str(self._library),
            "SG_DEVICE": self._device,
            "SG_SOCKET": str(self._socket),
        }

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                while question := stream.read(_QUESTION.size):
                    length, direction, room = _QUESTION.unpack(question)
                    cdb = stream.read(length)
                    out = stream.read(room) if direction == _OUT else b""
                    self.commands.append(cdb)
                    reply = self._transport.execute(
                        cdb, data_out=out, reply_length=0 if out else room, timeout=300.0
                    )
                    stream.write(
                        _ANSWER.pack(
                            reply.status,
                            reply.host_status,
                            reply.driver_status,
                            len(reply.sense),
                            len(reply.data),
                            reply.residual,
                        )
                    )
                    stream.write(reply.sense + reply.data)
                    stream.flush()
