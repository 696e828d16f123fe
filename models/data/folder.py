"""Which images a folder offers, in the MVTec AD layout; nothing is decoded here.

DIR/train/good/*              good parts to learn from
DIR/test/good/*               good parts to report on
DIR/test/<type>/*             defective parts to report on
DIR/ground_truth/<type>/*     masks (PNG, BMP, TIFF): same stem as the image, or the stem with `_mask`
DEFECTS/<type>/*              labelled defects to learn from
DEFECTS/masks/<type>/*        the same
DEFECTS/boxes.csv             boxes, see `boxes.py`

A type whose name is no folder's name has one all the same, and `defect_types.csv` in DIR or DEFECTS says which: its
columns are `folder` and `defect_type`.
"""

import csv
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from edge.contract.errors import DataInvalid
from models.data.boxes import Box, boxes_in

__all__ = ["SUFFIXES", "LabelledImage", "defects_in", "goods_in", "images_in", "is_text", "test_images_in"]

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
GOOD = "good"
_MASKS = "masks"
_MASK_SUFFIXES = (".png", ".bmp", ".tif", ".tiff")  # none that loses: its noise would be marked, too
_TYPES = "defect_types.csv"
_OF_SYSTEMS = {"Thumbs.db", "desktop.ini"}  # nobody put them there
_SHOWN = 5
_MAX_NAME = 64  # a station tells the defect type with each verdict; the contract allows it this long


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image file and what is known of it.

    Attributes:
        defect_type: None for a good part.
        mask: file that marks the defect, 0 = good; None if there is none.
        boxes: around the defects, in pixels of the image; a mask says more and goes first.
    """

    path: Path
    defect_type: str | None = None
    mask: Path | None = None
    boxes: tuple[Box, ...] = ()


def goods_in(root: Path) -> list[LabelledImage]:
    """Images of `root/train/good`, sorted by name.

    Raises:
        DataInvalid: the folder is missing or holds no image.
    """
    folder = root / "train" / GOOD
    if not folder.is_dir():
        raise DataInvalid(f"{root}: expected images of good parts in {folder}, but there is no such folder")
    files = images_in(folder)
    if not files:
        raise DataInvalid(f"{folder}: no images; expected files ending in {', '.join(sorted(SUFFIXES))}")
    return [LabelledImage(path) for path in files]


def defects_in(root: Path) -> list[LabelledImage]:
    """Images of `root/<type>/`, with masks of `root/masks/<type>/` and boxes of `root/boxes.csv` where there are some.

    Raises:
        DataInvalid: the folder is missing, holds no image, a type's name is none, or a mask or box has no image.
    """
    if not root.is_dir():
        raise DataInvalid(f"{root}: expected a folder of defects, one folder a type; there is no such folder")
    types = [folder for folder in _folders(root) if folder.name != _MASKS]
    names = _names(root)
    _check_names(types, names)
    _check_not_empty(types)
    found = [item for folder in types for item in _labelled(folder, root / _MASKS, names)]
    if not found:
        raise DataInvalid(f"{root}: no images of defects; expected {root}/<type>/<image>")
    _check_masks_used(root / _MASKS, found)
    boxes = boxes_in(root, {item.path for item in found})
    return [replace(item, boxes=boxes.get(item.path, ())) for item in found]


def test_images_in(root: Path) -> list[LabelledImage]:
    """Images of `root/test/<good or type>/`, with masks from `root/ground_truth/<type>/`.

    Raises:
        DataInvalid: the folder is missing or holds no image, or a mask has none.
    """
    folder = root / "test"
    if not folder.is_dir():
        raise DataInvalid(
            f"{root}: expected test images in {folder}/<good or defect type>, but there is no such folder"
        )
    names = _names(root)
    found = [item for sub in _folders(folder) for item in _tests(sub, root / "ground_truth", names)]
    if not found:
        raise DataInvalid(f"{folder}: no images; expected files ending in {', '.join(sorted(SUFFIXES))}")
    _check_masks_used(root / "ground_truth", found)
    return found


def images_in(folder: Path) -> list[Path]:
    """Images right in a folder, sorted by name; what else lies there is told, for it may be meant to be learnt from."""
    others = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir() if not _is_image(path))
    if others := [name for name in others if not name.startswith(".") and name not in _OF_SYSTEMS]:
        shown = ", ".join(others[:_SHOWN]) + (f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else "")
        log.warning("%s: left out, expected files ending in %s: %s", folder, ", ".join(sorted(SUFFIXES)), shown)
    return _images(folder)


def is_text(name: str) -> bool:
    """Whether the name of a file is one in UTF-8; one that came from another system may hold any bytes."""
    return name == name.encode("utf-8", "replace").decode()


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir())


def _names(root: Path) -> dict[str, str]:
    """What a folder's type is called, where that is not the folder's name; a type is never called good."""
    path = root / _TYPES
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = {row["folder"]: row["defect_type"] for row in csv.DictReader(file)}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise DataInvalid(f"{path}: expected columns folder, defect_type: {error!r}") from error
    return {folder: name for folder, name in names.items() if name and name != GOOD}


def _check_names(types: list[Path], names: dict[str, str]) -> None:
    for folder in types:
        if folder.name == GOOD:
            raise DataInvalid(f"{folder}: expected defective parts only; good parts belong into train/{GOOD}")
        if len(names.get(folder.name, folder.name)) > _MAX_NAME:
            raise DataInvalid(f"{folder}: expected a defect type of at most {_MAX_NAME} characters")
        if not is_text(names.get(folder.name, folder.name)):
            raise DataInvalid(f"{folder}: expected the name of a defect type in UTF-8; rename the folder")


def _check_not_empty(types: list[Path]) -> None:
    """A type that was named and has nothing to show is a mistake, not a type less."""
    for folder in types:
        if not _images(folder):
            raise DataInvalid(f"{folder}: no images of this defect type; add some, or remove the folder")


def _images(folder: Path) -> list[Path]:
    """By their suffix; a link that leads nowhere is among them, and is told when it is read."""
    return sorted(path for path in folder.iterdir() if _is_image(path))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def _tests(folder: Path, masks: Path, names: dict[str, str]) -> list[LabelledImage]:
    if folder.name == GOOD:
        return [LabelledImage(path) for path in images_in(folder)]
    return _labelled(folder, masks, names)


def _labelled(folder: Path, masks: Path, names: dict[str, str]) -> list[LabelledImage]:
    """Images of one type, with those masks that lie in the folder of the same name."""
    marked, name = _masks_in(masks / folder.name), names.get(folder.name, folder.name)
    return [LabelledImage(path, name, marked.get(path.stem)) for path in images_in(folder)]


def _masks_in(folder: Path) -> dict[str, Path]:
    """By the stem of the image, best first where there are several; empty where there is no such folder."""
    files = _images(folder) if folder.is_dir() else []
    masks = [path for suffix in _MASK_SUFFIXES for path in files if path.suffix.lower() == suffix]
    found: dict[str, Path] = {}
    for path in masks:
        found.setdefault(path.stem, path)
    for path in masks:
        found.setdefault(path.stem.removesuffix("_mask"), path)
    return found


def _check_masks_used(masks: Path, found: list[LabelledImage]) -> None:
    """One that is not looked at is a mistake: its image would count as one without a mask."""
    marked = {(item.mask.parent, item.mask.stem) for item in found if item.mask}
    files = [path for path in sorted(masks.rglob("*")) if path.suffix.lower() in SUFFIXES and not path.is_dir()]
    unused = [path for path in files if (path.parent, path.stem) not in marked]
    if unused:
        shown = ", ".join(map(str, unused[:5]))
        kinds = ", ".join(_MASK_SUFFIXES)
        raise DataInvalid(f"{masks}: masks ({kinds}) without an image of a defect of the same name: {shown}")
