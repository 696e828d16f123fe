"""Facts of telling good parts that are unlike all others."""

import numpy as np
import pytest

from models.calibration.outliers import outliers

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


def test_a_long_tail_without_a_gap_blames_nobody() -> None:
    tail = [0.9, 1.2, 1.6, 2.1, 2.9]
    assert outliers(np.array(USUAL * 20 + tail, np.float32)) == ()


def test_a_gap_above_a_long_tail_is_found() -> None:
    tail = [2.0, 2.3, 2.6, 9.0]
    assert outliers(np.array(USUAL * 20 + [0.9, 1.3, 1.7, *tail], np.float32)) == (206,)


def test_good_parts_alone_hardly_ever_raise_the_alarm() -> None:
    """Tails of good scores are about exponential; one false alarm in a hundred trainings would be ignored soon."""
    alarms = [bool(outliers(np.random.default_rng(s).exponential(0.4, 100).astype(np.float32))) for s in range(400)]
    assert sum(alarms) <= 4


def test_equal_scores_are_no_outliers() -> None:
    assert outliers(np.full(8, 0.3, np.float32)) == ()
