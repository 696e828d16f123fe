"""Good parts that are unlike all others: most often a bad one in the wrong folder."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["outliers"]

_SPREADS = 8.0  # interquartile ranges above the median
_GAP = 1.5  # times the largest score that is none


def outliers(scores: NDArray[np.float32]) -> tuple[int, ...]:
    """Indices of the held-out good scores `(n,)` that stand apart from all others, the worst first.

    Far above the median by the spread of the middle half, and with a gap below: a long tail without a gap is the
    part's own nature, and no single image of it is to blame.
    """
    lower, median, upper = np.quantile(scores, (0.25, 0.5, 0.75))
    order = np.argsort(scores)
    far = [int(i) for i in order if scores[i] > median + _SPREADS * (upper - lower)]
    largest = float(scores[order[len(scores) - len(far) - 1]])
    for position, index in enumerate(far):
        if scores[index] >= _GAP * largest:
            return tuple(reversed(far[position:]))
        largest = float(scores[index])
    return ()
