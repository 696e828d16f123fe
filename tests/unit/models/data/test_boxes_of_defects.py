"""Facts of boxes: read from one file, drawn as the pixels they name, refused in clear words."""

from pathlib import Path

import numpy as np
import pytest

from edge.contract.errors import DataInvalid
from edge.contract.manifest import PreprocessSpec
from models.data.boxes import BOXES, Box
from models.data.folder import defects_in
from models.data.images import load_images
from models.progress import Progress
from tests.support.textures import good_part, write_image

HEADER = "image,x_px,y_px,width_px,height_px\n"


def folder(root: Path, lines: str) -> Path:
    for name in ("a.png", "b.png"):
        write_image(root / "dent" / name, good_part(1))
    (root / "boxes.csv").write_text(lines)
    return root


def test_boxes_belong_to_their_images(tmp_path: Path) -> None:
    """Several to an image, as spreadsheets write them, with a byte order mark."""
    root = folder(tmp_path, "\ufeff" + HEADER + "dent/a.png,1,2,3,4\ndent/a.png,10,20,30,40\n")
    boxes = {item.path.name: item.boxes for item in defects_in(root)}
    expected = (Box(x_px=1, y_px=2, width_px=3, height_px=4), Box(x_px=10, y_px=20, width_px=30, height_px=40))
    assert boxes == {"a.png": expected, "b.png": ()}


def test_a_box_marks_its_pixels_and_nothing_else(tmp_path: Path) -> None:
    root = folder(tmp_path, HEADER + "dent/a.png,16,32,24,8\n")
    side = good_part(1).shape[0]
    spec = PreprocessSpec(height_px=side, width_px=side)
    loaded = load_images(defects_in(root), spec, Progress({}, as_json=False), "loading defects")
    mask, none = loaded.masks
    assert none is None
    assert mask is not None
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max(), mask.sum()) == (32, 39, 16, 39, 24 * 8)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("image,x,y,w,h\n", "expected the columns image,x_px,y_px,width_px,height_px"),
        (HEADER + "dent/c.png,1,2,3,4\n", "boxes.csv:2: a box without an image: there is no .*c.png"),
        (HEADER + "dent/a.png,1,2,0,4\n", "boxes.csv:2: expected a box in whole pixels: width_px"),
        (HEADER + "dent/a.png,1,2,3.5,4\n", "boxes.csv:2: expected a box in whole pixels: width_px"),
        (HEADER + "dent/a.png,1,2\n", "boxes.csv:2: expected a box in whole pixels: width_px"),
    ],
)
def test_what_is_no_box_is_named_with_its_line(tmp_path: Path, lines: str, told: str) -> None:
    with pytest.raises(DataInvalid, match=told):
        defects_in(folder(tmp_path, lines))


def test_a_box_outside_its_image_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path, HEADER + "dent/a.png,100,100,500,20\n")
    with pytest.raises(DataInvalid, match=r"a.png: expected boxes inside its .* px, got one from 100,100 to 600,120"):
        load_images(defects_in(root), PreprocessSpec(height_px=64, width_px=64), Progress({}, as_json=False), "x")


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_a_spreadsheets_own_encoding_is_refused_in_words(tmp_path: Path, encoding: str) -> None:
    """As Excel saves it where names are Chinese."""
    root = folder(tmp_path, "")
    (root / BOXES).write_bytes((HEADER + "划痕/a.png,1,2,3,4\n").encode(encoding))
    with pytest.raises(DataInvalid, match=r"boxes\.csv: expected a CSV file in UTF-8"):
        defects_in(root)
