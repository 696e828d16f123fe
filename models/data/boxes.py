"""Boxes around defects: `DEFECTS/boxes.csv`, a line each, several to an image.

image,x_px,y_px,width_px,height_px
scratch/0017.png,112,40,60,25
"""

import csv
from collections import defaultdict
from pathlib import Path

from pydantic import NonNegativeInt, PositiveInt, ValidationError

from edge.contract.errors import DataInvalid
from edge.contract.values import Value

__all__ = ["BOXES", "Box", "boxes_in"]

BOXES = "boxes.csv"
_COLUMNS = ("image", "x_px", "y_px", "width_px", "height_px")


class Box(Value):
    """Around a defect, in pixels of its image; the origin is the top left corner."""

    x_px: NonNegativeInt
    y_px: NonNegativeInt
    width_px: PositiveInt
    height_px: PositiveInt


def boxes_in(root: Path, images: set[Path]) -> dict[Path, tuple[Box, ...]]:
    """Boxes by image; empty where there is no such file.

    Args:
        root: folder of labelled defects.
        images: found in it.

    Raises:
        DataInvalid: a line that is no box, one for an image that is not there, or a file that is no CSV in UTF-8.
    """
    file = root / BOXES
    if not file.is_file():
        return {}
    try:
        return _boxes_of(file, root, images)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataInvalid(f"{file}: expected a CSV file in UTF-8: {error}") from error


def _boxes_of(file: Path, root: Path, images: set[Path]) -> dict[Path, tuple[Box, ...]]:
    found: dict[Path, tuple[Box, ...]] = defaultdict(tuple)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != _COLUMNS:
            raise DataInvalid(f"{file}: expected the columns {','.join(_COLUMNS)}, got {reader.fieldnames}")
        for row in reader:
            path, box = _read(row, f"{file}:{reader.line_num}", root)
            if path not in images:
                raise DataInvalid(f"{file}:{reader.line_num}: a box without an image: there is no {path}")
            found[path] += (box,)
    return dict(found)


def _read(row: dict[str, str], where: str, root: Path) -> tuple[Path, Box]:
    try:
        box = Box.model_validate_strings({name: row[name] or "" for name in _COLUMNS[1:]})
    except ValidationError as error:
        told = error.errors()[0]
        raise DataInvalid(f"{where}: expected a box in whole pixels: {told['loc'][0]}: {told['msg']}") from error
    return root / row["image"], box
