"""From a changer's node to a file on a tape and back, with the commands that a person would type."""

from __future__ import annotations

import filecmp
import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from hw_tests.conftest import Nodes, Steps

# Under an emulated processor each command takes most of a second.
pytestmark = pytest.mark.timeout(400)

MEDIUM = "RSM001L8"


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Make a directory worth a backup: text, and 2 MB that no compression shrinks."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "minutes.txt").write_text("the motion was carried\n" * 1000)
    (folder / "scan.bin").write_bytes(os.urandom(2 << 20))
    return folder


def test_a_file_written_in_one_drive_is_read_back_in_the_other(
    steps: Steps, nodes: Nodes, papers: Path, tmp_path: Path
) -> None:
    """The main job: take a library in, sort, allocate, mount, write; mount elsewhere, read the same."""
    steps.rsm("library", "add", nodes.changer, "--name", "vtl")
    steps.rsm("library", "inventory", "vtl")
    media = steps.rsm_json("media", "list")
    assert sorted(medium["barcode"] for medium in media) == sorted(nodes.barcodes)

    steps.rsm("pool", "create", "Backup", "--type", "LTO-8")
    steps.rsm("media", "move", MEDIUM, "Backup")
    where_before = steps.rsm("where", MEDIUM)
    medium = steps.rsm("allocate", "Backup")

    first = steps.rsm("mount", medium, "--drive", "0")
    assert os.path.realpath(first) == nodes.drives[0]
    steps.rsm("library", "show", "vtl")
    witness(steps, nodes, f"Data Transfer Element 0:Full (Storage Element 1 Loaded):VolumeTag = {MEDIUM}")
    steps.run("tar", "-C", str(tmp_path), "-cf", first, papers.name)
    steps.rsm("dismount", medium)

    second = steps.rsm("mount", medium, "--drive", "1")
    assert os.path.realpath(second) == nodes.drives[1]
    restored = tmp_path / "restored"
    restored.mkdir()
    steps.run("tar", "-C", str(restored), "-xf", second)
    names = [path.name for path in papers.iterdir()]
    same = filecmp.cmpfiles(papers, restored / papers.name, names, shallow=False)
    assert same == (names, [], [])
    steps.say(f"read back the same: {', '.join(names)}")

    steps.rsm("dismount", medium)
    steps.rsm("deallocate", medium)
    assert steps.rsm("where", MEDIUM) == where_before
    witness(steps, nodes, f"Storage Element 1:Full :VolumeTag={MEDIUM}")
    steps.rsm("events", "--last", "30")


def test_a_command_runs_around_a_mounted_medium_and_its_status_is_passed_on(
    steps: Steps, nodes: Nodes
) -> None:
    """`rsm mount WHAT -- CMD` gives CMD the node, dismounts after it, and ends as CMD did."""
    steps.rsm("library", "add", nodes.changer, "--name", "vtl", "--new-media", "free")
    steps.rsm("library", "inventory", "vtl")
    steps.rsm("pool", "create", "Backup", "--type", "LTO-8", "--draw-from-free")
    medium = steps.rsm("allocate", "Backup")
    steps.rsm("mount", medium, "--", "sh", "-c", 'test -c "$TAPE" && exit 7', status=7)
    witness(steps, nodes, "Data Transfer Element 0:Empty")
    witness(steps, nodes, "Data Transfer Element 1:Empty")
    steps.rsm("deallocate", medium)


def test_what_is_no_changer_is_refused_in_one_sentence(steps: Steps, nodes: Nodes) -> None:
    """`library add` of a wrong node ends with status 6 and one sentence, and leaves the store as it was."""
    steps.rsm("library", "add", nodes.changer, "--name", "vtl")
    before = steps.rsm_json("library", "list")
    for node in (nodes.disk, "/dev/null", "/dev/sg99", nodes.changer + "0"):
        refused = steps.run("rsm", "library", "add", node, status=6)
        assert refused.stdout == ""
        sentence, *hint = refused.stderr.splitlines()
        assert sentence.startswith("rsm: ")
        assert node in sentence
        assert [line.partition(" ")[0] for line in hint] in ([], ["hint:"])
    assert steps.rsm_json("library", "list") == before


def witness(steps: Steps, nodes: Nodes, line: str) -> None:
    """Have a program that shares nothing with us look at the library."""
    if shutil.which("mtx") is None:
        steps.say("(mtx is not installed: nobody else looks)")
        return
    seen = steps.run("mtx", "-f", nodes.changer, "status").stdout
    assert line in seen
