"""Folders of other tools: what is understood, and that every bad row is named."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.contract.errors import DataInvalid
from inspection.exchange.formats import SampleFormat, format_of
from inspection.exchange.items import Checked, checked
from inspection.exchange.outlines import decode_png
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
    (_no_column, "samples.csv: expected the columns file, label, label is not there"),
    (_no_table, "samples.csv: .*No such file"),
    (_no_json, "annotations.json : Invalid JSON"),
    (_no_image_id, "annotations.json images.0.id: Field required"),
    (_lost_annotation, r"annotations.json annotations\[0\]: image 5 is not in the file"),
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
    with pytest.raises(DataInvalid, match="expected labelled images, found none"):
        _read(tmp_path, SampleFormat.MVTEC)


def test_a_table_may_lack_the_type(tmp_path: Path) -> None:
    _put(tmp_path, "a.png", png(1))
    _table(tmp_path, ("a.png", "defect"), head=("file", "label"))
    assert [(item.label, item.defect_type) for item in _read(tmp_path, SampleFormat.CSV).by_hash.values()] == [
        (Label.DEFECT, None)
    ]
