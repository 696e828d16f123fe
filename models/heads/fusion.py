"""All heads together: one fused map on one scale, so that known and unseen defect types are both caught."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.heads.batches import in_batches
from models.heads.defect import DefectHead, LabelledFeatures, LabelSpace, directions_of
from models.heads.gaussian import GaussianHead
from models.heads.neighbours import NeighbourHead
from models.heads.search import Grid, NeighbourhoodSearch, parts_move
from models.heads.tail import Tail, pool
from models.heads.whitening import COMPONENTS, Whitening, all_components_for
from models.heads.whole import PartHead, described, fit_parts

__all__ = ["Fused", "FusedHeads", "HeadPlan", "Heads", "JointEvidence", "RawMaps", "fit_heads", "fit_whitened"]

_SHARE = 0.06  # orders of magnitude by which a labelled type may raise what the oddest good parts score ...
_OF_PARTS = 20  # ... if so many parts of it are labelled (decisions 0067, 0070)
_ONE_IN_A_HUNDRED = 2.0
_AMONG_GOODS = (0.98, 0.99, 0.995)
_BATCH = 32  # good parts, or a few more
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
    def of(cls, goods: Tensor, grid: Grid, moved: float, classes: int, seed: int) -> "HeadPlan":
        """Decide by features of good parts `(N, P, D)` alone (decision 0015); `moved` is the trunk's."""
        return cls(grid, len(goods) < COMPONENTS, parts_move(goods, grid, moved), classes, seed)

    @property
    def components(self) -> int | None:
        """Of the whitening: all for labels, if goods are many enough to tell their variances; None for the leading."""
        return None if self.few or not self.classes else all_components_for(self.grid.positions)

    @property
    def around(self) -> bool:
        """Whether a coreset and a search of the neighbourhood help the Gaussians; otherwise they only add noise."""
        return self.few or self.moving

    @property
    def tells_wholes(self) -> bool:
        """Whether labels are told by the part as a whole, too."""
        return bool(self.classes) and not self.around


@dataclass(frozen=True)
class RawMaps:
    """What the heads say, each on its own scale.

    Attributes:
        gaussian: `(N, P)`.
        neighbours: `(N, P, 1)`, or `(N, P, 0)` without a coreset.
        defect: `(N, P, C)`; C = 0 without labels.
        parts: of each part as a whole `(N, C)`; `(N, 0)` where labels are told by patches alone.
    """

    gaussian: Tensor
    neighbours: Tensor
    defect: Tensor
    parts: Tensor

    @classmethod
    def cat(cls, parts: list["RawMaps"]) -> "RawMaps":
        """Join batches."""
        return cls(
            torch.cat([part.gaussian for part in parts]),
            torch.cat([part.neighbours for part in parts]),
            torch.cat([part.defect for part in parts]),
            torch.cat([part.parts for part in parts]),
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
        labels: LabelSpace | None,
    ) -> None:
        super().__init__()
        self.whitening = whitening
        self.gaussian = gaussian
        self.search = search
        self.neighbours = neighbours
        self.defect = defect
        self.labels = labels

    @property
    def whole(self) -> PartHead | None:
        """What looks at a part as a whole."""
        return None if self.defect is None else self.defect.whole

    def forward(self, features: Tensor) -> RawMaps:
        """Run every head on the same whitened features."""
        whitened = self.whitening(features)
        leading = self.whitening.leading(whitened)
        none = whitened[..., :0]
        standard = self.gaussian(leading) if self.search is None else none
        return RawMaps(
            _length(standard) if self.search is None else self.search(leading),
            none if self.neighbours is None else self.neighbours(leading).unsqueeze(-1),
            none if self.defect is None else self.defect(whitened),
            none[:, 0] if self.whole is None else self.whole(standard),
        )

    def left_out(self, whitened: Tensor) -> RawMaps:
        """What each good part that was learnt from `(N, P, K)` would be told by heads that have not seen it."""
        leading = self.whitening.leading(whitened)
        none = whitened[..., :0]
        return RawMaps(
            _unseen(self.gaussian, leading) if self.search is None else self.search.left_out(leading),
            none if self.neighbours is None else self.neighbours.left_out(leading).unsqueeze(-1),
            none
            if self.defect is None or self.labels is None
            else self.labels.left_out(whitened, self.defect.directions),
            none[:, 0] if self.whole is None else self.whole.unseen,
        )

    def taught(self, defects: LabelledFeatures, classes: int) -> "Heads":
        """The same with a defect head fitted on these labels (features not yet whitened).

        Raises:
            RuntimeError: the heads were fitted without labels to come, and keep nothing to compare them with.
        """
        if self.labels is None:
            raise RuntimeError("heads: expected to be fitted with labels before others are taught")
        whitened = self.whitening(defects.features)
        novelty = _length(self.gaussian(self.whitening.leading(whitened)))
        standard = replace(defects, features=self.labels.scale(whitened))
        directions = directions_of(standard, novelty, classes, self.labels.negatives)
        labelled = defects.classes.bincount(minlength=classes)
        head = DefectHead(directions, self.labels.scale, labelled, self._whole(defects, classes))
        return Heads(self.whitening, self.gaussian, self.search, self.neighbours, head, self.labels)

    def _whole(self, defects: LabelledFeatures, classes: int) -> PartHead | None:
        if self.labels is None or self.labels.parts is None:
            return None
        parts, kinds = list(in_batches(defects.features, _BATCH)), defects.classes
        if defects.varied is not None:
            parts.extend(in_batches(defects.varied.features, _BATCH))
            kinds = torch.cat([kinds, kinds[defects.varied.of]])
        return fit_parts(self.labels.parts, torch.cat([self.described(batch) for batch in parts]), kinds, classes)

    def described(self, features: Tensor) -> Tensor:
        """Parts `(N, P, D)` that were not learnt from, in the numbers `(N, F)` that tell them as a whole."""
        return described(self.gaussian(self.whitening.leading(self.whitening(features))))

    def shipped(self) -> "Heads":
        """The same without what only labels to come would need: a matrix a position."""
        return Heads(self.whitening, self.gaussian, self.search, self.neighbours, self.defect, None)


