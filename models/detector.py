"""The whole detector as one module, as it is exported: uint8 pixels in, score and map out."""

import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor, nn

from models.features import PatchFeatures
from models.heads.fusion import FusedHeads
from models.heads.tail import pool

__all__ = ["DetectorNet"]


class DetectorNet(nn.Module):
    """Pixels `(N, H, W, 3)` uint8 -> score `(N,)`, map `(N, H, W)`, class score `(N, C)`, float32."""

    def __init__(self, features: PatchFeatures, fused: FusedHeads, height_px: int, width_px: int) -> None:
        super().__init__()
        self.features = features
        self.fused = fused
        self.size = (height_px, width_px)
        stride_px = features.trunk.stride_px
        self.grid = (height_px // stride_px, width_px // stride_px)

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Judge a batch; the class score is left out where no defect head was trained."""
        fused, classes = self.fused(self.features(pixels))  # (N, P), (N, P, C)
        grid_map = fused.unflatten(1, self.grid).unsqueeze(1)  # (N, 1, h, w)
        full = F.interpolate(grid_map, size=self.size, mode="bilinear").squeeze(1)
        outputs = (pool(fused), full)
        return (*outputs, pool(classes)) if classes.shape[-1] else outputs
