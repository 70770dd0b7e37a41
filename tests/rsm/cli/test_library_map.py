"""The drawing of a library: who is where, at a glance."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from rsm.cli import library_map
from rsm.model.objects import Library, Medium, Place, Side
from rsm.model.outcome import Cell, LibraryView
from rsm.model.states import (
    BarcodeState,
    Identity,
    LibraryKind,
    MediumState,
    NewMedia,
    PlaceKind,
    SideState,
)

ROOT = UUID(int=0)

LIBRARY = Library(
    id=ROOT,
    name="lib1",
    kind=LibraryKind.ONLINE,
    device="/dev/sg3",
    vendor="ACME",
    product="ROBOT",
    revision="1",
    serial="S1",
    new_media=NewMedia.IMPORT,
    default_type=None,
    enabled=True,
    stale=False,
    reads_volume_tags=True,
    rotates=False,
    inventoried=1_800_000_000.0,
)


def place(kind: PlaceKind, number: int) -> Place:
    """Give an empty place."""
    return Place(
        id=uuid5(ROOT, f"{kind}{number}"),
        library=ROOT,
        kind=kind,
        address=number,
        number=number,
        present=True,
        enabled=True,
        accessible=True,
        full=False,
        condition=None,
        serial="D1" if kind is PlaceKind.DRIVE else None,
        state=None,
        mounted_side=None,
        node="/dev/nst0" if kind is PlaceKind.DRIVE else None,
        mount_count=0,
    )


def medium(barcode: str | None, at: Place, *, sides: int = 1, pool: str = "Free/LTO-9") -> Medium:
    """Give a medium standing there, at home there."""
    identity = uuid5(ROOT, barcode or "nameless")
    return Medium(
        id=identity,
        barcode=barcode,
        barcode_state=BarcodeState.OK,
        identity=Identity.BARCODE,
        media_type="LTO-9",
        pool=pool,
        library="lib1",
        place=at,
        home=at.id,
        state=MediumState.IDLE,
        turned=False,
        chip_serial=None,
        enabled=True,
        missing_since=None,
        seen=None,
        sides=tuple(
            Side(
                id=uuid5(identity, str(number)),
                medium=identity,
                number=number,
                state=SideState.AVAILABLE,
                logical_medium=None,
                allocate_count=0,
                mount_count=0,
                last_used=None,
            )
            for number in range(1, sides + 1)
        ),
    )


def slots(count: int, filled: int = 0, *, pool: str = "Free/LTO-9") -> list[Cell]:
    """Give so many slots, the first of them filled."""
    cells = []
    for number in range(1, count + 1):
        at = place(PlaceKind.SLOT, number)
        full = number <= filled
        cells.append(
            Cell(
                place=replace(at, full=full),
                medium=medium(f"RSM{number:03}L9", at, pool=pool) if full else None,
            )
        )
    return cells


def drawing(*cells: Cell, library: Library = LIBRARY, width: int = 80, names: bool = True) -> str:
    """Give the drawing as one text."""
    view = LibraryView(library=library, cells=cells)
    return "\n".join(library_map.drawn(view, width=width, names=names))


def test_drives_ports_and_slots_are_shown() -> None:
    """Each drive has its line with node and serial, and slots are counted from the first of their line."""
    text = drawing(
        Cell(place=place(PlaceKind.DRIVE, 0), medium=None),
        Cell(place=place(PlaceKind.PORT, 1), medium=None),
        *slots(12, 2),
    )
    assert "lib1: ACME ROBOT, serial S1, /dev/sg3" in text
    assert "1 drive (0 full), 1 port (0 full), 12 slots (2 full)" in text
    assert "\n  0  ·    /dev/nst0  serial D1" in text
    assert "\nports\n  1  ·" in text
    assert "\n   1  RSM001L9  RSM002L9  ·         ·         ·\n   6  ·" in text
    assert "· empty" in text


def test_a_mounted_medium_is_in_its_drive_and_its_slot_says_so() -> None:
    """A mounted side shows in the drive, and its home slot points to the drive."""
    drive, home = place(PlaceKind.DRIVE, 1), place(PlaceKind.SLOT, 1)
    turned = replace(medium("OPT001", drive, sides=2), home=home.id)
    mounted = replace(drive, mounted_side=turned.sides[1].id, full=True)
    text = drawing(Cell(place=mounted, medium=turned), Cell(place=home, medium=None))
    assert "1  OPT001  side 2 mounted  /dev/nst0" in text
    assert "\n  1  >1" in text
    assert ">N home of the medium in drive N" in text


def test_signs_for_what_is_not_a_medium() -> None:
    """Absent, unknown and unrecorded places and doubled bar codes have signs, explained below."""
    absent, unknown, unrecorded, twice = (cell.place for cell in slots(4))
    double = replace(medium("RSM004L9", twice), barcode_state=BarcodeState.DUPLICATE)
    text = drawing(
        Cell(place=replace(absent, present=False), medium=None),
        Cell(place=replace(unknown, full=None), medium=None),
        Cell(place=replace(unrecorded, full=True), medium=None),
        Cell(place=twice, medium=double),
    )
    assert "1  x          ?          #          RSM004L9!" in text
    for meaning in ("x missing", "? not known", "# holds what no inventory", "! bar code is there twice"):
        assert meaning in text


def test_a_medium_without_bar_code_is_named_by_its_id() -> None:
    """A nameless medium shows the beginning of its id, by which it can be named."""
    at = place(PlaceKind.SLOT, 1)
    nameless = medium(None, at)
    assert str(nameless.id)[:8] in drawing(Cell(place=at, medium=nameless))


def test_what_is_wrong_is_listed() -> None:
    """Conditions of places are told in words, and a stale inventory says what to do."""
    drive = replace(place(PlaceKind.DRIVE, 0), condition="cleaning required", enabled=False)
    text = drawing(Cell(place=drive, medium=None), library=replace(LIBRARY, stale=True))
    assert "drive 0: cleaning required" in text
    assert "drive 0: disabled" in text
    assert "out of date: rsm library inventory lib1" in text


def test_a_medium_in_the_robots_hand_is_not_overlooked() -> None:
    """A medium left on the transport stands before everything else."""
    hand = replace(place(PlaceKind.CHANGER, 0), full=True)
    assert "in the robot  RSM009L9" in drawing(Cell(place=hand, medium=medium("RSM009L9", hand)))


def test_lines_fit_the_terminal() -> None:
    """No line of a grid is longer than the terminal is wide, on narrow and on wide ones."""
    for width in (40, 80, 132, 200):
        text = drawing(*slots(120, 120), width=width)
        grid = text.partition("\nslots\n")[2]
        assert max(len(line) for line in grid.splitlines()) <= width


def test_every_slot_is_drawn_once() -> None:
    """Whatever the width, each medium of a large library is named exactly once."""
    text = drawing(*slots(500, 500), width=100)
    for number in (1, 250, 500):
        assert text.count(f"RSM{number:03}L9") == 1


def test_empty_stretches_are_folded() -> None:
    """Lines on which everything is the same are folded into one."""
    text = drawing(*slots(2000, 10))
    assert len(text.splitlines()) < 15
    assert "11  ·  all to 2000" in text


def test_a_large_library_on_a_terminal_is_one_mark_a_slot() -> None:
    """Two thousand slots are a screen or two, a letter a pool, counted below."""
    cells = [*slots(2000, 1500)]
    cells[3] = Cell(place=cells[3].place, medium=medium("RSM004L9", cells[3].place, pool="Backup/Weekly"))
    text = drawing(*cells, names=False)
    assert len(text.splitlines()) < 60
    assert "\n     1  fffAffffff ffffffffff" in text
    assert "A Backup/Weekly (1)" in text
    assert "f Free/LTO-9 (1499)" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_colours_do_not_change_the_text() -> None:
    """With its colours taken away, a coloured drawing is the plain one."""
    view = LibraryView(
        library=LIBRARY, cells=(*slots(12, 3), Cell(place=place(PlaceKind.DRIVE, 0), medium=None))
    )
    coloured = "\n".join(library_map.drawn(view, colours=True))
    assert "\x1b[" in coloured
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == "\n".join(library_map.drawn(view))


def test_plain_characters_for_a_plain_encoding() -> None:
    """A terminal whose encoding has no middle dot is shown full stops."""
    view = LibraryView(library=LIBRARY, cells=tuple(slots(3)))
    "\n".join(library_map.drawn(view, encoding="ascii")).encode("ascii")


def test_the_shelf_and_a_library_never_looked_into() -> None:
    """Both say what to do instead of drawing nothing."""
    assert "rsm media list --library shelf" in drawing(
        library=replace(LIBRARY, name="shelf", kind=LibraryKind.OFFLINE)
    )
    assert "no inventory yet: rsm library inventory lib1" in drawing(
        library=replace(LIBRARY, inventoried=None)
    )
