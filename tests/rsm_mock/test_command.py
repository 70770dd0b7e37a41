"""The verbs of `rsm mock`, as a person types them."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import pytest

from rsm.clock import SystemClock
from rsm.errors import AlreadyExists, InvalidName, InvalidRequest, RsmError
from rsm.hardware.faults import DeviceGone
from rsm_mock import DRIVER, command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Type = Callable[..., str]


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Give a name for a library."""
    return str(tmp_path / "lib.json")


@pytest.fixture
def type_(capsys: pytest.CaptureFixture[str]) -> Type:
    """Type `rsm mock …` and give what it prints."""

    def typed(*words: str) -> str:
        parser = argparse.ArgumentParser(prog="rsm mock")
        command.configure(parser)
        assert command.run(parser.parse_args(words)) == 0
        return capsys.readouterr().out

    return typed


def shown(type_: Type, path: str) -> dict[str, Any]:
    """Give what `show --json` says, with elements by name."""
    picture: dict[str, Any] = json.loads(type_("show", path, "--json"))
    picture["elements"] = {element["name"]: element for element in picture["elements"]}
    return picture


def test_a_new_library_can_be_opened_by_the_name_that_create_prints(type_: Type, path: str) -> None:
    """`create` ends with the device name that `rsm library add` takes."""
    printed = type_("create", path, "--slots", "8", "--media", "3", "--two-sided", "2", "--cleaning", "1")
    device = printed.split()[-1]
    assert device == f"mock:{path}"
    with DRIVER.open_changer(device, SystemClock()) as changer:
        tags = [element.volume_tag for element in changer.inventory().elements if element.full]
        assert changer.capabilities.rotates
    assert tags == ["RSM001L9", "RSM002L9", "RSM003L9", "RSM004", "RSM005", "CLN001L9"]


def test_two_libraries_have_different_serial_numbers(type_: Type, tmp_path: Path) -> None:
    """Two files are two libraries, so a store can tell them and their drives apart."""
    pictures = []
    for name in ("one.json", "two.json"):
        type_("create", str(tmp_path / name))
        pictures.append(shown(type_, str(tmp_path / name)))
    assert pictures[0]["serial"] != pictures[1]["serial"]
    drives = {p["elements"]["drive 0"]["drive"]["serial"] for p in pictures}
    assert len(drives) == 2


def test_the_path_may_be_written_with_mock(type_: Type, path: str) -> None:
    """`mock:PATH` and PATH name the same library."""
    type_("create", f"mock:{path}")
    assert shown(type_, path)["personality"] == "generic"


def test_create_refuses_to_overwrite(type_: Type, path: str) -> None:
    """An existing file is kept unless --force is given."""
    type_("create", path)
    with pytest.raises(AlreadyExists) as caught:
        type_("create", path)
    assert "--force" in str(caught.value.hint)
    type_("create", path, "--force", "--personality", "spectra")
    assert shown(type_, path)["personality"] == "spectra"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--personality", "acme"), InvalidRequest),
        (("--slots", "2", "--media", "3"), InvalidRequest),
        (("--slots", "-1"), InvalidRequest),
        (("--drives", "0"), InvalidRequest),
        (("--slots", "70000", "--media", "1"), InvalidRequest),
        (("--pace", "-1"), InvalidRequest),
        (("--pace", "nan"), InvalidRequest),
        (("--serial", "Ä"), InvalidName),
        (("--serial", "12345678901"), InvalidName),
        (("--media", "-1"), InvalidRequest),
        (("--prefix", "X" * 31), InvalidName),
        (("--personality", "standalone-drive", "--slots", "4"), InvalidRequest),
    ],
)
def test_libraries_that_cannot_be_are_refused(
    type_: Type, path: str, words: tuple[str, ...], error: type[RsmError]
) -> None:
    """Bad counts, names and paces get one sentence, and no file is made."""
    with pytest.raises(error):
        type_("create", path, *words)
    with pytest.raises(DeviceGone):
        type_("show", path)


def test_a_directory_that_is_not_there_is_made(type_: Type, tmp_path: Path) -> None:
    """`create` makes the directory; where it cannot, one sentence names it."""
    type_("create", str(tmp_path / "new" / "lib.json"))
    (tmp_path / "file").touch()
    with pytest.raises(DeviceGone, match="file"):
        type_("create", str(tmp_path / "file" / "lib.json"))


def test_media_go_in_and_out(type_: Type, path: str) -> None:
    """The verb insert puts a medium into the first free port, remove lays it on the shelf."""
    type_("create", path)
    assert "element 768" in type_("insert", path, "NEW001L9")
    assert shown(type_, path)["elements"]["port 1"]["medium"]["barcode"] == "NEW001L9"
    type_("remove", path, "NEW001L9")
    picture = shown(type_, path)
    assert picture["elements"]["port 1"]["medium"] is None
    assert [medium["barcode"] for medium in picture["shelf"]] == ["NEW001L9"]


def test_a_bar_code_of_33_characters_is_one_sentence(type_: Type, path: str) -> None:
    """A label longer than a volume tag is refused with both numbers."""
    type_("create", path)
    with pytest.raises(InvalidName, match="33 characters, an element can report 32"):
        type_("insert", path, "X" * 33)


