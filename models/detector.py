"""The whole detector as one module, as it is exported: uint8 pixels in, score and map out."""

import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor, nn

from models.features import PatchFeatures, join_tiles
from models.heads.fusion import FusedHeads
from models.heads.signature import Signature

__all__ = ["DetectorNet"]


class DetectorNet(nn.Module):
    """Pixels `(N * tiles, H, W, 3)` uint8 -> score `(N,)`, map `(N * tiles, H, W)`, signature `(N, S)`, class score.

    All outputs are float32; the class score is `(N, C)`. The heads see a part's tiles as one: each has its own
    positions, and the score is that of the whole part.
    """

    def __init__(
        self, features: PatchFeatures, fused: FusedHeads, height_px: int, width_px: int, tiles: int = 1
    ) -> None:
        super().__init__()
        self.features = features
        self.fused = fused
        self.signature = Signature(fused.heads.whitening)
        self.size = (height_px, width_px)
        self.tiles = tiles
        stride_px = features.trunk.stride_px
        self.grid = (height_px // stride_px, width_px // stride_px)
        self.ahead_px = features.trunk.ahead_px

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Judge a batch; the class score is left out where no defect head was trained."""
        features = join_tiles(self.features(pixels), self.tiles)  # (N, T * P, D)
        fused = self.fused(features)
        grid_map = fused.map.reshape(-1, 1, *self.grid)  # (N * T, 1, h, w)
        full = _moved(F.interpolate(grid_map, size=self.size, mode="bilinear"), self.ahead_px).squeeze(1)
        outputs = (fused.score, full, self.signature(features, fused.map))
        return (*outputs, fused.class_score) if fused.classes.shape[-1] else outputs


def _moved(maps: Tensor, px: int) -> Tensor:
    """Maps `(N, 1, H, W)` so many pixels further right and down; what comes in is as the edge was."""
    return F.pad(maps[..., :-px, :-px], (px, 0, px, 0), mode="replicate") if px else maps
