"""Two boxes with the key of one station, told from one that restarts."""

from datetime import UTC, datetime, timedelta

import pytest

from inspection.stations.turns import Turns

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def _after(*processes: str | None, step_s: float = 1.0) -> bool:
    turns, now = Turns(), START
    for process in processes:
        now += timedelta(seconds=step_s)
        turns = turns.then(process, now)
    return turns.taken(now)


@pytest.mark.parametrize(
    "processes",
    [("a", "b", "a", "b", "a"), ("a", "b", "c", "a", "b", "c"), (None, "b", None, "b", None), tuple("aabbaabbaa")],
)
def test_processes_that_come_back_in_turn_share_a_key(processes: tuple[str | None, ...]) -> None:
    assert _after(*processes)


@pytest.mark.parametrize(
    "processes",
    [("a",) * 9, ("a", "b"), tuple("abcdefghijklmn"), ("a", "b", "a", "b"), (None, "a", None, "b", "c")],
)
def test_one_box_never_does_however_often_it_restarts(processes: tuple[str | None, ...]) -> None:
    assert not _after(*processes)


def test_what_came_in_turn_long_ago_is_over() -> None:
    assert not _after("a", "b", "a", "b", "a", step_s=200.0)
    assert _after("a", "b", "a", "b", "a", step_s=60.0)
