"""Two items at once, their results in order, and not many of them waiting."""

import threading
from collections.abc import Iterator

import pytest

from models.two_callers import by_two_callers


def test_two_are_worked_on_at_once_and_never_three() -> None:
    """Both wait for each other: with one caller the barrier would break."""
    both = threading.Barrier(2, timeout=10)
    lock, now, most = threading.Lock(), [0], [0]

    def work(item: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait()
        with lock:
            now[0] -= 1
        return item * item

    assert list(by_two_callers(work, range(20))) == [item * item for item in range(20)]
    assert most == [2]


def test_what_fails_is_raised_in_its_place() -> None:
    def work(item: int) -> int:
        if item == 3:
            msg = "the fourth"
            raise ValueError(msg)
        return item

    done = by_two_callers(work, range(100))
    assert [next(done) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="the fourth"):
        next(done)


def test_few_results_wait_for_whoever_takes_them() -> None:
    """Maps of all images at once would not fit where images come one by one."""
    asked = []

    def items() -> Iterator[int]:
        for item in range(1000):
            asked.append(item)
            yield item

    done = by_two_callers(str, items())
    assert next(done) == "0"
    assert len(asked) < 10
    done.close()  # type: ignore[attr-defined]


def test_nothing_to_do_is_nothing_done() -> None:
    assert list(by_two_callers(str, [])) == []
