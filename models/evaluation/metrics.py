"""Measures of detection and localisation.

Source: AU-PRO after Bergmann et al., "The MVTec Anomaly Detection Dataset" (IJCV 2021): per-region overlap integrated
up to a false positive rate of 0.3 and divided by it.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Localisation", "average_precision", "roc_auc"]

_FPR_LIMIT = 0.3
_THRESHOLDS = 200


def roc_auc(truth: NDArray[np.bool_], score: NDArray[np.float32]) -> float | None:
    """Area under the ROC curve; None unless there are both good and bad."""
    return _area(np.sort(score[~truth]), np.sort(score[truth]))


def average_precision(truth: NDArray[np.bool_], score: NDArray[np.float32]) -> float | None:
    """Area under the precision-recall curve; None unless there are both good and bad."""
    if truth.all() or not truth.any():
        return None
    order = np.argsort(-score, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    found = np.cumsum(truth[order])[last_of_ties]
    precision = found / (last_of_ties + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / found[-1])


class Localisation:
    """Where the maps are high against where the masks are; sorts the pixels once, for both measures.

    A hundred million pixels are sorted in seconds, where a curve with a point for each would take minutes.
    """

    def __init__(self, masks: Sequence[NDArray[np.bool_]], maps: Sequence[NDArray[np.float32]]) -> None:
        """Take `(H, W)` masks, all False for a good part, and maps of the same shapes."""
        pairs = list(zip(masks, maps, strict=True))
        self._good = np.sort(np.concatenate([amap[~mask] for mask, amap in pairs]))
        self._regions = [np.sort(amap[region]) for mask, amap in pairs for region in _components(mask)]

    def pixel_auroc(self) -> float | None:
        """Area under the ROC curve of all pixels; None unless there are marked and unmarked ones."""
        return _area(self._good, np.sort(np.concatenate(self._regions))) if self._regions else None

    def au_pro(self) -> float | None:
        """Area under the per-region overlap curve, 0 to 1; None unless there are marked and unmarked pixels."""
        if not self._regions or not len(self._good):
            return None
        rates = np.linspace(0, _FPR_LIMIT, _THRESHOLDS)
        ranks = np.minimum(((1 - rates) * len(self._good)).astype(int), len(self._good) - 1)
        levels = self._good[ranks]
        overlap = np.mean([_share_above(region, levels) for region in self._regions], axis=0)
        return float(np.trapezoid(overlap, rates) / _FPR_LIMIT)


def _area(good: NDArray[np.float32], bad: NDArray[np.float32]) -> float | None:
    """Share of pairs in which the bad one scores higher, ties half (Mann-Whitney U); both sorted."""
    if not len(good) or not len(bad):
        return None
    below = good.searchsorted(bad, "left").sum(dtype=np.int64)
    not_above = good.searchsorted(bad, "right").sum(dtype=np.int64)
    return float((below + not_above) / 2 / (len(good) * len(bad)))


def _share_above(region: NDArray[np.float32], levels: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(1 - region.searchsorted(levels, "right") / len(region))


def _components(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    return [np.asarray(labels == i) for i in range(1, count)]
