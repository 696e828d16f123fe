"""Rates from a sample of unequal weights, with intervals.

Source: Horvitz and Thompson (JASA 1952), weights that add up to the known number of parts after Hájek (1971); interval
of Clopper and Pearson on an effective sample size, as Korn and Graubard (Survey Methodology 1998), taken for the worst
case instead of estimated.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Estimate", "Reviewed", "odds_share", "plain_rate", "upper_bounds", "weigh", "weighted_rate"]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A reviewed part: how many it stands for, whether its verdict was wrong, and among which it was drawn."""

    weight: float
    wrong: bool
    stratum: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate with its two-sided interval."""

    value: float
    lower: float
    upper: float


def weigh(parts: int, reviewed: Sequence[tuple[float, bool]], stratum: str = "") -> list[Reviewed]:
    """Reviewed parts of one stratum, each by the parts that it stands for.

    Args:
        parts: all of the stratum, with or without a picture.
        reviewed: share with which each was drawn, and whether its verdict was wrong.
        stratum: its name; those drawn with one share tell of themselves only, as a stratum of their own.
    """
    total = sum(1 / share for share, _ in reviewed)
    return [Reviewed(parts / share / total, wrong, f"{stratum} {share:.6g}") for share, wrong in reviewed]


def weighted_rate(sample: Sequence[Reviewed], confidence: float = 0.95) -> Estimate | None:
    """Share of wrong verdicts; None without a reviewed part."""
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import, and seldom needed

    if not sample:
        return None
    total = sum(part.weight for part in sample)
    value = sum(part.weight for part in sample if part.wrong) / total
    effective = _effective_size(sample)
    wrong, half = value * effective, (1 - confidence) / 2
    right = effective - wrong
    lower = float(betaincinv(wrong, right + 1, half)) if value > 0 else 0.0
    upper = float(betaincinv(wrong + 1, right, 1 - half)) if value < 1 else 1.0
    return Estimate(value, lower, upper)


def plain_rate(hits: int, parts: int, confidence: float = 0.95) -> Estimate | None:
    """Share of hits among parts that all count alike; None without parts.

    Source: Clopper and Pearson (Biometrika 1934).
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import, and seldom needed

    if parts == 0:
        return None
    half, misses = (1 - confidence) / 2, parts - hits
    lower = float(betaincinv(hits, misses + 1, half)) if hits else 0.0
    upper = float(betaincinv(hits + 1, misses, 1 - half)) if misses else 1.0
    return Estimate(hits / parts, lower, upper)


def upper_bounds(parts: int, confidence: float = 0.95) -> tuple[float, ...]:
    """One-sided upper bound of a rate by the number of hits among `parts`, 0 to all; empty without parts.

    Source: Clopper and Pearson (Biometrika 1934).
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import, and seldom needed

    below = [float(betaincinv(hits + 1, parts - hits, confidence)) for hits in range(parts)]
    return (*below, 1.0) if parts else ()


def odds_share(wrong_of: tuple[int, Estimate], right_of: tuple[int, Estimate]) -> Estimate | None:
    """Share of `A` in `A + B`, where A is the wrong part of one set and B the right part of another.

    Bad parts that passed, of all bad ones: wrong passes beside right fails. The interval holds if both do, so give both
    at 97.5 %.

    Args:
        wrong_of: parts of the first set, and the rate of wrong ones.
        right_of: parts of the second set, and the rate of wrong ones.
    """

    def share(wrong: float, other: float) -> float | None:
        a, b = wrong_of[0] * wrong, right_of[0] * (1 - other)
        return a / (a + b) if a + b > 0 else None

    first, second = wrong_of[1], right_of[1]
    value = share(first.value, second.value)
    if value is None:
        return None
    lower, upper = share(first.lower, second.lower), share(first.upper, second.upper)
    return Estimate(value, 0.0 if lower is None else lower, 1.0 if upper is None else upper)


def _effective_size(sample: Sequence[Reviewed]) -> float:
    """Size of a simple random sample that would tell as much if all wrong parts were in the stratum that tells least.

    The weights of the whole sample alone say too much: 500 parts of a station without escapes hide that of another, as
    large one only 40 were looked at. A stratum of share W with n parts tells of the whole what n / W of a simple sample
    do; with shares like the parts' that is the size of the sample.
    """
    total = sum(part.weight for part in sample)
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for part in sample:
        weights[part.stratum].append(part.weight)
    return min(total * sum(found) / sum(weight**2 for weight in found) for found in weights.values())
