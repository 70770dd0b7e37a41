"""Who is found on described machines, by which names, and what is said to be doubtful."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rsm.hardware.discovery import DeviceKind
from rsm_udev import UdevDiscovery, rights
from tests.rsm_udev.conftest import CHANGER, MACHINES, Attached, Tree, umockdev

if TYPE_CHECKING:
    from pathlib import Path

    from rsm.hardware.discovery import FoundDevice


def found(machine: Tree, name: str) -> tuple[FoundDevice, ...]:
    """Attach the described devices and give what is found."""
    machine.attach(*MACHINES[name])
    return machine.devices()


def short(device: FoundDevice) -> list[str]:
    """Give a device's names below /dev."""
    return [re.sub(r".*/dev/", "", name) for name in device.names]


def test_libraries_with_one_by_id_are_two_and_the_shared_link_is_not_used(machine: Tree) -> None:
    """Equal identification does not merge libraries with different serial numbers; their link is contested."""
    one, two = found(machine, "two libraries with one by-id")
    assert (one.identity.serial, two.identity.serial) == ("XYZZY_A", "XYZZY_B")
    assert short(one) == ["changer/by-serial/XYZZY_A", "changer/by-path/pci-0000:02:00.0-fc-lun-1"]
    assert one.contested == two.contested
    assert one.contested[0].endswith("changer/by-id/scsi-3600000000000000000000000deadbeef")
    assert one.doubts == two.doubts == ()
    assert one.key != two.key


def test_clones_behind_two_iscsi_targets_are_kept_apart_with_a_doubt(machine: Tree) -> None:
    """Libraries that claim to be one device, each behind its own target, are two, named by their paths."""
    devices = found(machine, "cloned libraries")
    assert [short(device) for device in devices] == [
        ["changer/by-path/pci-0000:02:00.0-fc-lun-3"],
        ["changer/by-path/pci-0000:03:00.0-fc-lun-3"],
    ]
    for device in devices:
        assert "behind another iSCSI target" in device.doubts[0]
        assert "VTLCHG0001" in device.doubts[0]
    assert devices[0].key != devices[1].key


def test_a_changer_on_lun_1_is_not_its_drive(machine: Tree) -> None:
    """Drive and changer share a world-wide name and fight for a link, and stay two devices."""
    drive, changer = found(machine, "changer on LUN 1 of a drive")
    assert (drive.kind, changer.kind) == (DeviceKind.DRIVE, DeviceKind.CHANGER)
    assert short(changer)[0] == "changer/by-serial/464970G+1333SY1401"
    assert short(drive) == ["tape/by-id/scsi-3500104f000d1e0a1-nst"]
    assert [name.rpartition("/")[2] for name in drive.contested] == ["scsi-3500104f000d1e0a1"]
    assert drive.doubts == changer.doubts == ()


def test_paths_to_one_device_are_one_device(machine: Tree) -> None:
    """A library and its drive, each seen through two adapters, are one changer and one drive."""
    drive, changer = found(machine, "multipath")
    assert [path.address for path in changer.paths] == ["1:0:0:1", "2:0:5:1"]
    assert [path.sg and path.sg.rpartition("/")[2] for path in drive.paths] == ["sg0", "sg2"]
    assert short(changer) == ["changer/by-serial/00X4U78A1234"]
    assert changer.contested == changer.doubts == ()
    assert changer.world_wide_names == ("naa.50050763124b0002",)


def test_drives_without_serial_numbers_are_never_merged(machine: Tree) -> None:
    """What says nothing of itself is a device of its own; scsi_id's answer is taken where sysfs has none."""
    devices = found(machine, "drives without serial numbers")
    assert [device.identity.serial for device in devices] == ["", "", "PXB42S1234"]
    assert [device.name and device.name.rpartition("/")[2] for device in devices] == ["sg0", "sg1", "sg2"]
    assert len({device.key for device in devices}) == 3


def test_paths_with_a_serial_number_alone_are_merged_with_a_doubt(machine: Tree) -> None:
    """Without page 83h the serial number decides, and it is said that nothing else does."""
    changer, drive = found(machine, "no page 83h")
    assert [path.address for path in changer.paths] == ["4:0:0:0", "5:0:0:0"]
    assert "by the serial number Q1 alone" in changer.doubts[0]
    assert drive.identity.serial == "DRV1"


def test_a_device_without_generic_node_is_found_and_explained(machine: Tree) -> None:
    """Without the module sg a device is there but cannot be opened; a disk is nobody's business."""
    (device,) = found(machine, "attached changer, no sg module")
    assert device.attached_changer
    assert not device.openable
    assert device.name is None
    assert device.paths[0].problem == "6:0:3:0 has no generic SCSI node: the module sg is not loaded"


def test_another_unit_of_the_same_target_with_the_same_names_is_another_device(machine: Tree) -> None:
    """A device appears once behind one port, so equal names there are a clone's."""
    machine.attach(
        *(
            Attached(address=f"1:0:0:{lun}", serial="S1234567", naa=("5000000000000001",), sg=lun)
            for lun in (1, 2)
        )
    )
    devices = machine.devices()
    assert len(devices) == 2
    assert "another logical unit of the same target" in devices[0].doubts[0]


def test_equal_serial_numbers_with_other_world_wide_names_are_two_devices(machine: Tree) -> None:
    """A world-wide name that differs outweighs a serial number that does not."""
    machine.attach(
        *(
            Attached(address=f"{at}:0:0:0", serial="S1234567", naa=(f"500000000000000{at}",), sg=at)
            for at in (1, 2)
        )
    )
    one, two = machine.devices()
    assert "has other world-wide names" in one.doubts[0]
    assert one.identity == two.identity


