"""Facts of the comparison of torch with onnxruntime, on outputs made by hand."""

import numpy as np
import pytest

from edge.contract.errors import GateRefused
from edge.inference.detector import GraphOutput
from models.export.parity import TOLERANCE, check_parity

THRESHOLD = 2.0


def output(scores: list[float], maps: float = 0.0, classes: float | None = None) -> GraphOutput:
    count = len(scores)
    class_score = np.full((count, 0 if classes is None else 2), classes or 0, np.float32)
    no_signature = np.zeros((count, 0), np.float32)
    return GraphOutput(
        np.array(scores, np.float32), np.full((count, 4, 4), maps, np.float32), class_score, no_signature
    )


def test_equal_outputs_pass_and_are_reported() -> None:
    report = check_parity(output([1, 3], 1, 1), output([1.001, 3], 1.002, 1), THRESHOLD)
    assert (report.images, report.verdict_flips, report.tolerance) == (2, 0, TOLERANCE)
    assert report.max_score_difference == pytest.approx(0.001, rel=1e-3)
    assert report.max_map_difference == pytest.approx(0.002, rel=1e-3)


@pytest.mark.parametrize(
    "got",
    [
        output([1.02, 3.0], 1, 1),
        output([1.0, 3.0], 1.02, 1),
        output([1.0, 3.0], 1, 1.02),
        output([np.nan, 3.0], 1, 1),
        output([1.0, 3.0], np.inf, 1),
        output([1.0], 1, 1),
        output([1.0, 3.0], 1),
    ],
    ids=["score", "map", "class score", "not a number", "infinite map", "an image less", "no class score"],
)
def test_any_difference_beyond_the_tolerance_refuses(got: GraphOutput) -> None:
    with pytest.raises(GateRefused, match="no bundle was written"):
        check_parity(output([1, 3], 1, 1), got, THRESHOLD)


def test_a_verdict_that_flips_refuses_however_small_the_difference() -> None:
    with pytest.raises(GateRefused, match="1 verdicts flipped"):
        check_parity(output([1.9999, 3]), output([2.0001, 3]), THRESHOLD)
