"""Files of weights, in the three formats they come in."""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import Tensor

from edge.contract.errors import DataInvalid

__all__ = ["given_file", "read_weights"]


def given_file(path: Path | None) -> Path | None:
    """The file that a person named, if it is there.

    Raises:
        DataInvalid: it is not.
    """
    if path is not None and not path.is_file():
        raise DataInvalid(f"{path}: expected a file of trunk weights, there is none")
    return path


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, of a `.safetensors`, an `.onnx`, or a state dict saved by torch.

    Raises:
        DataInvalid: not a file of weights.
    """
    try:
        return _read(path)
    except Exception as error:  # each of three formats has exceptions of its own
        raise DataInvalid(f"{path}: cannot be read as trunk weights: {error}") from error


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".onnx":
        initializers = onnx.load(path).graph.initializer
        return {item.name: torch.from_numpy(numpy_helper.to_array(item).copy()) for item in initializers}
    if path.suffix == ".safetensors":
        return load_file(path)
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state