def test_an_unlabelled_two_sided_cleaning_or_worm_medium_can_be_inserted(type_: Type, path: str) -> None:
    """The options of insert describe the medium."""
    type_("create", path, "--ports", "3")
    type_("insert", path, "--two-sided")
    type_("insert", path, "CLNU01L9", "--kind", "cleaning")
    type_("insert", path, "BAD001L9", "--unreadable", "--at", "port:3")
    elements = shown(type_, path)["elements"]
    assert len(elements["port 1"]["medium"]["sides"]) == 2
    assert elements["port 1"]["medium"]["barcode"] is None
    assert elements["port 2"]["medium"]["kind"] == "cleaning"
    assert elements["port 3"]["medium"]["readable"] is False


def test_the_cabinet_has_doors_magazines_and_a_mains_switch(type_: Type, path: str) -> None:
    """Each verb changes what show tells."""
    type_("create", path, "--personality", "hpe-msl")
    type_("door", path, "open")
    assert shown(type_, path)["door_open"]
    type_("swap", path, "slot:1", "slot:2")
    type_("relabel", path, "slot:3", "OTHER1L9")
    type_("swap", path, "slot:1", "slot:4", "--labels")
    type_("door", path, "close")
    elements = shown(type_, path)["elements"]
    labels = [elements[f"slot {number}"]["medium"]["barcode"] for number in (1, 2, 3, 4)]
    assert labels == ["RSM004L9", "RSM001L9", "OTHER1L9", "RSM002L9"]
    assert "12 media" in type_("magazine", path, "pull", "0")
    assert shown(type_, path)["magazines_out"] == [0]
    type_("magazine", path, "insert")
    type_("drive", path, "pull", "1")
    assert not shown(type_, path)["elements"]["drive 1"]["present"]
    type_("drive", path, "insert", "1")
    type_("element", path, "disable", "slot:9")
    assert not shown(type_, path)["elements"]["slot 9"]["enabled"]
    type_("reserve", path, "take")
    type_("reserve", path, "release")
    type_("power-cycle", path)


def test_faults_are_scripted_listed_and_cleared(type_: Type, path: str) -> None:
    """What is typed is what happens: the scripted timeout meets the next move."""
    type_("create", path)
    assert type_("fault", path) == "nothing is going to go wrong\n"
    type_("fault", path, "sense", "--sense", "04/15/01", "--on", "move", "--after", "1")
    listing = type_("fault", path, "timeout", "--carried", "yes")
    assert listing.splitlines() == [
        "sense 04/15/01 for the changer, on move, after 1, once",
        "timeout for the changer, on move, after 0, once, carried out: yes",
    ]
    assert shown(type_, path)["faults"] == 2
    assert type_("fault", path, "--clear") == "nothing is going to go wrong\n"
    type_("fault", path, "status", "--status", "08", "--on", "a5", "--times", "0", "--drive", "1")


@pytest.mark.parametrize(
    "words",
    [
        ("sense",),
        ("sense", "--sense", "4/15"),
        ("sense", "--sense", "xx/15/01"),
        ("sense", "--sense", "44/15/01"),
        ("status",),
        ("host", "--status", "100"),
        ("timeout", "--on", "lunch"),
        ("power", "--drive", "9"),
        ("stuck", "--after", "-1"),
    ],
)
def test_faults_that_make_no_sense_are_refused(type_: Type, path: str, words: tuple[str, ...]) -> None:
    """A fault without what it needs is a bad request, and nothing is scripted."""
    type_("create", path)
    with pytest.raises(InvalidRequest):
        type_("fault", path, *words)
    assert shown(type_, path)["faults"] == 0


def test_show_draws_the_library_for_a_person(type_: Type, path: str) -> None:
    """Drives, ports and full slots have a line each; empty slots are counted; oddities are noted."""
    type_("create", path, "--slots", "10", "--media", "1", "--two-sided", "1")
    type_("swap", path, "slot:1", "slot:10", "--force")
    type_("fault", path, "power")
    lines = type_("show", path).splitlines()
    assert "plain SMC-3 library" in lines[0]
    assert any("drive 0" in line and "empty" in line for line in lines)
    assert any("slot 2" in line and "side 1 up" in line for line in lines)
    assert any("slot 10" in line and "RSM001L9" in line and "believes: nothing" in line for line in lines)
    assert any("7 slots are empty" in line for line in lines)
    assert any("1 faults are scripted" in line for line in lines)


def test_personalities_are_listed(type_: Type) -> None:
    """Each has a name and a line; --json gives an array."""
    names = [row["name"] for row in json.loads(type_("personalities", "--json"))]
    assert {"generic", "ibm-ts4500", "optical-jukebox", "autoloader", "tgt"} <= set(names)
    assert len(type_("personalities").splitlines()) == len(names)


def test_what_does_not_end_with_json_is_no_library(type_: Type) -> None:
    """A device node given by mistake is refused by its name, untouched."""
    with pytest.raises(InvalidName, match="/dev/sg3"):
        type_("create", "/dev/sg3")
