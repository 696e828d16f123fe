"""The defect head: what do labelled defects look like?

One linear discriminant per defect type, in closed form, on features in standard deviations of their position, against
the hardest patches of good parts: what a defect has in common with an odd good patch says nothing. Source: Fisher, "The
use of multiple measurements in taxonomic problems" (1936); the covariance of few labels is shrunk towards its mean
variance after Ledoit and Wolf (2004). Where only the image or a box is labelled, its most novel patches stand for the
defect, and of these the ones that look like what the other labelled parts show. Each labelled part weighs the same,
however much of it is marked. Computed from all labels each time, so nothing is forgotten, and no seed decides.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.heads.batches import in_batches
from models.heads.scale import PositionScale
from models.heads.whole import PartHead

__all__ = ["DefectHead", "HardNegatives", "LabelSpace", "LabelledFeatures", "Variations", "directions_of"]

_SHOWING = 0.03  # of a part's patches: so many stand for a defect that nobody outlined
_CANDIDATES = 0.2  # of a part's patches, the most novel ones: among them they are looked for
_ALIKE = 2.0  # standard deviations of novelty that one towards the other labelled parts counts for
_GROUPS = 10  # of labelled parts, each told where to look by the others
_PRIOR_LABELS = 25  # labelled parts that the mean variance counts for, beside the covariance of those there are
_HARD = 0.02  # of a good part's patches, the most novel ones; its score comes from as many
_FARTHEST = 10.0  # standard deviations: one wild feature of a labelled part must not decide alone
_BATCH = 16  # good parts, or a few more: their standard deviations take several times what they take themselves


@dataclass(frozen=True)
class Variations:
    """Labelled parts as if they lay a little otherwise.

    Attributes:
        features: `(R, P, D)`.
        of: `(R,)` index of the labelled part.
    """

    features: Tensor
    of: Tensor

    def only(self, keep: Tensor) -> "Variations":
        """Those of the parts that `keep` `(M,)` says, which are numbered anew."""
        stay = keep[self.of]
        return Variations(self.features[stay], (keep.cumsum(dim=0) - 1)[self.of[stay]])


@dataclass(frozen=True)
class LabelledFeatures:
    """Defective parts to learn from.

    Attributes:
        features: `(M, P, D)`.
        classes: `(M,)` index of the defect type.
        marked: `(M, P)` bool, the patches inside the mask or box; all True where only the image is labelled.
        outlined: `(M,)` bool, whether all marked patches show the defect (a mask), or some of them do.
        varied: the same parts once more, for what tells them as a whole; None without.
    """

    features: Tensor
    classes: Tensor
    marked: Tensor
    outlined: Tensor
    varied: Variations | None = None

    def __len__(self) -> int:
        return len(self.classes)

    def only(self, keep: Tensor) -> "LabelledFeatures":
        """Those parts that `keep` `(M,)` says."""
        varied = None if self.varied is None else self.varied.only(keep)
        return LabelledFeatures(self.features[keep], self.classes[keep], self.marked[keep], self.outlined[keep], varied)


@dataclass(frozen=True)
class HardNegatives:
    """What the oddest patches of good parts look like, in standard deviations of their position.

    Attributes:
        mean: `(K,)`.
        covariance: `(K, K)`.
    """

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, patches: Tensor) -> "HardNegatives":
        """Of the oddest patches `(n, K)` of good parts, judged as if left out of the fit.

        Few are shrunk towards what any good patch is known to have, mean 0 and covariance 1, as if seen K times.
        """
        dimension = patches.shape[1]
        bounded = patches.clamp(-_FARTHEST, _FARTHEST)
        mean = bounded.mean(dim=0)
        scatter = (bounded - mean).T @ (bounded - mean)
        total = len(patches) + dimension
        return cls(mean * len(patches) / total, (scatter + dimension * torch.eye(dimension)) / total)


@dataclass(frozen=True)
class LabelSpace:
    """What good parts say about labels to come: the scale of each position, and the patches that are hardest to tell.

    Attributes:
        scale: of whitened features.
        negatives: in that scale.
        parts: good parts in numbers `(N, F)`, as if left out; None where labels are told by patches alone.
    """

    scale: PositionScale
    negatives: HardNegatives
    parts: Tensor | None

    @classmethod
    def of(cls, whitened: Tensor, novelty: Tensor, parts: Tensor | None = None) -> "LabelSpace":
        """Of good parts `(N, P, K)`, their novelty `(N, P)` and what describes them, as if left out of the fit."""
        scale = PositionScale(whitened)
        oddest = novelty.topk(math.ceil(_HARD * novelty.shape[1]), dim=1).indices
        batches = zip(in_batches(whitened, _BATCH), in_batches(oddest, _BATCH), strict=True)
        patches = [_chosen(scale.left_out(parts), at) for parts, at in batches]
        return cls(scale, HardNegatives.of(torch.cat(patches)), parts)

    def left_out(self, whitened: Tensor, directions: Tensor) -> Tensor:
        """How far patches of good parts that were learnt from `(N, P, K)` lie along `(K, C)`, unseen, `(N, P, C)`."""
        return torch.cat([self.scale.left_out(batch) @ directions for batch in in_batches(whitened, _BATCH)])


def _chosen(parts: Tensor, at: Tensor) -> Tensor:
    """Patches `(N * n, K)` of parts `(N, P, K)` at `(N, n)`."""
    return parts.gather(1, at[..., None].expand(-1, -1, parts.shape[2])).flatten(0, 1)


class DefectHead(nn.Module):
    """Whitened features `(N, P, K)` -> how far each patch lies towards each class, `(N, P, C)`.

    The mean over good patches is 0, and everything is at 0 for a class without labels.

    Attributes:
        labelled: how many parts of each class were learnt from, `(C,)`.
    """

    weights: Tensor

    def __init__(
        self, directions: Tensor, scale: PositionScale, labelled: Tensor, whole: PartHead | None = None
    ) -> None:
        """Directions `(K, C)` among standard deviations, of length 1 or 0, and what looks at the part as a whole."""
        super().__init__()
        self.whole = whole
        self.labelled = labelled
        self.directions = directions
        self.register_buffer("weights", scale.weights(directions))  # (P, K, C)

    def forward(self, whitened: Tensor) -> Tensor:
        """Project, by a vector for each class and position."""
        return (whitened.transpose(0, 1) @ self.weights).transpose(0, 1)


def directions_of(defects: LabelledFeatures, novelty: Tensor, classes: int, negatives: HardNegatives) -> Tensor:
    """Of each class `(K, C)`, from labelled parts whose features are in standard deviations of their position.

    Args:
        defects: labelled parts.
        novelty: of their patches `(M, P)`, in standard deviations.
        classes: how many; one without labels has direction 0.
        negatives: of good parts.
    """
    directions = []
    for k in range(classes):
        own = defects.classes == k
        directions.append(_direction(_shown(defects.only(own), novelty[own], negatives), negatives))
    return torch.stack(directions, dim=1)


def _shown(defects: LabelledFeatures, novelty: Tensor, negatives: HardNegatives) -> list[Tensor]:
    """Patches `(n, K)` of each labelled part of a class that show its defect."""
    bounded = defects.features.clamp(-_FARTHEST, _FARTHEST)
    groups = min(len(defects), _GROUPS)
    first = [bounded[i][_showing(defects, novelty, i)] for i in range(len(defects))]
    if len(defects) <= 1 or bool(defects.outlined.all()):
        return first
    shown = list(first)
    for group in range(groups):
        others = _direction([patches for i, patches in enumerate(first) if i % groups != group], negatives)
        for i in range(group, len(defects), groups):
            alike = novelty[i] + _ALIKE * (defects.features[i] @ others)
            shown[i] = bounded[i][_showing(defects, novelty, i, alike)]
    return shown


def _showing(defects: LabelledFeatures, novelty: Tensor, index: int, alike: Tensor | None = None) -> Tensor:
    """Indices of the patches of one part that show its defect, by `alike` `(P,)` among the most novel ones."""
    marked = torch.nonzero(defects.marked[index]).flatten()
    if defects.outlined[index]:
        return marked
    if alike is None:
        return _most(marked, novelty[index], _SHOWING)
    return _most(_most(marked, novelty[index], _CANDIDATES), alike, _SHOWING)


def _most(patches: Tensor, value: Tensor, share: float) -> Tensor:
    """Of some patches `(n,)` those with the largest values `(P,)`, at most a share of all."""
    count = min(len(patches), math.ceil(share * len(value)))
    return patches[value[patches].topk(count).indices]


def _direction(parts: list[Tensor], negatives: HardNegatives) -> Tensor:
    """Fisher's discriminant `(K,)` of patches `(n, K)` of each labelled part against good ones, of length 1."""
    if not parts:
        return torch.zeros_like(negatives.mean)
    mean = torch.stack([patches.mean(dim=0) for patches in parts]).mean(dim=0)
    scatter = torch.stack([(patches - mean).T @ (patches - mean) / len(patches) for patches in parts]).mean(dim=0)
    shrinkage = _PRIOR_LABELS / (_PRIOR_LABELS + len(parts))
    unit = torch.eye(len(mean))
    within = negatives.covariance + (1 - shrinkage) * scatter + shrinkage * scatter.diagonal().mean() * unit
    apart = (mean - negatives.mean)[:, None]
    direction = torch.cholesky_solve(apart, torch.linalg.cholesky(within)).flatten()
    return torch.nn.functional.normalize(direction, dim=0)
