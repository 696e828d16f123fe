"""How much of real defects a mask of the background would hide; prints one JSON line.

    .venv/bin/python bench/background.py ../shared/data/cookie

Source of the masks: Damm et al., "AnomalyDINO" (WACV 2025): the first principal component of DINOv2's patch features,
cut in two; the side that is in the middle of the good parts is the part.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edge.contract.manifest import PreprocessSpec
from models.backbones.vit import PATCH_PX, VitTrunk
from models.data.folder import goods_in, test_images_in
from models.data.images import load_images, survey_frames
from models.data.sizing import input_size
from models.features import PatchFeatures, extract
from models.progress import Progress

_QUIET = Progress(dict.fromkeys(("reading images", "good parts", "test parts"), 1.0), as_json=False)
_COVERED = 0.5  # of a cell by the mask of the defect


def main() -> None:
    """Compare the masks of the data set with what would be called background."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", type=Path, help="folder in the MVTec AD layout, with masks")
    options = parser.parse_args()
    goods, tests = goods_in(options.part), test_images_in(options.part)
    survey = survey_frames([*goods, *tests], _QUIET, skip_unreadable=False)
    size = input_size(survey.size_px, 336, PATCH_PX, None)
    spec = PreprocessSpec(width_px=size.width_px, height_px=size.height_px)
    grid = (size.height_px // PATCH_PX, size.width_px // PATCH_PX)
    features = PatchFeatures(VitTrunk(size.height_px, size.width_px))
    learnt = extract(features, load_images(goods, spec, _QUIET, "good parts").pixels, _QUIET, "good parts")
    judged = load_images(tests, spec, _QUIET, "test parts")
    background = ~_foreground(learnt, extract(features, judged.pixels, _QUIET, "test parts"), grid)
    cells = [None if mask is None else _cells(mask, grid) for mask in judged.masks]
    pairs = zip(cells, background, strict=True)
    hidden = [float((c & b).sum() / c.sum()) for c, b in pairs if c is not None and c.any()]
    told = {"part": options.part.name, "background": float(background.float().mean()), "defects": len(hidden)}
    print(json.dumps(told | {"hidden_mean": np.mean(hidden), "hidden_median": np.median(hidden)}))


def _foreground(learnt: Tensor, judged: Tensor, grid: tuple[int, int]) -> Tensor:
    """Which cells of the judged parts `(M, h, w)` show the part."""
    centre = learnt.flatten(0, 1).mean(dim=0)
    torch.manual_seed(0)
    direction = torch.pca_lowrank(learnt.flatten(0, 1) - centre, 1, center=False)[2][:, 0]
    of_learnt, of_judged = ((values - centre) @ direction for values in (learnt, judged))
    cut = _cut(of_learnt)
    rows, columns = (slice(side // 3, 2 * side // 3) for side in grid)
    middle = of_learnt.reshape(-1, *grid)[:, rows, columns] > cut
    above = (of_judged > cut).reshape(-1, *grid)
    return above if middle.float().mean() > 0.5 else ~above


def _cut(values: Tensor) -> Tensor:
    """Midway between the means of what lies below and above it."""
    cut = values.mean()
    for _ in range(50):
        cut = (values[values < cut].mean() + values[values >= cut].mean()) / 2
    return cut


def _cells(mask: np.ndarray, grid: tuple[int, int]) -> Tensor:
    cells = mask.reshape(grid[0], PATCH_PX, grid[1], PATCH_PX).mean(axis=(1, 3)) > _COVERED
    return torch.from_numpy(cells)


if __name__ == "__main__":
    main()
