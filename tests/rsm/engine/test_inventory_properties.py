"""Whatever hands do between two inventories, nothing is lost and nothing is doubled."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ADDRESSES = [1, 16, 256, 257, 1000, 1001, 1002, 1003]
TAGS = ["RSM001L9", "RSM002L9", "RSM003L9", "PLATTER1"]

worlds = st.lists(
    st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from(TAGS), max_size=len(TAGS)).map(
        # A label exists once: keep its last bearer only.
        lambda holds: {
            address: tag for tag, address in {tag: address for address, tag in holds.items()}.items()
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds=worlds)
def test_labelled_media_keep_their_records_through_any_rearrangement(
    new_bench: Any, plain: Any, worlds: Any
) -> None:
    """Each label has one record for ever, and it is where the label was last seen, or on the shelf."""
    bench = new_bench()
    library = plain(slots=4)
    bench.add(library)
    known: dict[str, object] = {}
    for holds in worlds:
        library.holds = dict(holds)
        bench.look(library)
        records = {
            tag: (identity, address)
            for tag, identity, address in bench.rows(
                "SELECT m.barcode, m.id, p.address FROM medium m LEFT JOIN place p ON p.id = m.place"
            )
        }
        assert bench.count("medium") == len(records), "a label was doubled"
        assert known.items() <= {tag: identity for tag, (identity, _) in records.items()}.items()
        known = {tag: identity for tag, (identity, _) in records.items()}
        seen = {tag: address for address, tag in holds.items()}
        assert {tag: address for tag, (_, address) in records.items()} == {
            tag: seen.get(tag) for tag in records
        }
        assert bench.look(library).changes == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    worlds=st.lists(
        st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from([*TAGS, ""])), min_size=1, max_size=6
    )
)
def test_no_record_is_ever_deleted_even_with_doubled_and_missing_labels(
    new_bench: Any, plain: Any, worlds: Any
) -> None:
    """Every full element has exactly one record, every record stays, and a second look changes nothing."""
    bench = new_bench()
    library = plain(slots=4)
    bench.add(library)
    ever: set[object] = set()
    for holds in worlds:
        library.holds = dict(holds)
        bench.look(library)
        rows = bench.rows("SELECT m.id, p.address FROM medium m LEFT JOIN place p ON p.id = m.place")
        now = {identity for identity, _ in rows}
        assert ever <= now
        ever |= now
        assert sorted(address for _, address in rows if address is not None) == sorted(holds)
        assert bench.look(library).changes == ()
