"""Facts of an evaluation, by a real bundle whose score is the deviation from grey."""

import json
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import load_detector
from edge.contract.manifest import Alignment, Costs
from edge.contract.picture import SmallPicture
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import Detector, InferenceSettings
from models.evaluation.evaluate import Evaluation, evaluate, load_test_images
from models.progress import Progress
from models.report.page import write_report
from tests.support.textures import write_image
from tests.support.tiny_bundle import SIZE, write_tiny_bundle

QUIET = Progress({}, as_json=False)


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    write_tiny_bundle(tmp_path / "tiny.bundle", key)
    return load_detector(tmp_path / "tiny.bundle", TrustedKeys((key.public_text,)), InferenceSettings())


def spot(value: int) -> np.ndarray:
    """Grey with a spot of this value; the tiny bundle fails it from 192 on."""
    image = np.full((SIZE, SIZE, 3), 128, np.uint8)
    image[20:30, 20:30] = value
    return image


def evaluated(detector: Detector, folder: Path) -> Evaluation:
    return evaluate(detector, load_test_images(folder, detector.manifest.preprocess, QUIET), QUIET)


def test_escapes_and_overkill_are_counted_at_the_bundles_threshold(detector: Detector, tmp_path: Path) -> None:
    """One good part of three fails; of two cuts one passes, the stain is found."""
    for name, value in (("good/1", 128), ("good/2", 130), ("good/3", 255), ("cut/1", 140), ("cut/2", 250)):
        write_image(tmp_path / "test" / f"{name}.png", spot(value))
    write_image(tmp_path / "test" / "stain" / "1.png", spot(254))
    found = evaluated(detector, tmp_path)
    assert (found.goods, found.overkill, found.defects, found.escapes) == (3, 1, 3, 1)
    assert found.recall == {"cut": 0.5, "stain": 1.0}
    assert found.counts == {"cut": 2, "good": 3, "stain": 1}
    assert found.image_auroc == pytest.approx(6 / 9)
    assert (found.pixel_auroc, found.au_pro) == (None, None)


def test_the_json_tells_rates_and_is_json(detector: Detector, tmp_path: Path) -> None:
    """Also where a rate does not exist: no defects at all."""
    write_image(tmp_path / "test" / "good" / "1.png", spot(255))
    told = json.loads(json.dumps(evaluated(detector, tmp_path).to_json(), allow_nan=False))
    assert (told["overkill_rate"], told["escape_rate"]) == (1.0, None)
    assert (told["image_auroc"], told["image_ap"]) == (None, None)
    assert told["threshold"] == 1.0


def test_only_defects_with_a_mask_and_good_parts_are_measured_by_pixel(detector: Detector, tmp_path: Path) -> None:
    """A defect without a mask must not count as unmarked: its high scores would be called false."""
    write_image(tmp_path / "test" / "good" / "1.png", spot(128))
    mask = (spot(255)[..., 0] > 128).astype(np.uint8) * 255
    write_image(tmp_path / "test" / "cut" / "masked.png", spot(250))
    write_image(tmp_path / "ground_truth" / "cut" / "masked_mask.png", mask)
    write_image(tmp_path / "test" / "cut" / "unmasked.png", spot(250))
    found = evaluated(detector, tmp_path)
    assert (found.pixel_auroc, found.au_pro) == (1.0, 1.0)


def test_a_part_that_is_found_nowhere_is_undecided_and_counted_in_nothing_else(tmp_path: Path) -> None:
    """As where the camera was turned: an answer, and a report of it."""
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    golden = SmallPicture.of(np.tri(16, dtype=np.uint8) * 255)
    write_tiny_bundle(tmp_path / "a.bundle", key, alignment=Alignment(golden=golden, min_correlation=0.99))
    aligned = load_detector(tmp_path / "a.bundle", TrustedKeys((key.public_text,)), InferenceSettings())
    for name in ("good/1", "cut/1"):
        write_image(tmp_path / "test" / f"{name}.png", spot(128))
    images = load_test_images(tmp_path, aligned.manifest.preprocess, QUIET)
    found = evaluate(aligned, images, QUIET)
    assert (found.undecided, found.goods, found.defects, found.image_auroc, found.recall) == (2, 0, 0, None, {})
    write_report(tmp_path / "r.html", aligned, found, images, Costs(escape=20, overkill=1, defect_rate=0.01))
    assert "2 images UNDECIDED" in (tmp_path / "r.html").read_text("utf-8")
