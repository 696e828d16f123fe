"""Cross-fitting: every labelled part is judged once by heads that have not seen it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.heads.defect import LabelledFeatures, train_defect_head
from models.heads.fusion import HeadPlan, Heads, RawMaps, fit_heads
from models.progress import Progress

__all__ = ["Heldout", "cross_fit"]

_FOLDS = 4
_FOLDS_OF_FEW = 10  # each fold sees nine tenths of the goods: with twenty, a quarter less is another model
_FITS_OF_FEW = 400  # parts learnt from, over all folds: up to twenty parts are left out one by one, whatever the seed


@dataclass(frozen=True)
class Heldout:
    """Raw maps of parts by heads that have not seen them, in the order of the input.

    Attributes:
        goods: of the good parts.
        defects: of the labelled defects; None without labels.
    """

    goods: RawMaps
    defects: RawMaps | None


def cross_fit(
    goods: Tensor, defects: LabelledFeatures | None, heads: Heads, plan: HeadPlan, progress: Progress
) -> Heldout:
    """Judge every part by heads that have not seen it.

    Few goods: everything is fitted on all folds but one, in turn. Many: one good part more or less moves the whitening
    by nothing, the Gaussian leaves each out in closed form, and only the defect head is fitted in folds.

    Args:
        goods: features `(N, P, D)` of good parts.
        defects: features of labelled defects.
        heads: fitted on all of them.
        plan: by which they were fitted.
        progress: told of each fold.
    """
    folds = _Folds.of(len(goods), defects, plan)
    steps = progress.over(range(folds.count), "calibrating on held-out parts")
    return (
        _refitted(goods, defects, plan, folds, steps)
        if plan.neighbours
        else _left_out(goods, defects, heads, plan, folds, steps)
    )


@dataclass(frozen=True)
class _Folds:
    """The fold of each part: goods `(N,)`, defects `(M,)`."""

    goods: Tensor
    defects: Tensor

    @classmethod
    def of(cls, goods: int, defects: LabelledFeatures | None, plan: HeadPlan) -> "_Folds":
        count = min(goods, max(_FOLDS_OF_FEW, _FITS_OF_FEW // goods) if plan.neighbours else _FOLDS)
        of_defects = torch.zeros(0) if defects is None else _fold_of_each_class(defects.classes, count, plan.seed)
        return cls(_fold_of(goods, count, plan.seed), of_defects)

    @property
    def count(self) -> int:
        return int(self.goods.max()) + 1


def _refitted(
    goods: Tensor, defects: LabelledFeatures | None, plan: HeadPlan, folds: _Folds, steps: Iterable[int]
) -> Heldout:
    good_parts, defect_parts = [], []
    for fold in steps:
        train = None if defects is None else _subset(defects, folds.defects != fold)
        heads = fit_heads(goods[folds.goods != fold], train, plan)
        with torch.inference_mode():
            good_parts.append(heads(goods[folds.goods == fold]))
            if defects is not None and bool((folds.defects == fold).any()):
                defect_parts.append(heads(defects.features[folds.defects == fold]))
    return Heldout(
        _in_order(good_parts, folds.goods),
        _in_order(defect_parts, folds.defects) if defect_parts else None,
    )


def _left_out(
    goods: Tensor, defects: LabelledFeatures | None, heads: Heads, plan: HeadPlan, folds: _Folds, steps: Iterable[int]
) -> Heldout:
    with torch.inference_mode():
        whitened = heads.whitening(goods)
        novelty = heads.gaussian.left_out(heads.gaussian(whitened))
    none = whitened[..., :0]
    if defects is None:
        deque(steps, maxlen=0)  # nothing is fitted again
        return Heldout(RawMaps(novelty, none, none), None)
    bad = LabelledFeatures(heads.whitening(defects.features), defects.classes, defects.marked)
    of_goods, of_bad = _defect_maps(whitened, bad, plan, folds, steps)
    return Heldout(
        RawMaps(novelty, none, of_goods),
        RawMaps(heads.gaussian(bad.features), bad.features[..., :0], of_bad),
    )


def _defect_maps(
    goods: Tensor, defects: LabelledFeatures, plan: HeadPlan, folds: _Folds, steps: Iterable[int]
) -> tuple[Tensor, Tensor]:
    """Logits `(N, P, C)` and `(M, P, C)` of whitened features by defect heads that have not seen them."""
    of_goods = goods.new_zeros(*goods.shape[:2], plan.classes)
    of_defects = goods.new_zeros(*defects.features.shape[:2], plan.classes)
    for fold in steps:
        seen = _subset(defects, folds.defects != fold)
        head = train_defect_head(goods[folds.goods != fold], seen, plan.classes, plan.seed)
        with torch.inference_mode():
            of_goods[folds.goods == fold] = head(goods[folds.goods == fold])
            of_defects[folds.defects == fold] = head(defects.features[folds.defects == fold])
    return of_goods, of_defects


def _fold_of(count: int, folds: int, seed: int) -> Tensor:
    """Fold of each item `(count,)`: equal sizes, shuffled by the seed."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    fold = torch.empty(count, dtype=torch.long)
    fold[order] = torch.arange(count) % folds
    return fold


def _fold_of_each_class(classes: Tensor, folds: int, seed: int) -> Tensor:
    """Fold of each label `(M,)`: those of a class are spread, so that only a single one leaves a fold without them.

    That fold judges it as a type that was never seen, which is what it would have been.
    """
    shuffled = torch.randperm(len(classes), generator=torch.Generator().manual_seed(seed))
    order = shuffled[torch.argsort(classes[shuffled], stable=True)]
    fold = torch.empty(len(classes), dtype=torch.long)
    fold[order] = torch.arange(len(classes)) % folds
    return fold


def _subset(defects: LabelledFeatures, keep: Tensor) -> LabelledFeatures:
    return LabelledFeatures(defects.features[keep], defects.classes[keep], defects.marked[keep])


def _in_order(parts: list[RawMaps], fold: Tensor) -> RawMaps:
    joined = RawMaps.cat(parts)
    back = torch.argsort(torch.argsort(fold, stable=True), stable=True)
    return RawMaps(joined.gaussian[back], joined.neighbours[back], joined.defect[back])
