"""QEMU: start it, carry the command's output, end it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from hw_tests.vm import share as sharing
from hw_tests.vm.failure import VmFailure
from hw_tests.vm.initramfs import initramfs
from hw_tests.vm.kernel import find_kernel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hw_tests.vm.kernel import Kernel

TIMED_OUT = 124
READY = "devices ready"  # the stage after which it is the command that takes the time
TAIL_LINES = 20


class Machine(NamedTuple):
    """How the guest is run; `limit` is in seconds and includes the boot."""

    rw: Sequence[Path] = ()
    cpus: int = 2
    memory: str = "1G"
    limit: float = 600
    kvm: bool = False
    verbose: bool = False


def qemu_command(machine: Machine, kernel: Kernel, work: Path, *, ports: Mapping[str, int]) -> list[str]:
    """Return the words that start the guest: its ports are file descriptors that QEMU inherits."""
    quiet = () if machine.verbose else ("quiet", "loglevel=4")
    append = " ".join(["console=ttyS0", "panic=-1", "mitigations=off", *quiet])
    # An Intel model: with "max", Linux takes the CPU for an old AMD one, works around its bugs and does
    # without the TSC.  KVM is never tried unasked: a /dev/kvm that is there but does not work can hang QEMU.
    emulated = ("-accel", "tcg,thread=multi", "-cpu", "Nehalem,+rdrand")
    words = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config"]
    words += ["-display", "none", "-no-reboot", "-nic", "none", "-machine", "q35"]
    words += ("-accel", "kvm", "-cpu", "host") if machine.kvm else emulated
    words += ["-smp", str(machine.cpus), "-m", machine.memory]
    words += ["-kernel", str(kernel.image), "-initrd", str(work / "initrd"), "-append", append]
    words += ["-chardev", f"file,id=console,path={_option(work / 'console')}", "-serial", "chardev:console"]
    words += ["-device", "virtio-serial-pci"]
    for name, descriptor in ports.items():
        words += ["-chardev", f"file,id={name},path=/proc/self/fd/{descriptor}"]
        words += ["-device", f"virtserialport,chardev={name},name={name}"]
    folders = {"root": (Path("/"), ",readonly=on"), "share": (work / "share", "")}
    folders |= {f"rw{number}": (path, "") for number, path in enumerate(machine.rw)}
    for tag, (path, options) in folders.items():
        local = f"local,id={tag},path={_option(path)},security_model=none,multidevs=remap{options}"
        words += ["-fsdev", local, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return words


def _option(path: Path) -> str:
    """Return a path as a value of a QEMU option, where a comma would end it."""
    return str(path).replace(",", ",,")


def run(machine: Machine, work: Path) -> int:
    """Boot the guest over `work`/share, wait for its end, return the command's status, or 124 if too late.

    The command's output appears on our own stdout and stderr.  Raise VmFailure with the last lines of the
    logs if the guest did not get as far as the command, or went away.
    """
    started = time.time()
    share = work / "share"
    kernel = find_kernel()
    (work / "initrd").write_bytes(initramfs(kernel))
    in_time = _boot(machine, kernel, work)
    passed = sharing.stages(share)
    if machine.verbose:
        _tell(work, [*passed, sharing.Stage(time.time(), "VM gone")], started)
    try:
        status = sharing.status(share)
    except VmFailure as error:
        raise VmFailure(f"{error}\n{_logs(work)}") from None
    if status is not None:
        return status
    last = passed[-1].name if passed else "nothing"
    if in_time:
        raise VmFailure(f"the VM went away by itself; last stage reached: {last}\n{_logs(work)}")
    print(f"vm: stopped after {machine.limit:g} s; last stage reached: {last}", file=sys.stderr)
    if last != READY:
        print(_logs(work), file=sys.stderr)
    return TIMED_OUT


def _boot(machine: Machine, kernel: Kernel, work: Path) -> bool:
    """Run QEMU to its end; return False if it had to be ended at the limit."""
    ports: dict[str, int] = {}
    pumps = []
    for name, stream in (("out", sys.stdout.buffer), ("err", sys.stderr.buffer)):
        readable, ports[name] = os.pipe()
        pumps.append(threading.Thread(target=_pump, args=(readable, stream), daemon=True))
    with (work / "qemu").open("wb") as log:
        qemu = subprocess.Popen(
            qemu_command(machine, kernel, work, ports=ports),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=list(ports.values()),
        )
    for descriptor in ports.values():
        os.close(descriptor)
    for pump in pumps:
        pump.start()
    try:
        qemu.wait(timeout=machine.limit)
    except subprocess.TimeoutExpired:
        return False
    finally:
        qemu.kill()
        qemu.wait()
        for pump in pumps:
            pump.join(5)
    return True


def _pump(descriptor: int, stream: IO[bytes]) -> None:
    """Copy a pipe to one of our own streams as it comes."""
    readable = True
    with open(descriptor, "rb", buffering=0) as pipe:
        while data := pipe.read(65536):
            if not readable:
                continue
            try:
                stream.write(data)
                stream.flush()
            except OSError:  # our reader is gone; the guest must not notice
                readable = False


def _tell(work: Path, passed: Sequence[sharing.Stage], started: float) -> None:
    """Print the guest's logs and when it passed each stage."""
    for name in ("qemu", "console", "share/log"):
        print(f"--- {name}\n{_tail(work / name, 5000)}", file=sys.stderr)
    for stage in passed:
        print(f"--- {stage.when - started:6.1f} s: {stage.name}", file=sys.stderr)


def _logs(work: Path) -> str:
    return "\n".join(
        filter(None, (_tail(work / name, TAIL_LINES) for name in ("qemu", "console", "share/log")))
    )


def _tail(path: Path, lines: int) -> str:
    try:
        text = path.read_text(errors="replace").replace("\r", "")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
