"""What a count says of a rate, and paired decisions of a difference."""

import numpy as np
from scipy.special import bdtr, betaincinv  # scipy.stats takes a second to import, and every gate would wait for it

__all__ = ["at_most", "exact_mcnemar", "rate_interval"]

_CONFIDENCE = 0.95


def rate_interval(count: int, of: int) -> tuple[float, float]:
    """Two-sided 95 % interval of a rate; source: Clopper and Pearson (Biometrika 1934).

    Args:
        count: how often it happened.
        of: in how many parts; 0 tells nothing, which is 0 to 1.
    """
    half = (1 - _CONFIDENCE) / 2
    lower = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, half))
    upper = 1.0 if count == of else float(betaincinv(count + 1, of - count, 1 - half))
    return lower, upper


def at_most(of: int, rate: float) -> int:
    """What a count stays within in 95 % of sets of `of` parts, each of which counts with probability `rate`."""
    return int(np.searchsorted(bdtr(np.arange(of + 1), of, rate), _CONFIDENCE)) if of else 0


def exact_mcnemar(one_way: int, other_way: int) -> float:
    """How likely parts that only one of two got right split so unevenly by chance; 1 if there are none.

    Source: McNemar (Psychometrika 1947), by the binomial distribution instead of its approximation.
    """
    if one_way + other_way == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(one_way, other_way), one_way + other_way, 0.5)))
