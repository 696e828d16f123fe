"""Facts of graphs of fewer bits: what is reduced, and what is refused."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from edge.contract.manifest import Calibration, Promise
from edge.inference import InferenceSettings, open_session
from models.export.half import to_fp16
from models.export.onnx_graph import to_onnx
from models.export.reduced import Comparison, compare, to_int8

FASTER = Comparison(images=50, full_ms=10.0, reduced_ms=6.0, max_score_difference=0.1, verdict_flips=0)
CALIBRATION = Calibration(
    threshold=0.4,
    target_overkill=0.05,
    heldout_goods=20,
    pooling="max",
    promise=Promise(confidence=0.95, overkill_at_most=0.2, text=""),
)
PARTS = np.random.default_rng(0).integers(0, 256, (6, 1, 32, 32, 3), np.uint8)


class Net(nn.Module):
    """A convolution as trunk, and a product as heads."""

    size, tiles = (32, 32), 1

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features, self.fused = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Score and map."""
        values = self.features(pixels.permute(0, 3, 1, 2).float() / 255)
        amap = self.fused(values.permute(0, 2, 3, 1)).squeeze(-1)
        return amap.amax(dim=(1, 2)), amap


@pytest.fixture(name="model", scope="module")
def _model() -> bytes:
    return to_onnx(Net(), ("score", "map"))


def test_the_trunk_is_quantised_and_the_heads_are_not(model: bytes) -> None:
    graph = onnx.load_from_string(to_int8(model, "pixels", PARTS)).graph
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    inputs = {node.op_type: [made_by.get(name) for name in node.input] for node in graph.node}
    assert inputs["Conv"][:2] == ["DequantizeLinear", "DequantizeLinear"]
    assert "DequantizeLinear" not in inputs["MatMul"][1:]


def test_the_trunk_is_halved_and_the_heads_pixels_and_answers_keep_their_types(model: bytes) -> None:
    graph = onnx.load_from_string(to_fp16(model)).graph
    kind_of = {tensor.name: tensor.data_type for tensor in graph.initializer}
    assert kind_of["trunk.features.weight"] == onnx.TensorProto.FLOAT16
    assert kind_of["fused.weight"] == kind_of["fused.bias"] == onnx.TensorProto.FLOAT
    first_head = next(number for number, node in enumerate(graph.node) if node.op_type == "MatMul")
    assert "Cast" not in [node.op_type for node in graph.node[first_head:]]
    assert [value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)] == [
        onnx.TensorProto.UINT8,
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.FLOAT,
    ]


def test_a_model_of_another_tool_without_heads_is_halved_as_a_whole(model: bytes) -> None:
    graph = onnx.load_from_string(model)
    for node in graph.graph.node:
        del node.metadata_props[:]
    half = to_fp16(graph.SerializeToString())
    assert onnx.TensorProto.FLOAT16 in {tensor.data_type for tensor in onnx.load_from_string(half).graph.initializer}
    full, reduced = (open_session(each, InferenceSettings(threads=1)) for each in (model, half))
    assert 0 < compare(full, reduced, "pixels", PARTS, CALIBRATION).max_score_difference < 0.01


def test_half_precision_says_nearly_the_same(model: bytes) -> None:
    full, half = (open_session(graph, InferenceSettings(threads=1)) for graph in (model, to_fp16(model)))
    measured = compare(full, half, "pixels", PARTS, CALIBRATION)
    assert 0 < measured.max_score_difference < 0.005


def test_both_graphs_are_run_on_every_part_and_compared_by_their_verdicts(model: bytes) -> None:
    int8 = to_int8(model, "pixels", PARTS)
    full, quantised = (open_session(graph, InferenceSettings(threads=1)) for graph in (model, int8))
    measured = compare(full, quantised, "pixels", PARTS, CALIBRATION)
    assert measured.images == len(PARTS)
    assert 0 < measured.max_score_difference < 0.05
    assert min(measured.full_ms, measured.reduced_ms) > 0
    scores = [float(full.run(["score"], {"pixels": part})[0][0]) for part in PARTS]
    between = CALIBRATION.model_copy(update={"threshold": float(np.mean(scores))})
    same = compare(full, full, "pixels", PARTS, between)
    assert (same.verdict_flips, same.max_score_difference) == (0, 0.0)


@pytest.mark.parametrize(
    ("measured", "accepted"),
    [
        (FASTER, True),
        (replace(FASTER, verdict_flips=1), False),
        (replace(FASTER, reduced_ms=9.9), False),
        (replace(FASTER, reduced_ms=12.0), False),
        (replace(FASTER, reduced_ms=float("nan")), False),
    ],
)
def test_only_what_is_faster_and_flips_no_verdict_is_accepted(measured: Comparison, accepted: bool) -> None:  # noqa: FBT001
    assert measured.accepted is accepted
    assert f"{measured.verdict_flips} of 50 verdicts flipped" in str(measured)
