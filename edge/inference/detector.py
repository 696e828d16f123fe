"""The detector: one opened bundle that judges frames."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contract.frame import Pixels
from edge.contract.manifest import Calibration, Manifest
from edge.contract.result import ImageStatistics, Verdict
from edge.contract.sentences import sentence
from edge.preprocess import image_statistics, map_in_roi, preprocess

__all__ = ["Detector", "GraphOutput", "Judgement", "graph_output", "monotonic_us"]

_NAMED_ABOVE = 1.0  # -log10: fewer than one good part in ten looks so much like the class


def monotonic_us() -> int:
    """Monotonic clock in microseconds."""
    return time.monotonic_ns() // 1000


@dataclass(frozen=True, slots=True)
class GraphOutput:
    """What the graph says of a batch.

    Attributes:
        score: `(N,)` float32, larger = more anomalous.
        maps: `(N * tiles, height, width)` float32, in the units of the score.
        class_score: `(N, classes)` float32, how much the part looks like each known class, whatever else is unusual;
            empty second axis without a defect head.
        signature: `(N, S)` float32 of length 1, what the most unusual place looks like: two parts with the same kind of
            defect have alike ones; empty second axis where the graph gives none. It decides nothing.
    """

    score: NDArray[np.float32]
    maps: NDArray[np.float32]
    class_score: NDArray[np.float32]
    signature: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a detector says of one frame.

    Attributes:
        verdict: UNDECIDED if the score is in the bundle's band; a frame that cannot be judged raises FrameRejected.
        score: larger = more anomalous, in the units of `threshold`.
        threshold: FAIL if `score > threshold`.
        defect_class: best matching known class of what does not pass; None without one.
        anomaly_map: `(height, width)` float32 that covers the ROI, in the units of the score.
        inference_start_us: monotonic clock, after pre-processing.
        inference_end_us: monotonic clock.
        reason: why UNDECIDED; None for PASS and FAIL.
        signature: `(S,)` float32 of length 1, what the most unusual place looks like; None where the graph gives none.
        statistics: of what the network saw.
    """

    verdict: Verdict
    score: float
    threshold: float
    defect_class: str | None
    anomaly_map: NDArray[np.float32]
    inference_start_us: int
    inference_end_us: int
    reason: str | None = None
    signature: NDArray[np.float32] | None = None
    statistics: ImageStatistics | None = None


class Detector:
    """One opened, verified bundle; any number of threads may call it at once."""

    def __init__(
        self, bundle_id: str, manifest: Manifest, session: Any, clock_us: Callable[[], int] = monotonic_us
    ) -> None:
        self.bundle_id = bundle_id
        self.manifest = manifest
        self._session = session
        self._clock_us = clock_us
        self._outputs = list(manifest.graph.outputs)

    def judge(self, pixels: Pixels) -> Judgement:
        """Judge one frame.

        Args:
            pixels: `(H, W, 3)` RGB, uint8 or uint16.

        Raises:
            FrameRejected: the frame does not fit the bundle; the station answers UNDECIDED.
        """
        spec = self.manifest.preprocess
        prepared = preprocess(pixels, spec)
        start = self._clock_us()
        output = self.run(prepared.tiles)
        end = self._clock_us()
        score = float(output.score[0])
        calibration = self.manifest.calibration
        verdict = calibration.verdict(score)
        return Judgement(
            verdict=verdict,
            score=score,
            threshold=calibration.threshold,
            defect_class=None if verdict is Verdict.PASS else self._best_class(output.class_score[0]),
            anomaly_map=map_in_roi(output.maps, spec, prepared.pose),
            inference_start_us=start,
            inference_end_us=end,
            reason=_why_undecided(score, calibration) if verdict is Verdict.UNDECIDED else None,
            signature=output.signature[0] if output.signature.size else None,
            statistics=image_statistics(prepared, spec),
        )

    def run(self, batch: NDArray[np.uint8]) -> GraphOutput:
        """Run the graph on `(N * tiles, height, width, 3)` uint8, the tiles of one part or of several in turn."""
        values = self._session.run(self._outputs, {self.manifest.graph.input_name: batch})
        return graph_output(dict(zip(self._outputs, values, strict=True)))

    def _best_class(self, class_score: NDArray[np.float32]) -> str | None:
        """The known class that the part looks most like; an unseen type stays without a name."""
        if class_score.size == 0:
            return None
        best = int(np.argmax(class_score))
        if class_score[best] <= _NAMED_ABOVE:
            return None
        return self.manifest.defect_classes[best]


def graph_output(named: Mapping[str, NDArray[np.float32]]) -> GraphOutput:
    """The graph's outputs by name; those that it does not give are empty."""
    none = np.zeros((len(named["score"]), 0), np.float32)
    return GraphOutput(named["score"], named["map"], named.get("class_score", none), named.get("signature", none))


def _why_undecided(score: float, calibration: Calibration) -> str:
    return sentence(
        f"score {score:.3f} is between {calibration.passes_up_to:.3f} and {calibration.threshold:.3f}: a person decides"
    )
