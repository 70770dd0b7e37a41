"""No bytes may make a decoder do anything but give a value or raise DecodeError, and values survive a round trip."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rsm_smc import (
    DecodeError,
    attributes,
    cdb,
    elements,
    identity,
    logpage,
    mode,
    reactions,
    report,
    reservations,
    sense,
    text,
    volume_tags,
)
from rsm_smc.elements import Element, ElementKind, Identifier, IdentifierForm, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

DECODERS: dict[str, Callable[[bytes], Any]] = {
    "elements": elements.decode,
    "cdb": cdb.decode,
    "cdb of a drive": lambda data: cdb.decode(data, drive=True),
    "sense": sense.decode,
    "inquiry": identity.decode_standard,
    "vpd 00": identity.decode_pages,
    "vpd 80": identity.decode_serial,
    "vpd 83": identity.decode_designators,
    "mode 6": mode.decode,
    "mode 10": lambda data: mode.decode(data, ten=True),
    "attributes": attributes.decode,
    "attribute list": attributes.decode_list,
    "tape alert": logpage.decode_tape_alert,
    "volumes found": volume_tags.decode,
    "search template": volume_tags.decode_template,
    "report": report.decode,
    "report, all pages": report.decode_all,
    "keys": reservations.decode_keys,
    "reservation": reservations.decode_reservation,
    "capabilities": reservations.decode_capabilities,
    "full status": reservations.decode_full_status,
    "reserve out list": reservations.decode_out_list,
}
OPENINGS = [
    b"",
    bytes.fromhex("7000"),
    bytes.fromhex("7200"),
    bytes.fromhex("0800"),
    bytes.fromhex("0880"),
    bytes.fromhex("0883"),
    bytes.fromhex("2e00"),
    bytes.fromhex("1200"),
    bytes.fromhex("0300000800000020"),
]


@pytest.mark.parametrize("name", DECODERS)
@settings(max_examples=150, deadline=None)
@given(opening=st.sampled_from(OPENINGS), noise=st.binary(max_size=400))
def test_arbitrary_bytes(name: str, opening: bytes, noise: bytes) -> None:
    """Arbitrary bytes must give a value or DecodeError, nothing else and without end."""
    with contextlib.suppress(DecodeError):
        DECODERS[name](opening + noise)


page = st.builds(
    lambda kind, flags, length, count, body: (
        bytes([kind, flags]) + length.to_bytes(2, "big") + count.to_bytes(4, "big") + body
    ),
    st.integers(0, 5),
    st.sampled_from([0, 0x40, 0x80, 0xC0]),
    st.one_of(st.sampled_from([0, 4, 12, 16, 48, 50, 52, 84, 86, 88]), st.integers(0, 300)),
    st.one_of(st.integers(0, 600), st.just(0xFFFFFF)),
    st.one_of(st.binary(max_size=200), st.integers(0, 300).map(bytes)),
)


@settings(max_examples=400, deadline=None)
@given(count=st.integers(0, 9), total=st.integers(0, 1200), pages=st.lists(page, max_size=4))
@example(count=3, total=0xFFFFFF, pages=[bytes([4, 0xC0, 0, 48, 0, 0, 0, 0]) + bytes(150)])
def test_plausible_headers_with_wrong_lengths(count: int, total: int, pages: list[bytes]) -> None:
    """Replies made of page headers that lie must be read to an end, each oddity a sentence."""
    status = elements.decode(b"\0\0" + count.to_bytes(2, "big") + total.to_bytes(4, "big") + b"".join(pages))
    assert len(status.elements) <= 1200
    for warning in status.warnings:
        assert "{" not in str(warning)


tag = st.one_of(
    st.none(),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=32),
)
address = st.integers(0, 0xFFFF)
identifier = st.one_of(
    st.none(),
    st.builds(
        Identifier.t10, st.just("IBM"), st.just("ULT3580"), st.text("0123ABC", min_size=1, max_size=10)
    ),
    st.builds(Identifier.serial_number, st.text("0123ABC", min_size=1, max_size=32)),
    st.binary(min_size=8, max_size=8).filter(any).map(Identifier.naa),
)


@st.composite
def element(draw: st.DrawFn) -> Element:
    """Make an element with whatever its kind can have."""
    kind = draw(st.sampled_from(ElementKind))
    port = kind is ElementKind.IMPORT_EXPORT
    return Element(
        draw(address),
        kind,
        full=draw(st.booleans()),
        access=None if kind is ElementKind.TRANSPORT else draw(st.booleans()),
        exception=draw(st.one_of(st.none(), st.tuples(st.integers(0, 255), st.integers(0, 255)))),
        source=draw(st.one_of(st.none(), address)),
        inverted=draw(st.booleans()),
        disabled=draw(st.booleans()),
        medium_type=draw(st.integers(0, 7)),
        volume_tag=draw(tag),
        alternate_tag=draw(tag),
        identifier=draw(identifier) if kind is ElementKind.DATA_TRANSFER else None,
        volume_sequence=draw(address),
        alternate_sequence=draw(address),
        imported=port and draw(st.booleans()),
        export_enabled=port and draw(st.booleans()),
        import_enabled=port and draw(st.booleans()),
        connected_changer=port and draw(st.booleans()),
        operator_needed=port and draw(st.booleans()),
    )


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(element(), max_size=8),
    primary=st.booleans(),
    alternate=st.booleans(),
    pad=st.sampled_from([b" ", b"\0"]),
    room=st.one_of(st.none(), st.integers(34, 64)),
)
def test_elements_survive_a_round_trip(
    values: list[Element], *, primary: bool, alternate: bool, pad: bytes, room: int | None
) -> None:
    """What is encoded in any honest layout must be decoded the same, without a warning."""
    wanted = [
        value._replace(
            volume_tag=value.volume_tag if primary else None,
            volume_sequence=value.volume_sequence if primary else 0,
            alternate_tag=value.alternate_tag if alternate else None,
            alternate_sequence=value.alternate_sequence if alternate else 0,
        )
        for value in values
    ]
    layout = Layout(
        primary_tags=primary,
        alternate_tags=alternate,
        identifier=IdentifierForm.T10,
        identifier_room=room,
        pad=pad,
    )
    status = elements.decode(elements.encode(values, layout))
    assert list(status.elements) == wanted
    assert status.warnings == ()


@settings(max_examples=150, deadline=None)
@given(
    codes=st.tuples(st.integers(0, 15), st.integers(0, 255), st.integers(0, 255)),
    deferred=st.booleans(),
    information=st.one_of(st.none(), st.integers(0, 0xFFFFFFFF)),
    pointer=st.one_of(
        st.none(), st.tuples(st.integers(0, 0xFFFF), st.booleans(), st.none() | st.integers(0, 7))
    ),
    descriptor=st.booleans(),
)
def test_sense_survives_a_round_trip(
    codes: tuple[int, int, int],
    *,
    deferred: bool,
    information: int | None,
    pointer: tuple[int, bool, int | None] | None,
    descriptor: bool,
) -> None:
    """Both formats must say the same, a field pointer only with ILLEGAL REQUEST, and every code has a meaning."""
    field, in_cdb, bit = pointer or (None, True, None)
    data = sense.encode(
        *codes,
        deferred=deferred,
        information=information,
        field_pointer=field,
        in_cdb=in_cdb,
        bit_pointer=bit,
        descriptor=descriptor,
    )
    found = sense.decode(data)
    assert (found.key, found.asc, found.ascq, found.deferred) == (*codes, deferred)
    assert found.information == information
    if codes[0] == sense.SenseKey.ILLEGAL_REQUEST and pointer is not None:
        assert (found.field_pointer, found.field_in_cdb, found.bit_pointer) == pointer
    else:
        assert found.field_pointer is None
    assert reactions.lookup(found).text


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200))
def test_captures_survive_a_round_trip(data: bytes) -> None:
    """Bytes written as a capture must be read back the same, whatever is said in the comments."""
    assert text.parse_hex(text.format_hex(data, ("two\nlines", ""))) == data


@settings(max_examples=200, deadline=None)
@given(written=st.text(max_size=80))
def test_arbitrary_text_is_no_capture(written: str) -> None:
    """Arbitrary text must give bytes or DecodeError."""
    with contextlib.suppress(DecodeError):
        text.parse_hex(written)
