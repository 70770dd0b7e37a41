"""Who may move a library's robot: a file lock that dies with its holder.

The lease is taken for one robot step and never held while somebody waits for a drive or a person. Its key is
the changer's serial number, so that two names of one changer are one lease. The file says who holds it; only
the lock on it counts.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsm.errors import LeaseHeld, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rsm.clock import Clock
    from rsm.hardware.inventory import DeviceIdentity

SYSTEM_DIRECTORY = Path("/run/rsm")
"""Made by the tmpfiles.d entry in udev/, for everybody in the group of the devices."""

_STEP = 0.1
_LONGEST = 100


def lease_key(identity: DeviceIdentity, device: str) -> str:
    """Give the key of a changer: its serial number, else vendor, product and the path it was opened by."""
    return identity.serial or f"{identity.vendor}-{identity.product}-{device}"


@contextmanager
def hold(
    key: str,
    *,
    holder: str,
    timeout: float,
    clock: Clock,
    what: str = "the library",
    directory: Path | None = None,
) -> Iterator[Path]:
    """Hold the lease `key` inside the `with` block, having waited `timeout` seconds for it at most.

    `holder` is what others are told, such as the command line, and `what` is in use then. Raises `LeaseHeld` naming the present holder,
    and `Unavailable` if the lease file cannot be made.
    """
    path = (lease_directory() if directory is None else directory) / f"{_file_name(key)}.lease"
    file = _open(path)
    try:
        _lock(file, path, timeout, clock, what=what)
        _write(file, {"holder": holder, "pid": os.getpid(), "since": clock.now(), "key": key})
        yield path
    finally:
        os.close(file)  # and with it the lock goes


@contextmanager
def share(key: str, *, holder: str, clock: Clock, what: str, directory: Path | None = None) -> Iterator[Path]:
    """Hold the lease `key` together with others who share it; `hold` waits for all of them.

    Raises `LeaseHeld` if somebody holds it alone, and `Unavailable` if the lease file cannot be made.
    """
    path = (lease_directory() if directory is None else directory) / f"{_file_name(key)}.lease"
    file = _open(path)
    try:
        _lock(file, path, 0, clock, what=what, kind=fcntl.LOCK_SH)
        _write(file, {"holder": holder, "pid": os.getpid(), "since": clock.now(), "key": key})
        yield path
    finally:
        os.close(file)


def lease_directory(environment: Mapping[str, str] | None = None, system: Path = SYSTEM_DIRECTORY) -> Path:
    """Give the directory of lease files: the system's, else the user's runtime or temporary directory.

    Raises `Unavailable` if the temporary one belongs to somebody else.
    """
    variables = os.environ if environment is None else environment
    if _is_writable(system):
        return system
    runtime = variables.get("XDG_RUNTIME_DIR")
    if runtime and _is_writable(Path(runtime)):
        directory = Path(runtime) / "rsm"
    else:
        directory = Path(tempfile.gettempdir()) / f"rsm-{os.getuid()}"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        state = directory.lstat()
    except OSError as error:
        raise Unavailable(f"the lease directory {directory} cannot be made: {error.strerror}") from error
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
        raise Unavailable(
            f"the lease directory {directory} belongs to somebody else", hint=f"remove {directory}"
        )
    return directory


def _is_writable(directory: Path) -> bool:
    return directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)


def _file_name(key: str) -> str:
    """Make a file name of a key: nothing of it can lead out of the directory, and different keys differ."""
    name = re.sub(r"^\.|[^A-Za-z0-9._-]", lambda match: f"%{ord(match[0]):02X}", key) or "%"
    if len(name) <= _LONGEST:
        return name
    return name[:_LONGEST] + "%" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _open(path: Path) -> int:
    """Open or make the file: for the group in the system's directory, else for the user alone."""
    mode = 0o660 if path.parent == SYSTEM_DIRECTORY else 0o600
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    except OSError as error:
        raise Unavailable(
            f"the lease file {path} cannot be opened: {error.strerror}",
            hint=f"it must be writable for everybody who may move media: ls -l {path}",
        ) from error
    if os.fstat(file).st_uid == os.getuid():
        os.fchmod(file, mode)  # the umask must not shut the group out
    return file


def _lock(
    file: int, path: Path, timeout: float, clock: Clock, *, what: str, kind: int = fcntl.LOCK_EX
) -> None:
    deadline = clock.monotonic() + timeout
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - clock.monotonic()
            if left <= 0:
                raise LeaseHeld(
                    f"{what} is in use by {_describe(_read(file), clock)}",
                    hint=f"wait until it is done; the lease is {path}",
                ) from None
            clock.sleep(min(_STEP, left))
        else:
            return


def _write(file: int, content: dict[str, Any]) -> None:
    data = json.dumps(content).encode() + b"\n"
    os.ftruncate(file, 0)
    os.pwrite(file, data, 0)


def _read(file: int) -> dict[str, Any]:
    try:
        content = json.loads(os.pread(file, 65536, 0))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _describe(content: dict[str, Any], clock: Clock) -> str:
    """Say who holds a lease; a holder that has just locked may not have written yet."""
    if "pid" not in content:
        return "another process"
    since = content.get("since")
    seconds = f", for {max(0.0, clock.now() - since):.0f} s" if isinstance(since, (int, float)) else ""
    return f"{content.get('holder', 'a process')} (process {content['pid']}{seconds})"
