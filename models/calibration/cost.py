"""What a threshold costs: escapes reach the customer, overkill goes to the bin or to a second look."""

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import Costs

__all__ = ["cheapest_threshold", "expected_cost", "failed_share"]

Floats = NDArray[np.float64]


def expected_cost(costs: Costs, escape_rate: Floats, overkill_rate: Floats) -> Floats:
    """Of one part of the line, good or bad."""
    return costs.defect_rate * costs.escape * escape_rate + (1 - costs.defect_rate) * costs.overkill * overkill_rate


def failed_share(scores: NDArray[np.float32], thresholds: Floats) -> Floats:
    """Share of the scores `(n,)` above each threshold `(t,)`."""
    return np.asarray(1 - np.sort(scores).searchsorted(thresholds, "right") / len(scores), np.float64)


def cheapest_threshold(goods: NDArray[np.float32], defects: NDArray[np.float32], costs: Costs) -> float:
    """The threshold of least expected cost on held-out scores `(n,)` and `(m,)`; both must not be empty.

    Rates are those of one part more that fails and one more that passes (Laplace's rule of succession): no failure
    among ten is not the same as never. Of equally cheap thresholds the middle one, farthest from both kinds.
    """
    candidates = np.unique(np.concatenate([goods, defects])).astype(np.float64)
    middles = np.concatenate([candidates[:1] - 1e-3, (candidates[1:] + candidates[:-1]) / 2, candidates[-1:] + 1e-3])
    escapes = (len(defects) * (1 - failed_share(defects, middles)) + 1) / (len(defects) + 2)
    overkill = (len(goods) * failed_share(goods, middles) + 1) / (len(goods) + 2)
    cost = expected_cost(costs, escapes, overkill)
    cheapest = np.flatnonzero(np.isclose(cost, cost.min(), rtol=1e-9))
    return float(middles[cheapest[len(cheapest) // 2]])
