"""One scale for all heads: -log10 of the probability that a good part scores this much.

The upper half of held-out good scores is taken as exponential (mean excess over the median), which needs few parts and
stays linear in the graph. Source: Pickands-Balkema-de Haan theorem, shape parameter 0.
"""

import math

from torch import Tensor, nn

__all__ = ["Tail", "pool"]

_POOLED_SHARE = 0.02


def pool(maps: Tensor) -> Tensor:
    """Image score `(N, ...)` of maps `(N, P, ...)`: mean of the top 2 % of positions, at least one."""
    return maps.topk(_pooled(maps), dim=1).values.mean(dim=1)


def _pooled(maps: Tensor) -> int:
    return max(1, math.ceil(_POOLED_SHARE * maps.shape[1]))


class Tail(nn.Module):
    """Raw map of a head -> map in units of -log10(tail probability); the same shape."""

    median: Tensor
    scale: Tensor

    def __init__(self, heldout_scores: Tensor) -> None:
        """Fit on pooled raw scores `(N,)` of held-out good parts."""
        super().__init__()
        median = heldout_scores.median()
        above = heldout_scores[heldout_scores > median] - median
        spread = above.mean() if len(above) else median.abs() * 0.05
        self.register_buffer("median", median)
        self.register_buffer("scale", spread.clamp_min(1e-6) * math.log(10))

    def forward(self, raw: Tensor) -> Tensor:
        """At the median the tail probability is one half."""
        return (raw - self.median) / self.scale + math.log10(2)

    def level(self, orders: float) -> float:
        """The raw score that one good part in 10 ** `orders` passes."""
        return float(self.median + (orders - math.log10(2)) * self.scale)
