"""The registry: the right driver by name, and one clear sentence for everything else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import metadata

import pytest

from rsm.clock import Clock, JumpingClock
from rsm.errors import InvalidRequest
from rsm.hardware.contract import Changer
from rsm.hardware.faults import DeviceGone
from rsm.hardware.registry import GROUP, drivers, open_changer
from rsm_mock.simulation import Simulation

CLOCK = JumpingClock()


class FakeDriver:
    """Opens names that begin with `fake:`."""

    shapes = ("fake:NAME",)

    def accepts(self, device: str) -> bool:
        """Tell by the name."""
        return device.startswith("fake:")

    def open_changer(self, device: str, clock: Clock) -> Changer:
        """Open a simulated library."""
        return Simulation(device.removeprefix("fake:"), clock=clock).open_changer()


FAKE = FakeDriver()


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[metadata.EntryPoint]]:
    """The entry points of an installation, to be filled by the test."""
    found: list[metadata.EntryPoint] = []

    def entry_points(*, group: str) -> list[metadata.EntryPoint]:
        assert group == GROUP
        return found

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    drivers.cache_clear()
    yield found
    drivers.cache_clear()


def test_installed_drivers() -> None:
    """The drivers that come with rsm are there."""
    drivers.cache_clear()
    assert {"scsi", "mock"} <= set(drivers().usable)


def test_opens_by_name(entries: list[metadata.EntryPoint]) -> None:
    """The driver that accepts the name opens the device."""
    entries.append(metadata.EntryPoint("fake", f"{__name__}:FAKE", GROUP))
    known = drivers()
    known.usable["fake"] = FAKE
    with open_changer("fake:generic", CLOCK) as changer:
        assert changer.inventory().elements


def test_nobody_accepts(entries: list[metadata.EntryPoint]) -> None:
    """A name that no driver accepts is refused, and the hint says what names there are."""
    drivers().usable["fake"] = FAKE
    with pytest.raises(InvalidRequest, match="'tape0'") as caught:
        open_changer("tape0", CLOCK)
    assert caught.value.hint is not None
    assert "fake:NAME" in caught.value.hint


def test_broken_driver_is_named(entries: list[metadata.EntryPoint], caplog: pytest.LogCaptureFixture) -> None:
    """A driver that cannot be imported is logged and left out, and the error names it with its reason."""
    entries.append(metadata.EntryPoint("acme", "rsm_acme_that_is_not_there:DRIVER", GROUP))
    with caplog.at_level(logging.WARNING):
        assert drivers().usable == {}
    assert "acme" in caplog.text
    with pytest.raises(InvalidRequest, match=r"acme \(ModuleNotFoundError: .*rsm_acme"):
        open_changer("acme:1", CLOCK)


def test_driver_faults_pass_through() -> None:
    """What the driver says about a device reaches the caller unchanged."""
    drivers.cache_clear()
    with pytest.raises(DeviceGone, match="/dev/sg-none"):
        open_changer("/dev/sg-none", CLOCK)
