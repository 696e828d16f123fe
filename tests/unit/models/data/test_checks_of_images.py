"""Facts of what is said about images before they cost a bad model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edge.contract.errors import DataInvalid
from edge.contract.manifest import PreprocessSpec
from models.data.checks import groups_of_goods, warn_of_contradictions, warn_of_groups, warn_of_single_labels
from models.data.folder import LabelledImage, defects_in, goods_in
from models.data.images import ImageSet, load_images, survey_frames
from models.progress import Progress
from tests.support.textures import DataFolder, good_part, write_image

QUIET = Progress({}, as_json=False)


def loaded(folder: DataFolder) -> ImageSet:
    return load_images(goods_in(folder.root), PreprocessSpec(width_px=32, height_px=32), QUIET, "")


def kinds(*centres: float, each: int = 20) -> Tensor:
    """Features of parts around these centres, `(N, 4, 16)`."""
    noise = torch.randn(each * len(centres), 4, 16, generator=torch.Generator().manual_seed(0))
    return noise + torch.tensor(centres).repeat_interleave(each)[:, None, None]


def test_parts_of_one_kind_are_one_group() -> None:
    assert groups_of_goods(kinds(0)) is None
    assert groups_of_goods(kinds(0, 0.3)) is None
    assert groups_of_goods(torch.ones(20, 4, 16)) is None
    assert groups_of_goods(kinds(0, 9, each=4)) is None


def test_parts_of_two_kinds_are_told_apart() -> None:
    group = groups_of_goods(kinds(0, 9))
    assert group is not None
    assert len(set(group[:20])) == len(set(group[20:])) == 1
    assert group[0] != group[20]


def test_one_odd_part_is_no_group() -> None:
    assert groups_of_goods(torch.cat([kinds(0), kinds(50, each=1)])) is None


def test_two_kinds_are_said_with_their_numbers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    goods = loaded(DataFolder(tmp_path).add_goods(range(14)))
    assert warn_of_groups(kinds(0, 9, each=7), goods)
    assert "two groups: 7 like" in caplog.text
    assert not warn_of_groups(kinds(0, each=14), goods)


def test_a_file_that_is_called_good_and_defective_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = DataFolder(tmp_path).add_goods(range(3)).add_scratches(range(10, 12))
    goods = loaded(folder)
    (folder.defects / "scratch" / "011.png").write_bytes(goods.items[1].path.read_bytes())
    (folder.defects / "masks" / "scratch" / "011.png").unlink()
    spec = PreprocessSpec(width_px=32, height_px=32)
    warn_of_contradictions(goods, load_images(defects_in(folder.defects), spec, QUIET, ""))
    (told,) = (record.getMessage() for record in caplog.records)
    assert "scratch/011.png is called scratch and" in told
    assert f"as {goods.items[1].path}, good" in told


def test_a_type_with_one_image_is_named(caplog: pytest.LogCaptureFixture) -> None:
    labels = ["dent", "cut", "cut", "burr"]
    warn_of_single_labels([LabelledImage(Path(f"{n}.png"), label) for n, label in enumerate(labels)])
    assert "one image only of burr, dent" in caplog.text


def test_a_constant_image_is_no_part(tmp_path: Path) -> None:
    paths = [write_image(tmp_path / "a.png", good_part(0)), tmp_path / "black.png"]
    write_image(paths[1], np.zeros((64, 64, 3), np.uint8))
    items = [LabelledImage(path) for path in paths]
    with pytest.raises(DataInvalid, match=r"black\.png: every pixel is 0: expected a picture of a part"):
        survey_frames(items, QUIET, skip_unreadable=False)
    assert [item.path for item in survey_frames(items, QUIET, skip_unreadable=True).readable] == paths[:1]


def test_a_defect_type_without_images_is_a_mistake(tmp_path: Path) -> None:
    write_image(tmp_path / "dent" / "1.png", good_part(0))
    (tmp_path / "cut").mkdir()
    with pytest.raises(DataInvalid, match="cut: no images of this defect type"):
        defects_in(tmp_path)
