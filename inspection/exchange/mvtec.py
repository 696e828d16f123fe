"""Folders as MVTec AD has them: `train/good`, `test/good`, `test/<type>`; and `defects/<type>`, which it lacks.

A plant holds images out by their hash, and defects of the training part have no place in MVTec AD; `inspection train
--defects` reads them from `defects`. A type whose name is no folder's name gets one, and `defect_types.csv` says which.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from inspection.api.schemas import SampleItem
from inspection.exchange.items import Found, Item
from inspection.exchange.placed import Placed
from inspection.jobs.material import folder_name
from inspection.samples.splits import Split
from inspection.samples.statements import DEFAULT_DEFECT, Label

__all__ = ["finish", "place", "read"]

_TYPES = "defect_types.csv"
_MASKS = "ground_truth"


def place(sample: SampleItem) -> str:
    """By split and type."""
    if sample.label is Label.GOOD:
        return f"{'test' if sample.split is Split.HOLDOUT else 'train'}/good/{sample.sha256}"
    folder = folder_name(sample.defect_type or DEFAULT_DEFECT)
    return f"{'test' if sample.split is Split.HOLDOUT else 'defects'}/{folder}/{sample.sha256}"


def finish(folder: Path, recipe: str, placed: Sequence[Placed]) -> None:
    """Which folder is which type, where the two differ."""
    del recipe
    types = {one.sample.defect_type for one in placed if one.sample.defect_type is not None}
    renamed = {folder_name(name): name for name in sorted(types) if folder_name(name) != name}
    if renamed:
        with (folder / _TYPES).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("folder", "defect_type"), *renamed.items()])


def read(folder: Path) -> Found:
    """Every file of those folders; masks have no place in a plant and are noted."""
    found = Found()
    renamed = _renamed(folder, found)
    for kind in (*_folders(folder / "train"), *_folders(folder / "test"), *_folders(folder / "defects")):
        good = kind.name == "good"
        if good and kind.parent.name == "defects":
            found.problems.append(f"{kind.relative_to(folder)}: expected folders of defect types here")
            continue
        for path in sorted(path for path in kind.iterdir() if path.is_file()):
            name = None if good else renamed.get(kind.name, kind.name)
            row = path.relative_to(folder).as_posix()
            found.items.append(Item(row, path, Label.GOOD if good else Label.DEFECT, name))
    masks = sum(1 for path in (folder / _MASKS).rglob("*") if path.is_file())
    if masks:
        found.notes.append(f"{masks} masks in {_MASKS} were left out: samples of a plant have none")
    return found


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
