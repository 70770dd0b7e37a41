"""Moves are journaled, sent once, and believed only as far as they are seen."""

from __future__ import annotations

from typing import Any

import pytest

from rsm.engine import moves
from rsm.errors import Busy
from rsm.hardware.faults import HardwareFailed, InventoryStale, MoveRefused, OutcomeUnknown
from rsm.model.objects import Library
from rsm.model.states import PlaceKind
from rsm.store import rows


class Robot:
    """A plain library with one medium in slot 1, and the verb to move it to drive 0."""

    def __init__(self, bench: Any, library: Any) -> None:
        self.bench = bench
        self.library = library
        self.recorded = 0

    def carry(self, medium: str = "RSM001L9", address: int = 256) -> None:
        """Plan and make one move, as a mount does."""

        def at_once(_: object) -> None:
            self.recorded += 1

        def step(now: Library) -> None:
            with self.bench.context.store.reading() as reader:
                row = reader.one(
                    "library.place_at", library=str(now.id), kind=PlaceKind.DRIVE, address=address
                )
            moves.carry(
                self.bench.context,
                self.library,
                now,
                self.bench.medium(medium),
                rows.place(row),
                side_up=1,
                reason="a test",
                at_once=at_once,
            )

        moves.planned(self.bench.context, self.library, self.bench.library(), step)

    def intents(self) -> list[str | None]:
        """The outcomes of all intents in order; None is an open one."""
        return [outcome for (outcome,) in self.bench.rows("SELECT outcome FROM intent ORDER BY sent, id")]


@pytest.fixture
def robot(bench: Any, plain: Any) -> Robot:
    """A robot whose library has been taken stock of."""
    library = plain({1000: "RSM001L9", 1001: "RSM002L9"})
    bench.add(library)
    bench.look(library)
    return Robot(bench, library)


def test_a_good_move_is_recorded_as_seen(robot: Robot) -> None:
    """One command, one intent, and the medium where it was seen afterwards."""
    robot.carry()
    assert robot.library.commands == [(1000, 256, False)]
    assert robot.intents() == ["moved"]
    assert robot.bench.place("RSM001L9") == "drive 0 of lib"
    assert robot.recorded == 1


def test_a_medium_keeps_its_home(robot: Robot) -> None:
    """In a drive a medium still belongs to the slot it came from."""
    home = robot.bench.medium("RSM001L9").home
    robot.carry()
    assert robot.bench.medium("RSM001L9").home == home


def test_a_refused_move_changes_nothing(robot: Robot) -> None:
    """The fault reaches the caller, and the medium is where it was."""
    robot.library.on_move = lambda *_: MoveRefused("no")
    with pytest.raises(MoveRefused):
        robot.carry()
    assert robot.intents() == ["not moved: no"]
    assert robot.bench.place("RSM001L9") == "slot 1 of lib"
    assert robot.recorded == 0


def test_a_lost_answer_to_a_move_that_happened_is_a_good_move(robot: Robot) -> None:
    """Unknown outcome means look: what was seen decides, and nothing is sent again."""

    def lost(library: Any, source: int, destination: int) -> OutcomeUnknown:
        library.carry(source, destination)
        return OutcomeUnknown("the answer was lost")

    robot.library.on_move = lost
    robot.carry()
    assert len(robot.library.commands) == 1
    assert robot.bench.place("RSM001L9") == "drive 0 of lib"
    assert robot.recorded == 1


def test_a_lost_answer_to_a_move_that_did_not_happen_stays_open_until_its_limit(robot: Robot) -> None:
    """Not moved is concluded only when the command's own limit has passed (interfaces.md, Moves)."""
    robot.library.on_move = lambda *_: OutcomeUnknown("the answer was lost")
    with pytest.raises(OutcomeUnknown, match="not known yet"):
        robot.carry()
    assert robot.intents() == [None]
    robot.library.on_move = None
    with pytest.raises(Busy, match="may still be under way"):
        robot.carry()
    assert len(robot.library.commands) == 1
    robot.bench.context.clock.sleep(robot.library.move_limit)
    robot.carry()
    assert robot.intents() == ["not moved", "moved"]


def test_a_library_that_finishes_a_lost_move_late_is_found_out(robot: Robot) -> None:
    """The next step looks first, and finds the medium where the lost move has brought it."""
    robot.library.on_move = lambda *_: OutcomeUnknown("the answer was lost")
    with pytest.raises(OutcomeUnknown):
        robot.carry()
    robot.library.on_move = None
    robot.library.carry(1000, 256)
    robot.carry("RSM002L9", 257)
    assert robot.intents() == ["moved", "moved"]
    assert robot.bench.place("RSM001L9") == "drive 0 of lib"


