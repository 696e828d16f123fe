"""Counts and rates, against libraries that take longer to import than a gate may wait."""

import numpy as np
import pytest
from scipy.stats import beta, binom, binomtest
from sklearn.metrics import average_precision_score

from models.evaluation.intervals import at_most, exact_mcnemar, rate_interval
from models.evaluation.metrics import average_precision

COUNTS = [(0, 1), (1, 1), (0, 20), (3, 20), (20, 20), (7, 1000), (130, 268)]


@pytest.mark.parametrize(("count", "of"), COUNTS)
def test_an_interval_is_clopper_and_pearsons(count: int, of: int) -> None:
    lower = 0.0 if count == 0 else beta.ppf(0.025, count, of - count + 1)
    upper = 1.0 if count == of else beta.ppf(0.975, count + 1, of - count)
    assert rate_interval(count, of) == pytest.approx((lower, upper), abs=1e-9)


def test_mcnemar_is_the_exact_binomial_test() -> None:
    for one_way in range(12):
        for other_way in range(1, 12):
            expected = binomtest(one_way, one_way + other_way).pvalue
            assert exact_mcnemar(one_way, other_way) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.01, 0.05, 0.5, 1.0])
def test_at_most_is_the_binomial_quantile(rate: float) -> None:
    for of in (1, 7, 130, 5000):
        assert at_most(of, rate) == max(0, int(binom.ppf(0.95, of, rate)))
    assert at_most(0, rate) == 0


def test_average_precision_is_that_of_scikit_learn_with_ties() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        truth = random.random(60) < 0.3
        truth[:2] = (True, False)
        score = random.integers(0, 20, 60).astype(np.float32)
        assert average_precision(truth, score) == pytest.approx(average_precision_score(truth, score))
