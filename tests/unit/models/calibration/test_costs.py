"""Facts of thresholds by cost, and of intervals of rates."""

import numpy as np
import pytest
from scipy.stats import norm

from edge.contract.manifest import Costs
from models.calibration.cost import cheapest_threshold, expected_cost, failed_share
from models.calibration.threshold import calibrate, escape_bound, overkill_bound
from models.evaluation.intervals import rate_interval

GENERATOR = np.random.default_rng(0)
GOODS = GENERATOR.normal(1, 0.3, 300).astype(np.float32)
DEFECTS = GENERATOR.normal(2, 0.4, 200).astype(np.float32)


def cost_at(threshold: float, costs: Costs) -> float:
    at = np.array([threshold])
    return float(expected_cost(costs, 1 - failed_share(DEFECTS, at), failed_share(GOODS, at))[0])


@pytest.mark.parametrize(
    "costs",
    [
        Costs(escape=20, overkill=1, defect_rate=0.01),
        Costs(escape=1, overkill=1, defect_rate=0.5),
        Costs(escape=1000, overkill=1, defect_rate=0.1),
        Costs(escape=1, overkill=50, defect_rate=0.2),
    ],
)
def test_no_other_threshold_is_much_cheaper(costs: Costs) -> None:
    chosen = cost_at(cheapest_threshold(GOODS, DEFECTS, costs), costs)
    cheapest = min(cost_at(t, costs) for t in np.linspace(0, 4, 2000))
    assert chosen <= cheapest * 1.1 + 0.01 * costs.escape * costs.defect_rate


def test_dearer_escapes_lower_the_threshold() -> None:
    thresholds = [
        cheapest_threshold(GOODS, DEFECTS, Costs(escape=escape, overkill=1, defect_rate=0.05))
        for escape in (1, 10, 100, 1000)
    ]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[0] > thresholds[-1] + 0.3


def test_where_nothing_overlaps_the_threshold_is_in_the_middle() -> None:
    goods, defects = np.array([0.1, 0.2], np.float32), np.array([1.0, 1.2], np.float32)
    assert cheapest_threshold(goods, defects, Costs(escape=5, overkill=1, defect_rate=0.2)) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("count", "of", "expected"),
    [(0, 10, (0, 0.3085)), (10, 10, (0.6915, 1)), (1, 3, (0.0084, 0.9057)), (0, 0, (0, 1)), (5, 100, (0.0164, 0.1128))],
)
def test_intervals_are_those_of_the_tables(count: int, of: int, expected: tuple[float, float]) -> None:
    assert rate_interval(count, of) == pytest.approx(expected, abs=2e-4)


def test_a_training_with_labels_enough_chooses_by_cost_and_says_so() -> None:
    dear, cheap = (
        calibrate(GOODS, DEFECTS, 0.05, Costs(escape=escape, overkill=1, defect_rate=0.05)) for escape in (1000, 1)
    )
    assert dear.threshold < cheap.threshold
    assert dear.costs is not None
    assert "cheapest on the held-out parts (escape 1000, overkill 1, 5.00% of parts bad)" in dear.promise.text
    assert "the bounds are wider for it" in dear.promise.text
    above = int((dear.threshold < GOODS).sum())
    assert dear.promise.overkill_at_most == pytest.approx(overkill_bound(above + 1, len(GOODS), 0.99))
    assert dear.promise.escapes_at_most == pytest.approx(escape_bound(dear.heldout_defects_missed, len(DEFECTS), 0.99))


@pytest.mark.parametrize(("apart", "escape", "defect_rate"), [(1, 100, 0.01), (2, 100, 0.01), (1, 10, 0.05)])
def test_what_a_threshold_chosen_by_cost_promises_holds_in_nineteen_trainings_of_twenty(
    apart: float, escape: float, defect_rate: float
) -> None:
    generator, costs = np.random.default_rng(7), Costs(escape=escape, overkill=1, defect_rate=defect_rate)
    held = []
    for _ in range(300):
        goods = generator.normal(size=190).astype(np.float32)
        found = calibrate(goods, generator.normal(apart, 1, 50).astype(np.float32), 0.05, costs)
        overkill, escapes = norm.sf(found.threshold), norm.cdf(found.threshold - apart)
        held.append((overkill <= found.promise.overkill_at_most, escapes <= (found.promise.escapes_at_most or 0)))
    assert (np.mean(held, axis=0) >= 0.95).all()


def test_with_few_labels_it_keeps_to_the_overkill_and_says_so() -> None:
    costs = Costs(escape=1000, overkill=1, defect_rate=0.05)
    found = calibrate(GOODS, DEFECTS[:9], 0.05, costs)
    assert found.costs is None
    assert found.threshold == calibrate(GOODS, DEFECTS[:9], 0.05).threshold
    assert "takes 10 labelled defects, there are 9; the threshold keeps to the overkill instead" in found.promise.text
