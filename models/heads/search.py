"""Parts that do not lie in one place: a patch may be what is usual at a position next to its own.

A patch is measured by the Gaussians of the nine positions around it, and the nearest one counts; those of other
positions a little less, so that a part that does lie still loses nothing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.heads.gaussian import GaussianHead
from models.heads.tail import pool
from models.heads.whitening import Whitening

__all__ = ["Grid", "NeighbourhoodSearch", "parts_move"]

_ELSEWHERE = 1.05  # distances by the Gaussian of another position count this much more
_FINER = (
    0.03  # less is left by a search where parts lie still, for each doubling of the grid: neighbours are more alike
)
_COARSE = 16  # positions across, up to which none is
_MEASURED = 200  # good parts that tell whether parts move
_OFFSETS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))
_BATCH = 8
_FEW = 2  # parts whose nine neighbours at a time are held several times, beside the features of all parts


@dataclass(frozen=True)
class Grid:
    """Positions of a part: those of its tiles in turn, row by row."""

    tiles: int
    rows: int
    columns: int

    @property
    def positions(self) -> int:
        """Of all tiles."""
        return self.tiles * self.rows * self.columns

    def beside(self, down: int, right: int) -> Tensor:
        """For each position `(P,)` the index of the one beside it in its tile; its own where there is none."""
        index = torch.arange(self.positions).reshape(self.tiles, self.rows, self.columns)
        rows = (torch.arange(self.rows) + down)[:, None].expand(-1, self.columns)
        columns = (torch.arange(self.columns) + right)[None].expand(self.rows, -1)
        inside = (rows >= 0) & (rows < self.rows) & (columns >= 0) & (columns < self.columns)
        moved = index[:, rows.clamp(0, self.rows - 1), columns.clamp(0, self.columns - 1)]
        return torch.where(inside, moved, index).flatten()


class NeighbourhoodSearch(nn.Module):
    """Whitened features `(N, P, D)` -> distance `(N, P)` by the nearest Gaussian around each position."""

    centre: Tensor
    patches: Tensor
    answers: Tensor
    weight: Tensor

    def __init__(self, whitening: Whitening, gaussian: GaussianHead, grid: Grid) -> None:
        """Share the Gaussians of a fitted head."""
        super().__init__()
        self.gaussian = gaussian
        self.register_buffer("centre", whitening.leading(whitening.centre @ whitening.rotation))  # (P, D)
        patches = torch.stack([grid.beside(*offset) for offset in _OFFSETS], dim=1)  # (P, 9) that a Gaussian judges
        back = torch.stack([grid.beside(-down, -right) for down, right in _OFFSETS], dim=1)  # (P, 9) that judge a patch
        here = torch.arange(len(patches))
        own = _OFFSETS.index((0, 0))
        which = torch.where(back == here[:, None], own, torch.arange(len(_OFFSETS)))  # at the border: its own
        self.register_buffer("patches", patches)
        self.register_buffer("answers", back * len(_OFFSETS) + which)
        self.register_buffer("weight", torch.where(which == own, 1.0, _ELSEWHERE))

    def forward(self, whitened: Tensor) -> Tensor:
        """Distance of each patch from what is usual around its position."""
        standard = self._by_each_gaussian(whitened)  # (N, P, 9, D)
        return self._nearest(standard.square().sum(dim=-1))

    def left_out(self, whitened: Tensor) -> Tensor:
        """What each part `(N, P, D)` that was learnt from would be told by Gaussians that have not seen it.

        Sherman and Morrison's identity, for a patch u that a Gaussian judges and the patch v of the same part from
        which that Gaussian learnt.
        """
        return torch.cat([self._left_out(batch) for batch in _batches(whitened)])

    def _left_out(self, whitened: Tensor) -> Tensor:
        parts, weight = self.gaussian.parts, self.gaussian.weight_parts
        moved = parts / (parts - 1)
        learnt = self.gaussian(whitened)  # v, (N, P, D)
        judged = self._by_each_gaussian(whitened) + learnt.unsqueeze(2) / (parts - 1)  # u from the mean without v
        share = moved / weight * learnt.square().sum(dim=-1, keepdim=True)
        along = (judged @ learnt.unsqueeze(-1)).squeeze(-1)  # (N, P, 9)
        square = judged.square().sum(dim=-1) + moved / weight * along.square() / (1 - share).clamp_min(1e-3)
        return self._nearest((weight - 1) / weight * square)

    def _by_each_gaussian(self, whitened: Tensor) -> Tensor:
        placed = whitened + self.centre  # as they are, not relative to their position
        judged = placed[:, self.patches] - self.centre.unsqueeze(1)  # (N, P, 9, D)
        standard: Tensor = self.gaussian.product(judged.permute(1, 0, 2, 3).flatten(1, 2))  # (P, N * 9, D)
        return standard.reshape(len(standard), -1, *judged.shape[2:]).transpose(0, 1)

    def _nearest(self, square: Tensor) -> Tensor:
        """Of squared distances `(N, P, 9)` by Gaussian and patch, the nearest for each patch `(N, P)`."""
        by_patch = square.flatten(1)[:, self.answers].sqrt()  # (N, P, 9)
        return (by_patch * self.weight).amin(dim=-1)


def _batches(parts: Tensor) -> Iterator[Tensor]:
    return (parts[start : start + _BATCH] for start in range(0, len(parts), _BATCH))


@torch.no_grad()
def parts_move(goods: Tensor, grid: Grid, moved: float) -> bool:
    """Whether good parts look usual at positions next to their own much more than at their own.

    Args:
        goods: features `(N, P, D)`.
        grid: their positions.
        moved: of the distance by the own position, what a search leaves at least where parts lie still, by the trunk.
    """
    measured = goods[:: max(1, len(goods) // _MEASURED)]
    whitening = Whitening(measured)
    distances = []
    for learnt, judged in _halves(measured):
        own, around = _distances(whitening, learnt, judged, grid)
        distances.append((float(own.mean()), float(around.mean())))
    own, around = (sum(values) for values in zip(*distances, strict=True))
    finer = math.log2(max(_COARSE, math.sqrt(grid.rows * grid.columns)) / _COARSE)
    return bool(around < (moved - _FINER * finer) * own)


def _halves(parts: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    yield parts[::2], parts[1::2]
    yield parts[1::2], parts[::2]


def _distances(whitening: Whitening, learnt: Tensor, judged: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Pooled distances of parts by their own position and by the nearest one."""
    gaussian = GaussianHead(whitening.of_many(learnt))
    search = NeighbourhoodSearch(whitening, gaussian, grid)
    whitened = whitening.of_many(judged)
    around = torch.empty(whitened.shape[:2])  # filled in: results of batches would lie between their freed memory
    for few, into in zip(torch.split(whitened, _FEW), torch.split(around, _FEW), strict=True):
        into.copy_(search(few))
    return pool(gaussian(whitened).norm(dim=-1)), pool(around)
