"""Patch features: three taps of the trunk on one grid."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from numpy.typing import NDArray
from torch import Tensor, nn

from models.backbones.lite import CHANNELS, LiteTrunk
from models.progress import Progress

__all__ = ["DIMENSION", "STRIDE_PX", "PatchFeatures", "extract"]

STRIDE_PX = 16
DIMENSION = sum(CHANNELS)
_BATCH = 8


class PatchFeatures(nn.Module):
    """Pixels `(N, H, W, 3)` uint8 -> features `(N, H/16 * W/16, 384)` float32, row by row."""

    def __init__(self, trunk: LiteTrunk) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, pixels: Tensor) -> Tensor:
        """Extract features."""
        middle, late, coarse = self.trunk(pixels)
        doubled = F.interpolate(coarse, size=late.shape[2:], mode="bilinear")  # (N, 192, H/16, W/16)
        return torch.cat([middle, late, doubled], dim=1).flatten(2).transpose(1, 2)  # (N, positions, 384)


@torch.inference_mode()
def extract(features: PatchFeatures, pixels: NDArray[np.uint8], progress: Progress, step: str) -> Tensor:
    """Features of all images, `(N, positions, 384)` float32; computed once, every head learns from them."""
    starts: Sequence[int] = range(0, len(pixels), _BATCH)
    parts = [features(torch.from_numpy(pixels[i : i + _BATCH])) for i in progress.over(starts, step)]
    return torch.cat(parts) if parts else torch.zeros(0, 0, DIMENSION)
