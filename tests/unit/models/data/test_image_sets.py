"""Facts of reading images: real files, every mistake named."""

import logging
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contract.errors import DataInvalid
from edge.contract.manifest import PreprocessSpec, Roi
from models.data.folder import LabelledImage
from models.data.images import FrameSurvey, ImageSet, load_images, survey_frames
from models.progress import Progress
from tests.support.textures import good_part, write_image

SPEC = PreprocessSpec(width_px=32, height_px=32)
QUIET = Progress({}, as_json=False)


def survey(*paths: Path, skip_unreadable: bool = False) -> FrameSurvey:
    return survey_frames([LabelledImage(path) for path in paths], QUIET, skip_unreadable=skip_unreadable)


def load(*items: LabelledImage, spec: PreprocessSpec = SPEC) -> ImageSet:
    return load_images(items, spec, QUIET, "loading")


def broken(folder: Path) -> list[Path]:
    """A text file with the suffix only, and an image that was half-written."""
    half = write_image(folder / "half.png", good_part(0, 64))
    half.write_bytes(half.read_bytes()[:300])
    (folder / "text.png").write_text("I am no image")
    return [half, folder / "text.png"]


def test_unreadable_files_are_named_and_counted(tmp_path: Path) -> None:
    good = write_image(tmp_path / "good.png", good_part(0, 64))
    with pytest.raises(DataInvalid) as refused:
        survey(good, *broken(tmp_path))
    message = str(refused.value)
    assert message.startswith("2 of 3 images cannot be read:")
    for name in ("half.png", "text.png", "--skip-unreadable"):
        assert name in message
    assert "good.png" not in message


