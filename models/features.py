"""Patch features: all taps of a trunk on one grid."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from numpy.typing import NDArray
from torch import Tensor, nn

from models.backbones.trunk import Trunk
from models.progress import Progress

__all__ = ["PatchFeatures", "extract"]

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


@torch.inference_mode()
def extract(features: PatchFeatures, pixels: NDArray[np.uint8], progress: Progress, step: str) -> Tensor:
    """Features of all images, `(N, positions, D)` float32; computed once, every head learns from them."""
    starts: Sequence[int] = range(0, len(pixels), _BATCH)
    parts = [features(torch.from_numpy(pixels[i : i + _BATCH])) for i in progress.over(starts, step)]
    return torch.cat(parts) if parts else torch.zeros(0, 0, features.trunk.dimension)
