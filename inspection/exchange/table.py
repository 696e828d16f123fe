"""A table `samples.csv` beside a folder `images`: what a spreadsheet can read and write."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from inspection.api.schemas import SampleItem
from inspection.exchange.file_names import is_there, names_of
from inspection.exchange.items import Found, Item, mask_bytes
from inspection.exchange.placed import Placed
from inspection.samples.statements import Label

__all__ = ["finish", "place", "place_mask", "read"]

_TABLE = "samples.csv"
_COLUMNS = ("file", "label", "defect_type", "split", "sha256", "mask")
_NEEDED = ("file", "label")
_DELIMITERS = (",", ";", "\t")
_SHOWN = 200


def place(sample: SampleItem) -> str:
    """All in one folder."""
    return f"images/{sample.sha256}"


def place_mask(sample: SampleItem) -> str:
    """Beside the images."""
    return f"masks/{sample.sha256}"


def finish(folder: Path, recipe: str, placed: Sequence[Placed]) -> None:
    """The table."""
    del recipe
    with (folder / _TABLE).open("w", encoding="utf-8-sig", newline="") as file:  # by its mark Excel knows the letters
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for one in placed:
            sample = one.sample
            said = (sample.label.value, sample.defect_type or "", sample.split.value)
            writer.writerow((one.file, *said, sample.sha256, one.mask or ""))


def read(folder: Path) -> Found:
    """Rows with at least `file` and `label`; `split` is only told, for a plant decides it by the file's hash.

    Commas, semicolons or tabs between the cells: which a spreadsheet writes depends on its country.
    """
    found = Found()
    try:
        with (folder / _TABLE).open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter=_delimiter(file))
            missing = [name for name in _NEEDED if name not in (table.fieldnames or ())]
            if missing:
                got = ", ".join(table.fieldnames or ()) or "nothing"
                found.problems.append(f"{_TABLE}: expected the columns {', '.join(_NEEDED)}, got {got[:_SHOWN]}")
                return found
            for row in table:
                _take(folder, f"{_TABLE} line {table.line_num}", row, found)
    except UnicodeDecodeError as error:
        found.problems.append(f"{_TABLE}: expected a CSV file in UTF-8: {error}")
    except (OSError, csv.Error) as error:
        found.problems.append(f"{_TABLE}: {error}")
    return found


def _delimiter(file: TextIO) -> str:
    """What stands most often in the first line; the file is at its beginning again."""
    head = file.readline()
    file.seek(0)
    return max(_DELIMITERS, key=head.count)


def _take(folder: Path, where: str, row: dict[str, str | None], found: Found) -> None:
    words = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    if not words["file"]:
        found.problems.append(f"{where}: expected a file, got nothing")
        return
    try:
        label = Label(words["label"])
    except ValueError:
        found.problems.append(f"{where}: label: expected good or defect, got {words['label']!r}")
        return
    mask = None
    if words["mask"]:
        path = _file(folder, words["mask"])
        if not is_there(path) or not path.resolve().is_relative_to(folder.resolve()):
            found.problems.append(f"{where}: mask: expected a file inside {folder}, got {words['mask']!r}")
            return
        mask = mask_bytes(path, where, found)
    told = (words["defect_type"] or None, words["sha256"].lower() or None)
    found.items.append(Item(where, _file(folder, words["file"]), label, *told, mask))


def _file(folder: Path, written: str) -> Path:
    """That is meant; as it is written where there is none."""
    places = [folder / name for name in names_of(written)]
    return next((path for path in places if is_there(path)), places[0])
