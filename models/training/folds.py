"""Cross-fitting: every labelled part is judged once by heads that have not seen it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.heads.defect import LabelledFeatures
from models.heads.fusion import HeadPlan, RawMaps, fit_heads
from models.progress import Progress

__all__ = ["Heldout", "cross_fit"]

_FOLDS = 4


@dataclass(frozen=True)
class Heldout:
    """Raw maps of parts by heads that have not seen them, in the order of the input.

    Attributes:
        goods: of the good parts.
        defects: of the labelled defects; None without labels.
    """

    goods: RawMaps
    defects: RawMaps | None


def cross_fit(goods: Tensor, defects: LabelledFeatures | None, plan: HeadPlan, progress: Progress) -> Heldout:
    """Fit on all folds but one and judge that one, in turn."""
    good_fold = _fold_of(len(goods), plan.seed)
    defect_fold = torch.zeros(0) if defects is None else _fold_of_each_class(defects.classes, plan.seed)
    good_parts, defect_parts = [], []
    for fold in progress.over(range(int(good_fold.max()) + 1), "calibrating on held-out parts"):
        train = None if defects is None else _subset(defects, defect_fold != fold)
        heads = fit_heads(goods[good_fold != fold], train, plan)
        with torch.inference_mode():
            good_parts.append(heads(goods[good_fold == fold]))
            if defects is not None and bool((defect_fold == fold).any()):
                defect_parts.append(heads(defects.features[defect_fold == fold]))
    return Heldout(
        _in_order(good_parts, good_fold),
        _in_order(defect_parts, defect_fold) if defect_parts else None,
    )


def _fold_of(count: int, seed: int) -> Tensor:
    """Fold of each item `(count,)`: equal sizes, shuffled by the seed."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    fold = torch.empty(count, dtype=torch.long)
    fold[order] = torch.arange(count) % min(_FOLDS, max(count, 1))
    return fold


def _fold_of_each_class(classes: Tensor, seed: int) -> Tensor:
    """Fold of each label `(M,)`: those of a class are spread, so that only a single one leaves a fold without them.

    That fold judges it as a type that was never seen, which is what it would have been.
    """
    shuffled = torch.randperm(len(classes), generator=torch.Generator().manual_seed(seed))
    order = shuffled[torch.argsort(classes[shuffled], stable=True)]
    fold = torch.empty(len(classes), dtype=torch.long)
    fold[order] = torch.arange(len(classes)) % _FOLDS
    return fold


def _subset(defects: LabelledFeatures, keep: Tensor) -> LabelledFeatures:
    return LabelledFeatures(defects.features[keep], defects.classes[keep], defects.marked[keep])


def _in_order(parts: list[RawMaps], fold: Tensor) -> RawMaps:
    joined = RawMaps.cat(parts)
    back = torch.argsort(torch.argsort(fold, stable=True), stable=True)
    return RawMaps(joined.gaussian[back], joined.neighbours[back], joined.defect[back])
