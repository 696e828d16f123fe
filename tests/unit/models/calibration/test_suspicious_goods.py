"""Facts of telling good parts that are unlike all others."""

import numpy as np
import pytest

from models.calibration.outliers import outliers, tail_threshold

USUAL = [0.1, 0.2, 0.25, 0.3, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6]


@pytest.mark.parametrize(
    ("strange", "expected"),
    [
        ([], ()),
        ([9.0], (10,)),
        ([9.0, 12.0], (11, 10)),
        ([0.8], ()),
        ([9.0, 12.0, 10.0], (11, 12, 10)),
    ],
)
def test_only_parts_far_away_from_all_others_are_told_the_worst_first(
    strange: list[float], expected: tuple[int, ...]
) -> None:
    assert outliers(np.array(USUAL + strange, np.float32)) == expected


def test_a_few_bad_parts_among_many_good_ones_are_told() -> None:
    """Bad parts do not hide each other: they do not move the spread of the middle half."""
    goods = np.random.default_rng(0).exponential(0.4, 200).astype(np.float32)
    found = outliers(np.append(goods, np.linspace(9, 10, 20, dtype=np.float32)))
    assert found == tuple(range(219, 199, -1))


def test_good_parts_alone_seldom_raise_the_alarm() -> None:
    """Tails of good scores are about exponential; the spread is estimated too, which costs some more than 5 %."""
    alarms = [bool(outliers(np.random.default_rng(s).exponential(0.4, 100).astype(np.float32))) for s in range(400)]
    assert sum(alarms) <= 40


@pytest.mark.parametrize("share", [0.2, 0.05, 0.01])
def test_the_tail_threshold_is_exceeded_by_its_share(share: float) -> None:
    goods = np.random.default_rng(1).exponential(0.4, 100_000).astype(np.float32)
    assert (goods > tail_threshold(goods, share)).mean() == pytest.approx(share, rel=0.1)


def test_equal_scores_are_no_outliers() -> None:
    assert outliers(np.full(8, 0.3, np.float32)) == ()
