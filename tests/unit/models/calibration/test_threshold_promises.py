"""Facts of the threshold: what it promises, and that the promise holds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.calibration.consequences import moved
from models.calibration.outliers import tail_threshold
from models.calibration.threshold import calibrate, escape_bound, overkill_bound

NONE = np.zeros(0, np.float32)


def scores(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 1, count).astype(np.float32)


@pytest.mark.parametrize(("goods", "promised"), [(29, 0.10), (59, 0.05), (149, 0.02), (299, 0.01)])
def test_the_number_of_good_parts_decides_what_can_be_promised(goods: int, promised: float) -> None:
    """One part fewer does not support it, and the text tells how many are needed."""
    enough = calibrate(scores(goods), NONE, promised).promise
    assert enough.overkill_at_most <= promised
    assert "To promise" not in enough.text
    short = calibrate(scores(goods - 1), NONE, promised).promise
    assert short.overkill_at_most > promised
    assert f"To promise {promised:.1%} takes {goods} good images" in short.text


def test_with_too_few_parts_the_threshold_is_where_an_exponential_tail_has_the_share() -> None:
    """Never above the largest good score, and the promise counts the good parts above it as failed."""
    goods = np.random.default_rng(0).exponential(1, 20).astype(np.float32)
    found = calibrate(goods, NONE, 0.05)
    failed = int((goods > found.threshold).sum())
    assert found.threshold == pytest.approx(min(goods.max(), tail_threshold(goods, 0.05)))
    assert found.promise.overkill_at_most == overkill_bound(failed + 1, 20)
    assert calibrate(goods, NONE, 0.001).threshold == goods.max()


def test_more_parts_allow_a_lower_threshold_for_the_same_promise() -> None:
    """The k-th largest instead of the largest: fewer escapes for nothing."""
    goods = np.arange(1000, dtype=np.float32)
    found = calibrate(goods, NONE, 0.05)
    failed = int((goods > found.threshold).sum())
    assert 30 < failed < 50
    assert found.promise.overkill_at_most <= 0.05 < overkill_bound(failed + 2, 1000)


@pytest.mark.parametrize(("count", "target"), [(59, 0.05), (200, 0.05), (100, 0.1)])
def test_the_promise_holds_in_95_of_100_trainings(count: int, target: float) -> None:
    """Simulated: the true overkill behind each of 1,000 thresholds; 2 % are left to chance."""
    uniform = np.random.default_rng(1).random((1000, count)).astype(np.float32)
    true_overkill = np.array([1 - calibrate(row, NONE, target).threshold for row in uniform])
    kept = np.mean(true_overkill <= target)
    assert kept >= 0.95 - 0.02
    assert kept < 1.0


@pytest.mark.parametrize("defects", [10, 30, 100, 1000])
def test_without_a_miss_escapes_are_at_most_3_in_n(defects: int) -> None:
    """The rule of three, from below."""
    assert 2.5 / defects < escape_bound(0, defects) <= 3 / defects


def test_missed_defects_are_counted_and_raise_the_bound() -> None:
    """A score at the threshold passes, so it is a miss."""
    goods = np.arange(100, dtype=np.float32)
    found = calibrate(goods, np.array([200, 300, 1, 400], np.float32), 0.05)
    assert (found.heldout_goods, found.heldout_defects, found.heldout_defects_missed) == (100, 4, 1)
    assert found.promise.escapes_at_most == pytest.approx(escape_bound(1, 4))
    assert "Of 4 labelled defects 1 were missed" in found.promise.text
    assert calibrate(goods, np.array([found.threshold], np.float32), 0.05).heldout_defects_missed == 1


def test_nothing_is_promised_about_escapes_without_labels() -> None:
    promise = calibrate(scores(59), NONE, 0.05).promise
    assert promise.escapes_at_most is None
    assert "nothing is promised about escapes" in promise.text


def test_if_all_are_missed_all_may_escape() -> None:
    assert escape_bound(5, 5) == 1.0


def test_one_odd_good_part_among_few_does_not_decide_the_threshold() -> None:
    """And the promise counts it as failed; with enough parts the order statistic alone decides."""
    usual = np.linspace(0.1, 1.0, 19, dtype=np.float32)
    found = calibrate(np.append(usual, np.float32(9.0)), NONE, 0.05)
    assert found.threshold <= 2 * usual.max()
    assert found.promise.overkill_at_most >= overkill_bound(2, 20)


def test_a_threshold_below_all_good_parts_promises_nothing() -> None:
    """Every held-out good part fails, so all of them may."""
    assert overkill_bound(60, 59) == 1.0
    assert moved(calibrate(scores(59), NONE, 0.05), -100.0, None).promise.overkill_at_most == 1.0


def test_more_images_are_asked_for_only_where_they_are_what_is_missing() -> None:
    """Not where a person chose a threshold that many good parts fail."""
    assert "To promise" not in moved(calibrate(scores(59), NONE, 0.05), 0.0, None).promise.text
    assert "To promise 5.0% takes 59" in moved(calibrate(scores(58), NONE, 0.05), 0.0, None).promise.text
