"""Facts of the way from a frame to the network's input, and of the map back."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from edge.contract.errors import FrameRejected, PartNotFound
from edge.contract.manifest import Alignment, PreprocessSpec, Roi, Tiles
from edge.contract.picture import SmallPicture
from edge.preprocess import map_in_roi, preprocess, preprocess_mask, whole_map
from edge.preprocess.resizing import resize

SIDE = 192
Image = NDArray[np.uint8]


def random_frame(height: int = 120, width: int = 160, dtype: type = np.uint8) -> Image:
    top = 256 if dtype is np.uint8 else 4096
    return np.random.default_rng(0).integers(0, top, (height, width, 3)).astype(dtype)


def part_at(angle_deg: float, shift_px: tuple[float, float] = (0.0, 0.0)) -> Image:
    """A plate with a notch and two holes on a dark ground: no two turns of it look alike."""
    canvas = np.full((SIDE, SIDE), 30, np.uint8)
    cv2.rectangle(canvas, (60, 70), (140, 120), 180, -1)
    cv2.circle(canvas, (78, 88), 9, 40, -1)
    cv2.circle(canvas, (122, 104), 5, 90, -1)
    cv2.rectangle(canvas, (100, 70), (112, 82), 30, -1)
    motion = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), angle_deg, 1.0)
    motion[:, 2] += shift_px
    moved = cv2.warpAffine(canvas, motion, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=30)
    noisy = moved + np.random.default_rng(7).normal(0, 3, moved.shape)
    return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def aligned_spec(min_correlation: float = 0.8) -> PreprocessSpec:
    golden = SmallPicture.of(resize(np.ascontiguousarray(part_at(0)[..., 0]), 96, 96))
    alignment = Alignment(golden=golden, min_correlation=min_correlation)
    return PreprocessSpec(width_px=128, height_px=128, alignment=alignment)


def test_a_roi_is_all_that_the_network_sees() -> None:
    frame = random_frame()
    spec = PreprocessSpec(width_px=64, height_px=32, roi=Roi(x_px=40, y_px=20, width_px=64, height_px=32))
    assert np.array_equal(preprocess(frame, spec).tiles[0], frame[20:52, 40:104])


def test_a_roi_outside_the_frame_is_refused() -> None:
    spec = PreprocessSpec(width_px=64, height_px=32, roi=Roi(x_px=100, y_px=20, width_px=64, height_px=32))
    with pytest.raises(FrameRejected, match=r"ROI reaches to \(164, 52\) px, but the frame is 160x120"):
        preprocess(random_frame(), spec)


def test_a_roi_is_of_frames_of_the_training_images_size() -> None:
    """In a frame of twice the size another place would be judged; without a ROI a frame may grow."""
    spec = PreprocessSpec(width_px=64, height_px=32, frame_width_px=80, frame_height_px=60)
    assert preprocess(random_frame(), spec).tiles.shape == (1, 32, 64, 3)
    with pytest.raises(FrameRejected, match=r"expected 80x60 px .* the ROI is told, got 160x120 px"):
        preprocess(random_frame(), spec.model_copy(update={"roi": Roi(x_px=10, y_px=10, width_px=64, height_px=32)}))


def test_sixteen_bits_are_scaled_by_the_white_level() -> None:
    frame = random_frame(dtype=np.uint16)
    spec = PreprocessSpec(width_px=160, height_px=120, white_level=4095)
    assert np.abs(preprocess(frame, spec).tiles[0] - frame * (255 / 4095)).max() <= 0.5


def test_what_is_ignored_changes_nothing() -> None:
    """Neither the input, nor the map, nor a mask; and the camera's frame is left as it came."""
    mask = np.zeros((120, 160), np.uint8)
    mask[30:60, 50:90] = 255
    spec = PreprocessSpec(width_px=160, height_px=120, ignored=SmallPicture.of(mask))
    frame, other = random_frame(), random_frame()
    other[30:60, 50:90] = 255
    kept = frame.copy()
    assert np.array_equal(preprocess(frame, spec).tiles, preprocess(other, spec).tiles)
    assert np.array_equal(frame, kept)
    found = whole_map(np.ones((1, 120, 160), np.float32), spec)
    assert np.array_equal(found == 0, mask > 0)
    assert np.array_equal(preprocess_mask(np.full((120, 160), 255, np.uint8), spec, None) == 0, mask > 0)


