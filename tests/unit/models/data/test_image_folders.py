"""Facts of the folder layout; the files here are empty, because nothing is decoded."""

import os
from pathlib import Path

import pytest

from edge.contract.errors import DataInvalid
from models.data.folder import defects_in, goods_in
from models.data.folder import test_images_in as images_to_report_on


def touch(root: Path, *names: str) -> Path:
    """Make empty files."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def names(root: Path, items: list) -> list[tuple[str, str | None, str | None]]:
    """Path, type and mask of each image, relative to the root."""
    return [
        (item.path.relative_to(root).as_posix(), item.defect_type, item.mask and item.mask.relative_to(root).as_posix())
        for item in items
    ]


def test_goods_are_sorted_and_only_images_in_any_case(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is left out is told: somebody who has put a folder of good parts into it believes that they are learnt."""
    root = touch(tmp_path, "train/good/b.PNG", "train/good/a.jpeg", "train/good/.DS_Store", "train/good/Thumbs.db")
    assert [item.path.name for item in goods_in(root)] == ["a.jpeg", "b.PNG"]
    assert not caplog.messages
    touch(tmp_path, "train/good/c.webp", "train/good/sub/c.png")
    assert [item.path.name for item in goods_in(root)] == ["a.jpeg", "b.PNG"]
    assert [message.endswith(": c.webp, sub/") for message in caplog.messages] == [True]


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.jpeg", "x.bmp", "x.tif", "x.tiff"])
def test_every_documented_suffix_is_found(tmp_path: Path, name: str) -> None:
    assert len(goods_in(touch(tmp_path, f"train/good/{name}"))) == 1


def test_defects_carry_their_folders_name_and_their_mask(tmp_path: Path) -> None:
    root = touch(tmp_path, "scratch/1.png", "scratch/2.png", "dent/1.png", "masks/scratch/2.png", "masks/dent/1.png")
    assert names(root, defects_in(root)) == [
        ("dent/1.png", "dent", "masks/dent/1.png"),
        ("scratch/1.png", "scratch", None),
        ("scratch/2.png", "scratch", "masks/scratch/2.png"),
    ]


def test_a_list_says_what_a_type_is_called(tmp_path: Path) -> None:
    """A person's words may be no folder's name; however long a folder's name is, the word decides."""
    long = "x" * 70
    held = touch(tmp_path / "held", "test/deep_scratch-1a/1.png", "test/dent/1.png")
    learnt = touch(tmp_path / "learnt", f"{long}/1.png", "good-2b/1.png")
    for root in (held, learnt):
        lines = ["folder,defect_type", "deep_scratch-1a,deep scratch", f"{long},a b", "good-2b,good"]
        (root / "defect_types.csv").write_text("\n".join(lines), "utf-8")
    assert [item.defect_type for item in images_to_report_on(held)] == ["deep scratch", "dent"]
    assert [item.defect_type for item in defects_in(learnt)] == ["good-2b", "a b"]
    (held / "defect_types.csv").write_text("name\ncut", "utf-8")
    with pytest.raises(DataInvalid, match="expected columns folder, defect_type"):
        images_to_report_on(held)


def test_test_images_carry_type_and_either_name_of_mask(tmp_path: Path) -> None:
    root = touch(
        tmp_path,
        "test/good/1.png",
        "test/cut/1.png",
        "test/cut/2.png",
        "ground_truth/cut/1.png",
        "ground_truth/cut/2_mask.png",
    )
    assert names(root, images_to_report_on(root)) == [
        ("test/cut/1.png", "cut", "ground_truth/cut/1.png"),
        ("test/cut/2.png", "cut", "ground_truth/cut/2_mask.png"),
        ("test/good/1.png", None, None),
    ]


@pytest.mark.parametrize("find", [goods_in, defects_in, images_to_report_on])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, find: object) -> None:
    with pytest.raises(DataInvalid, match=r"nowhere.*no such folder"):
        find(tmp_path / "nowhere")


