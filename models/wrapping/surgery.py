"""Graph surgery: uint8 pixels in front of a foreign graph, score and map behind it.

Only operators are used whose form has not changed since opset 11, so that the foreign graph stays as it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, compose, helper, numpy_helper

from edge.contract.errors import DataInvalid
from models.wrapping.request import ForeignInput, ForeignOutput

__all__ = ["GREY", "NO_CERTAINTY", "ForeignGraph", "open_foreign", "wrap_graph"]

_LEAST_OPSET = 11
_LEAST_SIDE_PX, _LARGEST_SIDE_PX = 32, 4096  # of an input: what a manifest allows
_AXES_AS_INPUT = 18  # from this opset on, a reduction takes its axes as an input
GREY = (0.299, 0.587, 0.114)
_PREFIX = "model/"
NO_CERTAINTY = 1e-7  # that no probability falls below, so that its logarithm is a number


@dataclass(frozen=True)
class ForeignGraph:
    """A foreign model and what can be read off it.

    Attributes:
        input_name: of its only input.
        size_px: width and height.
        batch: images that it insists on; None takes any number.
    """

    model: ModelProto
    input_name: str
    size_px: tuple[int, int]
    batch: int | None

    @property
    def opset(self) -> int:
        """Of the standard operators."""
        return next(int(entry.version) for entry in self.model.opset_import if entry.domain in {"", "ai.onnx"})


def open_foreign(path: Path, takes: ForeignInput, gives: ForeignOutput) -> ForeignGraph:
    """Read a model and check that it is as stated.

    Raises:
        DataInvalid: no ONNX file, or its inputs and outputs are not those that were stated.
    """
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf's exceptions share no base class with the others
        raise DataInvalid(f"{path}: expected an ONNX file: {error}") from error
    constants = {value.name for value in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1 or inputs[0].type.tensor_type.elem_type != TensorProto.FLOAT:
        raise DataInvalid(f"{path}: expected one input of float32, got {[value.name for value in inputs]}")
    outputs = [value.name for value in model.graph.output]
    missing = [name for name in gives.names if name not in outputs]
    if missing:
        raise DataInvalid(f"{path}: no output {missing}; the graph has {outputs}")
    dims = [axis.dim_value or None for axis in inputs[0].type.tensor_type.shape.dim]
    graph = ForeignGraph(model, inputs[0].name, _size(path, dims, takes), dims[0])
    if graph.opset < _LEAST_OPSET:
        raise DataInvalid(f"{path}: expected opset {_LEAST_OPSET} or newer, got {graph.opset}: export it again")
    return graph


def _size(path: Path, dims: list[int | None], takes: ForeignInput) -> tuple[int, int]:
    """Width and height."""
    if len(dims) != 4:  # noqa: PLR2004 - a batch of images
        raise DataInvalid(f"{path}: expected an input of 4 axes ({takes.layout}), got {dims}")
    _, *rest = dims
    channels, height, width = rest if takes.layout == "nchw" else (rest[2], rest[0], rest[1])
    if channels not in {None, takes.channels}:
        raise DataInvalid(f"{path}: expected {takes.channels} channels ({takes.colour}, {takes.layout}), got {dims}")
    own = None if width is None or height is None else (width, height)
    size = takes.size_px or own
    if size is None:
        raise DataInvalid(f"{path}: the graph takes any size, expected --size WIDTHxHEIGHT")
    if own not in {None, size}:
        raise DataInvalid(f"{path}: expected images of {own} px, --size says {size}")
    if not all(_LEAST_SIDE_PX <= side <= _LARGEST_SIDE_PX for side in size):
        raise DataInvalid(f"{path}: expected an input of {_LEAST_SIDE_PX} to {_LARGEST_SIDE_PX} px a side, got {size}")
    return size


def wrap_graph(foreign: ForeignGraph, takes: ForeignInput, gives: ForeignOutput) -> bytes:
    """One graph: pixels `(N, H, W, 3)` uint8 in; score `(N,)`, map `(N, H, W)` and, with classes, class score out."""
    inner = compose.add_prefix(foreign.model, _PREFIX)
    front = _front(foreign, takes)
    joined = compose.merge_models(front, inner, io_map=[("image", _PREFIX + foreign.input_name)])
    back = _back(foreign, gives)
    stated = [(_PREFIX + name, value.name) for name, value in zip(gives.names, back.graph.input, strict=True)]
    whole = compose.merge_models(joined, back, io_map=stated, outputs=[value.name for value in back.graph.output])
    return bytes(whole.SerializeToString())


class _Nodes:
    """A small graph in the making; its side keeps its names apart from those of the other one."""

    def __init__(self, side: str, opset: int) -> None:
        self._side, self._opset = side, opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, op: str, *inputs: str, named: str | None = None, **attributes: Any) -> str:
        """One node; returns the name of its output."""
        name = named or f"{self._side}/{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"wrap/{name}", **attributes))
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """A constant tensor."""
        name = f"{self._side}/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def reduced(self, op: str, value: str, axes: list[int]) -> str:
        """A reduction that drops its axes."""
        if self._opset < _AXES_AS_INPUT:
            return self.add(op, value, axes=axes, keepdims=0)
        return self.add(op, value, self.constant(axes, np.int64), keepdims=0)

    def model(self, foreign: ForeignGraph, inputs: list[Any], outputs: list[Any]) -> ModelProto:
        """With the versions of the foreign graph, which it will be joined with."""
        graph = helper.make_graph(self.nodes, "wrap", inputs, outputs, self.constants)
        opset = helper.make_opsetid("", self._opset)
        return helper.make_model(graph, opset_imports=[opset], ir_version=foreign.model.ir_version)


def _front(foreign: ForeignGraph, takes: ForeignInput) -> ModelProto:
    """Pixels to the image that the foreign model takes, as often as it insists on."""
    width, height = foreign.size_px
    nodes = _Nodes("front", foreign.opset)
    value = nodes.add("Cast", "pixels", to=TensorProto.FLOAT)
    if takes.colour == "bgr":
        value = nodes.add("Gather", value, nodes.constant([2, 1, 0], np.int64), axis=3)
    if takes.colour == "grey":
        value = nodes.add("MatMul", value, nodes.constant(np.array(GREY)[:, np.newaxis]))
    mean, std = np.array(takes.mean), np.array(takes.std)
    value = nodes.add("Mul", value, nodes.constant(1 / (takes.scale * std)))
    value = nodes.add("Sub", value, nodes.constant(mean / std))
    if takes.layout == "nchw":
        value = nodes.add("Transpose", value, perm=[0, 3, 1, 2])
    nodes.add("Concat", *[value] * (foreign.batch or 1), named="image", axis=0)
    parts: list[str | int | None] = ["N" if foreign.batch is None else 1]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, [*parts, height, width, 3])
    return nodes.model(foreign, [pixels], [helper.make_tensor_value_info("image", TensorProto.FLOAT, None)])


def _back(foreign: ForeignGraph, gives: ForeignOutput) -> ModelProto:
    """What the foreign model says to score, map and class score."""
    nodes = _Nodes("back", foreign.opset)
    said = {name: _one_part(nodes, foreign, f"said_{index}") for index, name in enumerate(gives.names)}
    outputs: list[tuple[str, list[str | int | None]]] = [
        ("score", ["N"]),
        ("map", ["N", foreign.size_px[1], foreign.size_px[0]]),
    ]
    if gives.logits is not None and gives.classes:
        _check_named(gives.classes, _classes(foreign, gives.logits))
        _class_score(nodes, said[gives.logits], gives)
        outputs.append(("class_score", ["N", len(gives.defect_classes)]))
    amap = _map(nodes, foreign, gives, said)
    if gives.score is not None:
        score = said[gives.score]
    elif gives.logits is not None:
        score = _log_odds(nodes, said[gives.logits], _classes(foreign, gives.logits), gives.good_class)
    else:
        score = nodes.add("GlobalMaxPool", amap or "")
    nodes.add("Reshape", score, nodes.constant([-1], np.int64), named="score")
    _whole_map(nodes, amap, foreign.size_px)
    return nodes.model(
        foreign,
        [helper.make_tensor_value_info(f"said_{index}", TensorProto.FLOAT, None) for index in range(len(said))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
    )


def _one_part(nodes: _Nodes, foreign: ForeignGraph, value: str) -> str:
    """The first of the copies that a batch was filled up with."""
    return nodes.add("Gather", value, nodes.constant([0], np.int64), axis=0) if (foreign.batch or 1) > 1 else value


def _map(nodes: _Nodes, foreign: ForeignGraph, gives: ForeignOutput, said: dict[str, str]) -> str | None:
    """`(N, 1, h, w)`, whether the model gives a channel axis or not; None where it says nothing of places."""
    if gives.map is not None:
        value = said[gives.map]
    elif gives.segmentation is not None:
        count = _classes(foreign, gives.segmentation)
        value = _log_odds(nodes, said[gives.segmentation], count, gives.good_class)
    else:
        return None
    sides = nodes.add("Gather", nodes.add("Shape", value), nodes.constant([-2, -1], np.int64), axis=0)
    shape = nodes.add("Concat", nodes.constant([-1, 1], np.int64), sides, axis=0)
    return nodes.add("Reshape", value, shape)


def _whole_map(nodes: _Nodes, amap: str | None, size_px: tuple[int, int]) -> None:
    """At the size of the input; zero where the model says nothing of places."""
    sides = nodes.constant([size_px[1], size_px[0]], np.int64)
    if amap is None:
        shape = nodes.add("Concat", nodes.add("Shape", "score"), sides, axis=0)
        nodes.add("Expand", nodes.constant([[[0.0]]]), shape, named="map")
        return
    first = nodes.add("Gather", nodes.add("Shape", amap), nodes.constant([0, 1], np.int64), axis=0)
    shape, none = nodes.add("Concat", first, sides, axis=0), nodes.constant([])
    whole = nodes.add("Resize", amap, none, none, shape, mode="linear")
    nodes.add("Reshape", whole, nodes.constant([-1, size_px[1], size_px[0]], np.int64), named="map")


def _classes(foreign: ForeignGraph, output: str) -> int:
    """Length of the second axis of an output."""
    value = next(value for value in foreign.model.graph.output if value.name == output)
    dims = value.type.tensor_type.shape.dim
    if len(dims) < 2 or not dims[1].dim_value:  # noqa: PLR2004 - parts and classes
        got = [axis.dim_value or axis.dim_param for axis in dims]
        raise DataInvalid(f"output {output}: expected a fixed number of classes on its second axis, got {got}")
    return int(dims[1].dim_value)


def _check_named(names: tuple[str, ...], count: int) -> None:
    if len(names) != count:
        raise DataInvalid(f"--classes: expected {count} names, as many as --logits has classes, got {len(names)}")


def _log_odds(nodes: _Nodes, logits: str, count: int, good: int) -> str:
    """Of any class but the good one, along the second axis, which is dropped."""
    if count == 1:
        return logits
    if not 0 <= good < count:
        raise DataInvalid(f"--good-class: expected 0 to {count - 1}, got {good}")
    others = nodes.constant([index for index in range(count) if index != good], np.int64)
    bad = nodes.reduced("ReduceLogSumExp", nodes.add("Gather", logits, others, axis=1), [1])
    return nodes.add("Sub", bad, nodes.add("Gather", logits, nodes.constant(good, np.int64), axis=1))


def _class_score(nodes: _Nodes, logits: str, gives: ForeignOutput) -> None:
    """-log10 of the probability that it is not this class: 1 at a probability of 0.9, from which a class is named."""
    others = [index for index in range(len(gives.classes)) if index != gives.good_class]
    known = nodes.add("Gather", nodes.add("Softmax", logits, axis=1), nodes.constant(others, np.int64), axis=1)
    doubt = nodes.add("Max", nodes.add("Sub", nodes.constant(1.0), known), nodes.constant(NO_CERTAINTY))
    nodes.add("Mul", nodes.add("Log", doubt), nodes.constant(-1 / np.log(10)), named="class_score")
