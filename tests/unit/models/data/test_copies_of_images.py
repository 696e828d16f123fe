"""Facts of test images that are learnt from."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contract.manifest import PreprocessSpec, Tiles
from models.data.copies import alike_goods, warn_of_copies
from models.data.folder import goods_in
from models.data.images import ImageSet, load_images
from models.progress import Progress
from tests.support.textures import DataFolder, good_part, write_image

SIDE = 256
SPEC = PreprocessSpec(width_px=128, height_px=128)
TILED = PreprocessSpec(width_px=96, height_px=96, tiles=Tiles(rows=2, columns=2, overlap_px=16))


def learnt(folder: DataFolder, spec: PreprocessSpec = SPEC) -> tuple[ImageSet, ...]:
    return (load_images(goods_in(folder.root), spec, Progress({}, as_json=False), ""),)


def part(seed: int) -> np.ndarray:
    """A part with stains of its own, as real ones have."""
    picture = good_part(seed, SIDE)
    random = np.random.default_rng(seed)
    for centre, shade in zip(random.integers(60, 196, (8, 2)), random.integers(90, 210, 8), strict=True):
        cv2.circle(picture, centre.tolist(), 9, [int(shade)] * 3, -1, cv2.LINE_AA)
    return picture


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path)
    for seed in range(12):
        name = "train/good" if seed < 8 else "test/good"
        write_image(folder.root / name / f"{seed:03}.png", part(seed))
    return folder


def test_a_copied_file_is_named_with_its_original(folder: DataFolder, caplog: pytest.LogCaptureFixture) -> None:
    copy = write_image(folder.root / "test" / "good" / "again.png", part(1))
    assert warn_of_copies(folder.root, learnt(folder), SPEC) == (str(copy),)
    assert "1 test images show what is learnt from" in caplog.text
    assert "again.png is " in caplog.text
    assert "001.png" in caplog.text


@pytest.mark.parametrize(
    ("how", "spec"),
    [
        ("jpeg", SPEC),
        ("jpeg", TILED),
        ("half size", SPEC),
        ("brighter", SPEC),
        ("brighter", TILED),
        ("16 bit", SPEC),
        ("grey", SPEC),
    ],
)
def test_the_same_picture_stored_again_is_named(
    folder: DataFolder, caplog: pytest.LogCaptureFixture, how: str, spec: PreprocessSpec
) -> None:
    picture = part(3)
    path = folder.root / "test" / "scratch" / "seen.png"
    match how:
        case "jpeg":
            path = path.with_suffix(".jpg")
        case "half size":
            picture = cv2.resize(picture, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
        case "brighter":
            picture = np.clip(picture * 1.02 + 3, 0, 255).astype(np.uint8)
        case "16 bit":
            picture = picture.astype(np.uint16) * 257
        case _:
            picture = picture[..., 0]
    write_image(path, picture)
    assert warn_of_copies(folder.root, learnt(folder, spec), spec) == (str(path),)
    assert f"{path} shows what " in caplog.text
    assert "003.png shows (correlation 0.99" in caplog.text or "(correlation 1.000)" in caplog.text


def test_other_parts_of_the_same_kind_are_no_copies(folder: DataFolder) -> None:
    """However alike they lie; and a broken file is no copy, evaluation will say what it is."""
    (folder.root / "test" / "good" / "broken.png").write_text("no image")
    assert warn_of_copies(folder.root, learnt(folder), SPEC) == ()


def test_a_folder_without_tests_has_no_copies(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path).add_goods(range(3))
    assert warn_of_copies(folder.root, learnt(folder), SPEC) == ()


def test_goods_that_are_all_one_picture_make_no_test_image_a_copy(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path).add_tests(range(10, 12), range(0))
    for number in range(5):
        write_image(folder.root / "train" / "good" / f"{number}.png", good_part(0))
    assert warn_of_copies(folder.root, learnt(folder), SPEC) == ()


def test_good_parts_that_are_there_twice_are_gathered(folder: DataFolder, caplog: pytest.LogCaptureFixture) -> None:
    write_image(folder.root / "train/good" / "again.png", part(1))
    cv2.imwrite(str(folder.root / "train/good" / "stored.jpg"), part(1)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    write_image(folder.root / "train/good" / "other.png", part(4))
    (goods,) = learnt(folder)
    found = [set(group) for group in alike_goods(goods, SPEC)]
    assert found == [{"001.png", "again.png", "stored.jpg"}, {"004.png", "other.png"}]
    assert "2 good parts are there more than once" in caplog.text


def test_parts_of_one_kind_are_not_alike(folder: DataFolder) -> None:
    (goods,) = learnt(folder)
    assert alike_goods(goods, SPEC) == ()
