"""The control chart of a fraction: which hours or days differ from the rest by more than chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ChartPoint", "PChart", "p_chart"]

_SIGMAS = 3.0
_RUN = 9
_TREND = 6


@dataclass(frozen=True)
class ChartPoint:
    """A subgroup.

    Attributes:
        fraction: of failed parts; None without parts.
        lower, upper: control limits for its number of parts; None without parts.
        signals: rules that it breaks: `beyond_limits`, `run`, `trend`.
    """

    fraction: float | None
    lower: float | None
    upper: float | None
    signals: tuple[str, ...]


@dataclass(frozen=True)
class PChart:
    """The chart.

    Attributes:
        centre: fraction over all subgroups; None without parts.
    """

    centre: float | None
    points: tuple[ChartPoint, ...]


def p_chart(failed: Sequence[int], judged: Sequence[int]) -> PChart:
    """A p-chart with three-sigma limits by subgroup size and Nelson's rules 1, 2 and 3.

    A point signals if it lies beyond its limits, if it is the ninth or later in a run on one side of the centre, or
    the sixth or later of a steady rise or fall. Subgroups without parts are left out of runs.
    Source: NIST/SEMATECH e-Handbook, 6.3.3.2; L. S. Nelson, J. Quality Technology 16 (1984) 237.

    Args:
        failed: failed parts by subgroup.
        judged: parts by subgroup, same length.

    Raises:
        ValueError: the lengths differ.
    """
    if len(failed) != len(judged):
        raise ValueError(f"expected as many failed counts as judged counts, got {len(failed)} and {len(judged)}")
    total = sum(judged)
    if total == 0:
        return PChart(None, tuple(ChartPoint(None, None, None, ()) for _ in judged))
    centre = sum(failed) / total
    fractions = [bad / count if count else None for bad, count in zip(failed, judged, strict=True)]
    runs, trends = (
        _runs([f for f in fractions if f is not None], centre),
        _trends([f for f in fractions if f is not None]),
    )
    points, seen = [], 0
    for fraction, count in zip(fractions, judged, strict=True):
        if fraction is None:
            points.append(ChartPoint(None, None, None, ()))
            continue
        spread = _SIGMAS * math.sqrt(centre * (1 - centre) / count)
        lower, upper = max(0.0, centre - spread), min(1.0, centre + spread)
        rules = {
            "beyond_limits": not lower <= fraction <= upper,
            "run": runs[seen] >= _RUN,
            "trend": trends[seen] >= _TREND,
        }
        points.append(ChartPoint(fraction, lower, upper, tuple(rule for rule, broken in rules.items() if broken)))
        seen += 1
    return PChart(centre, tuple(points))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _runs(fractions: Sequence[float], centre: float) -> list[int]:
    """How many points in a row, this one included, lie on this one's side of the centre."""
    lengths: list[int] = []
    before = 0
    for fraction in fractions:
        side = _sign(fraction - centre)
        lengths.append(0 if side == 0 else lengths[-1] + 1 if side == before else 1)
        before = side
    return lengths


def _trends(fractions: Sequence[float]) -> list[int]:
    """How many points in a row, this one included, rise (or fall) steadily."""
    lengths: list[int] = []
    before = 0
    for index, fraction in enumerate(fractions):
        way = _sign(fraction - fractions[index - 1]) if index else 0
        lengths.append(1 if way == 0 else lengths[-1] + 1 if way == before else 2)
        before = way
    return lengths
