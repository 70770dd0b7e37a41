"""What `hw_tests.capture` records can be read again, and says what the library says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hw_tests import capture
from hw_tests.conftest import look
from rsm import cli
from rsm.hardware.inventory import ElementKind
from rsm_scsi.sg import open_sg

if TYPE_CHECKING:
    from pathlib import Path

    from hw_tests.target import Target

pytestmark = [pytest.mark.usefixtures("untouched"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def captured(target: Target, tmp_path_factory: pytest.TempPathFactory) -> dict[str, capture.Captured]:
    """Capture the changer once; give the files by name."""
    folder = tmp_path_factory.mktemp("captures")
    with open_sg(target.device) as transport:
        return {item.path.stem: item for item in capture.capture(transport, folder)}


def _decode(item: capture.Captured, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Have `rsm changer decode` read a file."""
    capsys.readouterr()
    status = cli.main(["changer", "decode", "--json", "--type", item.kind, str(item.path)])
    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    return dict(json.loads(told.out))


def test_every_file_is_decoded(
    captured: dict[str, capture.Captured], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file is read by `rsm changer decode` as its comments say, refusals as sense data."""
    assert len(captured) == len(list(capture.questions()))
    for name, item in captured.items():
        assert f"# rsm changer decode --type {item.kind}\n" in item.path.read_text(), name
        assert _decode(item, capsys), name


def test_it_says_who_it_is(
    captured: dict[str, capture.Captured], target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    """The serial number page that was recorded has the serial number under test."""
    assert _decode(captured["vpd_80"], capsys)["serial"] == target.serial


def test_it_says_what_is_where(
    captured: dict[str, capture.Captured], target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    """The recorded slots are full and labelled as an inventory finds them."""
    if captured["storage_voltag"].kind == "sense":
        pytest.skip("it refuses volume tags")
    recorded = {item["address"]: item for item in _decode(captured["storage_voltag"], capsys)["elements"]}
    for item in look(target.device).elements:
        if item.kind is ElementKind.STORAGE and item.address in recorded:
            seen = recorded[item.address]
            assert (seen["full"], seen["volume_tag"]) == (item.full, item.volume_tag)


def test_the_command(target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command makes the directory, lists what it wrote, and begins each name with the prefix."""
    folder = tmp_path / "new"
    assert capture.main([target.device, str(folder), "--prefix", "acme_"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(list(folder.glob("acme_*.hex"))) == len(list(capture.questions()))


def test_no_such_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A node that is not there is one sentence and status 1."""
    assert capture.main(["/dev/sg99", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("capture: ")
