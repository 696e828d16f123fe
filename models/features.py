"""Patch features: all taps of a trunk on one grid."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from numpy.typing import NDArray
from torch import Tensor, nn

from models.backbones.trunk import Trunk
from models.progress import Progress

__all__ = ["PatchFeatures", "extract", "join_tiles"]

_BATCH = 8


class PatchFeatures(nn.Module):
    """Pixels `(N, H, W, 3)` uint8 -> features `(N, positions, D)` float32, row by row of the trunk's finest grid."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, pixels: Tensor) -> Tensor:
        """Extract features."""
        finest, *coarser = self.trunk(pixels)
        grid = finest.shape[2:]
        taps = [tap if tap.shape[2:] == grid else F.interpolate(tap, size=grid, mode="bilinear") for tap in coarser]
        return torch.cat([finest, *taps], dim=1).flatten(2).transpose(1, 2)


def join_tiles(features: Tensor, tiles: int) -> Tensor:
    """Features `(N * tiles, P, D)` as those of whole parts, `(N, tiles * P, D)`."""
    return features if tiles == 1 else features.reshape(-1, tiles * features.shape[1], features.shape[2])


@torch.inference_mode()
def extract(features: PatchFeatures, pixels: NDArray[np.uint8], progress: Progress, step: str) -> Tensor:
    """Features of all parts; computed once, every head learns from them.

    Args:
        features: of one tile.
        pixels: `(N, tiles, H, W, 3)` uint8.
        progress: told of each batch.
        step: its name.

    Returns:
        `(N, tiles * positions, D)` float32.
    """
    tiles = pixels.shape[1]
    flat = pixels.reshape(-1, *pixels.shape[2:])
    starts: Sequence[int] = range(0, len(flat), _BATCH)
    parts = [features(torch.from_numpy(flat[i : i + _BATCH])) for i in progress.over(starts, step)]
    return join_tiles(torch.cat(parts), tiles) if parts else torch.zeros(0, 0, features.trunk.dimension)
