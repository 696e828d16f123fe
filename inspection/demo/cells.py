"""Real parts for the demo: electroluminescence images of solar cells.

Source: Buerhop-Lutz et al., "A Benchmark for Visual Identification of Defective Solar Cells in Electroluminescence
Imagery" (EU PVSEC 2018); PyPI package `elpv-dataset`, images under CC BY-NC-SA 4.0. The label is the probability of a
defect that experts gave; cells they were unsure of (1/3 and 2/3) are left out.
"""

import random
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from edge.contract.errors import SettingsInvalid

__all__ = ["LICENCE", "Cell", "CellSplit", "read_cells", "split_cells"]

LICENCE = "Images: elpv-dataset (Buerhop-Lutz et al., 2018), CC BY-NC-SA 4.0, not for commercial use"
TRAIN_GOODS = 400
_CRACKED_SHARE = 0.3  # of the parts on the line: far more than a real line has, so that there is something to see


@dataclass(frozen=True, slots=True)
class Cell:
    """One solar cell; `cracked` is the data set's own label."""

    path: Path
    cracked: bool

    @property
    def name(self) -> str:
        """Its name in the data set, without suffix."""
        return self.path.stem


@dataclass(frozen=True)
class CellSplit:
    """Cells to train on, and cells that come down the line; no cell is in both."""

    goods: list[Cell]
    line: list[Cell]


def read_cells() -> list[Cell]:
    """Polycrystalline cells that the experts were sure of, in the data set's order.

    Raises:
        SettingsInvalid: the package is not installed.
    """
    spec = find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        raise SettingsInvalid("`inspection demo` needs the package elpv-dataset: pip install 'inspection[demo]'")
    folder = Path(spec.origin).parent / "data"
    rows = [line.split() for line in (folder / "labels.csv").read_text("ascii").splitlines()]
    return [
        Cell(folder / name, cracked=float(probability) == 1.0)
        for name, probability, kind in rows
        if kind == "poly" and float(probability) in {0.0, 1.0}
    ]


def split_cells(cells: list[Cell], parts: int, seed: int) -> CellSplit:
    """Draw training goods and `parts` cells for the line, in random order.

    Raises:
        SettingsInvalid: more parts than the data set has.
    """
    generator = random.Random(seed)  # noqa: S311 - a repeatable draw, not a secret
    goods = [cell for cell in cells if not cell.cracked]
    cracked = [cell for cell in cells if cell.cracked]
    generator.shuffle(goods)
    generator.shuffle(cracked)
    bad_count = round(parts * _CRACKED_SHARE)
    rest = goods[TRAIN_GOODS:]
    most = min(round(len(cracked) / _CRACKED_SHARE), round(len(rest) / (1 - _CRACKED_SHARE)))
    if not 1 <= parts <= most:
        raise SettingsInvalid(f"--parts: expected 1 to {most}, the cells that the data set has, got {parts}")
    line = rest[: parts - bad_count] + cracked[:bad_count]
    generator.shuffle(line)
    return CellSplit(goods[:TRAIN_GOODS], line)
