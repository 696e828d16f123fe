"""Folders of other tools: what is understood, and that every bad row is named."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contract.errors import DataInvalid
from inspection.exchange.formats import SampleFormat, format_of
from inspection.exchange.items import Checked, checked
from inspection.exchange.outlines import decode_png, encode_png
from inspection.samples.statements import Label
from tests.support.plants import png


def _put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _read(folder: Path, kind: SampleFormat) -> Checked:
    return checked(folder, format_of(kind).read(folder))


def _truths(found: Checked) -> dict[str, str | None]:
    return {item.path.name: item.defect_type or item.label.value for item in found.by_hash.values()}


def _coco(folder: Path, **changes: object) -> None:
    document = {"images": [], "categories": [], "annotations": []} | changes
    (folder / "annotations.json").write_text(json.dumps(document), "utf-8")


def _table(folder: Path, *rows: tuple[str, ...], head: tuple[str, ...] = ("file", "label", "defect_type")) -> None:
    with (folder / "samples.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def test_mvtec_folders_are_read_with_their_masks(tmp_path: Path) -> None:
    _put(tmp_path, "train/good/a.png", png(1))
    _put(tmp_path, "test/good/b.png", png(2))
    _put(tmp_path, "test/crack/c.png", png(3))
    _put(tmp_path, "defects/dent/d.png", png(4))
    _put(tmp_path, "ground_truth/crack/c_mask.png", png(5))
    _put(tmp_path, "license.txt", b"text")
    found = format_of(SampleFormat.MVTEC).read(tmp_path)
    assert _truths(checked(tmp_path, found)) == {"a.png": "good", "b.png": "good", "c.png": "crack", "d.png": "dent"}
    assert {item.path.name: item.mask for item in found.items if item.mask is not None} == {"c.png": png(5)}
    assert (found.notes, found.problems) == ([], [])


def test_coco_takes_the_largest_type_and_tells_what_it_leaves_out(tmp_path: Path) -> None:
    for number in range(3):
        _put(tmp_path, f"images/{number}.png", png(number))
    _coco(
        tmp_path,
        images=[{"id": number, "file_name": f"{number}.png", "license": 1} for number in range(3)],
        categories=[{"id": 7, "name": "dent"}, {"id": 8, "name": "crack"}],
        annotations=[
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [0, 0, 4, 4]},
            {"id": 2, "image_id": 1, "category_id": 8, "bbox": [0, 0, 9, 9], "area": 12.5},
            {"id": 3, "image_id": 2, "category_id": 8, "segmentation": [[0, 0, 1, 0, 1, 1]], "area": 0.5},
        ],
    )
    found = format_of(SampleFormat.COCO).read(tmp_path)
    assert _truths(checked(tmp_path, found)) == {"0.png": "good", "1.png": "dent", "2.png": "crack"}
    assert found.notes == [
        "2 boxes without outlines were left out: samples of a plant have masks",
        "1 pictures with several defect types got the type with the largest area",
    ]
    (mask,) = [item.mask for item in found.items if item.mask is not None]
    assert int((decode_png(mask) > 0).sum()) == 3  # the corners of the triangle


def test_copies_count_once(tmp_path: Path) -> None:
    _put(tmp_path, "train/good/a.png", png(1))
    _put(tmp_path, "test/good/again.png", png(1))
    found = _read(tmp_path, SampleFormat.MVTEC)
    assert (len(found.by_hash), found.copies) == (1, 1)


def _no_picture(folder: Path) -> SampleFormat:
    _put(folder, "train/good/a.png", png(1))
    _put(folder, "train/good/b.png", b"no picture")
    return SampleFormat.MVTEC


def _torn_picture(folder: Path) -> SampleFormat:
    _put(folder, "train/good/a.png", png(1)[:-20])
    return SampleFormat.MVTEC


def _two_truths(folder: Path) -> SampleFormat:
    _put(folder, "train/good/a.png", png(1))
    _put(folder, "test/crack/b.png", png(1))
    return SampleFormat.MVTEC


def _good_defect(folder: Path) -> SampleFormat:
    _put(folder, "defects/good/a.png", png(1))
    return SampleFormat.MVTEC


def _file_missing(folder: Path) -> SampleFormat:
    _table(folder, ("nothing.png", "good", ""))
    return SampleFormat.CSV


def _file_outside(folder: Path) -> SampleFormat:
    _put(folder.parent, "secret.png", png(1))
    _table(folder, ("../secret.png", "good", ""))
    return SampleFormat.CSV


def _unknown_label(folder: Path) -> SampleFormat:
    _put(folder, "a.png", png(1))
    _table(folder, ("a.png", "bad", ""))
    return SampleFormat.CSV


def _typed_good(folder: Path) -> SampleFormat:
    _put(folder, "a.png", png(1))
    _table(folder, ("a.png", "good", "crack"))
    return SampleFormat.CSV


def _unsure(folder: Path) -> SampleFormat:
    _put(folder, "a.png", png(1))
    _table(folder, ("a.png", "unsure", ""))
    return SampleFormat.CSV


def _long_type(folder: Path) -> SampleFormat:
    _put(folder, "a.png", png(1))
    _table(folder, ("a.png", "defect", "x" * 65))
    return SampleFormat.CSV


def _altered(folder: Path) -> SampleFormat:
    _put(folder, "a.png", png(1))
    _table(folder, ("a.png", "good", "0" * 64), head=("file", "label", "sha256"))
    return SampleFormat.CSV


def _no_file(folder: Path) -> SampleFormat:
    _table(folder, ("", "good", ""))
    return SampleFormat.CSV


def _no_column(folder: Path) -> SampleFormat:
    _table(folder, ("a.png",), head=("file",))
    return SampleFormat.CSV


def _no_table(folder: Path) -> SampleFormat:
    del folder
    return SampleFormat.CSV


def _no_json(folder: Path) -> SampleFormat:
    (folder / "annotations.json").write_text("{", "utf-8")
    return SampleFormat.COCO


def _no_image_id(folder: Path) -> SampleFormat:
    _coco(folder, images=[{"file_name": "a.png"}])
    return SampleFormat.COCO


def _lost_annotation(folder: Path) -> SampleFormat:
    _coco(folder, annotations=[{"id": 1, "image_id": 5, "category_id": 1}])
    return SampleFormat.COCO


def _lost_image(folder: Path) -> SampleFormat:
    _coco(folder, images=[{"id": 1, "file_name": "a.png"}])
    return SampleFormat.COCO


def _no_utf8(folder: Path) -> SampleFormat:
    (folder / "samples.csv").write_bytes("file,label,defect_type\na.png,defect,Kr\u00e4tzer\n".encode("cp1252"))
    return SampleFormat.CSV


def _other_mask(folder: Path) -> SampleFormat:
    for number, (place, masks) in enumerate((("test", "ground_truth"), ("defects", "defects/masks"))):
        mask = np.zeros((32, 32), np.uint8)
        mask[number] = 255
        _put(folder, f"{place}/crack/a.png", png(1))
        _put(folder, f"{masks}/crack/a.png", encode_png(mask))
    return SampleFormat.MVTEC


def _type_of_no_text(folder: Path) -> SampleFormat:
    _put(folder, "test/kr\udce4tze/a.png", png(1))
    return SampleFormat.MVTEC


def _type_with_zero_byte(folder: Path) -> SampleFormat:
    _put(folder, "a.png", png(1))
    _coco(folder, images=[{"id": 1, "file_name": "a.png"}], categories=[{"id": 1, "name": "cr\0ack"}], **_marked())
    return SampleFormat.COCO


def _ids_twice(folder: Path) -> SampleFormat:
    images = [{"id": 1, "file_name": _put(folder, f"{name}.png", png(name)).name} for name in (1, 2)]
    _coco(folder, images=images, categories=[{"id": 1, "name": name} for name in ("crack", "dent")], **_marked())
    return SampleFormat.COCO


def _turned(folder: Path) -> SampleFormat:
    """A camera said how it was held, the other tool turned the picture, and its file lies as it was."""
    _put(folder, "a.png", encode_png(np.full((48, 64), 9, np.uint8)))
    outline = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[0, 0, 9, 0, 9, 60]]}
    image = {"id": 1, "file_name": "a.png", "width": 48, "height": 64}
    _coco(folder, images=[image], categories=[{"id": 1, "name": "crack"}], annotations=[outline])
    return SampleFormat.COCO


def _capital_good(folder: Path) -> SampleFormat:
    _put(folder, "train/Good/a.png", png(1))
    return SampleFormat.MVTEC


def _folder_below(folder: Path) -> SampleFormat:
    _put(folder, "train/good/monday/a.png", png(1))
    return SampleFormat.MVTEC


def _type_left_open(folder: Path) -> SampleFormat:
    _put(folder, "test/bent-12/a.png", png(1))
    _put(folder, "defect_types.csv", b"folder,defect_type\nbent-12\n")
    return SampleFormat.MVTEC


def _jpeg_mask(folder: Path) -> SampleFormat:
    _put(folder, "test/crack/a.png", png(1))
    _put(folder, "ground_truth/crack/a.jpg", png(2))
    return SampleFormat.MVTEC


def _marked() -> dict[str, object]:
    return {"annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 4]}]}


BAD: list[tuple[Callable[[Path], SampleFormat], str]] = [
    (_no_picture, "train/good/b.png: expected a PNG, JPEG, BMP or TIFF"),
    (_torn_picture, "train/good/a.png: image: the file ends early"),
    (
        _two_truths,
        r"test/crack/b.png: same picture as train/good/a.png, which says good; this one says defect \(crack\)",
    ),
    (_good_defect, "defects/good: expected folders of defect types"),
    (_file_missing, "samples.csv line 2: .*nothing.png"),
    (_file_outside, "samples.csv line 2: expected a file inside"),
    (_unknown_label, "samples.csv line 2: label: expected good or defect, got 'bad'"),
    (_typed_good, "samples.csv line 2: expected no defect type with the label good"),
    (_unsure, "samples.csv line 2: label: expected good or defect, got unsure"),
    (_long_type, "samples.csv line 2: defect type: expected 1 to 64 characters, got 65"),
    (_altered, "samples.csv line 2: expected a file with SHA-256 0000"),
    (_no_file, "samples.csv line 2: expected a file, got nothing"),
    (_no_column, "samples.csv: expected the columns file, label, got file$"),
    (_no_table, "samples.csv: .*No such file"),
    (_no_json, "annotations.json : Invalid JSON"),
    (_no_image_id, "annotations.json images.0.id: Field required"),
    (_lost_annotation, r"annotations.json annotations\[0\]: image 5 is not in the file"),
    (_no_utf8, "samples.csv: expected a CSV file in UTF-8"),
    (_other_mask, "defects/crack/a.png: same picture as test/crack/a.png, which has another mask"),
    (_type_of_no_text, r"defect type: expected text in UTF-8 without zero bytes, got 'kr\\udce4tze'"),
    (_type_with_zero_byte, r"defect type: expected text in UTF-8 without zero bytes, got 'cr\\x00ack'"),
    (_ids_twice, r"images\[1\]: expected an id of its own, images\[0\] has 1, too"),
    (_ids_twice, r"categories\[1\]: expected an id of its own, categories\[0\] has 1, too"),
    (_turned, r"images\[0\] a.png: its outlines are of a picture of 48x64 px, got one of 64x48"),
    (_capital_good, "train/Good: expected good parts in train/good, in small letters"),
    (_folder_below, "train/good/monday: expected images here and no folder"),
    (_type_left_open, "defect_types.csv: bent-12: expected its defect type, got nothing"),
    (_jpeg_mask, r"ground_truth/crack/a.jpg: a mask \(.png, .bmp, .tif, .tiff\) without an image of a defect"),
    (_lost_image, r"annotations.json images\[0\]: a.png: no such file"),
]


@pytest.mark.parametrize(("make", "said"), BAD, ids=lambda value: "" if isinstance(value, str) else value.__name__)
def test_bad_rows_are_named(tmp_path: Path, make: Callable[[Path], SampleFormat], said: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    kind = make(folder)
    with pytest.raises(DataInvalid, match=said) as caught:
        _read(folder, kind)
    assert "nothing was imported" in str(caught.value)


def test_every_bad_row_is_named_and_many_are_counted(tmp_path: Path) -> None:
    _table(tmp_path, *((f"{number}.png", "good", "") for number in range(60)))
    with pytest.raises(DataInvalid, match="60 rows cannot be used") as caught:
        _read(tmp_path, SampleFormat.CSV)
    assert str(caught.value).splitlines()[-1] == "  … and 10 more"


def test_an_empty_folder_is_no_set_of_images(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="got the folders: none"):
        _read(tmp_path, SampleFormat.MVTEC)
    (tmp_path / "train").mkdir()
    with pytest.raises(DataInvalid, match="expected labelled images, found none"):
        _read(tmp_path, SampleFormat.MVTEC)


def test_a_folder_of_a_set_is_told_from_the_set(tmp_path: Path) -> None:
    _put(tmp_path, "train/good/a.png", png(1))
    with pytest.raises(DataInvalid, match=r"expected train/good, test/<type> or defects/<type> in it, got .*: good$"):
        _read(tmp_path / "train", SampleFormat.MVTEC)


def test_a_table_may_lack_the_type(tmp_path: Path) -> None:
    _put(tmp_path, "a.png", png(1))
    _table(tmp_path, ("a.png", "defect"), head=("file", "label"))
    assert [(item.label, item.defect_type) for item in _read(tmp_path, SampleFormat.CSV).by_hash.values()] == [
        (Label.DEFECT, None)
    ]


@pytest.mark.parametrize("name", ["c.bmp", "c_mask.tif", "c.PNG", "c_mask.TIFF"])
def test_masks_are_found_as_a_training_finds_them(tmp_path: Path, name: str) -> None:
    mask = np.zeros((8, 8), np.uint8)
    mask[2:5, 2:5] = 255
    _put(tmp_path, "test/crack/c.png", encode_png(np.full((8, 8), 9, np.uint8)))
    _put(tmp_path, f"ground_truth/crack/{name}", bytes(cv2.imencode(Path(name).suffix.lower(), mask)[1].tobytes()))
    (item,) = _read(tmp_path, SampleFormat.MVTEC).by_hash.values()
    assert item.mask is not None
    np.testing.assert_array_equal(decode_png(item.mask), mask)


def test_what_lies_about_in_a_folder_is_noted_and_left_out(tmp_path: Path) -> None:
    _put(tmp_path, "train/good/a.png", png(1))
    _put(tmp_path, "train/good/without_a_suffix", png(2))
    _put(tmp_path, "train/good/Thumbs.db", b"thumbs")
    _put(tmp_path, "train/good/.ipynb_checkpoints/a.png", png(3))
    found = format_of(SampleFormat.MVTEC).read(tmp_path)
    assert _truths(checked(tmp_path, found)) == {"a.png": "good", "without_a_suffix": "good"}
    assert found.notes == ["train/good: 1 files that are no images were left out"]


def test_the_mask_of_a_copy_counts(tmp_path: Path) -> None:
    _put(tmp_path, "defects/crack/a.png", png(1))
    _put(tmp_path, "test/crack/b.png", png(1))
    _put(tmp_path, "defects/masks/crack/a.png", png(5))
    found = _read(tmp_path, SampleFormat.MVTEC)
    assert ([item.mask for item in found.by_hash.values()], found.copies) == ([png(5)], 1)


@pytest.mark.parametrize("size", [{}, {"area": 0}, {"area": float("nan")}])
def test_the_largest_type_is_told_from_its_outlines_where_no_area_is(tmp_path: Path, size: dict[str, float]) -> None:
    _put(tmp_path, "a.png", png(1))
    outlines = ([[0, 0, 2, 0, 2, 2]], [[0, 0, 9, 0, 9, 9]], {"size": [10, 10], "counts": [0, 5, 95]})
    annotations = [
        {"id": number, "image_id": 1, "category_id": number, "segmentation": outline, **size}
        for number, outline in enumerate(outlines)
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(("chip", "crack", "dent"))]
    _coco(tmp_path, images=[{"id": 1, "file_name": "a.png"}], categories=categories, annotations=annotations)
    assert [item.defect_type for item in format_of(SampleFormat.COCO).read(tmp_path).items] == ["crack"]


def test_what_coco_says_and_does_not_mean_is_noted(tmp_path: Path) -> None:
    _put(tmp_path, "a.png", png(1))
    outside = [[500, 500, 510, 500, 510, 510]]
    annotation = {"id": 7, "image_id": 1, "category_id": 1, "segmentation": outside, "area": 50}
    images, categories = [{"id": 1, "file_name": "a.png"}], [{"id": 1, "name": "good"}]
    _coco(tmp_path, images=images, categories=categories, annotations=[annotation])
    assert format_of(SampleFormat.COCO).read(tmp_path).notes == [
        "the category good was taken for a defect type: a good part has no annotation",
        "annotation 7: marks nothing inside its picture, it was left out",
    ]


def test_files_that_were_made_under_windows_are_read(tmp_path: Path) -> None:
    _put(tmp_path, "images/a.png", png(1))
    _put(tmp_path, "masks/a.png", png(5))
    _coco(tmp_path, images=[{"id": 1, "file_name": "images\\a.png"}])
    file = tmp_path / "annotations.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert _truths(_read(tmp_path, SampleFormat.COCO)) == {"a.png": "good"}
    for between in ";", "\t":
        rows = ("file label defect_type mask", r"images\a.png defect crack masks\a.png")
        (tmp_path / "samples.csv").write_text("\r\n".join(rows).replace(" ", between), "utf-8-sig")
        (item,) = _read(tmp_path, SampleFormat.CSV).by_hash.values()
        assert (item.path.name, item.defect_type, item.mask) == ("a.png", "crack", png(5))
