"""All heads together: one fused map on one scale, so that known and unseen defect types are both caught."""

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from models.heads.defect import DefectHead, LabelledFeatures, fit_defect_head
from models.heads.gaussian import GaussianHead
from models.heads.neighbours import NeighbourHead
from models.heads.search import Grid, NeighbourhoodSearch, parts_move
from models.heads.tail import Tail, pool
from models.heads.whitening import COMPONENTS, Whitening

__all__ = ["FusedHeads", "HeadPlan", "Heads", "JointEvidence", "RawMaps", "fit_heads"]

_WEIGHTS = (0.25, 0.5, 1.0, 2.0)  # of the defect head's evidence beside that of novelty
_ORDERS = 3.0


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
    ) -> None:
        super().__init__()
        self.whitening = whitening
        self.gaussian = gaussian
        self.search = search
        self.neighbours = neighbours
        self.defect = defect

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

    def in_standard(self, defects: LabelledFeatures) -> LabelledFeatures:
        """The same labels with features as the defect head looks at them."""
        return replace(defects, features=self.gaussian(self.whitening(defects.features)))

    def with_defect_head(self, head: DefectHead) -> "Heads":
        """The same with another defect head."""
        return Heads(self.whitening, self.gaussian, self.search, self.neighbours, head)


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

    def __init__(self, heads: Heads, heldout: RawMaps, defects: RawMaps | None = None) -> None:
        """Put the heads on one scale by what they say of parts that they have not seen.

        Args:
            heads: that ship.
            heldout: of good parts.
            defects: of labelled defects, which tell how much their head counts; None where there are none.
        """
        super().__init__()
        self.heads = heads
        self.gaussian_tail = Tail(pool(heldout.gaussian))
        gaussian = self.gaussian_tail(heldout.gaussian)
        self.with_neighbours = JointEvidence(gaussian, heldout.neighbours[..., 0]) if heads.neighbours else None
        self.classes = self._joined(heldout, 1.0)
        self.labels_count = True
        if defects is not None:
            weight = self._weight(heldout, defects)
            self.labels_count = weight > 0
            self.classes = self._joined(heldout, weight)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Judge features."""
        return self.fuse(self.heads(features))

    def fuse(self, raw: RawMaps) -> tuple[Tensor, Tensor]:
        """The strongest evidence decides, patch by patch; novelty alone is enough, for what nobody has labelled."""
        novelty = self.novelty(raw)
        if not len(self.classes):
            return novelty, raw.defect
        pairs = [(cast("JointEvidence", of_class), raw.defect[..., c]) for c, of_class in enumerate(self.classes)]
        # The class maps leave novelty out: an unseen type is not to be called by the name of a known one.
        alone = torch.stack([of_class.alone(logits) for of_class, logits in pairs], dim=-1)
        if not self.labels_count:
            return novelty, alone
        evidence = torch.stack([of_class(novelty, logits) for of_class, logits in pairs], dim=-1)
        return torch.maximum(novelty, evidence.amax(dim=-1)), alone

    def _joined(self, heldout: RawMaps, weight: float) -> nn.ModuleList:
        novelty = self.novelty(heldout)
        return nn.ModuleList(JointEvidence(novelty, raw, weight) for raw in heldout.defect.unbind(dim=-1))

    def _weight(self, goods: RawMaps, defects: RawMaps) -> float:
        """How much the defect head counts: as much as surely finds more of the labelled defects, else not at all.

        Surely is by more than a standard error (Breiman's rule), so that labels which teach nothing change nothing.
        """
        alone = _found(pool(self.novelty(goods)), pool(self.novelty(defects)))
        sure = {0.0: 0.0}
        for weight in _WEIGHTS:
            self.classes = self._joined(goods, weight)
            gain = _found(pool(self.fuse(goods)[0]), pool(self.fuse(defects)[0])) - alone
            error = float(gain.std(unbiased=False)) / max(len(gain) - 1, 1) ** 0.5
            sure[weight] = float(gain.mean()) - error
        return max(sure, key=lambda weight: sure[weight])

    def novelty(self, raw: RawMaps) -> Tensor:
        """Evidence `(N, P)` of being unlike good parts, whatever the labels say."""
        gaussian: Tensor = self.gaussian_tail(raw.gaussian)
        return gaussian if self.with_neighbours is None else self.with_neighbours(gaussian, raw.neighbours[..., 0])


def _found(goods: Tensor, defects: Tensor) -> Tensor:
    """How far each defect `(M,)` is found, by image scores: orders of magnitude of overkill at which it fails, 0 to 3.

    The mean is the area below recall over the logarithm of overkill, from all good parts failed to one in a thousand.
    """
    found: Tensor = Tail(goods)(defects).clamp(0, _ORDERS)
    return found


@torch.no_grad()
def fit_heads(goods: Tensor, defects: LabelledFeatures | None, plan: HeadPlan) -> Heads:
    """Fit the heads of the plan on features of good parts `(N, P, D)` and of labelled defects (not yet whitened)."""
    whitening = Whitening(goods)
    whitened = whitening(goods)
    gaussian = GaussianHead(whitened)
    search = NeighbourhoodSearch(whitening, gaussian, plan.grid) if plan.around else None
    bank = NeighbourHead(whitened, torch.Generator().manual_seed(plan.seed)) if plan.around else None
    heads = Heads(whitening, gaussian, search, bank, None)
    if defects is None:
        return heads
    return heads.with_defect_head(fit_defect_head(heads.in_standard(defects), plan.classes))
