"""All heads together: one fused map on one scale, so that known and unseen defect types are both caught."""

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from models.heads.defect import DefectHead, HardNegatives, LabelledFeatures, fit_defect_head
from models.heads.gaussian import GaussianHead
from models.heads.neighbours import NeighbourHead
from models.heads.search import Grid, NeighbourhoodSearch, parts_move
from models.heads.tail import Tail, pool
from models.heads.whitening import COMPONENTS, Whitening

__all__ = ["FusedHeads", "HeadPlan", "Heads", "JointEvidence", "RawMaps", "fit_heads"]

_LABELS_WEIGH = 2.0  # the evidence of the defect head, beside that of novelty
_SHARE = 0.02  # orders of magnitude by which each labelled type may raise the score of the one good part in a hundred
_ONE_IN_A_HUNDRED = 2.0
_RESERVES = tuple(step / 10 for step in range(61))


@dataclass(frozen=True)
class HeadPlan:
    """Which heads to fit; decided once, so that those which calibrate are those which ship.

    Attributes:
        grid: positions of a part.
        few: fewer images of good parts than directions, so that Gaussians cannot tell a position's covariance.
        moving: parts do not lie in one place.
        classes: number of defect types.
        seed: of the coreset.
    """

    grid: Grid
    few: bool
    moving: bool
    classes: int
    seed: int

    @classmethod
    def of(cls, goods: Tensor, grid: Grid, classes: int, seed: int) -> "HeadPlan":
        """Decide by features of good parts `(N, P, D)` alone (decision 0015)."""
        return cls(grid, len(goods) < COMPONENTS, parts_move(goods, grid), classes, seed)

    @property
    def around(self) -> bool:
        """Whether a coreset and a search of the neighbourhood help the Gaussians; otherwise they only add noise."""
        return self.few or self.moving


