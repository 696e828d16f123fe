"""Measures of detection and localisation.

Source: AU-PRO after Bergmann et al., "The MVTec Anomaly Detection Dataset" (IJCV 2021): per-region overlap integrated
up to a false positive rate of 0.3 and divided by it.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

__all__ = ["au_pro", "average_precision", "roc_auc"]

_FPR_LIMIT = 0.3
_THRESHOLDS = 200


def roc_auc(truth: NDArray[np.bool_], score: NDArray[np.float32]) -> float | None:
    """Area under the ROC curve; None unless there are both good and bad."""
    return None if truth.all() or not truth.any() else float(roc_auc_score(truth, score))


def average_precision(truth: NDArray[np.bool_], score: NDArray[np.float32]) -> float | None:
    """Area under the precision-recall curve; None unless there are both good and bad."""
    return None if truth.all() or not truth.any() else float(average_precision_score(truth, score))


def au_pro(masks: Sequence[NDArray[np.bool_]], maps: Sequence[NDArray[np.float32]]) -> float | None:
    """Area under the per-region overlap curve.

    Args:
        masks: `(H, W)` each; all False for a good part.
        maps: `(H, W)` each, of the same shapes.

    Returns:
        0 to 1; None if no mask marks anything.
    """
    regions = [maps[i][component] for i, mask in enumerate(masks) for component in _components(mask)]
    good_pixels = np.sort(np.concatenate([m[~mask] for m, mask in zip(maps, masks, strict=True)]))
    if not regions or not len(good_pixels):
        return None
    rates = np.linspace(0, _FPR_LIMIT, _THRESHOLDS)
    ranks = np.minimum(((1 - rates) * len(good_pixels)).astype(int), len(good_pixels) - 1)
    overlap = [np.mean([np.mean(region > level) for region in regions]) for level in good_pixels[ranks]]
    return float(np.trapezoid(overlap, rates) / _FPR_LIMIT)


def _components(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    return [np.asarray(labels == i) for i in range(1, count)]
