"""Patch features: two taps of the trunk, averaged over a neighbourhood, on one grid.

Source of the neighbourhood: Roth et al., PatchCore (CVPR 2022), section 3.1.
"""

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
    """Pixels `(N, H, W, 3)` uint8 -> features `(N, H/16 * W/16, 152)` float32, row by row."""

    def __init__(self, trunk: LiteTrunk) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, pixels: Tensor) -> Tensor:
        """Extract features."""
        stride8, stride16 = self.trunk(pixels)
        halved = F.avg_pool2d(stride8, 4, stride=2, padding=1, count_include_pad=False)  # (N, 40, H/16, W/16)
        both = torch.cat([halved, stride16], dim=1)
        smooth = F.avg_pool2d(both, 3, stride=1, padding=1, count_include_pad=False)
        return smooth.flatten(2).transpose(1, 2)  # (N, positions, 152)


@torch.inference_mode()
def extract(features: PatchFeatures, pixels: NDArray[np.uint8], progress: Progress, step: str) -> Tensor:
    """Features of all images, `(N, positions, 152)` float32; computed once, every head learns from them."""
    starts: Sequence[int] = range(0, len(pixels), _BATCH)
    parts = [features(torch.from_numpy(pixels[i : i + _BATCH])) for i in progress.over(starts, step)]
    return torch.cat(parts) if parts else torch.zeros(0, 0, DIMENSION)
