"""Promised shares in words."""

import numpy as np
import pytest

from models.calibration.percent import bound_text, share_text
from models.calibration.threshold import calibrate


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0.0%"),
        (0.0002995, "0.030%"),
        (0.0099, "0.99%"),
        (0.01, "1.0%"),
        (0.0503, "5.1%"),
        (0.0495, "5.0%"),
        (1.0, "100.0%"),
    ],
)
def test_a_bound_is_never_told_smaller_than_it_is(share: float, text: str) -> None:
    assert bound_text(share) == text


def test_a_chosen_share_keeps_its_digits() -> None:
    assert [share_text(share) for share in (0.0004, 0.005, 0.05)] == ["0.04%", "0.5%", "5.0%"]


def test_many_good_parts_promise_little_overkill_and_not_none() -> None:
    goods = np.linspace(0, 1, 10_000, dtype=np.float32)
    promise = calibrate(goods, np.array([], np.float32), target_overkill=0.0002).promise
    assert "at most 0.030% of good parts fail" in promise.text
    assert "To promise 0.02% takes 14978 good images" in promise.text


def test_one_part_too_few_is_not_told_as_the_target() -> None:
    promise = calibrate(np.linspace(0, 1, 58, dtype=np.float32), np.array([], np.float32), 0.05).promise
    assert promise.overkill_at_most > 0.05
    assert "at most 5.1% of good parts fail" in promise.text


def test_a_target_next_to_nothing_is_told_what_it_takes() -> None:
    promise = calibrate(np.linspace(0, 1, 58, dtype=np.float32), np.array([], np.float32), 1e-17).promise
    assert "To promise 1e-15% takes 29957322735539" in promise.text