def _length(standard: Tensor) -> Tensor:
    return standard.square().sum(dim=-1).sqrt()


def _unseen(gaussian: GaussianHead, leading: Tensor) -> Tensor:
    """Distances `(N, P)` of parts that were learnt from, by Gaussians that have not seen each."""
    batches = in_batches(leading, _BATCH)
    return torch.cat([_length(gaussian.left_out(gaussian(batch))) for batch in batches])


def _described(gaussian: GaussianHead, leading: Tensor) -> Tensor:
    """Parts that were learnt from in numbers `(N, F)`, as by Gaussians that have not seen each."""
    batches = in_batches(leading, _BATCH)
    return torch.cat([described(gaussian.coordinates_left_out(gaussian(batch))) for batch in batches])


class JointEvidence(nn.Module):
    """Evidence `(N, P)`, in -log10(tail probability), and one more raw map `(N, P)` -> the evidence of both `(N, P)`.

    The two surprises are added (as Fisher combines independent tests) and put back on the scale of a tail probability:
    what both find somewhat unusual counts more, and what only one does counts less.
    """

    def __init__(self, heldout: Tensor, heldout_raw: Tensor) -> None:
        """Fit on maps `(N, P)` of held-out good parts."""
        super().__init__()
        self.alone = Tail(pool(heldout_raw))
        self.joint = Tail(pool(heldout + self.alone(heldout_raw)))

    def forward(self, evidence: Tensor, raw: Tensor) -> Tensor:
        """Evidence, patch by patch."""
        both: Tensor = self.joint(evidence + self.alone(raw))
        return both


class Fused(NamedTuple):
    """What all heads say together, in -log10(tail probability).

    Attributes:
        score: of the part `(N,)`.
        map: `(N, P)`.
        classes: map of each labelled type `(N, P, C)`.
        class_score: of each labelled type `(N, C)`.
    """

    score: Tensor
    map: Tensor
    classes: Tensor
    class_score: Tensor


