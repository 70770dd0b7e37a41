"""Machines as data, and two ways to have them: as a tree of files, and as a description for umockdev."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rsm_smc.identity import Designator, encode_designators, encode_serial
from rsm_udev import UdevDiscovery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rsm.hardware.discovery import FoundDevice

CHANGER, TAPE = 8, 1
_MAJORS = {"sg": 21, "nst": 9, "st": 9, "sch": 86}


@dataclass(frozen=True, kw_only=True)
class Attached:
    """One path to a device, as it is attached to a described machine."""

    address: str
    kind: int = TAPE
    vendor: str = "IBM"
    product: str = "ULT3580-TD8"
    serial: str | None = None
    naa: tuple[str, ...] = ()
    """World-wide names in hexadecimal; none means that there is no page 83h."""
    sg: int | None = None
    node: int | None = None
    """Number of nst or sch."""
    links: tuple[str, ...] = ()
    """Links that udev gives the sg node, below /dev."""
    node_links: tuple[str, ...] = ()
    """Links that udev gives the nst or sch node."""
    scsi_serial: str | None = None
    """ID_SCSI_SERIAL in udev's database."""
    iscsi: str | None = None
    attached_changer: bool = False

    @property
    def directory(self) -> str:
        """Its directory below /sys."""
        host = self.address.split(":", maxsplit=1)[0]
        session = f"/session{host}" if self.iscsi else ""
        return f"devices/platform/host{host}{session}/target{self.address.rpartition(':')[0]}/{self.address}"

    @property
    def nodes(self) -> list[tuple[str, str, int, tuple[str, ...]]]:
        """Its nodes: subsystem, kernel name, minor number, links."""
        found = [] if self.sg is None else [("scsi_generic", f"sg{self.sg}", self.sg, self.links)]
        if self.node is not None and self.kind == CHANGER:
            found.append(("scsi_changer", f"sch{self.node}", self.node, self.node_links))
        elif self.node is not None:
            found.append(("scsi_tape", f"nst{self.node}", self.node + 128, self.node_links))
            found.append(("scsi_tape", f"st{self.node}", self.node, ()))
        return found

    @property
    def attributes(self) -> dict[str, bytes]:
        """Its files in sysfs."""
        files = {
            "type": b"%d\n" % self.kind,
            "vendor": f"{self.vendor:8}\n".encode(),
            "model": f"{self.product:16}\n".encode(),
            "rev": b"0001\n",
            "inquiry": bytes([self.kind, 0x80, 5, 2, 31, 0, 8 * self.attached_changer, 0]),
        }
        if self.serial is not None:
            files["vpd_pg80"] = encode_serial(self.serial, device_type=self.kind, width=16)
        if self.naa:
            # A port's name comes along, as drives have it: it is not the device's.
            port = Designator(1, 1, 3, bytes.fromhex("5000000000000abc"))
            names = [port, *(Designator(1, 0, 3, bytes.fromhex(name)) for name in self.naa)]
            files["vpd_pg83"] = encode_designators(names, device_type=self.kind)
        return files

    def properties(self, links: Sequence[str]) -> dict[str, str]:
        """Give what udev's database has of one of its nodes."""
        known = {"DEVLINKS": " ".join(f"/dev/{link}" for link in links)} if links else {}
        return known | ({"ID_SCSI_SERIAL": self.scsi_serial} if self.scsi_serial else {})


@dataclass
class Tree:
    """A described machine as a tree of files; fills `links.Database`. Later devices win a contested link."""

    root: Path
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def properties(self, subsystem: str, name: str) -> Mapping[str, str]:
        """Give what udev would know."""
        del subsystem
        return self.known.get(name, {})

    @property
    def sysfs(self) -> Path:
        """The root of sysfs."""
        return self.root / "sys"

    @property
    def dev(self) -> Path:
        """The directory of device nodes."""
        return self.root / "dev"

    def attach(self, *devices: Attached) -> None:
        """Attach devices."""
        for device in devices:
            directory = self.sysfs / device.directory
            directory.mkdir(parents=True)
            for name, content in device.attributes.items():
                (directory / name).write_bytes(content)
            self._link(self.sysfs / "bus/scsi/devices" / device.address, directory)
            if device.iscsi:
                session = self.sysfs / f"class/iscsi_session/session{device.address.split(':')[0]}"
                session.mkdir(parents=True, exist_ok=True)
                (session / "targetname").write_text(device.iscsi + "\n")
            for subsystem, name, _, links in device.nodes:
                self._node(device, directory, subsystem, name, links)

    def _node(
        self, device: Attached, directory: Path, subsystem: str, name: str, links: Sequence[str]
    ) -> None:
        (directory / subsystem / name).mkdir(parents=True)
        self._link(directory / subsystem / name / "device", directory)
        self._link(self.sysfs / "class" / subsystem / name, directory / subsystem / name)
        self.dev.mkdir(exist_ok=True)
        (self.dev / name).touch(mode=0o660)
        self.known[name] = device.properties(links)
        for link in links:
            self._link(self.dev / link, self.dev / name)

    def _link(self, link: Path, target: Path) -> None:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)

    def discovery(self) -> UdevDiscovery:
        """Give the discovery driver of this machine."""
        return UdevDiscovery(
            sysfs=self.sysfs, devices=self.dev, known=self, access=lambda node, _: Path(node).exists()
        )

    def devices(self) -> tuple[FoundDevice, ...]:
        """Give what is found."""
        return self.discovery().devices()


