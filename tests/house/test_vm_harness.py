"""The parts of the VM harness that need no VM."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

command = pytest.importorskip("hw_tests.vm.command", reason="only the tests are here, without hw_tests")
initramfs = pytest.importorskip("hw_tests.vm.initramfs")
kernel = pytest.importorskip("hw_tests.vm.kernel")
library = pytest.importorskip("hw_tests.vm.library")
machine = pytest.importorskip("hw_tests.vm.machine")
share = pytest.importorskip("hw_tests.vm.share")


def installed_kernel(root: Path, version: str, *modules: str) -> None:
    """Put a kernel and its modules, each needing the one before it, below a directory."""
    boot, folder = root / "boot", root / "modules" / version
    boot.mkdir(exist_ok=True)
    (boot / f"vmlinuz-{version}").touch()
    folder.mkdir(parents=True)
    paths = [f"kernel/{name}.ko.xz" for name in modules]
    lines = [f"{path}: {' '.join(paths[max(0, at - 1) : at])}\n" for at, path in enumerate(paths)]
    (folder / "modules.dep").write_text("".join(lines))
    (folder / "modules.builtin").write_text("kernel/virtio_pci.ko\n")


def test_the_newest_kernel_with_the_modules_is_taken(tmp_path: Path) -> None:
    """Version 56 is newer than 9, and a newer kernel without sg is of no use."""
    needed = [name for name in (*kernel.BOOT_MODULES, *kernel.GUEST_MODULES) if name != "virtio_pci"]
    installed_kernel(tmp_path, "6.1.0-9-amd64", *needed)
    installed_kernel(tmp_path, "6.1.0-56-amd64", *needed)
    installed_kernel(tmp_path, "6.12.41+deb13-cloud-amd64", "overlay")
    found = kernel.find_kernel(tmp_path / "boot", tmp_path / "modules")
    assert found.version == "6.1.0-56-amd64"


def test_a_machine_without_a_kernel_says_so(tmp_path: Path) -> None:
    """No kernel at all is one sentence."""
    with pytest.raises(kernel.VmFailure, match="no kernel in"):
        kernel.find_kernel(tmp_path, tmp_path)


def test_modules_come_in_the_order_of_loading(tmp_path: Path) -> None:
    """What a module needs is loaded before it, and nothing twice; what is built in is not loaded."""
    installed_kernel(tmp_path, "1", "scsi-core", "sg", "st")
    files = kernel.module_files(tmp_path / "modules/1", ("st", "virtio_pci", "sg"))
    assert [path.name for path in files] == ["scsi-core.ko.xz", "sg.ko.xz", "st.ko.xz"]


@pytest.mark.skipif(shutil.which("cpio") is None, reason="the program cpio is not installed")
def test_the_archive_unpacks_to_what_was_put_in(tmp_path: Path) -> None:
    """cpio, which shares nothing with us, unpacks our archive."""
    entries = [initramfs.Entry("bin", 0o40755), initramfs.Entry("bin/odd", 0o100755, b"12345")]
    archive = initramfs.archive([*entries, initramfs.Entry("init", 0o100644, b"")])
    subprocess.run(["cpio", "-id", "--quiet"], input=archive, check=True, cwd=tmp_path)
    assert (tmp_path / "bin/odd").read_bytes() == b"12345"
    assert (tmp_path / "init").read_bytes() == b""


def test_bar_codes_are_as_many_as_asked_for_and_differ() -> None:
    """Also more than 999 media have bar codes of 8 characters, and one of them cleans."""
    for count in (0, 1, 2, 12, 2000):
        codes = library.Library(slots=2000, media=count).barcodes
        assert len(set(codes)) == count
        assert {len(code) for code in codes} <= {8}
        assert sum(code.startswith("CLN") for code in codes) == min(count, 1)


def test_the_command_keeps_its_words_and_the_callers_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Words with spaces and quotes arrive whole; the environment's programs come first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    words = ["sh", "-c", 'printf "%s|" "$0" "$1" "$PATH" "$PWD" "$COLOUR"', "it's", "a b"]
    script = share.command_script(words, tmp_path / "my venv", {"COLOUR": "so so"})
    done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
    path = f"{tmp_path}/my venv/bin:/usr/bin:/bin"
    assert done.stdout == f"it's|a b|{path}|{tmp_path}|so so|"


@pytest.mark.parametrize(
    "words",
    [[], ["--"], ["--slots", "0", "--", "true"], ["--media", "3", "--slots", "2", "--", "true"]],
)
def test_a_wrong_command_line_ends_with_status_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What makes no sense is refused before anything is started."""
    with pytest.raises(SystemExit) as ended:
        command.read(words)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_without_a_library_the_tests_on_hardware_skip_and_say_why(source: Path) -> None:
    """hw_tests cannot rot unseen: each file loads, and names what it lacks here."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VTL_")}
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "hw_tests"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=source, env=environment)
    assert "./dev test --vm" in done.stdout
    assert "passed" not in done.stdout


def test_options_after_the_cut_are_the_commands(tmp_path: Path) -> None:
    """What follows -- is not read by us."""
    args, words = command.read(["--rw", str(tmp_path), "--", "pytest", "--slots", "--", "-x"])
    assert (args.slots, args.rw, words) == (20, [tmp_path], ["pytest", "--slots", "--", "-x"])


def test_a_comma_in_a_path_does_not_end_an_option_of_qemu(tmp_path: Path) -> None:
    """QEMU takes two commas for one."""
    found = kernel.Kernel(tmp_path / "vmlinuz", "1")
    words = machine.qemu_command(machine.Machine(rw=[tmp_path / "a,b"]), found, tmp_path, ports={"out": 7})
    assert f"local,id=rw0,path={tmp_path}/a,,b,security_model=none,multidevs=remap" in words
