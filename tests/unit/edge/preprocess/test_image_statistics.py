"""Statistics of the network's input, on rendered parts."""

import numpy as np
import pytest

from edge.cameras.settings import SimulatedCameraSettings
from edge.cameras.simulated import render_part
from edge.contract.manifest import Alignment, PreprocessSpec
from edge.contract.picture import SmallPicture
from edge.contract.result import ImageStatistics, InspectionResult
from edge.preprocess import image_statistics, preprocess
from edge.preprocess.resizing import resize
from tests.support.plants import a_result

SPEC = PreprocessSpec(width_px=128, height_px=128)
STILL = {"kind": "simulated", "size_px": 128, "jitter_px": 0, "jitter_deg": 0, "lighting_drift": 0, "blur_px": 0}


def _pixels(**changes: float) -> np.ndarray:
    return render_part(SimulatedCameraSettings(**{**STILL, "defect_fraction": 0, **changes}), 0).pixels


def _told(pixels: np.ndarray, spec: PreprocessSpec = SPEC) -> ImageStatistics:
    return image_statistics(preprocess(pixels, spec), spec)


def test_light_moves_brightness_and_contrast_and_hardly_the_sharpness() -> None:
    bright, dim = _told(_pixels()), _told((_pixels() * 0.7).astype(np.uint8))
    assert dim.brightness == pytest.approx(0.7 * bright.brightness, rel=0.02)
    assert dim.contrast == pytest.approx(0.7 * bright.contrast, rel=0.02)
    assert dim.sharpness_db == pytest.approx(bright.sharpness_db, abs=0.5)


def test_blur_lowers_the_sharpness_and_leaves_the_brightness() -> None:
    sharp, soft = _told(_pixels()), _told(_pixels(blur_px=3))
    assert soft.sharpness_db < sharp.sharpness_db - 3
    assert soft.brightness == pytest.approx(sharp.brightness, rel=0.02)


def test_a_moved_part_tells_how_far_where_parts_are_aligned() -> None:
    golden = SmallPicture.of(resize(np.ascontiguousarray(_pixels()[..., 1]), 64, 64))
    spec = SPEC.model_copy(update={"alignment": Alignment(golden=golden, min_correlation=0.5)})
    told = _told(np.roll(_pixels(), (4, -8), (0, 1)), spec)
    assert (told.offset_x_px, told.offset_y_px) == (pytest.approx(-8, abs=0.5), pytest.approx(4, abs=0.5))
    assert told.turn_deg == pytest.approx(0, abs=1)
    assert _told(_pixels()).offset_x_px is None


def test_an_even_picture_has_no_sharpness() -> None:
    assert _told(np.full((128, 128, 3), 90, np.uint8)) == ImageStatistics(brightness=90, contrast=0, sharpness_db=-60)


def test_results_of_older_stations_stay_valid() -> None:
    old = a_result().model_dump(mode="json")
    del old["statistics"]
    assert InspectionResult.model_validate(old).statistics is None