def test_a_process_that_dies_after_sending_leaves_an_intent_that_the_next_one_settles(robot: Robot) -> None:
    """The intent was committed before the command was sent."""

    def killed(library: Any, source: int, destination: int) -> None:
        library.carry(source, destination)
        raise KeyboardInterrupt

    robot.library.on_move = killed
    with pytest.raises(KeyboardInterrupt):
        robot.carry()
    assert robot.intents() == [None]
    assert robot.bench.place("RSM001L9") == "slot 1 of lib"
    robot.library.on_move = None
    robot.carry("RSM002L9", 257)
    assert robot.bench.place("RSM001L9") == "drive 0 of lib"


def test_a_move_called_good_that_put_the_medium_elsewhere_is_told(robot: Robot) -> None:
    """Quantum puts a medium into another slot and says GOOD; the next inventory finds it."""

    def elsewhere(library: Any, source: int, _: int) -> None:
        library.carry(source, 1005)

    robot.library.on_move = elsewhere
    with pytest.raises(MoveRefused, match="called the move of RSM001L9 to drive 0 good, but"):
        robot.carry()
    assert robot.intents() == ["not where it was sent"]
    assert robot.bench.library().stale
    assert robot.bench.place("RSM001L9") == "not found in lib"
    robot.bench.look(robot.library)
    assert robot.bench.place("RSM001L9") == "slot 6 of lib"
    assert not robot.bench.library().stale


def test_a_broken_robot_that_holds_the_medium_loses_nothing(robot: Robot) -> None:
    """Neither end holds the medium: it stays recorded, and the library wants an inventory."""

    def dropped(library: Any, source: int, _: int) -> HardwareFailed:
        library.carry(source, 1)
        return HardwareFailed("the arm is stuck")

    robot.library.on_move = dropped
    robot.bench.context.clock.sleep(0)
    with pytest.raises((HardwareFailed, OutcomeUnknown)):
        robot.carry()
    robot.bench.context.clock.sleep(robot.library.move_limit)
    robot.bench.look(robot.library)
    assert robot.bench.place("RSM001L9") == "changer 1 of lib"


def test_a_unit_attention_before_the_move_means_look_and_plan_anew(robot: Robot) -> None:
    """Nothing was executed; a second intent is made, and the command is sent once."""
    moments = iter([InventoryStale("a door was closed")])

    def stale_once(library: Any, source: int, destination: int) -> Any:
        fault = next(moments, None)
        if fault is None:
            library.carry(source, destination)
        return fault

    robot.library.on_move = stale_once
    robot.carry()
    assert robot.intents() == ["not moved: a door was closed", "moved"]


def test_a_medium_that_hands_moved_is_fetched_from_where_it_is_now(robot: Robot) -> None:
    """Both ends are looked at first; a surprise means an inventory and a new plan, not a wrong command."""
    robot.library.holds = {1004: "RSM001L9", 1001: "RSM002L9"}
    robot.carry()
    assert robot.library.commands == [(1004, 256, False)]
    assert robot.bench.place("RSM001L9") == "drive 0 of lib"


def test_a_medium_that_hands_took_is_told(robot: Robot) -> None:
    """Nothing is sent for what is not there any more."""
    robot.library.holds = {1001: "RSM002L9"}
    with pytest.raises(moves.MediumElsewhere, match="on the shelf"):
        robot.carry()
    assert robot.library.commands == []


def test_nothing_is_sent_to_a_place_that_is_full(robot: Robot) -> None:
    """A destination that somebody has filled is found out before the command."""
    robot.library.carry(1001, 256)
    with pytest.raises(moves.MediumElsewhere, match="drive 0 of lib is not empty"):
        robot.carry()
    assert robot.library.commands == []
    assert robot.bench.place("RSM002L9") == "drive 0 of lib"


def test_of_two_media_swapped_by_hand_the_right_one_is_moved(robot: Robot) -> None:
    """They are told apart by their labels before anything moves."""
    robot.library.holds = {1000: "RSM002L9", 1001: "RSM001L9"}
    robot.carry()
    assert robot.library.commands == [(1001, 256, False)]


def test_one_open_move_a_robot_is_guaranteed_by_the_store(robot: Robot) -> None:
    """The database refuses a second open intent, whatever the program thinks."""
    robot.library.on_move = lambda *_: OutcomeUnknown("lost")
    with pytest.raises(OutcomeUnknown):
        robot.carry()
    with pytest.raises(Exception, match="UNIQUE"), robot.bench.context.store.writing() as writer:
        writer.connection.execute(
            "INSERT INTO intent SELECT 'x', library, medium, source, destination, inverted,"
            " reason, holder, sent, limit_ms, NULL, NULL FROM intent"
        )