class FusedHeads(nn.Module):
    """Features `(N, P, D)` -> `Fused`."""

    reserve: Tensor | None

    def __init__(self, heads: Heads, heldout: RawMaps) -> None:
        """Put the heads on one scale by what they say of good parts that they have not seen, `heldout`."""
        super().__init__()
        self.heads = heads
        self.gaussian_tail = Tail(pool(heldout.gaussian))
        gaussian = self.gaussian_tail(heldout.gaussian)
        self.with_neighbours = JointEvidence(gaussian, heldout.neighbours[..., 0]) if heads.neighbours else None
        self.classes = nn.ModuleList(Tail(pool(raw)) for raw in heldout.defect.unbind(dim=-1))
        known = self._known(heldout) if len(self.classes) else heldout.defect
        self.wholes = nn.ModuleList(
            JointEvidence(pool(known[..., c])[:, None], whole[:, None])
            for c, whole in enumerate(heldout.parts.unbind(dim=-1))
        )
        reserve = None if heads.defect is None else self._reserve(heldout, heads.defect)
        self.register_buffer("reserve", None if reserve is None else torch.tensor(reserve))

    def forward(self, features: Tensor) -> Fused:
        """Judge features."""
        return self.fuse(self.heads(features))

    def fuse(self, raw: RawMaps) -> Fused:
        """The strongest evidence decides; novelty alone is enough, for what nobody has labelled."""
        novelty = self.novelty(raw)
        if not len(self.classes):
            return Fused(pool(novelty), novelty, raw.defect, pool(raw.defect))
        # The class maps leave novelty out: an unseen type is not to be called by the name of a known one.
        known = self._known(raw)
        of_class = self._of_class(known, raw)
        if self.reserve is None:
            return Fused(pool(novelty), novelty, known, of_class)
        strongest = torch.maximum(novelty, known.amax(dim=-1) - self.reserve)
        return Fused(self._score(novelty, known, of_class, self.reserve), strongest, known, of_class)

    def _score(self, novelty: Tensor, known: Tensor, of_class: Tensor, reserve: Tensor | float) -> Tensor:
        """Patch by patch `(N,)`; part by part where there is evidence of parts as a whole."""
        if not len(self.wholes):
            return pool(torch.maximum(novelty, known.amax(dim=-1) - reserve))
        return torch.maximum(pool(novelty), of_class.amax(dim=-1) - reserve)

    def _of_class(self, known: Tensor, raw: RawMaps) -> Tensor:
        """Evidence `(N, C)` of each labelled type: of its patches, and of the part as a whole added to it."""
        patches = pool(known)
        if not len(self.wholes):
            return patches
        joint = [whole(patches[:, c, None], raw.parts[:, c, None]) for c, whole in enumerate(self.wholes)]
        return torch.cat(joint, dim=1)

    def _known(self, raw: RawMaps) -> Tensor:
        """Evidence of labels `(N, P, C)`."""
        return torch.stack([tail(raw.defect[..., c]) for c, tail in enumerate(self.classes)], dim=-1)

    def _reserve(self, goods: RawMaps, defect: DefectHead) -> float | None:
        """How much stronger than novelty the evidence of labels must be, so that other types lose nothing.

        A maximum of both raises scores of good parts, and with them the threshold that every other type must pass. The
        smallest reserve is taken that keeps this within a share for each labelled type, for the more are labelled, the
        less is left that could lose; None, and labels do not count, where none does. One good part like a known defect
        moves what the oddest ones score by all that few labels may take; many are not to count for nothing by it.
        """
        novelty, known = self.novelty(goods), self._known(goods)
        of_class = self._of_class(known, goods)
        allowed = _high(pool(novelty)) + _share_of(defect.labelled)
        for reserve in _RESERVES:
            if bool((_high(self._score(novelty, known, of_class, reserve)) <= allowed).all()):
                return reserve
        return None

    def novelty(self, raw: RawMaps) -> Tensor:
        """Evidence `(N, P)` of being unlike good parts, whatever the labels say."""
        gaussian: Tensor = self.gaussian_tail(raw.gaussian)
        return gaussian if self.with_neighbours is None else self.with_neighbours(gaussian, raw.neighbours[..., 0])


def _share_of(labelled: Tensor) -> float:
    """What all types together may take, of which so many parts are labelled `(C,)`: few less, many more."""
    root = (labelled / _OF_PARTS).sqrt()
    return float((_SHARE * torch.maximum(root, root.sqrt())).sum())


def _high(scores: Tensor) -> Tensor:
    """What the oddest good parts score `(4,)`: one in a hundred by the tail, and those that there are."""
    among = torch.quantile(scores, torch.tensor(_AMONG_GOODS))
    return torch.cat([torch.tensor([Tail(scores).level(_ONE_IN_A_HUNDRED)]), among])


@torch.no_grad()
def fit_heads(goods: Tensor, defects: LabelledFeatures | None, plan: HeadPlan) -> Heads:
    """Fit the heads of the plan on features of good parts `(N, P, D)` and of labelled defects (not yet whitened)."""
    whitening = Whitening(goods, plan.components)
    return fit_whitened(whitening, whitening.of_many(goods), defects, plan)


@torch.no_grad()
def fit_whitened(whitening: Whitening, whitened: Tensor, defects: LabelledFeatures | None, plan: HeadPlan) -> Heads:
    """The same on good parts that are whitened already, `(N, P, K)`."""
    leading = whitening.leading(whitened)
    gaussian = GaussianHead(leading)
    search = NeighbourhoodSearch(whitening, gaussian, plan.grid) if plan.around else None
    bank = NeighbourHead(leading, torch.Generator().manual_seed(plan.seed)) if plan.around else None
    if defects is None:
        return Heads(whitening, gaussian, search, bank, None, None)
    parts = _described(gaussian, leading) if plan.tells_wholes else None
    labels = LabelSpace.of(whitened, _unseen(gaussian, leading), parts)
    return Heads(whitening, gaussian, search, bank, None, labels).taught(defects, plan.classes)
