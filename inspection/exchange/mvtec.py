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
from inspection.store.images import EXTENSIONS, media_type_of

__all__ = ["finish", "place", "place_mask", "read"]

_TYPES = "defect_types.csv"
_MASKS = "ground_truth"
_LEARNT_MASKS = "defects/masks"
_GOOD = "good"
_PARTS = ("train", "test", "defects")
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
_MASK_SUFFIXES = (".png", ".bmp", ".tif", ".tiff")


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
    """Every image of those folders, with its mask; other files, and folders below, are told."""
    found = Found()
    renamed = _renamed(folder, found)
    used: set[Path] = set()
    if not any((folder / part).is_dir() for part in _PARTS):
        got = ", ".join(path.name for path in _folders(folder)) or "none"
        found.problems.append(f"expected train/{_GOOD}, test/<type> or defects/<type> in it, got the folders: {got}")
    for kind in (kind for part in _PARTS for kind in _folders(folder / part)):
        if kind == folder / _LEARNT_MASKS:
            continue
        if (problem := _no_type(kind)) is not None:
            found.problems.append(f"{kind.relative_to(folder)}: {problem}")
            continue
        name = None if kind.name == _GOOD else renamed.get(kind.name, kind.name)
        masks = {} if name is None else _masks_in(_masks_of(folder, kind))
        for path in _images_in(folder, kind, found):
            row, mask = path.relative_to(folder).as_posix(), masks.get(path.stem)
            used |= set() if mask is None else {mask}
            png = None if mask is None else mask_bytes(mask, row, found)
            found.items.append(Item(row, path, Label.DEFECT if name else Label.GOOD, name, mask=png))
    found.problems += _unused(folder, used)
    return found


def _no_type(kind: Path) -> str | None:
    if kind.parent.name == "defects" and kind.name == _GOOD:
        return "expected folders of defect types here"
    if kind.parent.name == "train" and kind.name != _GOOD and kind.name.lower() == _GOOD:
        return f"expected good parts in train/{_GOOD}, in small letters: this would be a defect type"
    return None


def _images_in(folder: Path, kind: Path, found: Found) -> list[Path]:
    """Files that are images by their content or name; the others are noted, and folders are problems."""
    images, others = [], 0
    for path in sorted(kind.iterdir()):
        if path.is_dir():
            if path.name.startswith("."):
                continue
            found.problems.append(f"{path.relative_to(folder)}: expected images here and no folder")
        elif _is_image(path):
            images.append(path)
        else:
            others += 1
    if others:
        found.notes.append(f"{kind.relative_to(folder).as_posix()}: {others} files that are no images were left out")
    return images


def _is_image(path: Path) -> bool:
    """What is called an image, or cannot be read, is named where it is checked."""
    if not path.is_file():
        return path.is_symlink()
    if path.suffix.lower() in _SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return media_type_of(file.read(16)) in EXTENSIONS
    except OSError:
        return True


def _masks_of(folder: Path, kind: Path) -> Path:
    return folder / (_MASKS if kind.parent.name == "test" else _LEARNT_MASKS) / kind.name


def _masks_in(folder: Path) -> dict[str, Path]:
    """By the stem of the image, as `inspection train` finds them: best first where there are several."""
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    masks = [path for suffix in _MASK_SUFFIXES for path in files if path.suffix.lower() == suffix]
    by_name = {path.stem: path for path in reversed(masks)}
    return {path.stem.removesuffix("_mask"): path for path in reversed(masks)} | by_name


def _unused(folder: Path, used: set[Path]) -> Iterator[str]:
    """One that is not looked at is a mistake: its image would count as one without a mask."""
    seen = {(path.parent, path.stem) for path in used}
    for masks in (folder / _MASKS, folder / _LEARNT_MASKS):
        for path in sorted(masks.rglob("*")):
            if path.suffix.lower() in _SUFFIXES and path.is_file() and (path.parent, path.stem) not in seen:
                kinds = ", ".join(_MASK_SUFFIXES)
                yield f"{path.relative_to(folder)}: a mask ({kinds}) without an image of a defect of the same name"


def _folders(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else [])


def _renamed(folder: Path, found: Found) -> dict[str, str]:
    path = folder / _TYPES
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            named = {row["folder"]: row["defect_type"] for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        found.problems.append(f"{_TYPES}: expected columns folder, defect_type: {error!r}")
        return {}
    found.problems += [f"{_TYPES}: {name}: expected its defect type, got nothing" for name in named if not named[name]]
    return named
