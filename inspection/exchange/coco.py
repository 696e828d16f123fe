"""COCO: `annotations.json` beside a folder `images`; a defect type is a category.

A plant's samples have one label for the whole picture, and one mask at most: without one an annotation's box is the
picture. From elsewhere, the type with the largest area in a picture becomes its label, the outlines of that type its
mask, and a picture without annotation is a good one.

Source: https://cocodataset.org/#format-data
"""

import json
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.contract.image_size import header_size_px
from inspection.api.schemas import SampleItem
from inspection.exchange.file_names import is_there, names_of
from inspection.exchange.items import Found, Item
from inspection.exchange.outlines import area_px2, decode_png, drawn, encode_png, run_lengths
from inspection.exchange.placed import Placed
from inspection.samples.statements import DEFAULT_DEFECT, Label
from inspection.store.images import media_type_of

__all__ = ["finish", "place", "read"]

_FILE = "annotations.json"
_GOOD = "good"


class _Image(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: int
    file_name: str
    width: float | None = None
    height: float | None = None
    sha256: str | None = None
    label: str | None = None  # of a plant's own export


class _Category(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: int
    name: str


class _Annotation(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: int
    image_id: int
    category_id: int
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    area: float | None = None
    whole_image: bool = False
    segmentation: list[list[float]] | dict[str, Any] | None = None

    def size(self) -> float:
        """Square pixels; some tools say no area, or 0."""
        if self.area is not None and self.area > 0:
            return self.area
        return self.bbox[2] * self.bbox[3] if self.bbox is not None else area_px2(self.segmentation or [])


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")
    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Annotation]


def place(sample: SampleItem) -> str:
    """By split."""
    return f"images/{sample.split.value}/{sample.sha256}"


def finish(folder: Path, recipe: str, placed: Sequence[Placed]) -> None:
    """The file of annotations."""
    types = sorted({_type(one.sample) for one in placed if one.sample.label is Label.DEFECT})
    category = {name: number for number, name in enumerate(types, 1)}
    document = {
        "info": {"description": f"samples of the recipe {recipe}", "version": "1"},
        "licenses": [],
        "categories": [{"id": number, "name": name, "supercategory": "defect"} for name, number in category.items()],
        "images": [_image(number, one) for number, one in enumerate(placed, 1)],
        "annotations": [
            _annotation(number, one, category[_type(one.sample)])
            for number, one in enumerate(placed, 1)
            if one.sample.label is Label.DEFECT
        ],
    }
    (folder / _FILE).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read(folder: Path) -> Found:
    """Images with the label and the mask that their annotations give; what has no place in a plant is noted."""
    found = Found()
    try:
        document = _File.model_validate_json((folder / _FILE).read_bytes().removeprefix(BOM_UTF8))
    except OSError as error:
        found.problems.append(f"{_FILE}: {error}")
        return found
    except ValidationError as error:
        found.problems += [f"{_FILE} {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return found
    found.problems += [*_twice("images", document.images), *_twice("categories", document.categories)]
    types = {category.id: category.name for category in document.categories}
    said = _by_image(document, types, found)
    outlines = _outlines(document, types)
    for position, image in enumerate(document.images):
        item = _item(folder, position, image, said[image.id])
        if item is not None and (of_type := outlines[image.id, item.defect_type or ""]):
            item = _with_mask(item, image, of_type, found)
        if item is None:
            found.problems.append(f"{_FILE} images[{position}]: {image.file_name}: no such file beside it")
        else:
            found.items.append(item)
    return found


def _twice(where: str, named: Sequence[_Image | _Category]) -> Iterator[str]:
    """Annotations name an id: of two that share one nobody knows which is meant."""
    first: dict[int, int] = {}
    for position, one in enumerate(named):
        if first.setdefault(one.id, position) != position:
            yield f"{_FILE} {where}[{position}]: expected an id of its own, {where}[{first[one.id]}] has {one.id}, too"


def _by_image(document: _File, types: dict[int, str], found: Found) -> dict[int, dict[str, float]]:
    """Area by defect type, by image."""
    known = {image.id for image in document.images}
    areas: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for position, one in enumerate(document.annotations):
        if one.image_id not in known or one.category_id not in types:
            what = f"image {one.image_id}" if one.image_id not in known else f"category {one.category_id}"
            found.problems.append(f"{_FILE} annotations[{position}]: {what} is not in the file")
            continue
        name = types[one.category_id].strip()
        areas[one.image_id][name] = areas[one.image_id].get(name, 0.0) + one.size()
    boxes = sum(not one.whole_image and not one.segmentation for one in document.annotations)
    several = sum(len(of_types) > 1 for of_types in areas.values())
    if boxes:
        found.notes.append(f"{boxes} boxes without outlines were left out: samples of a plant have masks")
    if any(_GOOD in areas[image.id] and image.label is None for image in document.images):
        found.notes.append(f"the category {_GOOD} was taken for a defect type: a good part has no annotation")
    if several:
        found.notes.append(f"{several} pictures with several defect types got the type with the largest area")
    return areas


def _outlines(document: _File, types: dict[int, str]) -> defaultdict[tuple[int, str], list[_Annotation]]:
    found: defaultdict[tuple[int, str], list[_Annotation]] = defaultdict(list)
    for one in document.annotations:
        if one.segmentation:
            found[one.image_id, types.get(one.category_id, "").strip()].append(one)
    return found


def _with_mask(item: Item, image: _Image, annotations: Sequence[_Annotation], found: Found) -> Item:
    """All outlines of its type as one mask; a picture that was turned or resized since is a problem."""
    data = item.path.read_bytes()
    size_px = header_size_px(data, media_type_of(data))
    if size_px is None:
        return item  # what is wrong with the file is said where it is checked
    if image.width and image.height and (image.width, image.height) != size_px:
        told = f"{image.width:g}x{image.height:g} px, got one of {size_px[0]}x{size_px[1]}"
        found.problems.append(f"{item.row}: its outlines are of a picture of {told}")
        return item
    mask = np.zeros(size_px[::-1], np.uint8)
    for one in annotations:
        try:
            part = drawn(one.segmentation or [], size_px)
        except ValueError as error:
            found.problems.append(f"{_FILE} annotation {one.id}: segmentation: {error}")
            return item
        if part.any():
            mask |= part
        else:
            found.notes.append(f"annotation {one.id}: marks nothing inside its picture, it was left out")
    return replace(item, mask=encode_png(mask)) if mask.any() else item


def _item(folder: Path, position: int, image: _Image, areas: dict[str, float]) -> Item | None:
    row = f"{_FILE} images[{position}] {image.file_name}"
    places = (place / name for name in names_of(image.file_name) for place in (folder, folder / "images"))
    path = next((path for path in places if is_there(path)), None)
    if path is None:
        return None
    if not areas:
        return Item(row, path, Label.GOOD, None, image.sha256)
    return Item(row, path, Label.DEFECT, max(areas, key=lambda name: areas[name]), image.sha256)


def _type(sample: SampleItem) -> str:
    return sample.defect_type or DEFAULT_DEFECT


def _image(number: int, one: Placed) -> dict[str, object]:
    width, height = one.size_px
    own = {"sha256": one.sample.sha256, "split": one.sample.split.value, "label": one.sample.label.value}
    return {"id": number, "file_name": one.file, "width": width, "height": height, **own}


def _annotation(number: int, one: Placed, category: int) -> dict[str, object]:
    width, height = one.size_px
    shape: dict[str, object] = {"bbox": [0, 0, width, height], "area": width * height, "whole_image": True}
    if one.mask_png:
        mask = decode_png(one.mask_png)
        box, area = list(cv2.boundingRect(mask)), int(np.count_nonzero(mask))
        shape = {"bbox": box, "area": area, "segmentation": run_lengths(mask)}
    return {"id": number, "image_id": number, "category_id": category, "iscrowd": 0, **shape}
