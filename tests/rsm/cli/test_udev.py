"""`rsm udev`: what is written is shown first, asked for, and written whole."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rsm.cli import main, udev
from rsm.errors import AccessDenied, InvalidRequest, ObjectNotFound

RULES = "etc/udev/rules.d/61-rsm-changer.rules"
LEASES = "etc/tmpfiles.d/rsm.conf"


class Runner:
    """Notes the programs that would be run, and says what is wrong with them."""

    def __init__(self, trouble: str | None = None) -> None:
        self.ran: list[str] = []
        self._trouble = trouble

    def __call__(self, command: Sequence[str]) -> str | None:
        """Note."""
        self.ran.append(command[0])
        return self._trouble


def install(
    root: Path, runner: Runner, *, yes: bool = True, dry_run: bool = False, json: bool = False
) -> int:
    """Install below a directory."""
    return udev.install(root, yes=yes, dry_run=dry_run, json=json, runner=runner)


def test_installing_writes_both_files_and_makes_them_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After it, the files are ours to the byte, readable for all, and udev was told."""
    runner = Runner()
    assert install(tmp_path, runner) == 0
    for name, place in udev.FILES:
        written = tmp_path / "etc" / place / name
        assert written.read_bytes() == (udev.source() / name).read_bytes()
        assert written.stat().st_mode & 0o777 == 0o644
    assert runner.ran == ["systemd-tmpfiles", "udevadm", "udevadm", "udevadm"]
    assert [path.name for path in (tmp_path / RULES).parent.iterdir()] == ["61-rsm-changer.rules"]
    out = capsys.readouterr().out
    assert '+ENV{ID_PATH}=="", IMPORT{builtin}="path_id"' in out
    assert out.endswith("installed\n")


def test_a_dry_run_shows_the_difference_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only lines that change are shown; nothing is run."""
    runner = Runner()
    install(tmp_path, Runner())
    rules = tmp_path / RULES
    rules.write_text(rules.read_text() + "# mine\n")
    capsys.readouterr()
    assert install(tmp_path, runner, dry_run=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{rules} will be replaced:" in lines
    assert "  -# mine" in lines
    assert not [line for line in lines if line.startswith("  +")]
    assert f"{tmp_path / LEASES} is installed and current" in lines
    assert rules.read_text().endswith("# mine\n")
    assert runner.ran == []


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("yes", 0), ("", 1), ("n", 1)])
def test_a_person_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status: int) -> None:
    """Anything but yes changes nothing, and ends with status 1."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    runner = Runner()
    assert install(tmp_path, runner, yes=False) == status
    assert (tmp_path / RULES).exists() == (status == 0)
    assert bool(runner.ran) == (status == 0)


def test_a_script_must_say_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a person to ask and without --yes nothing is done."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(InvalidRequest):
        install(tmp_path, Runner(), yes=False)
    assert not (tmp_path / RULES).exists()


def test_only_root_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody else is told the command that root types, before anything is written."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    runner = Runner()
    with pytest.raises(AccessDenied) as refused:
        install(Path("/"), runner)
    assert refused.value.hint == "sudo rsm udev install"
    assert runner.ran == []


def test_installing_again_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It may be run any number of times; what fails afterwards is a warning."""
    install(tmp_path, Runner())
    before = (tmp_path / RULES).stat().st_mtime_ns
    capsys.readouterr()
    assert install(tmp_path, Runner("udevadm control --reload: no daemon"), yes=False) == 0
    assert (tmp_path / RULES).stat().st_mtime_ns == before
    assert "rsm: warning: udevadm control --reload: no daemon" in capsys.readouterr().err


def test_files_of_a_package_count_unless_etc_overrides_them(tmp_path: Path) -> None:
    """A distribution's package puts them in /usr/lib; a file of that name in /etc outweighs it."""
    ours = (udev.source() / "61-rsm-changer.rules").read_text()
    for shelf, text in (("usr/lib", ours), ("etc", "# nothing\n")):
        path = tmp_path / shelf / "udev/rules.d/61-rsm-changer.rules"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        expected = "installed" if text == ours else "different"
        assert udev.pieces(tmp_path)[0].state == expected
    assert udev.pieces(tmp_path)[1].state == "not installed"


def test_showing_prints_the_files_and_their_state(capsys: pytest.CaptureFixture[str]) -> None:
    """For people the text itself, for programs an array with the state of each file."""
    assert main(["udev", "show"]) == 0
    assert 'LABEL="rsm_changer_end"' in capsys.readouterr().out
    assert main(["udev", "show", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in told] == [f"/{RULES}", f"/{LEASES}"]
    assert main(["udev", "install", "--dry-run", "--json"]) == 0
    assert [set(row) for row in json.loads(capsys.readouterr().out)] == [{"file", "state"}] * 2


def test_an_installation_without_the_files_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package that was put together wrongly is told, not guessed around."""
    monkeypatch.setattr("rsm.__file__", str(tmp_path / "rsm/__init__.py"))
    with pytest.raises(ObjectNotFound, match="missing from this installation"):
        udev.source()


def test_programs_that_are_missing_or_fail_are_told() -> None:
    """What cannot be run now is said, with what happens instead."""
    missing = udev._ran(["no-such-program-of-rsm"])
    assert missing is not None
    assert "not installed" in missing
    assert udev._ran(["true"]) is None
    assert udev._ran(["false"]) == "false: 1"


def test_the_rules_hold_what_their_page_explains() -> None:
    """Every match that udev/README.md explains stands in the rules, and every command that it names is run."""
    page = Path(__file__).parents[3] / "udev" / "README.md"
    if not page.exists():
        pytest.skip("the page is not beside an installed rsm")
    rules = (udev.source() / "61-rsm-changer.rules").read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", page.read_text(), re.MULTILINE)
    assert len(rows) > 10
    for row in rows:
        assert row.split(" …")[0] in rules
    for command in udev.COMMANDS:
        assert f"# {' '.join(command)}\n" in page.read_text()


def test_the_rules_jump_only_to_labels_that_are_there() -> None:
    """Each GOTO has its LABEL, and no line is without an operator, so that udev takes the file."""
    lines = [
        line
        for line in (udev.source() / "61-rsm-changer.rules").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    jumps = {target for line in lines for target in re.findall(r'GOTO="(\w+)"', line)}
    labels = {target for line in lines for target in re.findall(r'LABEL="(\w+)"', line)}
    assert jumps == labels
    pair = r'[A-Z_]+(\{[A-Za-z_]+\})?(==|!=|=|\+=)"[^"]*"'
    for line in lines:
        assert re.fullmatch(rf"{pair}(, {pair})*", line), line
