"""Cross-fitting: every labelled part is judged once by heads that have not seen it."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from edge.contract.sentences import sentence
from models.heads.defect import LabelledFeatures
from models.heads.fusion import HeadPlan, Heads, RawMaps, fit_heads, fit_whitened
from models.heads.whitening import Whitening
from models.progress import Progress

__all__ = ["GoodFeatures", "Heldout", "Learnt", "learn"]

_FOLDS = 4
_FOLDS_OF_FEW = 10  # each fold sees nine tenths of the goods: with twenty, a quarter less is another model
_BATCH = 16
_FITS_OF_FEW = 400  # parts learnt from, over all folds: up to twenty parts are left out one by one, whatever the seed


@dataclass
class GoodFeatures:
    """Features of good parts, the largest thing that a training holds.

    Attributes:
        parts: `(N, P, D)`, as they lie.
        views: `(N, V, P, D)`, turned and flipped as a person said that they may be; V is 0 if nobody did.
    """

    parts: Tensor
    views: Tensor

    def __len__(self) -> int:
        return len(self.parts)

    def learnt(self, keep: Tensor | None = None) -> Tensor:
        """What is learnt from, `(n, P, D)`: all views of the parts that `keep` `(N,)` says, of all without it."""
        if keep is None:
            return torch.cat([self.parts, self.views.flatten(0, 1)]) if self.views.shape[1] else self.parts
        return GoodFeatures(self.parts[keep], self.views[keep]).learnt()

    def let_go(self) -> None:
        """Free their memory: nobody asks for them any more."""
        self.parts, self.views = torch.zeros(0), torch.zeros(0, 0)


@dataclass(frozen=True)
class Heldout:
    """Raw maps of parts by heads that have not seen them, in the order of the input.

    Attributes:
        goods: of the good parts.
        defects: of the labelled defects; None without labels.
    """

    goods: RawMaps
    defects: RawMaps | None


@dataclass(frozen=True)
class Learnt:
    """The heads that ship, and what they would say of parts that they have not seen."""

    heads: Heads
    heldout: Heldout


def learn(goods: GoodFeatures, defects: LabelledFeatures | None, plan: HeadPlan, progress: Progress) -> Learnt:
    """Fit on every part, and judge every part by heads that have not seen it, in no view.

    Few goods, or several views: everything is fitted on all folds but one, in turn. Many: one good part more or less
    moves the whitening by nothing, every head leaves each out in closed form, and only the defect head is fitted in
    folds; features of good parts are then let go as soon as they are whitened.

    Args:
        goods: features of good parts; may be empty afterwards.
        defects: features of labelled defects.
        plan: by which heads are fitted.
        progress: told of each fold.
    """
    refit = plan.few or goods.views.shape[1] > 0
    folds = _Folds.of(len(goods), defects, plan.seed, refit=refit)
    steps = progress.over(range(folds.count), sentence("calibrating on held-out parts"))
    with torch.no_grad():
        return (_refitted if refit else _left_out)(goods, defects, plan, folds, steps)


@dataclass(frozen=True)
class _Folds:
    """The fold of each part: goods `(N,)`, defects `(M,)`."""

    goods: Tensor
    defects: Tensor

    @classmethod
    def of(cls, goods: int, defects: LabelledFeatures | None, seed: int, *, refit: bool) -> "_Folds":
        count = min(goods, max(_FOLDS_OF_FEW, _FITS_OF_FEW // goods) if refit else _FOLDS)
        of_defects = torch.zeros(0) if defects is None else _fold_of_each_class(defects.classes, count, seed)
        return cls(_fold_of(goods, count, seed), of_defects)

    @property
    def count(self) -> int:
        return int(self.goods.max()) + 1


def _refitted(
    goods: GoodFeatures, defects: LabelledFeatures | None, plan: HeadPlan, folds: _Folds, steps: Iterable[int]
) -> Learnt:
    shipped = fit_heads(goods.learnt(), defects, plan).shipped()
    good_parts, defect_parts = [], []
    for fold in steps:
        heads = fit_heads(goods.learnt(folds.goods != fold), defects, plan)
        good_parts.append(_judge(heads, goods.parts[folds.goods == fold]))
        defect_parts.extend(_unseen(defects, heads, folds, fold))
    return Learnt(shipped, Heldout(_in_order(good_parts, folds.goods), _defects_in_order(defect_parts, folds)))


def _left_out(
    goods: GoodFeatures, defects: LabelledFeatures | None, plan: HeadPlan, folds: _Folds, steps: Iterable[int]
) -> Learnt:
    whitening = Whitening(goods.parts, plan.components)
    whitened = whitening.of_many(goods.parts)
    goods.let_go()
    heads = fit_whitened(whitening, whitened, defects, plan)
    defect_parts = [maps for fold in steps for maps in _unseen(defects, heads, folds, fold)]
    return Learnt(heads.shipped(), Heldout(heads.left_out(whitened), _defects_in_order(defect_parts, folds)))


def _unseen(defects: LabelledFeatures | None, heads: Heads, folds: _Folds, fold: int) -> list[RawMaps]:
    """Maps of the labelled parts of a fold by a defect head that has not seen them; none where there are none."""
    if defects is None or not bool((folds.defects == fold).any()) or heads.defect is None:
        return []
    taught = heads.taught(defects.only(folds.defects != fold), heads.defect.directions.shape[1])
    return [_judge(taught, defects.features[folds.defects == fold])]


def _judge(heads: Heads, features: Tensor) -> RawMaps:
    """In batches: a search holds nine times the features."""
    return RawMaps.cat([heads(features[start : start + _BATCH]) for start in range(0, len(features), _BATCH)])


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


def _defects_in_order(parts: list[RawMaps], folds: _Folds) -> RawMaps | None:
    return _in_order(parts, folds.defects) if parts else None


def _in_order(parts: list[RawMaps], fold: Tensor) -> RawMaps:
    joined = RawMaps.cat(parts)
    back = torch.argsort(torch.argsort(fold, stable=True), stable=True)
    return RawMaps(joined.gaussian[back], joined.neighbours[back], joined.defect[back], joined.parts[back])