def umockdev(devices: Sequence[Attached]) -> str:
    """Give the description of a machine in umockdev's own format."""
    blocks = []
    for device in devices:
        lines = [f"P: /{device.directory}", "E: SUBSYSTEM=scsi", "E: DEVTYPE=scsi_device"]
        lines += [f"H: {name}={content.hex().upper()}" for name, content in device.attributes.items()]
        blocks.append(lines)
        for subsystem, name, minor, links in device.nodes:
            known = {"SUBSYSTEM": subsystem, "DEVNAME": f"/dev/{name}", "MINOR": str(minor)}
            known["MAJOR"] = str(_MAJORS[name.rstrip("0123456789")])
            known |= device.properties(links)
            node = [f"P: /{device.directory}/{subsystem}/{name}", f"N: {name}"]
            node += [f"S: {link}" for link in links]
            node += [f"E: {key}={value}" for key, value in known.items()]
            blocks.append([*node, f"A: dev={known['MAJOR']}:{minor}\\n", "L: device=../.."])
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _path_links(host: int, lun: int) -> tuple[str, ...]:
    return (f"changer/by-path/pci-0000:0{host}:00.0-fc-lun-{lun}",)


MACHINES: dict[str, tuple[Attached, ...]] = {
    # AWS and others give one ID_SERIAL to everything: the last device wins the link.
    "two libraries with one by-id": tuple(
        Attached(
            address=f"{host}:0:0:1",
            kind=CHANGER,
            vendor="STK",
            product="L700",
            serial=f"XYZZY_{letter}",
            naa=("600000000000000000000000deadbeef",),
            sg=host,
            node=host,
            links=(
                "changer/by-id/scsi-3600000000000000000000000deadbeef",
                f"changer/by-serial/XYZZY_{letter}",
                *_path_links(host, 1),
            ),
        )
        for host, letter in ((2, "A"), (3, "B"))
    ),
    "cloned libraries": tuple(
        Attached(
            address=f"{host}:0:0:3",
            kind=CHANGER,
            vendor="VTL",
            product="CHANGER",
            serial="VTLCHG0001",
            naa=("6000000000000000000000000c000001",),
            sg=host,
            links=("changer/by-serial/VTLCHG0001", *_path_links(host, 3)),
            iscsi=f"iqn.2000-01.localdomain:vtl{host}",
        )
        for host in (2, 3)
    ),
    # SL150 and many more: the bridging drive's LUN 1, sharing page 83h's name with the drive.
    "changer on LUN 1 of a drive": (
        Attached(
            address="1:0:4:0",
            serial="DRIVE00001",
            naa=("500104f000d1e0a1",),
            sg=0,
            node=0,
            node_links=("tape/by-id/scsi-3500104f000d1e0a1", "tape/by-id/scsi-3500104f000d1e0a1-nst"),
        ),
        Attached(
            address="1:0:4:1",
            kind=CHANGER,
            vendor="STK",
            product="SL150",
            serial="464970G+1333SY1401",
            naa=("500104f000d1e0a1",),
            sg=1,
            node=0,
            links=(
                "tape/by-id/scsi-3500104f000d1e0a1",
                "tape/by-id/scsi-3500104f000d1e0a1-changer",
                "changer/by-serial/464970G+1333SY1401",
            ),
        ),
    ),
    "multipath": tuple(
        Attached(
            address=f"{host}:0:{target}:{lun}",
            kind=kind,
            product=product,
            serial=serial,
            naa=(naa,),
            sg=sg,
            node=sg,
            links=(f"{shelf}/by-serial/{serial}{end}",),
        )
        for host, target, lun, kind, product, serial, naa, sg, shelf, end in (
            (1, 0, 0, TAPE, "ULT3580-TD8", "0007805EFD", "50050763124b0001", 0, "tape", "-sg"),
            (1, 0, 1, CHANGER, "3573-TL", "00X4U78A1234", "50050763124b0002", 1, "changer", ""),
            (2, 5, 0, TAPE, "ULT3580-TD8", "0007805EFD", "50050763124b0001", 2, "tape", "-sg"),
            (2, 5, 1, CHANGER, "3573-TL", "00X4U78A1234", "50050763124b0002", 3, "changer", ""),
        )
    ),
    "drives without serial numbers": (
        Attached(address="3:0:1:0", vendor="QUANTUM", product="DLT7000", sg=0, node=0),
        Attached(address="3:0:2:0", vendor="QUANTUM", product="DLT7000", sg=1, node=1),
        Attached(
            address="3:0:3:0", vendor="QUANTUM", product="DLT8000", sg=2, node=2, scsi_serial="PXB42S1234"
        ),
    ),
    "no page 83h": (
        Attached(
            address="4:0:0:0",
            kind=CHANGER,
            vendor="QUALSTAR",
            product="TLS-8000",
            serial="Q1",
            sg=0,
            links=("changer/by-serial/Q1",),
        ),
        Attached(
            address="5:0:0:0",
            kind=CHANGER,
            vendor="QUALSTAR",
            product="TLS-8000",
            serial="Q1",
            sg=1,
            links=("changer/by-serial/Q1",),
        ),
        Attached(address="5:0:1:0", serial="DRV1", sg=2, node=0),
    ),
    "attached changer, no sg module": (
        Attached(
            address="6:0:3:0", vendor="EXABYTE", product="EXB-210", serial="E1", node=0, attached_changer=True
        ),
        Attached(address="6:0:4:0", kind=0, product="DISK", sg=7),
    ),
}
"""Machines by what is odd about them."""


@pytest.fixture
def machine(tmp_path: Path) -> Tree:
    """A machine to which nothing is attached yet."""
    return Tree(tmp_path)
