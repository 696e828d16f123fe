"""Facts of the overlay."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contract.errors import FrameRejected
from edge.overlay import draw_over, render_overlay


def drawn(values: list[float], threshold: float = 2.0) -> NDArray[np.uint8]:
    """The overlay's pixels, BGRA, of a map of one row."""
    picture = render_overlay(np.array([values], np.float32), threshold)
    assert picture.media_type == "image/png"
    return np.asarray(cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


def test_it_is_clear_below_half_the_threshold_and_denser_above() -> None:
    alpha = drawn([-5.0, 0.9, 2.0, 4.0])[0, :, 3].tolist()
    assert alpha[:2] == [0, 0]
    assert 0 < alpha[2] < alpha[3] == 200


def test_the_peak_of_a_strong_defect_stands_out_of_its_surroundings() -> None:
    alpha = drawn([0.0, 4.0, 40.0])[0, :, 3].tolist()
    assert 0 == alpha[0] < alpha[1] < alpha[2] == 200


def test_what_is_no_number_is_shown_as_the_worst() -> None:
    assert drawn([float("nan")])[0, 0].tolist() == drawn([1e9])[0, 0].tolist()


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5,), (1, 5, 5)])
def test_a_map_that_is_none_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameRejected, match=r"expected shape \(H, W\)"):
        render_overlay(np.zeros(shape, np.float32), 1.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_is_drawn_over_the_frame_in_the_frames_size(dtype: type[np.unsignedinteger]) -> None:
    frame = np.full((40, 60, 3), np.iinfo(dtype).max // 2, dtype)
    anomaly_map = np.zeros((8, 8), np.float32)
    anomaly_map[6:, 6:] = 9.0
    picture = draw_over(frame, render_overlay(anomaly_map, 1.0))
    seen = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert seen.shape == (40, 60, 3)
    assert len({int(value) for value in seen[0, 0]}) == 1
    red, _, blue = (int(value) for value in seen[39, 59])
    assert red > blue + 60
