"""What a bar code tells."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsm.errors import InvalidName
from rsm.model import barcode
from rsm.model.media_type import BUILT_IN, type_of_drive


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("RSM001L9", "LTO-9"),
        ("rsm001l9", "LTO-9"),
        ("ABC123M8", "LTO-7 M8"),
        ("ABC123LT", "LTO-3 WORM"),
        ("ABC123LZ", "LTO-9 WORM"),
        ("ABC123LA", "LTO-10"),
        ("ABC123JD", "3592 JD"),
        ("CLN001CU", "Cleaning"),
        ("CLNU12L1", "Cleaning"),
        ("TAPEL1", None),
        ("BACKUP01", None),
        ("", None),
    ],
)
def test_the_ending_of_a_label_names_the_type(text: str, media_type: str | None) -> None:
    """Six characters of volume and two of medium; shorter labels say nothing of the type."""
    assert barcode.read(text).media_type == media_type


@pytest.mark.parametrize("text", ["", "   ", "X" * 33, "A\x00B", "A\nB"])
def test_what_no_reader_can_have_read_is_refused(text: str) -> None:
    """A volume tag has 1 to 32 printable characters."""
    with pytest.raises(InvalidName):
        barcode.check(text)


def test_the_longest_label_is_taken() -> None:
    """32 characters are what SMC-3 gives room for."""
    assert barcode.check(" " + "X" * 32 + " ") == "X" * 32


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Reading a label never fails, and checking one raises the one error."""
    barcode.read(text)
    with contextlib.suppress(InvalidName):
        assert 1 <= len(barcode.check(text)) <= 32


def test_every_type_that_a_label_names_is_built_in() -> None:
    """No label leads to a type that stores do not have."""
    names = {each.name for each in BUILT_IN}
    assert set(barcode.MEDIA_TYPE_BY_SUFFIX.values()) | {barcode.CLEANING_TYPE} <= names
    assert len(names) == len(BUILT_IN)
    assert len({each.id for each in BUILT_IN}) == len(BUILT_IN)


@pytest.mark.parametrize(
    ("product", "media_type"),
    [("ULT3580-TD9", "LTO-9"), ("ULTRIUM-HH8", "LTO-8"), ("Ultrium 7-SCSI", "LTO-7"), ("DISK", None)],
)
def test_a_drives_product_name_tells_what_it_is_fed(product: str, media_type: str | None) -> None:
    """Where no label tells, the drive does."""
    assert type_of_drive(product) == media_type
