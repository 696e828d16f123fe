"""Facts of the pictures that go with a result."""

import base64
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.contract.manifest import Roi
from edge.contract.result import Verdict
from edge.inference import Judgement
from edge.station.line import Settled
from edge.station.pictures import live_picture, map_on_frame, record_with_images
from tests.support.edge_fakes import frame, grey, result


def judged(roi: Roi | None = None, pixels: object = None) -> Settled:
    """A failed part whose map is above the threshold everywhere."""
    judgement = Judgement(Verdict.FAIL, 2.0, 1.0, None, np.full((64, 64), 2, np.float32), 0, 1)
    return Settled(result(1, Verdict.FAIL), frame(pixels=pixels), judgement, roi)


def decoded(text: str) -> np.ndarray:
    """A picture of a heartbeat."""
    return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize(("size", "expected"), [((1080, 1920), (270, 480)), ((100, 50), (100, 50))])
def test_the_live_picture_is_at_most_480_px_and_keeps_its_shape(size: tuple[int, int], expected: object) -> None:
    picture = live_picture(judged(pixels=grey(200, size)))
    assert decoded(picture.frame_jpeg_base64).shape[:2] == expected


def test_a_16_bit_frame_is_shown_in_8_bits() -> None:
    pixels = np.full((64, 64, 3), 65535, np.uint16)
    image = decoded(live_picture(judged(pixels=pixels)).frame_jpeg_base64)
    assert image.min() >= 250


def test_a_12_bit_frame_is_shown_as_bright_as_it_is() -> None:
    """Cameras store 12 bits in 16; taken for 16, every picture was black."""
    pixels = np.full((64, 64, 3), 2048, np.uint16)
    image = decoded(live_picture(judged(pixels=pixels)).frame_jpeg_base64)
    assert 120 < image.mean() < 135


def test_without_pixels_there_is_no_picture() -> None:
    part = judged()
    assert live_picture(replace(part, frame=replace(part.frame, pixels=None))) is None


def test_an_undecided_part_has_a_picture_without_overlay() -> None:
    picture = live_picture(Settled(result(1, Verdict.UNDECIDED), frame()))
    assert picture.overlay_png_base64 is None


def test_the_map_of_a_roi_lies_where_the_roi_lies() -> None:
    """The overlay is laid over the whole frame, so the map must be placed in it."""
    roi = Roi(x_px=100, y_px=50, width_px=50, height_px=100)
    placed = map_on_frame(np.ones((64, 64), np.float32), roi, (200, 400))
    scale = 64 / 100
    assert placed.shape == (round(200 * scale), round(400 * scale))
    rows, columns = np.nonzero(placed)
    assert (rows.min(), rows.max() + 1) == (round(50 * scale), round(150 * scale))
    assert (columns.min(), columns.max() + 1) == (round(100 * scale), round(150 * scale))


def test_without_a_roi_the_map_is_left_as_it_is() -> None:
    anomaly_map = np.ones((8, 8), np.float32)
    assert map_on_frame(anomaly_map, None, (100, 100)) is anomaly_map


def test_an_overlay_too_large_for_a_heartbeat_is_left_out() -> None:
    """Noise does not compress; the frame still goes."""
    noise = np.random.default_rng(0).random((900, 900), np.float32) * 3
    part = Settled(result(1, Verdict.FAIL), frame(), Judgement(Verdict.FAIL, 2.0, 1.0, None, noise, 0, 1))
    assert live_picture(part).overlay_png_base64 is None


def test_a_kept_part_says_what_its_most_unusual_place_looks_like() -> None:
    direction = np.array([0.6, -0.8], np.float32)
    judgement = Judgement(Verdict.FAIL, 2.0, 1.0, None, np.zeros((8, 8), np.float32), 0, 1, signature=direction)
    part = Settled(result(1, Verdict.FAIL), frame(), judgement)
    assert record_with_images(part, 1.0).result.signature == (76, -102)
    assert record_with_images(replace(part, judgement=None), 1.0).result.signature == ()
