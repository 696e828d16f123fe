"""What users get wrong most often with their images, told in words before it costs them a bad model."""

import logging
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from torch import Tensor

from edge.contract.errors import DataInvalid
from models.data.folder import LabelledImage, test_images_in
from models.data.images import ImageSet

__all__ = ["groups_of_goods", "warn_of_copies", "warn_of_groups", "warn_of_single_labels"]

_SHOWN = 5
_APART = 0.6  # mean silhouette of two groups; parts of one type stay below 0.51, two types come above 0.72
_MIN_GOODS = 10  # fewer fall into two groups by chance
_SMALLER_GROUP = 0.05  # of all; fewer are odd ones, which are named elsewhere

log = logging.getLogger(__name__)


def warn_of_copies(root: Path, learnt_from: Sequence[ImageSet]) -> tuple[str, ...]:
    """Test images that are learnt from, too: an evaluation on them tells nothing.

    Args:
        root: the folder of the part; `test/` need not be there.
        learnt_from: good parts and labelled defects.

    Returns:
        Their paths.
    """
    known = {
        digest: item.path for images in learnt_from for digest, item in zip(images.sha256, images.items, strict=True)
    }
    try:
        tests = test_images_in(root)
    except DataInvalid:
        return ()  # training needs none
    copies = [(item.path, known[digest]) for item in tests if (digest := _digest(item.path)) in known]
    if copies:
        shown = "\n  ".join(f"{path} is {original}" for path, original in copies[:_SHOWN])
        log.warning("%d test images are learnt from, an evaluation on them tells nothing:\n  %s", len(copies), shown)
    return tuple(str(path) for path, _ in copies)


def warn_of_single_labels(items: Sequence[LabelledImage]) -> None:
    """One label of a type cannot be learnt from and tested at once."""
    counts = Counter(item.defect_type for item in items)
    single = sorted(name for name, count in counts.items() if name and count == 1)
    if single:
        log.warning("one image only of %s: whether it is recognised cannot be told", ", ".join(single))


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


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
