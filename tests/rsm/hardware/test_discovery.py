"""Discovery drivers side by side: one that fails or hangs is named, and the others are heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rsm.hardware.discovery import (
    DeviceKind,
    DevicePath,
    Discovery,
    FoundDevice,
    Task,
    TooSlow,
    Watch,
    discover,
    watches,
)
from rsm.hardware.inventory import DeviceIdentity


def device(number: int, kind: DeviceKind = DeviceKind.CHANGER, **more: object) -> FoundDevice:
    """Give a device at /dev/sgN."""
    return FoundDevice(
        kind=kind,
        identity=DeviceIdentity("STK", "L700", "1", f"S{number}"),
        paths=(DevicePath(address=f"1:0:{number}:0", sg=f"/dev/sg{number}"),),
        **more,  # type: ignore[arg-type]  # the fields of the value, as each test names them
    )


class Finds:
    """A discovery driver that finds what it is given, or raises it."""

    def __init__(self, *found: FoundDevice | Exception) -> None:
        self._found = found

    def devices(self) -> tuple[FoundDevice, ...]:
        """Give or raise."""
        for each in self._found:
            if isinstance(each, Exception):
                raise each
        return tuple(each for each in self._found if isinstance(each, FoundDevice))

    def watch(self) -> Watch | None:
        """Raise what is to be raised; there is nothing to listen to."""
        self.devices()
        return None


def loading(discovery: Discovery) -> Callable[[], Discovery]:
    """Give what an entry point is: how to get the driver."""
    return lambda: discovery


def no_import() -> Discovery:
    """Fail as an import does."""
    raise ModuleNotFoundError("No module named 'acme'")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Something to hang at, opened when the test ends."""
    event = threading.Event()
    yield event
    event.set()


def test_what_fails_is_named_and_the_rest_is_found() -> None:
    """A driver that cannot be imported or raises does not keep the others' devices away."""
    found = discover(
        {
            "acme": no_import,
            "broken": loading(Finds(RuntimeError("bad firmware"))),
            "good": loading(Finds(device(1))),
        }
    )
    assert found.devices == (device(1),)
    assert found.skipped == {
        "acme": "ModuleNotFoundError: No module named 'acme'",
        "broken": "RuntimeError: bad firmware",
    }


def test_what_hangs_is_left_after_its_limit(gate: threading.Event) -> None:
    """A driver that does not come back costs its limit, once, and is named."""

    def hang() -> Discovery:
        gate.wait()
        return Finds()

    began = time.monotonic()
    found = discover({"a": hang, "b": loading(Finds(device(1)))}, limit=0.2)
    assert time.monotonic() - began < 2
    assert found.devices == (device(1),)
    assert "did not answer within" in found.skipped["a"]


def test_a_device_that_two_drivers_find_is_told_once() -> None:
    """The first driver by name that reports a node is believed; changers come first."""
    drive = device(2, DeviceKind.DRIVE)
    found = discover({"a": loading(Finds(drive, device(1))), "b": loading(Finds(device(1)))})
    assert found.devices == (device(1), drive)
    assert found.changers == (device(1),)
    assert found.drives == (drive,)


def test_watching_survives_a_driver_that_cannot() -> None:
    """Whoever cannot listen is left out without a fuss."""
    assert watches({"a": no_import, "b": loading(Finds())}) == ()


def test_a_task_gives_raises_or_is_late(gate: threading.Event) -> None:
    """The result of work on another thread is its result, its error, or `TooSlow`."""
    assert Task("adding", lambda: 1 + 1).result(5) == 2
    with pytest.raises(ZeroDivisionError):
        Task("dividing", lambda: 1 // 0).result(5)
    with pytest.raises(TooSlow, match="waiting did not answer within 0 s"):
        Task("waiting", gate.wait).result(0.01)


def test_the_name_is_the_most_stable_and_the_key_outlives_the_node() -> None:
    """A link comes before a node; a device that comes back under another node is the same."""
    assert device(1).name == "/dev/sg1"
    assert device(1, names=("/dev/changer/by-serial/S1",)).name == "/dev/changer/by-serial/S1"
    moved = FoundDevice(
        kind=DeviceKind.CHANGER,
        identity=device(1).identity,
        paths=(DevicePath(address="9:0:0:0", sg="/dev/sg7"),),
    )
    assert moved.key == device(1).key
    assert device(1, doubts=("a clone",)).key != device(1).key


def test_a_path_that_can_be_opened_is_preferred() -> None:
    """Without a link, the node that may be opened is the name."""
    shut = DevicePath(address="1:0:0:0", sg="/dev/sg1", problem="only root may open it")
    free = DevicePath(address="2:0:0:0", sg="/dev/sg2")
    found = FoundDevice(
        kind=DeviceKind.DRIVE, identity=DeviceIdentity("A", "B", "1", "S"), paths=(shut, free)
    )
    assert found.name == "/dev/sg2"
    assert found.openable
