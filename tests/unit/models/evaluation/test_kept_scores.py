"""Scores of an earlier gate: read again for the champion, proved on some images, and never believed blindly."""

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle import load_detector
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import Detector, InferenceSettings
from edge.inference.detector import GraphOutput
from models.data.images import ImageSet
from models.evaluation.evaluate import evaluate, load_test_images
from models.evaluation.kept_scores import keep_scores, kept_scores
from models.progress import Progress
from tests.support.textures import write_image
from tests.support.tiny_bundle import SIZE, write_tiny_bundle

QUIET = Progress({}, as_json=False)
COUNT = 70


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    write_tiny_bundle(tmp_path / "tiny.bundle", key)
    return load_detector(tmp_path / "tiny.bundle", TrustedKeys((key.public_text,)), InferenceSettings())


@pytest.fixture
def images(detector: Detector, tmp_path: Path) -> ImageSet:
    for number in range(COUNT):
        image = np.full((SIZE, SIZE, 3), 128, np.uint8)
        image[20:30, 20:30] = 130 + number
        write_image(tmp_path / "test" / ("good" if number % 2 else "cut") / f"{number}.png", image)
    return load_test_images(tmp_path, detector.manifest.preprocess, QUIET)


def test_what_was_kept_is_found_by_bundle_and_added_to(tmp_path: Path) -> None:
    keep_scores(tmp_path / "scores", "a" * 64, {"one": 1.25})
    keep_scores(tmp_path / "scores", "a" * 64, {"two": 2.5})
    keep_scores(tmp_path / "scores", "b" * 64, {"one": 9.0})
    assert kept_scores(tmp_path / "scores", "a" * 64) == {"one": 1.25, "two": 2.5}
    assert kept_scores(tmp_path / "scores", "c" * 64) == {}
    assert kept_scores(None, "a" * 64) == {}


@pytest.mark.parametrize("damage", ["", "[1, 2]", '{"one": "much"}', '{"one": 1.2'])
def test_what_cannot_be_read_is_told_and_judged_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    keep_scores(tmp_path, "a" * 64, {"one": 1.0})
    next(tmp_path.iterdir()).write_text(damage, "utf-8")
    assert kept_scores(tmp_path, "a" * 64) == {}
    assert "all images are judged again" in caplog.text


def test_a_folder_that_cannot_be_written_stops_no_gate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    keep_scores(tmp_path / "file", "a" * 64, {"one": 1.0})
    assert "cannot be kept" in caplog.text


def test_known_images_are_not_judged_again_but_for_a_sample(detector: Detector, images: ImageSet) -> None:
    fresh = evaluate(detector, images, QUIET)
    known = dict(zip(images.sha256[:-5], fresh.scores[:-5].tolist(), strict=True))
    again = evaluate(detector, images, QUIET, known)
    assert again.scores == pytest.approx(fresh.scores, abs=1e-6)
    assert (again.escapes, again.overkill, again.recall) == (fresh.escapes, fresh.overkill, fresh.recall)
    assert 5 < len(again.session_run_ms) <= len(fresh.session_run_ms) < COUNT
    assert (again.pixel_auroc, again.au_pro) == (None, None)


def test_each_image_has_its_own_score_and_some_were_timed_with_nothing_beside_them(
    detector: Detector, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the images, whichever of the callers judged them."""
    alone = [float(detector.run(pixels).score[0]) for pixels in images.pixels]
    run, callers = detector.run, []

    def watched(pixels: NDArray[np.uint8]) -> GraphOutput:
        callers.append(threading.current_thread() is threading.main_thread())
        return run(pixels)

    monkeypatch.setattr(detector, "run", watched)
    told = evaluate(detector, images, QUIET)
    assert told.scores.tolist() == np.float32(alone).tolist()
    assert len(set(alone)) > 50
    timed = len(told.session_run_ms)
    assert callers == [True] * timed + [False] * (COUNT - timed)
    assert 20 <= timed <= 32


def test_scores_of_another_machine_are_not_believed(
    detector: Detector, images: ImageSet, caplog: pytest.LogCaptureFixture
) -> None:
    fresh = evaluate(detector, images, QUIET)
    wrong = dict(zip(images.sha256, (fresh.scores + 0.5).tolist(), strict=True))
    again = evaluate(detector, images, QUIET, wrong)
    assert again.scores == pytest.approx(fresh.scores, abs=1e-6)
    assert (again.pixel_auroc, again.au_pro) == (fresh.pixel_auroc, fresh.au_pro)
    assert "not what this machine computes" in caplog.text
