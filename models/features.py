"""Patch features: all taps of a trunk on one grid."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from numpy.typing import NDArray
from torch import Tensor, nn

from models.backbones.trunk import Trunk
from models.progress import Progress

__all__ = ["PatchFeatures", "extract", "extract_into", "join_tiles", "room_for"]

_PIXELS_AT_ONCE = 4 * 256 * 256  # four inputs of 256 px, one of 512: more are slower, and take hundreds of megabytes


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
    room = room_for(features, pixels)
    extract_into(room, range(len(pixels)), features, pixels, progress, step)
    return room


def room_for(features: PatchFeatures, pixels: NDArray[np.uint8]) -> Tensor:
    """Features `(N, tiles * positions, D)` to be filled in: kept in pieces and joined, they would be there twice."""
    count, tiles, height, width = pixels.shape[:4]
    stride_px = features.trunk.stride_px
    positions = (height // stride_px) * (width // stride_px)
    return torch.empty(count, tiles * positions, features.trunk.dimension)


@torch.inference_mode()
def extract_into(
    room: Tensor,
    which: Sequence[int],
    features: PatchFeatures,
    pixels: NDArray[np.uint8],
    progress: Progress,
    step: str,
) -> None:
    """Fill in features of those parts that are named by their index."""
    tiles, size = pixels.shape[1], pixels.shape[2:]
    by_tile = room.view(len(pixels), tiles, room.shape[1] // tiles, room.shape[2])
    flat = [(part, tile) for part in which for tile in range(tiles)]
    at_once = max(1, _PIXELS_AT_ONCE // (size[0] * size[1]))
    starts: Sequence[int] = range(0, len(flat), at_once)
    for start in progress.over(starts, step):
        parts, of = map(list, zip(*flat[start : start + at_once], strict=True))
        by_tile[parts, of] = features(torch.from_numpy(pixels[parts, of]))
