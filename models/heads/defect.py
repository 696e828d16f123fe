"""The defect head: what do labelled defects look like? A small network on cached patch features.

Image labels teach by multiple-instance learning: the most suspicious patches of a defective part answer for it, all
patches of a good one do. Which ones are suspicious is first told by their novelty, because a network that has learnt
nothing may point away from the defect and never find it. Masks teach patch by patch. Good and defective images are
drawn equally often. Trained from all labels each time, so nothing is forgotten.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor, nn

from models.heads.tail import pool, top_positions

__all__ = ["DefectHead", "LabelledFeatures", "train_defect_head"]

_HIDDEN = 64
_STEPS = 300
_GUIDED_STEPS = 30  # in which novelty selects the patches
_BATCH = 32  # images: half good, half defective
_NOISE = 0.3  # of the unit variance of whitened features: few labels must not be learnt by heart
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-2


@dataclass(frozen=True)
class LabelledFeatures:
    """Defective parts to learn from.

    Attributes:
        features: `(M, P, D)`.
        classes: `(M,)` index of the defect type.
        marked: `(M, P)` bool, the patches inside the mask; all False where there is no mask.
    """

    features: Tensor
    classes: Tensor
    marked: Tensor


class DefectHead(nn.Module):
    """Whitened features `(N, P, D)` -> logit per patch and class `(N, P, C)`."""

    def __init__(self, dimension: int, classes: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dimension, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, classes))

    def forward(self, whitened: Tensor) -> Tensor:
        """Logits."""
        # A clamp keeps one wild feature of an unseen part from deciding alone.
        logits: Tensor = self.net(whitened.clamp(-10, 10))
        return logits


def train_defect_head(goods: Tensor, defects: LabelledFeatures, classes: int, seed: int) -> DefectHead:
    """Train on features of good parts `(N, P, D)` and of labelled defects, both whitened.

    A class without a label is only ever told "no".
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = DefectHead(goods.shape[-1], classes)
    optimizer = torch.optim.AdamW(head.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    by_class = [torch.nonzero(defects.classes == c).flatten() for c in range(classes)]
    half = _BATCH // 2
    yes = torch.tensor(2.0 * classes - 1)  # as heavy as all the "no" of a class: one image in 2 C shows it
    for step in range(_STEPS):
        good = goods[torch.randint(len(goods), (half,), generator=generator)]  # (B/2, P, D)
        drawn = _draw_balanced(by_class, half, generator)
        bad = defects.features[drawn]
        x = torch.cat([good, bad])
        x = x + _NOISE * torch.randn(x.shape, generator=generator)
        logits = head(x)  # (B, P, C)
        images = pool(logits)
        if step < _GUIDED_STEPS:
            images = torch.cat([images[:half], _guided(images[half:], logits[half:], bad, defects.classes[drawn])])
        image_target = torch.zeros(len(x), classes)
        image_target[torch.arange(half, len(x)), defects.classes[drawn]] = 1
        loss = F.binary_cross_entropy_with_logits(images, image_target, pos_weight=yes)
        loss = loss + _mask_loss(logits[half:], defects.classes[drawn], defects.marked[drawn])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return head.eval().requires_grad_(requires_grad=False)


def _guided(pooled: Tensor, logits: Tensor, whitened: Tensor, classes: Tensor) -> Tensor:
    """Image logits `(B, C)` with that of each part's own class taken from its most novel patches."""
    most_novel = top_positions(whitened.square().sum(dim=-1))  # (B, k)
    rows = torch.arange(len(classes))
    own = logits[rows[:, None], most_novel, classes[:, None]].mean(dim=1)
    return pooled.index_put((rows, classes), own)


def _draw_balanced(by_class: list[Tensor], count: int, generator: torch.Generator) -> Tensor:
    """Each class that has labels equally often, whatever its number of labels."""
    by_class = [rows for rows in by_class if len(rows)]
    if not by_class:
        return torch.zeros(0, dtype=torch.long)
    which = torch.randint(len(by_class), (count,), generator=generator)
    rows = [by_class[c][torch.randint(len(by_class[c]), (1,), generator=generator)] for c in which.tolist()]
    return torch.cat(rows)


def _mask_loss(logits: Tensor, classes: Tensor, marked: Tensor) -> Tensor:
    """Patch by patch where a mask says which ones; nothing where there is none."""
    has_mask = marked.any(dim=1)
    if not has_mask.any():
        return logits.sum() * 0
    own = logits[has_mask].gather(2, classes[has_mask][:, None, None].expand(-1, logits.shape[1], 1)).squeeze(2)
    target = marked[has_mask].float()
    weight = torch.where(marked[has_mask], 0.5 / target.mean().clamp_min(1e-3), torch.tensor(0.5))
    return F.binary_cross_entropy_with_logits(own, target, weight=weight)