@dataclass(frozen=True)
class RawMaps:
    """What the heads say, each on its own scale.

    Attributes:
        gaussian: `(N, P)`.
        neighbours: `(N, P, 1)`, or `(N, P, 0)` without a coreset.
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
        self,
        whitening: Whitening,
        gaussian: GaussianHead,
        search: NeighbourhoodSearch | None,
        neighbours: NeighbourHead | None,
        defect: DefectHead | None,
        negatives: HardNegatives,
    ) -> None:
        super().__init__()
        self.whitening = whitening
        self.gaussian = gaussian
        self.search = search
        self.neighbours = neighbours
        self.defect = defect
        self.negatives = negatives

    def forward(self, features: Tensor) -> RawMaps:
        """Run every head on the same whitened features."""
        whitened = self.whitening(features)
        standard = self.gaussian(whitened)
        none = whitened[..., :0]
        return RawMaps(
            standard.square().sum(dim=-1).sqrt() if self.search is None else self.search(whitened),
            none if self.neighbours is None else self.neighbours(whitened).unsqueeze(-1),
            none if self.defect is None else self.defect(standard),
        )

    def left_out(self, features: Tensor) -> RawMaps:
        """What each good part that was learnt from would be told by heads that have not seen it."""
        whitened = self.whitening(features)
        standard = self.gaussian.left_out(self.gaussian(whitened))
        none = whitened[..., :0]
        return RawMaps(
            standard.square().sum(dim=-1).sqrt() if self.search is None else self.search.left_out(whitened),
            none if self.neighbours is None else self.neighbours.left_out(whitened).unsqueeze(-1),
            none if self.defect is None else self.defect(standard),
        )

    def taught(self, defects: LabelledFeatures, classes: int) -> "Heads":
        """The same with a defect head fitted on these labels (features not yet whitened)."""
        standard = replace(defects, features=self.gaussian(self.whitening(defects.features)))
        head = fit_defect_head(standard, classes, self.negatives)
        return Heads(self.whitening, self.gaussian, self.search, self.neighbours, head, self.negatives)


class JointEvidence(nn.Module):
    """Evidence `(N, P)`, in -log10(tail probability), and one more raw map `(N, P)` -> the evidence of both `(N, P)`.

    The two surprises are added (as Fisher combines independent tests) and put back on the scale of a tail probability:
    what both find somewhat unusual counts more, and what only one does counts less.
    """

    def __init__(self, heldout: Tensor, heldout_raw: Tensor, weight: float = 1.0) -> None:
        """Fit on maps `(N, P)` of held-out good parts; `weight` is that of the further map."""
        super().__init__()
        self.weight = weight
        self.alone = Tail(pool(heldout_raw))
        self.joint = Tail(pool(heldout + weight * self.alone(heldout_raw)))

    def forward(self, evidence: Tensor, raw: Tensor) -> Tensor:
        """Evidence, patch by patch."""
        both: Tensor = self.joint(evidence + self.weight * self.alone(raw))
        return both


class FusedHeads(nn.Module):
    """Features `(N, P, D)` -> fused map `(N, P)` and class maps `(N, P, C)`, in -log10(tail probability)."""

    def __init__(self, heads: Heads, heldout: RawMaps) -> None:
        """Put the heads on one scale by what they say of good parts that they have not seen, `heldout`."""
        super().__init__()
        self.heads = heads
        self.gaussian_tail = Tail(pool(heldout.gaussian))
        gaussian = self.gaussian_tail(heldout.gaussian)
        self.with_neighbours = JointEvidence(gaussian, heldout.neighbours[..., 0]) if heads.neighbours else None
        novelty = self.novelty(heldout)
        self.classes = nn.ModuleList(
            JointEvidence(novelty, raw, _LABELS_WEIGH) for raw in heldout.defect.unbind(dim=-1)
        )
        self.reserve = self._reserve(heldout) if len(self.classes) else None

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Judge features."""
        return self.fuse(self.heads(features))

    def fuse(self, raw: RawMaps) -> tuple[Tensor, Tensor]:
        """The strongest evidence decides, patch by patch; novelty alone is enough, for what nobody has labelled."""
        novelty = self.novelty(raw)
        if not len(self.classes):
            return novelty, raw.defect
        # The class maps leave novelty out: an unseen type is not to be called by the name of a known one.
        alone = torch.stack([of_class.alone(logits) for of_class, logits in self._pairs(raw)], dim=-1)
        if self.reserve is None:
            return novelty, alone
        return torch.maximum(novelty, self._evidence(novelty, raw) - self.reserve), alone

    def _pairs(self, raw: RawMaps) -> list[tuple[JointEvidence, Tensor]]:
        return [(cast("JointEvidence", of_class), raw.defect[..., c]) for c, of_class in enumerate(self.classes)]

    def _evidence(self, novelty: Tensor, raw: RawMaps) -> Tensor:
        return torch.stack([of_class(novelty, logits) for of_class, logits in self._pairs(raw)]).amax(dim=0)

    def _reserve(self, goods: RawMaps) -> float | None:
        """How much stronger than novelty the evidence of labels must be, so that other types lose nothing.

        A maximum of both raises scores of good parts, and with them the threshold that every other type must pass. The
        smallest reserve is taken that keeps this within a share for each labelled type, for the more are labelled, the
        less is left that could lose; None, and labels do not count, where none does.
        """
        novelty = self.novelty(goods)
        evidence = self._evidence(novelty, goods)
        allowed = Tail(pool(novelty)).level(_ONE_IN_A_HUNDRED) + _SHARE * len(self.classes)
        for reserve in _RESERVES:
            if Tail(pool(torch.maximum(novelty, evidence - reserve))).level(_ONE_IN_A_HUNDRED) <= allowed:
                return reserve
        return None

    def novelty(self, raw: RawMaps) -> Tensor:
        """Evidence `(N, P)` of being unlike good parts, whatever the labels say."""
        gaussian: Tensor = self.gaussian_tail(raw.gaussian)
        return gaussian if self.with_neighbours is None else self.with_neighbours(gaussian, raw.neighbours[..., 0])


@torch.no_grad()
def fit_heads(goods: Tensor, defects: LabelledFeatures | None, plan: HeadPlan) -> Heads:
    """Fit the heads of the plan on features of good parts `(N, P, D)` and of labelled defects (not yet whitened)."""
    whitening = Whitening(goods)
    whitened = whitening(goods)
    gaussian = GaussianHead(whitened)
    search = NeighbourhoodSearch(whitening, gaussian, plan.grid) if plan.around else None
    bank = NeighbourHead(whitened, torch.Generator().manual_seed(plan.seed)) if plan.around else None
    negatives = HardNegatives.of(gaussian.left_out(gaussian(whitened)))
    heads = Heads(whitening, gaussian, search, bank, None, negatives)
    return heads if defects is None else heads.taught(defects, plan.classes)
