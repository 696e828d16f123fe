"""How often the bounds of a threshold that was chosen by cost hold, by simulated trainings.

    PYTHONPATH=. .venv/bin/python bench/by_cost.py

Scores of good parts are normal, those of defects normal and some way apart. For each number of parts, distance and
cost, so many trainings choose a threshold; what it then does is known. Printed: the share of trainings whose overkill
and escapes keep to the bound, the least of all settings and the mean, for bounds told with 95 % and with 99 %.
"""

import argparse
from collections.abc import Iterator
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from edge.contract.manifest import Costs
from models.calibration.cost import cheapest_threshold
from models.calibration.threshold import escape_bound, overkill_bound

_GOODS, _DEFECTS, _APART, _ESCAPES, _BAD = (60, 190, 600), (10, 50, 200), (1.0, 2.0, 3.0), (1.0, 100.0), (0.01, 0.05)
_CONFIDENCES = (0.95, 0.99)


def main() -> None:
    """Simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainings", type=int, default=400, help="of each setting")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    costs = [Costs(escape=escape, overkill=1, defect_rate=bad) for escape, bad in product(_ESCAPES, _BAD)]
    settings = product(_GOODS, _DEFECTS, _APART, costs)
    held = np.array([np.mean(list(islice(_held(generator, *one), options.trainings)), axis=0) for one in settings])
    for number, confidence in enumerate(_CONFIDENCES):
        for kind, name in enumerate(("overkill", "escapes")):
            shares = held[:, number, kind]
            print(f"told with {confidence:.0%}: {name} holds in {shares.min():.1%} or more, mean {shares.mean():.1%}")


def _held(
    generator: np.random.Generator, goods: int, defects: int, apart: float, costs: Costs
) -> Iterator[NDArray[np.bool_]]:
    """Which bounds hold, `(confidences, 2)`, training after training."""
    while True:
        good = generator.normal(size=goods).astype(np.float32)
        defect = generator.normal(apart, 1, defects).astype(np.float32)
        threshold = cheapest_threshold(good, defect, costs)
        rank, missed = 1 + int((good > threshold).sum()), int((defect <= threshold).sum())
        overkill, escapes = norm.sf(threshold), norm.cdf(threshold - apart)
        yield np.array(
            [
                (overkill <= overkill_bound(rank, goods, told), escapes <= escape_bound(missed, defects, told))
                for told in _CONFIDENCES
            ]
        )


if __name__ == "__main__":
    main()
