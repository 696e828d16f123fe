"""Nearest neighbour in a coreset of good patches: how unlike is this patch to any good one?

Source: Roth et al., PatchCore (CVPR 2022); greedy k-centre selection after Sener and Savarese (ICLR 2018).
"""

import torch
from torch import Tensor, nn

__all__ = ["NeighbourHead"]

BANK_SIZE = 2048
_CANDIDATES = 20_000  # random patches that the greedy selection chooses from; more gains little and costs minutes
_NEAREST = (
    0.01  # squared: a patch of the bank itself differs from it by roundings, and their root is a thousand times more
)
_PROJECTED = 48  # dimensions of a random projection for the selection alone (Johnson-Lindenstrauss)


class NeighbourHead(nn.Module):
    """Whitened features `(N, P, D)` -> distance to the nearest bank vector `(N, P)`."""

    bank: Tensor
    half_square: Tensor

    def __init__(self, whitened: Tensor, generator: torch.Generator) -> None:
        """Fit on whitened features of good parts, `(N, P, D)`."""
        super().__init__()
        flat = whitened.reshape(-1, whitened.shape[-1])
        drawn = torch.randperm(len(flat), generator=generator)[:_CANDIDATES]
        projection = torch.randn(flat.shape[1], _PROJECTED, generator=generator)
        chosen = drawn[_greedy_coreset(flat[drawn] @ projection, min(BANK_SIZE, len(drawn)))]
        bank = flat[chosen]
        self.register_buffer("bank", bank.T.contiguous())  # (D, K)
        self.register_buffer("half_square", bank.square().sum(dim=1) / 2)  # (K,)
        self.part = chosen // whitened.shape[1]  # (K,) that each was taken from; not in the graph, so no buffer

    def forward(self, whitened: Tensor) -> Tensor:
        """One matrix product: min over k of |x - b|^2 = |x|^2 - 2 max over k of (x b - |b|^2 / 2)."""
        return self._distance(whitened, self.half_square)

    def left_out(self, whitened: Tensor) -> Tensor:
        """Distance of each part that was learnt from, `(N, P, D)`, to the nearest vector of another part, `(N, P)`."""
        never = torch.tensor(float("inf"))
        others = [torch.where(self.part == index, never, self.half_square) for index in range(len(whitened))]
        return torch.stack([self._distance(part, bank) for part, bank in zip(whitened, others, strict=True)])

    def _distance(self, whitened: Tensor, half_square: Tensor) -> Tensor:
        nearest = (whitened @ self.bank - half_square).amax(dim=-1)
        return (whitened.square().sum(dim=-1) - 2 * nearest).clamp_min(_NEAREST).sqrt()


def _greedy_coreset(points: Tensor, size: int) -> Tensor:
    """Indices of `size` points such that every point is near one: take the farthest, again and again."""
    squares = points.square().sum(dim=1)
    chosen = torch.zeros(size, dtype=torch.long)
    distance = torch.full((len(points),), float("inf"))
    for i in range(1, size):
        last = chosen[i - 1]
        to_last = torch.addmv(squares, points, points[last], alpha=-2).add_(squares[last])
        torch.minimum(distance, to_last, out=distance)
        chosen[i] = distance.argmax()
    return chosen
