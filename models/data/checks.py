"""What users get wrong most often with their images, told in words before it costs them a bad model."""

import logging
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from torch import Tensor

from models.data.folder import LabelledImage
from models.data.images import ImageSet

__all__ = ["groups_of_goods", "warn_of_contradictions", "warn_of_groups", "warn_of_single_labels"]

_APART = 0.6  # mean silhouette of two groups; parts of one type stay below 0.51, two types come above 0.72
_MIN_GOODS = 10  # fewer fall into two groups by chance
_SMALLER_GROUP = 0.05  # of all; fewer are odd ones, which are named elsewhere

log = logging.getLogger(__name__)


def warn_of_single_labels(items: Sequence[LabelledImage]) -> None:
    """One label of a type cannot be learnt from and tested at once."""
    counts = Counter(item.defect_type for item in items)
    single = sorted(name for name, count in counts.items() if name and count == 1)
    if single:
        log.warning("one image only of %s: whether it is recognised cannot be told", ", ".join(single))


def warn_of_contradictions(goods: ImageSet, defects: ImageSet) -> None:
    """The same file as a good part and as a defect: one is wrong, and each takes from what the other teaches."""
    known = dict(zip(goods.sha256, goods.items, strict=True))
    for item, digest in zip(defects.items, defects.sha256, strict=True):
        if digest in known:
            log.warning(
                "%s is called %s and, as %s, good: one of them is wrong",
                item.path,
                item.defect_type,
                known[digest].path,
            )


def warn_of_groups(features: Tensor, goods: ImageSet) -> bool:
    """Whether the good parts are of two kinds; one model for both is worse than one for each."""
    group = groups_of_goods(features)
    if group is None:
        return False
    names = [[item.path.name for item, own in zip(goods.items, group, strict=True) if own == g] for g in (0, 1)]
    log.warning(
        "the good parts fall into two groups: %d like %s, %d like %s; two part types or two cameras take a bundle each",
        *(word for own in names for word in (len(own), ", ".join(own[:3]))),
    )
    return True


def groups_of_goods(features: Tensor) -> NDArray[np.intp] | None:
    """The group of each good part `(N,)`, 0 or 1, by its mean features; None if they are of one kind.

    Args:
        features: `(N, P, D)` of good parts.
    """
    if len(features) < _MIN_GOODS:
        return None
    means = torch.stack([part.mean(dim=0) for part in features]).numpy()
    if not float(means.std(axis=0).mean()) > 0:
        return None
    group: NDArray[np.intp] = KMeans(2, n_init=4, random_state=0).fit_predict(means)
    sizes = np.bincount(group, minlength=2)
    if sizes.min() < max(2, _SMALLER_GROUP * len(group)) or silhouette_score(means, group) < _APART:
        return None
    return group
