"""INT8 by static quantisation, and the measurement that decides whether a graph of fewer bits may be used.

Source: onnxruntime's quantisation tool, format QDQ: 8-bit activations, 8-bit weights with a scale for each channel.
"""

import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

from edge.contract.manifest import Calibration

__all__ = ["Comparison", "compare", "of_heads", "quiet", "to_int8"]

_QUANTISED = ("Conv", "MatMul", "Gemm")
_SCOPES = "pkg.torch.onnx.name_scopes"  # the exporter's note of the module that a node comes from
_HEADS = "'fused'"  # their distances live on small differences, and they take little of the time
_FASTER = 0.95  # of the time: less than the noise of a busy machine is no gain
_WARM_UP = 5


class _Images(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """One part after another, as the tool asks for them."""

    def __init__(self, input_name: str, pixels: NDArray[np.uint8]) -> None:
        self._left: Iterator[dict[str, Any]] = ({input_name: part} for part in pixels)

    def get_next(self) -> dict[str, Any] | None:
        """The next part; None ends it."""
        return next(self._left, None)


def to_int8(model: bytes, input_name: str, pixels: NDArray[np.uint8]) -> bytes:
    """Quantise all but the heads.

    Args:
        model: ONNX.
        input_name: of the pixels.
        pixels: `(N, tiles, H, W, 3)` uint8 of good parts, from which the ranges of activations are read.
    """
    graph = onnx.load_from_string(model)
    nodes = [node.name for node in graph.graph.node if node.op_type in _QUANTISED and not of_heads(node)]
    with quiet(), tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "int8.onnx"
        quantize_static(
            graph,
            out,
            _Images(input_name, pixels),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=nodes,
        )
        return out.read_bytes()


@contextmanager
def quiet() -> Iterator[None]:
    """The tools of onnxruntime advise, on the root logger, on steps that the export has done already."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def of_heads(node: onnx.NodeProto) -> bool:
    """Whether a node of an exported graph belongs to its heads, which keep their precision."""
    return any(prop.key == _SCOPES and _HEADS in prop.value for prop in node.metadata_props)


@dataclass(frozen=True)
class Comparison:
    """What a graph of fewer bits does on a hold-out, against the one it was made of.

    Attributes:
        images: in the hold-out.
        full_ms: median of a session's run.
        reduced_ms: the same, in turn with it.
        max_score_difference: the largest.
        verdict_flips: images with another verdict.
    """

    images: int
    full_ms: float
    reduced_ms: float
    max_score_difference: float
    verdict_flips: int

    @property
    def time_ratio(self) -> float:
        """Below 1 is faster."""
        return self.reduced_ms / self.full_ms

    @property
    def accepted(self) -> bool:
        """Whether it is faster and says the same."""
        return self.verdict_flips == 0 and self.time_ratio <= _FASTER

    def __str__(self) -> str:
        return (
            f"{self.reduced_ms:.1f} ms against {self.full_ms:.1f} ms, {self.verdict_flips} of {self.images} verdicts "
            f"flipped, scores differ by up to {self.max_score_difference:.3g}"
        )


def compare(
    full: Any, reduced: Any, input_name: str, pixels: NDArray[np.uint8], calibration: Calibration
) -> Comparison:
    """Run both sessions on the hold-out in turn, part by part."""
    scores: tuple[list[float], list[float]] = ([], [])
    times_ms: tuple[list[float], list[float]] = ([], [])
    for number, part in enumerate([*pixels[:_WARM_UP], *pixels]):
        for session, said, spent in zip((full, reduced), scores, times_ms, strict=True):
            start = time.perf_counter_ns()
            (score,) = session.run(["score"], {input_name: part})
            if number >= min(_WARM_UP, len(pixels)):
                spent.append((time.perf_counter_ns() - start) / 1e6)
                said.append(float(score[0]))
    pairs = list(zip(*scores, strict=True))
    return Comparison(
        images=len(pairs),
        full_ms=statistics.median(times_ms[0]),
        reduced_ms=statistics.median(times_ms[1]),
        max_score_difference=max(abs(a - b) for a, b in pairs),
        verdict_flips=sum(calibration.verdict(a) is not calibration.verdict(b) for a, b in pairs),
    )
