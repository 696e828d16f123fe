"""All heads together: one fused map on one scale, so that known and unseen defect types are both caught."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.heads.defect import DefectHead, LabelledFeatures, train_defect_head
from models.heads.gaussian import GaussianHead
from models.heads.neighbours import NeighbourHead
from models.heads.tail import Tail, pool
from models.heads.whitening import Whitening

__all__ = ["ClassEvidence", "FusedHeads", "Heads", "RawMaps", "fit_heads"]


@dataclass(frozen=True)
class RawMaps:
    """What the heads say, each on its own scale.

    Attributes:
        gaussian: `(N, P)`.
        neighbours: `(N, P)`.
        defect: `(N, P, C)`; C = 0 without labels.
    """

    gaussian: Tensor
    neighbours: Tensor
    defect: Tensor

    @classmethod
    def cat(cls, parts: list["RawMaps"]) -> "RawMaps":
        """Join batches."""
        return cls(
            torch.cat([part.gaussian for part in parts]),
            torch.cat([part.neighbours for part in parts]),
            torch.cat([part.defect for part in parts]),
        )


class Heads(nn.Module):
    """Features `(N, P, D)` -> `RawMaps`."""

    def __init__(
        self, whitening: Whitening, gaussian: GaussianHead, neighbours: NeighbourHead, defect: DefectHead | None
    ) -> None:
        super().__init__()
        self.whitening = whitening
        self.gaussian = gaussian
        self.neighbours = neighbours
        self.defect = defect

    def forward(self, features: Tensor) -> RawMaps:
        """Run every head on the same whitened features."""
        whitened = self.whitening(features)
        defect = whitened[..., :0] if self.defect is None else self.defect(whitened)
        return RawMaps(self.gaussian(whitened), self.neighbours(whitened), defect)


class ClassEvidence(nn.Module):
    """Novelty `(N, P)` and logits of one class `(N, P)` -> evidence for that class `(N, P)`.

    The two surprises are added (as Fisher combines independent tests) and put back on the scale of a tail probability:
    a known defect that is only somewhat unusual counts more, and what merely looks like a defect counts less.
    """

    def __init__(self, heldout_novelty: Tensor, heldout_logits: Tensor) -> None:
        """Fit on maps `(N, P)` of held-out good parts."""
        super().__init__()
        self.alone = Tail(pool(heldout_logits))
        self.joint = Tail(pool(heldout_novelty + self.alone(heldout_logits)))

    def forward(self, novelty: Tensor, logits: Tensor) -> Tensor:
        """Evidence, patch by patch."""
        evidence: Tensor = self.joint(novelty + self.alone(logits))
        return evidence


class FusedHeads(nn.Module):
    """Features `(N, P, D)` -> fused map `(N, P)` and class maps `(N, P, C)`, in -log10(tail probability)."""

    def __init__(self, heads: Heads, heldout: RawMaps) -> None:
        """Put the heads on one scale by what they say of good parts that they have not seen."""
        super().__init__()
        self.heads = heads
        self.gaussian_tail = Tail(pool(heldout.gaussian))
        self.neighbour_tail = Tail(pool(heldout.neighbours))
        novelty = self._novelty(heldout)
        classes = range(heldout.defect.shape[-1])
        self.classes = nn.ModuleList(ClassEvidence(novelty, heldout.defect[..., c]) for c in classes)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Judge features."""
        return self.fuse(self.heads(features))

    def fuse(self, raw: RawMaps) -> tuple[Tensor, Tensor]:
        """The strongest evidence decides, patch by patch; novelty alone is enough, for what nobody has labelled."""
        novelty = self._novelty(raw)
        if not len(self.classes):
            return novelty, raw.defect
        pairs = [(cast("ClassEvidence", of_class), raw.defect[..., c]) for c, of_class in enumerate(self.classes)]
        evidence = torch.stack([of_class(novelty, logits) for of_class, logits in pairs], dim=-1)
        # The class maps leave novelty out: an unseen type is not to be called by the name of a known one.
        alone = torch.stack([of_class.alone(logits) for of_class, logits in pairs], dim=-1)
        return torch.maximum(novelty, evidence.amax(dim=-1)), alone

    def _novelty(self, raw: RawMaps) -> Tensor:
        return torch.maximum(self.gaussian_tail(raw.gaussian), self.neighbour_tail(raw.neighbours))


def fit_heads(goods: Tensor, defects: LabelledFeatures | None, classes: int, shrinkage: float, seed: int) -> Heads:
    """Fit all heads on features of good parts `(N, P, D)` and of labelled defects (not yet whitened)."""
    whitening = Whitening(goods)
    whitened = whitening(goods)
    head = None
    if defects is not None:
        labelled = LabelledFeatures(whitening(defects.features), defects.classes, defects.marked)
        head = train_defect_head(whitened, labelled, classes, seed)
    neighbours = NeighbourHead(whitened, torch.Generator().manual_seed(seed))
    return Heads(whitening, GaussianHead(whitened, shrinkage), neighbours, head)