def test_unreadable_files_are_left_out_on_request(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = write_image(tmp_path / "good.png", good_part(0, 64))
    with caplog.at_level(logging.WARNING):
        found = survey(good, *broken(tmp_path), skip_unreadable=True)
    assert [item.path for item in found.readable] == [good]
    assert len(found.unreadable) == 2
    assert "2 of 3 images cannot be read" in caplog.text


def test_what_does_not_decode_or_fit_is_refused_by_name_on_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As on the line, which says UNDECIDED to it; of a camera that was replaced there may be thousands."""
    good, small = (write_image(tmp_path / f"{side}.png", good_part(0, side)) for side in (64, 48))
    items = [LabelledImage(path) for path in (good, small, *broken(tmp_path))]
    spec = SPEC.model_copy(update={"roi": Roi(x_px=0, y_px=0, width_px=64, height_px=64)})
    with pytest.raises(DataInvalid, match="ROI reaches"):
        load(*items[:2], spec=spec)
    with caplog.at_level(logging.WARNING):
        found = load_images(items, spec, QUIET, "loading", skip_unreadable=True)
    assert [item.path for item in found.items] == [good]
    assert found.unreadable == ["48.png", "half.png", "text.png"]
    assert len(found.refused) == 3
    assert "3 of 4 images cannot be read" in caplog.text


def test_a_file_that_is_gone_is_unreadable_too(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match=r"gone\.png"):
        survey(tmp_path / "gone.png")


def test_a_long_list_of_unreadable_files_is_cut_after_ten(tmp_path: Path) -> None:
    for index in range(12):
        (tmp_path / f"{index:02}.png").write_text("no image")
    with pytest.raises(DataInvalid, match="12 of 12") as refused:
        survey(*sorted(tmp_path.iterdir()))
    assert str(refused.value).count("expected a PNG") == 10


def test_frames_of_one_size_are_remembered(tmp_path: Path) -> None:
    """So that the line refuses frames of another shape."""
    paths = [write_image(tmp_path / f"{i}.png", good_part(i, 64)[:48]) for i in range(2)]
    assert survey(*paths).size_px == (64, 48)


def test_frames_of_several_sizes_warn_and_can_be_learnt_from(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = [write_image(tmp_path / f"{side}.png", good_part(0, side)) for side in (64, 80)]
    with caplog.at_level(logging.WARNING):
        assert survey(*paths).size_px is None
    assert "frames of 2 sizes" in caplog.text
    assert load(*map(LabelledImage, paths)).pixels.shape == (2, 1, 32, 32, 3)


@pytest.mark.parametrize(
    ("peak", "white"), [(1023, 1023), (1024, 4095), (4095, 4095), (4096, 16383), (16384, 65535), (65535, 65535)]
)
def test_the_white_level_is_that_of_the_sensors_bit_depth(tmp_path: Path, peak: int, white: int) -> None:
    """Ten, twelve or fourteen bits in a file of sixteen."""
    image = np.zeros((40, 40), np.uint16)
    image[3, 3] = peak
    assert survey(write_image(tmp_path / "a.png", image)).white_level == white


def test_files_of_8_bit_leave_the_white_level_alone(tmp_path: Path) -> None:
    assert survey(write_image(tmp_path / "a.png", good_part(0, 40))).white_level == 65535


def test_twelve_bits_and_eight_bits_of_the_same_part_look_alike(tmp_path: Path) -> None:
    eight = good_part(0, 64)
    twelve = (eight.astype(np.float64) * 4095 / 255).round().astype(np.uint16)
    paths = [write_image(tmp_path / "8.png", eight), write_image(tmp_path / "12.png", twelve)]
    spec = PreprocessSpec(width_px=64, height_px=64, white_level=survey(*paths).white_level)
    a, b = load(*map(LabelledImage, paths), spec=spec).pixels.astype(int)
    assert spec.white_level == 4095
    assert np.abs(a - b).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".tiff"])
def test_grey_colour_and_alpha_of_one_picture_give_the_same_input(tmp_path: Path, suffix: str) -> None:
    rgb = good_part(0, 32)
    kinds = {"grey": rgb[..., 0], "colour": rgb}
    if suffix != ".bmp":
        kinds["alpha"] = np.dstack([rgb, np.full((32, 32), 7, np.uint8)])
    items = [LabelledImage(write_image(tmp_path / f"{name}{suffix}", image)) for name, image in kinds.items()]
    pixels = load(*items).pixels
    assert all(np.array_equal(one, rgb) for (one,) in pixels)


def test_the_content_counts_not_the_suffix(tmp_path: Path) -> None:
    """A JPEG named .png is an image."""
    path = tmp_path / "a.png"
    path.write_bytes(cv2.imencode(".jpg", good_part(0, 64))[1].tobytes())
    found = survey(path)
    assert len(found.readable) == 1
    assert load(*found.readable).pixels.shape == (1, 1, 32, 32, 3)


def test_what_was_learnt_from_is_known_by_its_hash(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.png", good_part(0, 64))
    assert load(LabelledImage(path)).sha256 == [sha256(path.read_bytes()).hexdigest()]


def test_once_features_are_there_the_pixels_of_the_first_images_are_kept_alone(tmp_path: Path) -> None:
    paths = [write_image(tmp_path / f"{seed}.png", good_part(seed, 64)) for seed in range(3)]
    whole = load(*map(LabelledImage, paths))
    shown = whole.showing(2)
    assert (len(shown), shown.sha256) == (3, whole.sha256)
    assert np.array_equal(shown.pixels, whole.pixels[:2])
    assert shown.pixels.base is None


def test_no_images_give_an_empty_set_of_the_right_shape() -> None:
    assert load().pixels.shape == (0, 1, 32, 32, 3)


def test_a_frame_of_another_shape_than_the_bundle_was_trained_on_is_named(tmp_path: Path) -> None:
    path = write_image(tmp_path / "wide.png", good_part(0, 64)[:32])
    spec = SPEC.model_copy(update={"frame_width_px": 64, "frame_height_px": 64})
    with pytest.raises(DataInvalid, match=r"wide\.png: .*got 64x32 px"):
        load(LabelledImage(path), spec=spec)


def with_mask(folder: Path, image_side: int, mask: np.ndarray) -> LabelledImage:
    path = write_image(folder / "a.png", good_part(0, image_side))
    return LabelledImage(path, "scratch", write_image(folder / "mask.png", mask))


def test_a_mask_of_another_size_is_named_with_both_sizes(tmp_path: Path) -> None:
    item = with_mask(tmp_path, 64, np.zeros((32, 64), np.uint8))
    with pytest.raises(DataInvalid, match=r"mask\.png: expected a mask of 64x64 px like its image, got \(64, 32\)"):
        load(item)


def test_a_mask_lies_where_its_image_lies(tmp_path: Path) -> None:
    """Any value but 0 marks, so that masks of 0/1 and 0/255 are the same."""
    mask = np.zeros((64, 64), np.uint8)
    mask[16:32, 32:64] = 1
    (loaded,) = load(with_mask(tmp_path, 64, mask)).masks
    assert loaded is not None
    expected = np.zeros((32, 32), bool)
    expected[8:16, 16:32] = True
    assert np.array_equal(loaded, expected)


@pytest.mark.parametrize("side", [64, 256, 640])
@pytest.mark.parametrize("at", [200, 203, 207])
def test_a_crack_of_one_pixel_survives_any_reduction(tmp_path: Path, side: int, at: int) -> None:
    mask = np.zeros((side, side), np.uint8)
    mask[:, at * side // 640] = 255
    (loaded,) = load(with_mask(tmp_path, side, mask)).masks
    assert loaded is not None
    assert loaded.any(axis=1).all()
    assert loaded.any(axis=0).sum() <= 3


def test_an_image_without_a_mask_has_none(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.png", good_part(0, 64))
    assert load(LabelledImage(path, "scratch")).masks == [None]
