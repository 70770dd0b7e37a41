"""A library whose replies are broken: over the real driver nothing that is recorded is lost to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsm.clock import JumpingClock
from rsm.errors import RsmError
from rsm.model.states import NewMedia
from rsm.session import Session
from rsm_mock.building import build
from rsm_mock.state import StateFile
from rsm_mock.transport import SimulatedTransport

ELEMENT_STATUS, MODE_SENSE_6, MODE_SENSE_10 = 0xB8, 0x1A, 0x5A
DATA_TRANSFER = 4

Damage = Callable[[bytes], bytes]


class Site:
    """A simulated library with two media, one of them mounted, that can be made to answer nonsense."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = JumpingClock()
        self.monkeypatch = monkeypatch
        self.file = StateFile(directory / "library.json", clock=clock)
        self.file.create(build("generic", clock=clock, media=2))
        self.session = Session(directory / "rsm.db", clock=clock)
        self.session.add_library(f"mock:{self.file.path}", name="lib", new_media=NewMedia.FREE)
        self.session.inventory("lib")
        self.mounted, self.other = sorted(self.recorded())
        self.session.mount(self.mounted)

    def recorded(self) -> dict[str, tuple[int, bool]]:
        """Where every medium is recorded, and whether it is mounted there."""
        return {
            cell.medium.name: (cell.place.address, cell.place.mounted_side is not None)
            for cell in self.session.library("lib").cells
            if cell.medium
        }

    def moves(self) -> int:
        """How often the simulated robot has moved a medium."""
        with self.file.hold() as machine:
            return machine.world.moves

    @contextmanager
    def broken(self, damage: Damage, hit: Callable[[bytes], bool]) -> Iterator[None]:
        """Damage the data of replies to the command blocks that are hit."""
        execute = SimulatedTransport.execute

        def damaged(transport: SimulatedTransport, cdb: bytes, **wishes: Any) -> Any:
            reply = execute(transport, cdb, **wishes)
            return replace(reply, data=damage(reply.data)) if hit(cdb) and reply.data else reply

        with self.monkeypatch.context() as patch:
            patch.setattr(SimulatedTransport, "execute", damaged)
            yield


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Make a site; its leases stay in the test's own directory."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr("rsm.hardware.lease.SYSTEM_DIRECTORY", tmp_path / "no")
    (tmp_path / "run").mkdir(mode=0o700)
    return Site(tmp_path, monkeypatch)


def elements(cdb: bytes) -> bool:
    """READ ELEMENT STATUS."""
    return cdb[0] == ELEMENT_STATUS


def drives(cdb: bytes) -> bool:
    """READ ELEMENT STATUS of the data transfer elements alone."""
    return cdb[0] == ELEMENT_STATUS and cdb[1] & 0x0F == DATA_TRANSFER


def everything_read(cdb: bytes) -> bool:
    """READ ELEMENT STATUS and the mode pages that could contradict it."""
    return cdb[0] in {ELEMENT_STATUS, MODE_SENSE_6, MODE_SENSE_10}


DAMAGES: dict[str, Damage] = {
    "zeros": lambda data: bytes(len(data)),
    "ones": lambda data: b"\xff" * len(data),
    "half": lambda data: data[: len(data) // 2],
    "header": lambda data: data[:8],
    "zeros after the header": lambda data: data[:8] + bytes(len(data) - 8),
    "zeros after the page": lambda data: data[:16] + bytes(max(0, len(data) - 16)),
}


@pytest.mark.parametrize("hit", [elements, drives, everything_read], ids=lambda hit: hit.__name__)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_an_inventory_of_nonsense_loses_nothing(
    site: Site, damage: Damage, hit: Callable[[bytes], bool]
) -> None:
    """Whether it is refused or recorded as far as it makes sense: media stay where they are, and mounted."""
    before = site.recorded()
    with site.broken(damage, hit), suppress(RsmError):
        site.session.inventory("lib")
    assert site.recorded() == before
    site.session.inventory("lib")
    assert site.recorded() == before


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "half"])
def test_nothing_moves_on_the_strength_of_nonsense(site: Site, damage: str) -> None:
    """Without a look that makes sense no command is sent, and what is recorded stays as it was."""
    before, moved = site.recorded(), site.moves()
    with site.broken(DAMAGES[damage], elements):
        with pytest.raises(RsmError):
            site.session.mount(site.other)
        with pytest.raises(RsmError):
            site.session.dismount(site.mounted)
    assert site.moves() == moved
    site.session.inventory("lib")
    assert site.recorded() == before


def test_replies_cut_short_are_told_or_made_do_with(site: Site) -> None:
    """What of a reply does arrive may be enough; whatever was done on it is recorded as it is."""
    with site.broken(DAMAGES["half"], elements), suppress(RsmError):
        site.session.mount(site.other)
    assert site.session.inventory("lib").changes == ()
