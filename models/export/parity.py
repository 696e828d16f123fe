"""The parity gate: torch and onnxruntime must say the same of the same images, or there is no bundle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from edge.contract.errors import GateRefused
from edge.contract.manifest import GraphSpec, ParityReport
from edge.inference.detector import GraphOutput, graph_output
from edge.inference.session import InferenceSettings, open_session
from models.export.onnx_graph import OUTPUTS

__all__ = ["TOLERANCE", "check_parity", "run_onnx", "run_torch"]

TOLERANCE = 0.01  # in -log10(tail probability): 2 % of a probability, far below what separates parts


@dataclass(frozen=True)
class _Difference:
    score: float
    maps: float
    flips: int


def check_parity(expected: GraphOutput, got: GraphOutput, threshold: float) -> ParityReport:
    """Compare torch's output with onnxruntime's.

    Raises:
        GateRefused: scores, maps or class scores differ by more than the tolerance, or a verdict flips.
    """
    difference = _Difference(
        max(_largest(expected.score, got.score), _largest(expected.class_score, got.class_score)),
        _largest(expected.maps, got.maps),
        int(((expected.score > threshold) != (got.score > threshold)).sum()),
    )
    if not max(difference.score, difference.maps) <= TOLERANCE or difference.flips:
        raise GateRefused(
            f"parity: torch and onnxruntime differ on {len(expected.score)} images by {difference.score:.3g} in score "
            f"and {difference.maps:.3g} in map (tolerance {TOLERANCE}), with {difference.flips} verdicts flipped; "
            "no bundle was written"
        )
    return ParityReport(
        images=len(expected.score),
        max_score_difference=difference.score,
        max_map_difference=difference.maps,
        verdict_flips=difference.flips,
        tolerance=TOLERANCE,
    )


@torch.inference_mode()
def run_torch(net: torch.nn.Module, pixels: NDArray[np.uint8]) -> GraphOutput:
    """Run the torch module on `(N, tiles, H, W, 3)` uint8 inputs, one part at a time as on the line."""
    return _one_by_one(lambda part: [value.numpy() for value in net(torch.from_numpy(part))], OUTPUTS, pixels)


def run_onnx(model: bytes, graph: GraphSpec, pixels: NDArray[np.uint8]) -> GraphOutput:
    """Run the exported graph on the same, in the same way."""
    session = open_session(model, InferenceSettings())
    return _one_by_one(lambda part: session.run(list(graph.outputs), {graph.input_name: part}), graph.outputs, pixels)


def _one_by_one(
    run: Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]], names: Sequence[str], pixels: NDArray[np.uint8]
) -> GraphOutput:
    """What there is of the outputs `names`; a module without a defect head gives all but the last."""
    per_part = [run(part) for part in pixels]
    outputs = [np.concatenate(values) for values in zip(*per_part, strict=True)]
    return graph_output(dict(zip(names, outputs, strict=False)))


def _largest(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    if a.shape != b.shape or not np.isfinite(b).all():
        return float("inf")
    return float(np.abs(a - b).max(initial=0.0))
