"""The defect head: what do labelled defects look like?

One linear discriminant per defect type, in closed form, on features in standard deviations of their position, against
the hardest patches of good parts: what a defect has in common with an odd good patch says nothing. Source: Fisher, "The
use of multiple measurements in taxonomic problems" (1936); the covariance of few labels is shrunk towards its mean
variance after Ledoit and Wolf (2004). Where only the image or a box is labelled, its most novel patches stand for the
defect. Each labelled part weighs the same, however much of it is marked. Computed from all labels each time, in
milliseconds, so nothing is forgotten, and no seed decides.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["DefectHead", "HardNegatives", "LabelledFeatures", "fit_defect_head"]

_SHOWING = 0.06  # of a part's patches: so many of the most novel ones stand for a defect that nobody outlined
_SHRINKAGE = 0.5
_HARD = 0.02  # of a good part's patches, the most novel ones; its score comes from as many
_FARTHEST = 10.0  # standard deviations: one wild feature of an unseen part must not decide alone


@dataclass(frozen=True)
class LabelledFeatures:
    """Defective parts to learn from.

    Attributes:
        features: `(M, P, D)`.
        classes: `(M,)` index of the defect type.
        marked: `(M, P)` bool, the patches inside the mask or box; all True where only the image is labelled.
        outlined: `(M,)` bool, whether all marked patches show the defect (a mask), or some of them do.
    """

    features: Tensor
    classes: Tensor
    marked: Tensor
    outlined: Tensor

    def __len__(self) -> int:
        return len(self.classes)

    def only(self, keep: Tensor) -> "LabelledFeatures":
        """Those parts that `keep` `(M,)` says."""
        return LabelledFeatures(self.features[keep], self.classes[keep], self.marked[keep], self.outlined[keep])


@dataclass(frozen=True)
class HardNegatives:
    """What the oddest patches of good parts look like, in standard deviations of their position.

    Attributes:
        mean: `(D,)`.
        covariance: `(D, D)`.
    """

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, goods: Tensor) -> "HardNegatives":
        """Of good parts `(N, P, D)`, judged as if left out of the fit.

        Few are shrunk towards what any good patch is known to have, mean 0 and covariance 1, as if seen D times.
        """
        count, dimension = math.ceil(_HARD * goods.shape[1]), goods.shape[2]
        oddest = goods.square().sum(dim=-1).topk(count, dim=1).indices
        chosen = torch.gather(goods, 1, oddest[..., None].expand(-1, -1, dimension)).flatten(0, 1)
        patches = chosen.clamp(-_FARTHEST, _FARTHEST)
        mean = patches.mean(dim=0)
        scatter = (patches - mean).T @ (patches - mean)
        total = len(patches) + dimension
        return cls(mean * len(patches) / total, (scatter + dimension * torch.eye(dimension)) / total)


class DefectHead(nn.Module):
    """Features in standard deviations `(N, P, D)` -> how far each patch lies towards each class, `(N, P, C)`.

    The mean over good patches is 0, and everything is at 0 for a class without labels.
    """

    directions: Tensor

    def __init__(self, directions: Tensor) -> None:
        """Directions `(D, C)`, of length 1 or 0."""
        super().__init__()
        self.register_buffer("directions", directions)

    def forward(self, standard: Tensor) -> Tensor:
        """Project."""
        return standard.clamp(-_FARTHEST, _FARTHEST) @ self.directions


def fit_defect_head(defects: LabelledFeatures, classes: int, negatives: HardNegatives) -> DefectHead:
    """Fit on labelled parts whose features are in standard deviations of their position."""
    standard = defects.features.clamp(-_FARTHEST, _FARTHEST)
    shown = [standard[i][_showing(defects, i)] for i in range(len(defects))]
    of_class = [
        [patches for patches, c in zip(shown, defects.classes.tolist(), strict=True) if c == k] for k in range(classes)
    ]
    return DefectHead(torch.stack([_direction(parts, negatives) for parts in of_class], dim=1))


def _showing(defects: LabelledFeatures, index: int) -> Tensor:
    """Indices of the patches of one part that show its defect."""
    marked = torch.nonzero(defects.marked[index]).flatten()
    if defects.outlined[index]:
        return marked
    count = min(len(marked), math.ceil(_SHOWING * defects.marked.shape[1]))
    novelty = defects.features[index, marked].square().sum(dim=-1)
    return marked[novelty.topk(count).indices]


def _direction(parts: list[Tensor], negatives: HardNegatives) -> Tensor:
    """Fisher's discriminant `(D,)` of patches `(n, D)` of each labelled part against good ones, of length 1."""
    if not parts:
        return torch.zeros_like(negatives.mean)
    mean = torch.stack([patches.mean(dim=0) for patches in parts]).mean(dim=0)
    scatter = torch.stack([(patches - mean).T @ (patches - mean) / len(patches) for patches in parts]).mean(dim=0)
    unit = torch.eye(len(mean))
    within = negatives.covariance + (1 - _SHRINKAGE) * scatter + _SHRINKAGE * scatter.diagonal().mean() * unit
    apart = (mean - negatives.mean)[:, None]
    direction = torch.cholesky_solve(apart, torch.linalg.cholesky(within)).flatten()
    return torch.nn.functional.normalize(direction, dim=0)
