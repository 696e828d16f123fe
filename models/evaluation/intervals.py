"""What a count says of a rate, and paired decisions of a difference."""

from scipy.stats import beta, binomtest

__all__ = ["exact_mcnemar", "rate_interval"]

_CONFIDENCE = 0.95


def rate_interval(count: int, of: int) -> tuple[float, float]:
    """Two-sided 95 % interval of a rate; source: Clopper and Pearson (Biometrika 1934).

    Args:
        count: how often it happened.
        of: in how many parts; 0 tells nothing, which is 0 to 1.
    """
    half = (1 - _CONFIDENCE) / 2
    lower = 0.0 if count == 0 else float(beta.ppf(half, count, of - count + 1))
    upper = 1.0 if count == of else float(beta.ppf(1 - half, count + 1, of - count))
    return lower, upper


def exact_mcnemar(one_way: int, other_way: int) -> float:
    """How likely parts that only one of two got right split so unevenly by chance; 1 if there are none.

    Source: McNemar (Psychometrika 1947), by the binomial distribution instead of its approximation.
    """
    if one_way + other_way == 0:
        return 1.0
    return float(binomtest(one_way, one_way + other_way).pvalue)
