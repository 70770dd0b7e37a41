"""Reading the output of mtx: its forms as scsi.md §5 has them, and anything else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsm_mtx.report import Counts, Place, UnreadableError, read_inquiry, read_status
from rsm_mtx.verdict import judge, read_sense

STATUS = """\
  Storage Changer /dev/sg5:2 Drives, 6 Slots ( 1 Import/Export )
Data Transfer Element 0:Full (Storage Element 5 Loaded):VolumeTag = TAPE05L6                       \x20
Data Transfer Element 1:Empty
      Storage Element 1:Full :VolumeTag=TAPE01L6                       \x20
      Storage Element 2:Full :VolumeTag=A:B = C:AlternateVolumeTag=OTHER SIDE
      Storage Element 3:Empty:VolumeTag=                               \x20
      Storage Element 4:Full\x20
      Storage Element 5:Empty
      Storage Element 6 IMPORT/EXPORT:Full :VolumeTag=TAPE09L6                       \x20
"""

LINES = st.one_of(
    st.sampled_from(STATUS.splitlines()),
    st.text(max_size=60),
    st.from_regex(r" {0,6}(Storage|Data Transfer) Element [0-9]{1,12}( IMPORT/EXPORT)?:(Full|Empty).{0,40}"),
)


def test_status() -> None:
    """Every line is read: numbers, states, tags without their padding, ports."""
    report = read_status(STATUS)
    assert report.counts == Counts(drives=2, slots=5, ports=1)
    assert report.drives == {0: Place(0, True, "TAPE05L6", None), 1: Place(1, False, None, None)}
    assert report.slots == {
        1: Place(1, True, "TAPE01L6", None),
        2: Place(2, True, "A:B = C", "OTHER SIDE"),
        3: Place(3, False, None, None),
        4: Place(4, True, None, None),
        5: Place(5, False, None, None),
        6: Place(6, True, "TAPE09L6", None, is_port=True),
    }


@pytest.mark.parametrize("origin", ["Unknown Storage Element", "Storage Element 0", "Storage Element -1"])
def test_any_origin(origin: str) -> None:
    """Wherever a medium is said to come from, its drive is full; there may be a second tag."""
    report = read_status(
        f"  Storage Changer x:1 Drives, 0 Slots ( 0 Import/Export )\n"
        f"Data Transfer Element 0:Full ({origin} Loaded):VolumeTag = A   :AlternateVolumeTag = B   \n"
    )
    assert report.drives[0] == Place(0, True, "A", "B")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        STATUS.removeprefix("  "),
        STATUS.partition("\n")[2],
        STATUS[: STATUS.rindex("      Storage")],
        STATUS.replace("Element 3", "Element 4"),
        STATUS.replace("Element 1:Empty", "Element 1:Emptied"),
        STATUS + "and more\n",
        STATUS.replace("2 Drives", "1 Drives"),
    ],
)
def test_what_is_no_status(text: str) -> None:
    """A text that is cut, mixed with others or out of order is not read at all: half a library is none."""
    with pytest.raises(UnreadableError):
        read_status(text)


@given(st.text())
def test_any_text(text: str) -> None:
    """No text raises anything but the one error."""
    with suppress(UnreadableError):
        read_status(text)
    with suppress(UnreadableError):
        read_inquiry(text)


@given(st.lists(LINES, max_size=12))
def test_any_lines(lines: list[str]) -> None:
    """No lines, however much like mtx's, raise anything but the one error."""
    for text in ("\n".join(lines), STATUS.partition("\n")[0] + "\n" + "\n".join(lines)):
        with suppress(UnreadableError):
            report = read_status(text)
            assert list(report.slots) == list(range(1, len(report.slots) + 1))


def test_inquiry() -> None:
    """The texts between the quotes are stripped; one of them may hold a quote."""
    text = "Product Type: Medium Changer\nVendor ID: 'STK     '\nProduct ID: 'L'700           '\nRevision: '0107'\n"
    assert read_inquiry(text) == ("STK", "L'700", "0107")


def test_what_is_no_inquiry() -> None:
    """All three texts must be there."""
    with pytest.raises(UnreadableError, match="no product"):
        read_inquiry("Vendor ID: 'STK     '\nRevision: '0107'\n")


@given(st.text(), st.booleans())
def test_any_complaint(text: str, moving: bool) -> None:
    """No complaint raises anything: it means a known fault, or nothing known."""
    judge(text, device="mtx:x", doing="move", moving=moving)
    judge(f"mtx: Request Sense: Sense Key={text}\n{text}", device="mtx:x", doing="move", moving=moving)


def test_sense_report() -> None:
    """The last report counts; the numbers are hexadecimal, and names are those of the keys."""
    report = (
        "mtx: Request Sense: Sense Key={}\n"
        "mtx: Request Sense: Additional Sense Code = 3B\n"
        "mtx: Request Sense: Additional Sense Qualifier = 0D\n"
    )
    assert read_sense(report.format("Illegal Request")) == (5, 0x3B, 0x0D)
    assert read_sense(report.format("Not Ready") + report.format("0x09")) == (9, 0x3B, 0x0D)
    for nonsense in ("Nonsense", "0x10", "-1"):
        assert read_sense(report.format(nonsense)) is None
    sense = read_sense(report.format("Illegal Request"))
    assert sense is not None
    assert sense.encode()[2::10] == bytes((5, 0x3B))
