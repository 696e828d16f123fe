"""The control chart of the failed fraction."""

import math

import pytest

from inspection.analytics.pchart import p_chart


def test_limits_follow_the_number_of_parts() -> None:
    chart = p_chart([10, 2], [100, 20])
    assert chart.centre == pytest.approx(0.1)
    wide = 3 * math.sqrt(0.1 * 0.9 / 20)
    assert chart.points[1].upper == pytest.approx(0.1 + wide)
    assert chart.points[1].lower == 0.0
    assert chart.points[0].upper == pytest.approx(0.1 + 3 * math.sqrt(0.1 * 0.9 / 100))


def test_a_bad_day_signals_and_an_ordinary_one_does_not() -> None:
    chart = p_chart([5, 4, 6, 30, 5], [100] * 5)
    assert [point.signals for point in chart.points] == [(), (), (), ("beyond_limits",), ()]


def test_nine_on_one_side_are_a_run_and_days_without_parts_do_not_break_it() -> None:
    low, high = [3, 4] * 5, [7, 6] * 5
    chart = p_chart([*low, 0, *high], [100] * 10 + [0] + [100] * 10)
    signals = [point.signals for point in chart.points]
    assert [index for index, rules in enumerate(signals) if "run" in rules] == [8, 9, 19, 20]
    assert chart.points[10].fraction is None


def test_six_rising_are_a_trend() -> None:
    chart = p_chart([10, 11, 12, 13, 14, 15, 14], [1000] * 7)
    assert [index for index, point in enumerate(chart.points) if "trend" in point.signals] == [5]


def test_no_parts_give_no_limits() -> None:
    chart = p_chart([0, 0], [0, 0])
    assert chart.centre is None
    assert [point.upper for point in chart.points] == [None, None]


def test_counts_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="as many failed counts as judged counts, got 1 and 2"):
        p_chart([1], [1, 2])
