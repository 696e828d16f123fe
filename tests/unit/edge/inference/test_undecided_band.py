"""Facts of a bundle with a band of scores in which a person decides."""

from pathlib import Path

import numpy as np
import pytest

from edge.bundle import load_detector
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import Detector, InferenceSettings
from tests.support.tiny_bundle import SIZE, write_tiny_bundle


@pytest.fixture(name="detector")
def _detector(tmp_path: Path) -> Detector:
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    write_tiny_bundle(tmp_path / "tiny.bundle", key, undecided_from=0.5)
    return load_detector(tmp_path / "tiny.bundle", TrustedKeys((key.public_text,)), InferenceSettings())


@pytest.mark.parametrize(
    ("grey", "verdict", "reason"),
    [
        (130, Verdict.PASS, None),
        (160, Verdict.PASS, None),
        (176, Verdict.UNDECIDED, "score 0.750 is between 0.500 and 1.000: a person decides"),
        (220, Verdict.FAIL, None),
    ],
)
def test_a_score_in_the_band_is_undecided_with_its_reason(
    detector: Detector, grey: int, verdict: Verdict, reason: str | None
) -> None:
    judgement = detector.judge(np.full((SIZE, SIZE, 3), grey, np.uint8))
    assert (judgement.verdict, judgement.reason) == (verdict, reason)
