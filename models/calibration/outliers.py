"""Good parts that are unlike all others: most often a bad one in the wrong folder.

The upper half of good scores is taken as exponential, its scale from the spread of the middle half, which a quarter of
bad parts cannot move.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["outliers", "tail_threshold"]

_FALSE_ALARMS = 0.05  # trainings on clean goods that name any
_UNSURE = 2.0  # how much the spread of few parts may be off; by simulation, for 10 parts to 600
_IQR = float(np.log(3.0))  # interquartile range of an exponential distribution of scale 1


def tail_threshold(scores: NDArray[np.float32], share: float) -> float:
    """The score that `share` of good parts exceed, if their tail is exponential; of held-out scores `(n,)`."""
    lower, median, upper = np.quantile(scores, (0.25, 0.5, 0.75))
    return float(median + np.log(0.5 / share) * (upper - lower) / _IQR)


def outliers(scores: NDArray[np.float32]) -> tuple[int, ...]:
    """Indices of the held-out good scores `(n,)` that stand apart from all others, the worst first.

    Named is what is further out than the largest of n such scores would be in one training of twenty. With few parts
    all held-out scores are large, and hardly any stands apart.
    """
    median = float(np.median(scores))
    usual = tail_threshold(scores, _FALSE_ALARMS / len(scores)) - median
    farthest = median + (1 + _UNSURE / np.sqrt(len(scores))) * usual
    order = np.argsort(-scores, kind="stable")
    return tuple(int(index) for index in order if scores[index] > farthest)
