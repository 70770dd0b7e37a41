"""Without root: a member of the devices' group may do all that moving media needs, anybody else is told why not."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import grp
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hw_tests.child import Child
from rsm.clock import SystemClock
from rsm.hardware.registry import open_changer
from rsm_dropin.mtx import main
from rsm_scsi.sg import SgHeader
from rsm_smc.cdb import PreventAllow

if TYPE_CHECKING:
    from collections.abc import Callable

    from hw_tests.target import Target

NOBODY = 65534
_SG_IO = 0x2285

pytestmark = [pytest.mark.usefixtures("put_back"), pytest.mark.timeout(600)]


def _as_nobody(groups: list[int], work: Callable[[], Any]) -> dict[str, Any]:
    """Run a function as a user who owns nothing and is in these groups only."""

    def unprivileged(_tell: Callable[[], None]) -> Any:
        os.setgroups(groups)
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        return work()

    with Child(unprivileged) as child:
        return child.outcome(300)


@pytest.fixture
def group(target: Target) -> int:
    """Give the group of the changer's node; skip if this user may not become another."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    return Path(target.device).stat().st_gid


def test_the_group_is_tape(group: int) -> None:
    """The system's own udev rules give the node to the group that the messages name."""
    assert grp.getgrgid(group).gr_name == "tape"


def test_member_of_the_group(target: Target, group: int) -> None:
    """A member takes an inventory, moves media between slots, and loads, opens and unloads a drive."""
    full, empty, drive = target.scratch

    def work() -> list[list[bool | None]]:
        seen = []
        with open_changer(target.device, SystemClock()) as changer:
            changer.inventory()
            seen.append(
                [item.full for item in changer.move(full, empty).seen if item.address in {full, empty}]
            )
            changer.move(empty, full)
            if drive is None:
                return seen
            changer.move(full, drive)
            with changer.drive(drive) as tape:
                tape.wait_ready(600)
                os.close(os.open(tape.node, os.O_RDWR | os.O_NONBLOCK))
                tape.unload(600)
            changer.move(drive, full)
        return seen

    assert _as_nobody([group], work) == {"result": [[full > empty, full < empty]]}


def test_drop_in_as_member_of_the_group(target: Target, group: int) -> None:
    """`rsm-mtx status` needs no more than the group."""

    def work() -> list[Any]:
        out, err = io.BytesIO(), io.BytesIO()
        return [
            main(["-f", target.device, "status"], out, err, {}),
            err.getvalue().decode(),
            len(out.getvalue()),
        ]

    status, complaint, length = _as_nobody([group], work)["result"]
    assert (status, complaint) == (0, "")
    assert length > 100


@pytest.mark.usefixtures("virtual")
def test_prevent_through_st(group: int) -> None:
    """The one thing that the group is not enough for: a command of one's own through the st node."""
    node = os.environ["VTL_DRIVES"].split()[0]

    def work() -> str | None:
        cdb = PreventAllow(prevent=False).encode()
        block = ctypes.create_string_buffer(cdb, len(cdb))
        header = SgHeader(
            interface_id=ord("S"),
            dxfer_direction=-1,
            cmd_len=len(cdb),
            cmdp=ctypes.addressof(block),
            timeout=10_000,
        )
        tape = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        try:
            fcntl.ioctl(tape, _SG_IO, header)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return None

    assert _as_nobody([group], work) == {"result": "EPERM"}
    assert _as_root(work) == {"result": None}


def _as_root(work: Callable[[], Any]) -> dict[str, Any]:
    with Child(lambda _tell: work()) as child:
        return child.outcome(60)


@pytest.mark.usefixtures("group")
def test_anybody_else(target: Target) -> None:
    """Without the group nothing is opened, and the error names the node and the group to join."""
    told = _as_nobody([], lambda: open_changer(target.device, SystemClock()).close())
    assert told["error"].startswith("DeviceGone: ")
    assert target.device in told["error"]
    assert "tape" in told["hint"]
