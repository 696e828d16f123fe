"""Folders as MVTec AD has them: `train/good`, `test/<type>`, `ground_truth/<type>`; and `defects`, which it lacks.

A plant holds images out by their hash, and defects of the training part have no place in MVTec AD; `inspection train
--defects` reads them from `defects/<type>`, and their masks from `defects/masks/<type>`. A type whose name is no
folder's name gets one, and `defect_types.csv` says which.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from inspection.api.schemas import SampleItem
from inspection.exchange.items import Found, Item, mask_bytes
from inspection.exchange.placed import Placed
from inspection.jobs.material import folder_name, name_folders
from inspection.samples.splits import Split
from inspection.samples.statements import DEFAULT_DEFECT, Label

__all__ = ["finish", "place", "place_mask", "read"]

_TYPES = "defect_types.csv"
_MASKS = "ground_truth"
_LEARNT_MASKS = "defects/masks"
_ENDINGS = (".png", "_mask.png")


def place(sample: SampleItem) -> str:
    """By split and type."""
    if sample.label is Label.GOOD:
        return f"{'test' if sample.split is Split.HOLDOUT else 'train'}/good/{sample.sha256}"
    folder = folder_name(sample.defect_type or DEFAULT_DEFECT)
    return f"{'test' if sample.split is Split.HOLDOUT else 'defects'}/{folder}/{sample.sha256}"


def place_mask(sample: SampleItem) -> str:
    """Where `inspection train` looks: beside the test images, or beside the defects to learn from."""
    folder = folder_name(sample.defect_type or DEFAULT_DEFECT)
    return f"{_MASKS if sample.split is Split.HOLDOUT else _LEARNT_MASKS}/{folder}/{sample.sha256}"


def finish(folder: Path, recipe: str, placed: Sequence[Placed]) -> None:
    """Which folder is which type, where the two differ."""
    del recipe
    types = {one.sample.defect_type for one in placed if one.sample.defect_type is not None}
    for place in (folder, folder / "defects"):
        name_folders(place, types)


def read(folder: Path) -> Found:
    """Every file of those folders, with its mask."""
    found = Found()
    renamed = _renamed(folder, found)
    used: set[Path] = set()
    for kind in (*_folders(folder / "train"), *_folders(folder / "test"), *_folders(folder / "defects")):
        if kind == folder / _LEARNT_MASKS:
            continue
        good = kind.name == "good"
        if good and kind.parent.name == "defects":
            found.problems.append(f"{kind.relative_to(folder)}: expected folders of defect types here")
            continue
        for path in sorted(path for path in kind.iterdir() if path.is_file()):
            name = None if good else renamed.get(kind.name, kind.name)
            row = path.relative_to(folder).as_posix()
            mask = None if good else _mask_of(folder, kind, path)
            used |= set() if mask is None else {mask}
            png = None if mask is None else mask_bytes(mask, row, found)
            found.items.append(Item(row, path, Label.GOOD if good else Label.DEFECT, name, mask=png))
    for masks in (folder / _MASKS, folder / _LEARNT_MASKS):
        for path in sorted(masks.rglob("*")):
            if path.is_file() and path not in used:
                found.problems.append(f"{path.relative_to(folder)}: a mask without an image of the same name")
    return found


def _mask_of(folder: Path, kind: Path, image: Path) -> Path | None:
    masks = folder / (_MASKS if kind.parent.name == "test" else _LEARNT_MASKS) / kind.name
    return next((path for ending in _ENDINGS if (path := masks / f"{image.stem}{ending}").is_file()), None)


def _folders(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else [])


def _renamed(folder: Path, found: Found) -> dict[str, str]:
    path = folder / _TYPES
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {row["folder"]: row["defect_type"] for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        found.problems.append(f"{_TYPES}: expected columns folder, defect_type: {error!r}")
        return {}
