"""The part head: does a part as a whole look like labelled ones?

The defect head asks patch by patch; five labelled parts say as much about what a part shows altogether, and the two err
differently (decision 0065). A part is told by what its patches are, in standard deviations of their position: mean,
largest, smallest and spread over all of them, and the same of its oddest ones. A linear classifier on that is fitted by
ridge regression in closed form, good parts and labelled ones weighing the same. Source: Hoerl and Kennard, "Ridge
Regression" (1970); what a good part would score by a fit without it, by its leverage.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["PartHead", "described", "fit_parts"]

_ODD = 0.05  # of a part's patches, those farthest from what is usual
_FARTHEST_PATCH = 10.0  # standard deviations, as in the defect head
_FARTHEST_PART = 6.0
_RIDGE = 1e-3  # of the mean variance of a number that describes a part
_GOOD, _DEFECTIVE = -1.0, 1.0


def described(standard: Tensor) -> Tensor:
    """Parts `(N, P, K)`, in standard deviations of each position, in numbers `(N, 6 K)`."""
    odd = math.ceil(_ODD * standard.shape[1])
    at = standard.square().sum(dim=2).topk(odd, dim=1).indices
    bounded = standard.clamp(-_FARTHEST_PATCH, _FARTHEST_PATCH)
    oddest = bounded.gather(1, at[..., None].expand(-1, -1, standard.shape[2]))
    mean = bounded.mean(dim=1, keepdim=True)
    spread = (bounded - mean).square().mean(dim=1).sqrt()
    return torch.cat(
        [mean[:, 0], bounded.amax(1), bounded.amin(1), spread, oddest.mean(1), oddest.abs().mean(1)], dim=1
    )


@dataclass(frozen=True)
class _Fit:
    """Of one class: `weights (F,)`, and what each good part would score without it `(N,)`."""

    weights: Tensor
    bias: float
    unseen: Tensor


class PartHead(nn.Module):
    """Standard deviations of a part's patches `(N, P, K)` -> how much it looks like each class, `(N, C)`.

    About -1 for a good part and 1 for a labelled one; -1 everywhere for a class without labels.

    Attributes:
        unseen: what good parts that were learnt from would score by a head that has not seen each, `(N, C)`.
    """

    mean: Tensor
    scale: Tensor
    weights: Tensor
    bias: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, fits: list[_Fit]) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.register_buffer("weights", torch.stack([fit.weights for fit in fits], dim=1))
        self.register_buffer("bias", torch.tensor([fit.bias for fit in fits]))
        self.unseen = torch.stack([fit.unseen for fit in fits], dim=1)

    def forward(self, standard: Tensor) -> Tensor:
        """Describe, and weigh."""
        return self.of_described(described(standard))

    def of_described(self, parts: Tensor) -> Tensor:
        """Of parts in numbers `(N, F)`."""
        return _bounded(parts, self.mean, self.scale) @ self.weights + self.bias


def _bounded(parts: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    return ((parts - mean) / scale).clamp(-_FARTHEST_PART, _FARTHEST_PART)


def fit_parts(goods: Tensor, defects: Tensor, classes: Tensor, count: int) -> PartHead:
    """Fit on parts in numbers.

    Args:
        goods: `(N, F)`, each as by heads that have not seen it.
        defects: labelled parts `(M, F)`.
        classes: `(M,)`.
        count: of classes; some may have no part.
    """
    mean, scale = goods.mean(dim=0), goods.std(dim=0).clamp_min(1e-6)
    good = _bounded(goods, mean, scale).double()
    bad = _bounded(defects, mean, scale).double()
    return PartHead(mean, scale, [_fit(good, bad[classes == k]) for k in range(count)])


def _fit(good: Tensor, bad: Tensor) -> _Fit:
    """Ridge regression of good parts `(N, F)` and those of one class `(M, F)`, each kind with half of the weight."""
    if not len(bad):
        return _Fit(torch.zeros(good.shape[1]), _GOOD, torch.full((len(good),), _GOOD))
    of_good, of_bad = (torch.full((len(parts),), 0.5 / len(parts), dtype=torch.double) for parts in (good, bad))
    weight = torch.cat([of_good, of_bad])[:, None]
    wanted = torch.cat([_GOOD * torch.ones_like(of_good), _DEFECTIVE * torch.ones_like(of_bad)])[:, None]
    parts = torch.cat([good, bad])
    centre, level = (weight * parts).sum(dim=0), float((weight * wanted).sum())
    rows = weight.sqrt() * (parts - centre)
    lower = torch.linalg.cholesky(rows.T @ rows + _RIDGE * parts.shape[1] * torch.eye(parts.shape[1]).double())
    vector = torch.cholesky_solve(rows.T @ (weight.sqrt() * (wanted - level)), lower)
    missed = (wanted - level - (parts - centre) @ vector).flatten()
    leverage = torch.linalg.solve_triangular(lower, rows.T, upper=False).square().sum(dim=0) + weight.flatten()
    unseen = wanted.flatten() - missed / (1 - leverage).clamp_min(1e-3)
    bias = level - float(centre @ vector)
    return _Fit(vector.flatten().float(), bias, unseen[: len(good)].float())
