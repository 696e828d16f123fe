"""The likely cause of a drift: made drifts, rendered, preprocessed and measured as a station does."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from edge.cameras.settings import SimulatedCameraSettings
from edge.cameras.simulated import render_part
from edge.contract.manifest import Alignment, PreprocessSpec
from edge.contract.picture import SmallPicture
from edge.contract.result import ImageStatistics
from edge.preprocess import image_statistics, preprocess
from edge.preprocess.resizing import resize
from inspection.drift.cause import Cause, cause_of_change, likely_cause
from inspection.drift.measures import Measure
from inspection.drift.settings import DriftSettings
from inspection.drift.shifts import Hour, Shift, shift_of

BOUND = DriftSettings().bound
CAMERA = SimulatedCameraSettings(
    kind="simulated", size_px=96, defect_fraction=0, jitter_px=1, jitter_deg=3, blur_px=0.6
)
GOLDEN = render_part(CAMERA.model_copy(update={"jitter_px": 0, "jitter_deg": 0, "blur_px": 0}), 0).pixels
SPEC = PreprocessSpec(
    width_px=96,
    height_px=96,
    alignment=Alignment(
        golden=SmallPicture.of(resize(np.ascontiguousarray(GOLDEN[..., 1]), 64, 64)), min_correlation=0.3
    ),
)


def _hours(of: Sequence[ImageStatistics], measure: Measure) -> list[Hour]:
    values = [getattr(statistics, measure.value) for statistics in of]
    return [Hour(len(values), sum(values), sum(value**2 for value in values))]


def _line(first: int, **drift: float) -> list[ImageStatistics]:
    """30 parts of a line; `gain`, `blur` and `shift` drift, `haze` is stray light."""
    told = []
    for index in range(first, first + 30):
        pixels = render_part(CAMERA, index).pixels.astype(np.float32)
        pixels = pixels * drift.get("gain", 1.0) * (1 - drift.get("haze", 0.0)) + 200 * drift.get("haze", 0.0)
        if "blur" in drift:
            pixels = cv2.GaussianBlur(pixels, (0, 0), drift["blur"])
        moved = np.roll(pixels, round(drift.get("shift", 0)), 1)
        told.append(image_statistics(preprocess(np.clip(moved, 0, 255).astype(np.uint8), SPEC), SPEC))
    return told


@pytest.fixture(name="baseline", scope="module")
def _baseline() -> list[ImageStatistics]:
    return _line(0)


def _shifts(baseline: list[ImageStatistics], recent: list[ImageStatistics], score: float = 0.0) -> dict[Measure, Shift]:
    found = {Measure.SCORE: Shift(Measure.SCORE, 0.4, 0.4 + 0.2 * score, 0.2, 30)}
    for measure in list(Measure)[1:]:
        shift = shift_of(measure, _hours(baseline, measure), _hours(recent, measure), 30)
        assert shift is not None
        found[measure] = shift
    return found


@pytest.mark.parametrize(
    ("drift", "score", "cause"),
    [
        ({}, 0.5, None),
        ({"gain": 0.75}, 0.0, Cause.LIGHT),
        ({"gain": 1.2}, 3.0, Cause.LIGHT),
        ({"haze": 0.3}, 3.0, Cause.LIGHT),
        ({"blur": 1.5}, 3.0, Cause.FOCUS),
        ({"shift": 9}, 3.0, Cause.POSITION),
        ({"shift": 9, "gain": 0.75}, 3.0, Cause.POSITION),
        ({}, 4.0, Cause.PRODUCT),
    ],
)
def test_made_drifts_find_their_cause(
    baseline: list[ImageStatistics], drift: dict[str, float], score: float, cause: Cause | None
) -> None:
    shifts = _shifts(baseline, _line(200, **drift), score)
    assert likely_cause(shifts, BOUND) is cause, {m.value: round(s.shift, 1) for m, s in shifts.items()}


def test_scores_that_jump_with_the_bundle_alone_are_the_models(baseline: list[ImageStatistics]) -> None:
    same, dim = _line(200), _line(200, gain=0.7)
    assert cause_of_change(_shifts(baseline, same, 5.0), BOUND) is Cause.MODEL
    assert cause_of_change(_shifts(baseline, dim, 5.0), BOUND) is Cause.LIGHT
    assert cause_of_change(_shifts(baseline, same, 0.0), BOUND) is None


def test_without_statistics_of_pictures_no_model_is_blamed() -> None:
    score = {Measure.SCORE: Shift(Measure.SCORE, 0.4, 2.0, 0.2, 30)}
    assert cause_of_change(score, BOUND) is Cause.PRODUCT


def test_one_odd_hour_is_no_drift() -> None:
    steady, odd = Hour(50, 500.0, 50 * (100.0 + 1)), Hour(50, 5000.0, 50 * (10_000.0 + 1))
    shift = shift_of(Measure.BRIGHTNESS, [steady, odd, steady], [steady, steady, odd], 50)
    assert shift is not None
    assert shift.shift == 0
    assert shift_of(Measure.BRIGHTNESS, [steady], [Hour(9, 90.0, 900.0)], 50) is None
