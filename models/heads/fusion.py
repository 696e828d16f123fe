"""All heads together: one fused map on one scale, so that known and unseen defect types are both caught."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.heads.defect import DefectHead, LabelledFeatures, train_defect_head
from models.heads.gaussian import GaussianHead
from models.heads.neighbours import NeighbourHead
from models.heads.tail import Tail, pool
from models.heads.whitening import Whitening

__all__ = ["FusedHeads", "Heads", "RawMaps", "fit_heads", "fit_tails"]


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


class FusedHeads(nn.Module):
    """Features `(N, P, D)` -> fused map `(N, P)` and class maps `(N, P, C)`, in -log10(tail probability)."""

    def __init__(self, heads: Heads, gaussian: Tail, neighbours: Tail, defect: list[Tail]) -> None:
        super().__init__()
        self.heads = heads
        self.gaussian_tail = gaussian
        self.neighbour_tail = neighbours
        self.defect_tails = nn.ModuleList(defect)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Judge features."""
        return self.fuse(self.heads(features))

    def fuse(self, raw: RawMaps) -> tuple[Tensor, Tensor]:
        """The most surprised head decides, patch by patch."""
        fused = torch.maximum(self.gaussian_tail(raw.gaussian), self.neighbour_tail(raw.neighbours))
        if not len(self.defect_tails):
            return fused, raw.defect
        classes = torch.stack([tail(raw.defect[..., c]) for c, tail in enumerate(self.defect_tails)], dim=-1)
        return torch.maximum(fused, classes.amax(dim=-1)), classes


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


def fit_tails(heads: Heads, heldout: RawMaps) -> FusedHeads:
    """Put the heads on one scale by what they say of good parts that they have not seen."""
    defect = [Tail(pool(heldout.defect[..., c])) for c in range(heldout.defect.shape[-1])]
    return FusedHeads(heads, Tail(pool(heldout.gaussian)), Tail(pool(heldout.neighbours)), defect)
