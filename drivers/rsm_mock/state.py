"""A simulated library in a file, shared by processes, and whole after a crash at any moment.

Whoever looks at or changes the library holds an exclusive `flock` on a file beside it for that moment, never
while simulated time passes. A change is written to a second file, flushed to the disk, and takes the place
of the first one; so a reader without the lock sees a whole library as well.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from rsm.errors import AlreadyExists, InvalidName
from rsm.hardware.faults import DeviceFault, DeviceGone
from rsm_mock.document import FORMAT, VERSION, Damaged, from_document, to_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsm.clock import Clock
    from rsm_mock.machine import Machine

SCHEME = "mock:"
_HEAD = 96
"""Bytes at the beginning of a file that tell its revision."""


class StateUnreadable(DeviceFault):
    """A state file holds no library; it is left as it is."""


class _Seen(NamedTuple):
    """What tells whether a file is still the one that was read."""

    inode: int
    modified: int
    size: int
    head: bytes


class StateFile:
    """A library in a file; fills `rsm_mock.transport.Keeper`."""

    def __init__(self, path: str | Path, *, clock: Clock) -> None:
        self.path = library_path(str(path))
        self._clock = clock
        self._guard = RLock()
        self._machine: Machine | None = None
        self._lent: Machine | None = None
        self._seen: _Seen | None = None
        self._revision = 0

    @contextmanager
    def hold(self) -> Iterator[Machine]:
        """Lend the machine, alone in the world; what has changed is on the disk afterwards.

        Raises `DeviceGone` if there is no such file or it may not be used, `StateUnreadable` if it holds no
        library. If the block raises, nothing is kept. Who holds it already is lent the same machine again.
        """
        with self._guard:
            if self._lent is not None:
                yield self._lent
                return
            with self._locked():
                self._lent = machine = self._load()
                machine.changed = False
                try:
                    yield machine
                    if machine.changed:
                        self._save(machine)
                except BaseException:
                    self._machine = None
                    raise
                finally:
                    self._lent = None

    def create(self, machine: Machine, *, replace: bool = False) -> None:
        """Write a new library; raises `AlreadyExists` if the file is there and may not be replaced."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DeviceGone(f"{self.path.parent} cannot be made: {error.strerror}") from error
        with self._guard, self._locked(creating=True):
            if self.path.exists() and not replace:
                raise AlreadyExists(
                    f"{self.path} is already there", hint="choose another name, or --force to replace it"
                )
            self._revision = 0
            self._save(machine)

    @contextmanager
    def _locked(self, *, creating: bool = False) -> Iterator[None]:
        if not creating and not self.path.exists():
            raise self._missing()
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise DeviceGone(f"{self.path} cannot be locked: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _missing(self) -> DeviceGone:
        return DeviceGone(
            f"there is no simulated library {self.path}", hint=f"make one: rsm mock create {self.path}"
        )

    # Reading

    def _load(self) -> Machine:
        try:
            with self.path.open("rb") as file:
                head = file.read(_HEAD)
                state = os.fstat(file.fileno())
                seen = _Seen(state.st_ino, state.st_mtime_ns, state.st_size, head)
                if self._machine is not None and seen == self._seen:
                    return self._machine
                content = head + file.read()
        except FileNotFoundError as error:
            raise self._missing() from error
        except OSError as error:
            raise DeviceGone(f"{self.path} cannot be read: {error.strerror}") from error
        document = self._parse(content)
        try:
            machine = from_document(document, self._clock)
        except (Damaged, ValueError) as error:
            raise self._unreadable(str(error)) from error
        self._machine, self._seen, self._revision = machine, seen, int(document.get("revision", 0))
        return machine

    def _parse(self, content: bytes) -> dict[str, Any]:
        try:
            document = json.loads(content)
        except ValueError as error:  # includes bytes that are no UTF-8
            raise self._unreadable("it is not JSON") from error
        except RecursionError as error:
            raise self._unreadable("it is nested without end") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise self._unreadable(f"it does not say that it is {FORMAT}")
        version = document.get("version")
        if isinstance(version, int) and version > VERSION:
            raise StateUnreadable(
                f"{self.path} is of version {version}, this rsm knows up to {VERSION}",
                hint="use the rsm that wrote it; the file was left alone",
            )
        if version != VERSION or not isinstance(document.get("revision", 0), int):
            raise self._unreadable(f"its version is {version!r}")
        return document

    def _unreadable(self, why: str) -> StateUnreadable:
        return StateUnreadable(
            f"{self.path} holds no simulated library: {why}",
            hint=f"the file was left alone; make a new one: rsm mock create {self.path} --force",
        )

    # Writing

    def _save(self, machine: Machine) -> None:
        self._revision += 1
        head = {"format": FORMAT, "version": VERSION, "revision": self._revision}
        content = json.dumps({**head, **to_document(machine)}, separators=(",", ":")).encode("utf-8")
        try:
            self._replace(content)
            state = self.path.stat()
        except OSError as error:
            raise DeviceGone(
                f"{self.path} cannot be written: {error.strerror}", hint="it is as it was before"
            ) from error
        machine.changed = False
        self._machine = machine
        self._seen = _Seen(state.st_ino, state.st_mtime_ns, state.st_size, content[:_HEAD])

    def _replace(self, content: bytes) -> None:
        """Put new content in the place of the file, so that a crash leaves the old or the new one."""
        waiting = Path(f"{self.path}.new")
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            with suppress(OSError):
                # A file of somebody else stays theirs when root or a group member works on it.
                former = self.path.stat()
                os.fchmod(file.fileno(), former.st_mode & 0o777)
                os.fchown(file.fileno(), former.st_uid, former.st_gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def library_path(name: str) -> Path:
    """Give the path in `mock:PATH.json`, or in the path alone; raises `InvalidName` if it is none."""
    path = name.removeprefix(SCHEME)
    if not path.endswith(".json") or Path(path).name == ".json":
        raise InvalidName(
            f"{name!r} names no simulated library", hint="the name ends with .json, such as lib.json"
        )
    return Path(path)