@pytest.mark.parametrize("find", [goods_in, defects_in, images_to_report_on])
def test_folders_without_an_image_are_named(tmp_path: Path, find: object) -> None:
    root = touch(tmp_path, "train/good/readme.txt", "test/good/readme.txt")
    with pytest.raises(DataInvalid, match="no images"):
        find(root)


def test_a_mask_without_its_image_is_named(tmp_path: Path) -> None:
    """Most often a typing mistake, and the label would silently be lost."""
    root = touch(tmp_path, "scratch/1.png", "masks/scratch/1.png", "masks/scratch/7.png", "masks/dent/1.png")
    with pytest.raises(DataInvalid, match=r"masks/dent/1\.png.*masks/scratch/7\.png"):
        defects_in(root)


def test_good_parts_among_the_defects_are_refused(tmp_path: Path) -> None:
    """The `test` folder given as labelled defects would teach that good parts are a defect."""
    with pytest.raises(DataInvalid, match="defective parts only"):
        defects_in(touch(tmp_path, "good/1.png", "scratch/1.png"))


def test_a_type_whose_name_no_result_can_carry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="at most 64 characters"):
        defects_in(touch(tmp_path, f"{'x' * 65}/1.png"))
    assert len(defects_in(touch(tmp_path / "other", f"{'x' * 64}/1.png"))) == 1


def test_a_mask_without_its_test_image_is_named(tmp_path: Path) -> None:
    """A renamed image would otherwise be measured as one without a mask."""
    root = touch(tmp_path, "test/cut/1.png", "ground_truth/cut/1.png", "ground_truth/cut/7_mask.png")
    with pytest.raises(DataInvalid, match=r"without an image of a defect of the same name: .*7_mask\.png"):
        images_to_report_on(root)


@pytest.mark.parametrize("mask", ["1.bmp", "1_mask.bmp", "1_mask.tif", "1.tiff", "1.PNG", "1_mask.PNG"])
def test_a_mask_may_be_any_file_without_loss(tmp_path: Path, mask: str) -> None:
    """It was not looked at, and its image counted as one without a mask."""
    held = touch(tmp_path / "held", "test/cut/1.jpg", f"ground_truth/cut/{mask}")
    learnt = touch(tmp_path / "learnt", "cut/1.jpg", f"masks/cut/{mask}")
    assert names(held, images_to_report_on(held)) == [("test/cut/1.jpg", "cut", f"ground_truth/cut/{mask}")]
    assert names(learnt, defects_in(learnt)) == [("cut/1.jpg", "cut", f"masks/cut/{mask}")]


@pytest.mark.parametrize("mask", ["cut/1.jpg", "cut/7.bmp", "cut/7_mask.tif", "good/1.png"])
def test_a_mask_that_is_not_looked_at_is_named(tmp_path: Path, mask: str) -> None:
    """Of no image of a defect, or in a format whose noise would be marked, too."""
    root = touch(tmp_path, "test/cut/1.png", "test/good/1.png", f"ground_truth/{mask}")
    with pytest.raises(DataInvalid, match=f"masks .* without an image of a defect .*{mask}"):
        images_to_report_on(root)


def test_a_link_that_leads_nowhere_is_an_image_that_cannot_be_read(tmp_path: Path) -> None:
    """Where a share is not mounted, less would be learnt from, and nobody told."""
    root = touch(tmp_path, "train/good/a.png")
    (root / "train" / "good" / "b.png").symlink_to(tmp_path / "share" / "b.png")
    assert [item.path.name for item in goods_in(root)] == ["a.png", "b.png"]


def test_a_type_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    """Of a folder that another system named in its own encoding: it was refused after the training, in a traceback."""
    with pytest.raises(DataInvalid, match="the name of a defect type in UTF-8"):
        defects_in(touch(tmp_path, os.fsdecode("划痕".encode("gbk")) + "/1.png"))