def test_locally_assigned_names_prove_nothing(machine: Tree) -> None:
    """Every tgt counts from the same local name: devices without serial numbers are not merged by it."""
    machine.attach(*(Attached(address=f"{at}:0:0:0", naa=("3000000100000001",), sg=at) for at in (1, 2)))
    one, two = machine.devices()
    assert one.world_wide_names == two.world_wide_names == ()


@pytest.mark.parametrize(
    "page", [b"", b"\x08", b"\x08\x80\x00\x10short", b"\x08\x83\x00\x00", bytes(40), b"\x08\x80\x00\x00"]
)
def test_a_cut_or_foreign_page_gives_no_serial_number(machine: Tree, page: bytes) -> None:
    """The beginning of a serial number may be another device's, so it is not taken."""
    device = Attached(address="1:0:0:0", sg=0)
    machine.attach(device)
    for name in ("vpd_pg80", "vpd_pg83"):
        (machine.sysfs / device.directory / name).write_bytes(page)
    (seen,) = machine.devices()
    assert seen.identity.serial == ""
    assert seen.world_wide_names == ()


def test_a_link_that_leads_elsewhere_is_no_name(machine: Tree) -> None:
    """The database of udev may be older than the links: what leads to another node, or nowhere, is left out."""
    machine.attach(
        Attached(address="1:0:0:0", kind=CHANGER, serial="A1", sg=0, links=("changer/by-serial/A1",))
    )
    machine.attach(Attached(address="1:0:1:0", serial="B1", sg=1))
    link = machine.dev / "changer/by-serial/A1"
    link.unlink()
    assert machine.devices()[0].names == ()
    link.symlink_to(machine.dev / "sg1")
    assert machine.devices()[0].names == ()


def test_links_are_found_without_a_database(machine: Tree) -> None:
    """A container that was given /dev has no udev database; the link directories tell as much."""
    machine.attach(
        Attached(address="1:0:0:0", kind=CHANGER, serial="A1", sg=0, links=("changer/by-serial/A1",))
    )
    machine.known.clear()
    assert short(machine.devices()[0]) == ["changer/by-serial/A1"]


def test_a_node_that_is_not_there_is_explained(machine: Tree) -> None:
    """A container is shown by sysfs what it was not given."""
    machine.attach(Attached(address="1:0:0:0", serial="A1", sg=0))
    (machine.dev / "sg0").unlink()
    problem = machine.devices()[0].paths[0].problem
    assert problem is not None
    assert "a container must be given it" in problem


def test_nothing_attached_is_nothing_found(tmp_path: Path) -> None:
    """A machine without SCSI has no such directories."""
    assert Tree(tmp_path).devices() == ()


def test_the_group_that_may_open_a_node_is_named(tmp_path: Path) -> None:
    """Who may not open a node is told which group may, or that none may."""
    node = tmp_path / "sg0"
    node.touch()
    node.chmod(0o600)
    seen = rights.hindrance(node, lambda *_: False)
    assert seen is not None
    assert "only root may open" in seen.problem
    assert seen.group is None
    assert rights.hindrance(node, lambda *_: True) is None


def test_a_group_without_a_name_is_told_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the host's group may have a number only."""
    node = tmp_path / "sg0"
    node.touch()
    real = node.stat()
    shown = os.stat_result([stat.S_IFCHR | 0o660, *real[1:5], 54321, *real[6:]])
    monkeypatch.setattr("pathlib.Path.stat", lambda *_, **__: shown)
    seen = rights.hindrance(node, lambda *_: False)
    assert seen is not None
    assert seen.group == "54321"
    assert "members of the group 54321" in seen.problem


PRINTED = """
import json
from rsm.cli.discover import columns
from rsm_udev import DISCOVERY
watch = DISCOVERY.watch()
print(json.dumps([columns(device) for device in DISCOVERY.devices()]))
watch.close()
"""


@pytest.mark.parametrize("name", [name for name in MACHINES if "cloned" not in name])
def test_the_kernel_as_umockdev_plays_it_shows_the_same(name: str, tmp_path: Path) -> None:
    """Through pyudev and libudev, on /sys and /dev, the described machines are what they are as files."""
    program = shutil.which("umockdev-run")
    if program is None:
        pytest.skip("umockdev-run is not installed: apt-get install umockdev")
    description = tmp_path / "machine.umockdev"
    description.write_text(umockdev(MACHINES[name]))
    done = subprocess.run(
        [program, "-d", str(description), "--", sys.executable, "-W", "error", "-c", PRINTED],
        capture_output=True,
        check=False,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    seen = {row["paths"][0]["address"]: row for row in json.loads(done.stdout)}
    tree = Tree(tmp_path)
    tree.attach(*MACHINES[name])
    assert seen.keys() == {device.paths[0].address for device in tree.devices()}
    for device in tree.devices():
        row = seen[device.paths[0].address]
        assert row["serial"] == (device.identity.serial or None)
        assert row["world_wide_names"] == list(device.world_wide_names)
        assert [path["address"] for path in row["paths"]] == [path.address for path in device.paths]
        assert row["contested"] == [link.removeprefix(str(tmp_path)) for link in device.contested]
        assert row["names"] == [link.removeprefix(str(tmp_path)) for link in device.names]
        assert len(row["doubts"]) == len(device.doubts)


def test_the_machine_of_this_test_can_be_searched() -> None:
    """On whatever this runs, searching needs no right and does not fail."""
    assert isinstance(UdevDiscovery().devices(), tuple)
