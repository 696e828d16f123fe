"""Graph surgery: the tolerance behind the whitening of an exported detector, so that every head sees what it leaves."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.utils import Extractor

from edge.contract.errors import DataInvalid
from models.acceptance.plane import TINY
from models.acceptance.tolerance import MARGIN, RAMP, Tolerance

__all__ = [
    "TOLERATED",
    "drawn_of",
    "has_tolerance",
    "heads_of",
    "leading_of",
    "whitened_of",
    "with_outputs",
    "with_tolerance",
    "without_tolerance",
]

TOLERATED = "accepted.tolerated"
_PREFIX = "accepted."
_ROTATION = "fused.heads.whitening.rotation"


def whitened_of(model: ModelProto) -> str:
    """Name of the whitened patches `(N, P, D)`.

    Raises:
        DataInvalid: no graph that `inspection train` exported.
    """
    found = [node.output[0] for node in model.graph.node if node.op_type == "MatMul" and _ROTATION in node.input]
    if len(found) != 1:
        raise DataInvalid(
            f"bundle: expected a detector of `inspection train` with one whitening, found {len(found)}: "
            "a model of another tool learns nothing from what is accepted here"
        )
    return str(found[0])


def drawn_of(model: ModelProto) -> str:
    """Name of the map `(tiles, 1, H, W)` as it is drawn from the grid, before it is moved to what it shows."""
    made = {output: node for node in model.graph.node for output in node.output}
    name = "map"
    while made[name].op_type != "Resize":
        name = made[name].input[0]
    return name


def leading_of(plain: ModelProto) -> int | None:
    """How many of the last components of a patch tell novelty; None where all do, for labels see no others."""
    source = whitened_of(plain)
    cut = {node.output[0] for node in plain.graph.node if node.op_type == "Slice" and node.input[0] == source}
    shapes = onnx.shape_inference.infer_shapes(plain).graph.value_info
    found = {value.type.tensor_type.shape.dim[-1].dim_value for value in shapes if value.name in cut}
    return min(found, default=None)


def has_tolerance(model: ModelProto) -> bool:
    """Whether a graph tolerates what was accepted."""
    return any(node.name.startswith(_PREFIX) for node in model.graph.node)


def without_tolerance(model: ModelProto) -> ModelProto:
    """The graph as it was trained: an earlier tolerance is taken out."""
    plain = ModelProto()
    plain.CopyFrom(model)
    _rename_inputs(plain.graph, TOLERATED, whitened_of(plain))
    for values in (plain.graph.node, plain.graph.initializer, plain.graph.value_info):
        for value in [value for value in values if value.name.startswith(_PREFIX)]:
            values.remove(value)
    return plain


def with_tolerance(plain: ModelProto, tolerance: Tolerance) -> ModelProto:
    """A graph without one, and the tolerance in it."""
    model = ModelProto()
    model.CopyFrom(plain)
    source = whitened_of(model)
    _rename_inputs(model.graph, source, TOLERATED)
    place = next(index for index, node in enumerate(model.graph.node) if source in node.output) + 1
    for node in reversed(_nodes(source)):
        model.graph.node.insert(place, node)
    model.graph.initializer.extend(_constants(tolerance))
    return model


def with_outputs(model: ModelProto, *names: str) -> bytes:
    """The same graph that also tells tensors of float32 inside it."""
    told = ModelProto()
    told.CopyFrom(model)
    told.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    return bytes(told.SerializeToString())


def heads_of(plain: ModelProto) -> bytes:
    """Whitened patches in, score out: the part of the graph that is cheap."""
    source = whitened_of(plain)
    inferred = onnx.shape_inference.infer_shapes(plain)
    return bytes(Extractor(inferred).extract_model([source], ["score"]).SerializeToString())


def _rename_inputs(graph: GraphProto, before: str, after: str) -> None:
    for node in graph.node:
        if not node.name.startswith(_PREFIX):
            node.input[:] = [after if name == before else name for name in node.input]


def _nodes(source: str) -> list[NodeProto]:
    """What `tolerance.tolerated` computes."""
    return [
        _node("Slice", [source, "accepted.start", "accepted.end", "accepted.last"], "seen"),
        _node("MatMul", ["accepted.seen", "accepted.directions"], "dots"),
        _node("ReduceMax", ["accepted.dots", "accepted.last"], "best"),
        _node("ReduceL2", ["accepted.seen", "accepted.last"], "length"),
        _node("Max", ["accepted.length", "accepted.tiny"], "divisor"),
        _node("Div", ["accepted.best", "accepted.divisor"], "cosine"),
        _node("Sub", ["accepted.cosine", "accepted.from"], "above"),
        _node("Div", ["accepted.above", "accepted.ramp"], "steep"),
        _node("Clip", ["accepted.steep", "accepted.zero", "accepted.one"], "alike"),
        _node("MatMul", ["accepted.seen", "accepted.planes"], "along"),
        _node("Div", ["accepted.along", "accepted.divisor"], "turned"),
        _node("Add", ["accepted.turned", "accepted.biases"], "heights"),
        _node("ReduceMax", ["accepted.heights", "accepted.last"], "past"),
        _node("Div", ["accepted.past", "accepted.margin"], "far"),
        _node("Clip", ["accepted.far", "accepted.zero", "accepted.one"], "apart"),
        _node("Mul", ["accepted.alike", "accepted.apart"], "usual"),
        _node("Sub", ["accepted.one", "accepted.usual"], "kept"),
        _node("Mul", [source, "accepted.kept"], "tolerated"),
    ]


def _node(kind: str, inputs: list[str], output: str) -> NodeProto:
    name = _PREFIX + output
    return helper.make_node(kind, inputs, [name], name=name)


def _constants(tolerance: Tolerance) -> list[TensorProto]:
    values: dict[str, NDArray[Any]] = {
        "directions": np.ascontiguousarray(tolerance.directions.T),
        "last": np.array([-1], np.int64),
        "start": np.array([-tolerance.directions.shape[1]], np.int64),
        "end": np.array([np.iinfo(np.int64).max], np.int64),
        "from": np.array(tolerance.alike - RAMP, np.float32),
        "ramp": np.array(RAMP, np.float32),
        "planes": np.ascontiguousarray(tolerance.planes.weights.T),
        "biases": tolerance.planes.biases - np.float32(tolerance.beyond - MARGIN),
        "margin": np.array(MARGIN, np.float32),
        "tiny": np.array(TINY, np.float32),
        "zero": np.array(0, np.float32),
        "one": np.array(1, np.float32),
    }
    return [numpy_helper.from_array(value, _PREFIX + name) for name, value in values.items()]