def test_a_mask_of_another_size_is_no_mask() -> None:
    with pytest.raises(ValidationError, match=r"expected a mask of \(160, 120\) px"):
        PreprocessSpec(width_px=160, height_px=120, ignored=SmallPicture.of(np.zeros((120, 100), np.uint8)))


@pytest.mark.parametrize("grid", [(1, 1), (2, 3), (4, 1)])
def test_tiles_put_together_are_the_whole(grid: tuple[int, int]) -> None:
    tiles = Tiles(rows=grid[0], columns=grid[1], overlap_px=8)
    spec = PreprocessSpec(width_px=32, height_px=40, tiles=tiles)
    width, height = spec.whole_px
    whole = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    found = preprocess(whole, spec).tiles
    assert found.shape == (grid[0] * grid[1], 40, 32, 3)
    assert found.flags.c_contiguous
    assert np.array_equal(whole_map(found[..., 0].astype(np.float32), spec), whole[..., 0])


def test_where_tiles_overlap_the_larger_value_counts() -> None:
    spec = PreprocessSpec(width_px=32, height_px=32, tiles=Tiles(rows=1, columns=2, overlap_px=12))
    maps = np.stack([np.full((32, 32), 1, np.float32), np.full((32, 32), 2, np.float32)])
    assert whole_map(maps, spec)[0].tolist() == [1] * 20 + [2] * 32


def test_tiles_that_overlap_by_half_are_refused() -> None:
    with pytest.raises(ValidationError, match="less than half a tile"):
        PreprocessSpec(width_px=32, height_px=32, tiles=Tiles(rows=1, columns=2, overlap_px=16))


@pytest.mark.parametrize("angle_deg", [0.0, 3.0, -20.0, 75.0, 180.0, -131.0])
@pytest.mark.parametrize("shift_px", [(0.0, 0.0), (11.0, -7.5)])
def test_a_turned_and_shifted_part_comes_to_lie_like_the_golden_one(
    angle_deg: float, shift_px: tuple[float, float]
) -> None:
    spec = aligned_spec()
    found = preprocess(part_at(angle_deg, shift_px), spec)
    assert found.pose is not None
    error_deg = (found.pose.angle_deg + angle_deg + 180) % 360 - 180
    assert abs(error_deg) < 0.5
    straight, expected = found.tiles[0].astype(int), preprocess(part_at(0), spec).tiles[0].astype(int)
    assert np.abs(straight - expected)[16:-16, 16:-16].mean() < 5


def test_a_mask_and_a_map_follow_the_part() -> None:
    """A spot on the turned part is where it would be on the golden one, and back again."""
    frame = part_at(75, (5, 0))
    spot = (120, 80)
    mask = cv2.circle(np.zeros((SIDE, SIDE), np.uint8), spot, 6, 255, -1)
    spec = aligned_spec()
    pose = preprocess(frame, spec).pose
    straight = preprocess_mask(np.asarray(mask, np.uint8), spec, pose)
    laid_back = map_in_roi(straight[np.newaxis].astype(np.float32), spec, pose)
    row, column = np.argwhere(laid_back > 127).mean(axis=0) * SIDE / 128
    assert (column, row) == pytest.approx(spot, abs=2)


@pytest.mark.parametrize("frame", [np.full((SIDE, SIDE, 3), 80, np.uint8), random_frame(SIDE, SIDE)])
def test_what_is_not_the_part_is_refused(frame: Image) -> None:
    with pytest.raises(PartNotFound, match=r"expected a correlation with the golden image of at least 0\.80"):
        preprocess(frame, aligned_spec())


def test_brightness_and_contrast_play_no_part_in_finding_it() -> None:
    spec = aligned_spec()
    bright = np.clip(part_at(30).astype(int) // 2 + 90, 0, 255).astype(np.uint8)
    pose = preprocess(bright, spec).pose
    assert pose is not None
    assert pose.angle_deg == pytest.approx(-30, abs=0.5)


@pytest.mark.parametrize("data", ["%%%", "AAAA", SmallPicture.of(np.zeros((3, 3), np.uint8)).deflated_base64])
def test_a_picture_that_cannot_be_unpacked_is_refused(data: str) -> None:
    with pytest.raises(ValidationError, match="picture: "):
        SmallPicture(width_px=8, height_px=8, deflated_base64=data)
