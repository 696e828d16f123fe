"""What each choice in the heads is worth: image AUROC on the test folders, one change at a time; prints a table.

    .venv/bin/python bench/ablation.py --data ../shared/data [PART…] [--goods 20]

Good images only. Features are computed once a part, every variant is fitted on the same ones. The numbers are for
reading, not for choosing: what a training decides by itself, it decides by good parts alone (last column but one: what
a search of the neighbourhood leaves of the distance; decision 0015). `--goods N` fits on N good images.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edge.contract.manifest import PreprocessSpec
from models.backbones.lite import LiteTrunk
from models.data.folder import goods_in, test_images_in
from models.data.images import ImageSet, load_images, survey_frames
from models.data.sizing import input_size
from models.evaluation.metrics import roc_auc
from models.features import PatchFeatures, extract
from models.heads import tail, whitening
from models.heads.fusion import FusedHeads, HeadPlan, fit_heads
from models.heads.search import Grid, parts_move
from models.heads.tail import pool
from models.progress import Progress
from models.training.folds import GoodFeatures, learn

_STEPS = ("reading images", "good parts", "test parts", "calibrating on held-out parts")
_QUIET = Progress(dict.fromkeys(_STEPS, 1.0), as_json=False)
Scores = Callable[[Tensor, Tensor, Grid], Tensor]


def main() -> None:
    """Measure every variant on every part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="names of folders (default: all)")
    parser.add_argument("--data", type=Path, required=True, help="folder of parts in the MVTec layout")
    parser.add_argument("--goods", type=int, help="fit on so many good images (default: all)")
    options = parser.parse_args()
    print("| part (goods) |", " | ".join(VARIANTS), "| parts move |")
    print("|---" * (len(VARIANTS) + 2) + "|")
    for name in options.parts or sorted(path.name for path in options.data.iterdir() if path.is_dir()):
        goods, tests, bad, grid = _features(options.data / name, options.goods)
        found = [roc_auc(bad, scores(goods, tests, grid).numpy()) for scores in VARIANTS.values()]
        told = " | ".join("-" if value is None else f"{value:.3f}" for value in found)
        print(f"| {name} ({len(goods)}) | {told} | {'yes' if parts_move(goods, grid) else 'no'} |", flush=True)


def _features(folder: Path, count: int | None) -> tuple[Tensor, Tensor, np.ndarray, Grid]:
    goods, tests = goods_in(folder)[:count], test_images_in(folder)
    survey = survey_frames([*goods, *tests], _QUIET, skip_unreadable=False)
    size = input_size(survey.size_px, 256, 32, None)
    spec = PreprocessSpec(width_px=size.width_px, height_px=size.height_px)
    features = PatchFeatures(LiteTrunk())

    def values(images: ImageSet, step: str) -> Tensor:
        return extract(features, images.pixels, _QUIET, step)

    judged = load_images(tests, spec, _QUIET, "test parts")
    learnt = load_images(goods, spec, _QUIET, "good parts")
    bad = np.array([item.defect_type is not None for item in judged.items])
    grid = Grid(1, spec.height_px // 16, spec.width_px // 16)
    return values(learnt, "good parts"), values(judged, "test parts"), bad, grid


def _judged(goods: Tensor, tests: Tensor, plan: HeadPlan) -> Tensor:
    """Image scores `(M,)` of the fused heads of a plan."""
    learnt = learn(GoodFeatures(goods, goods[:, None][:, :0]), None, plan, _QUIET)
    fused = FusedHeads(learnt.heads, learnt.heldout.goods)
    with torch.inference_mode():
        return torch.cat([pool(fused(tests[start : start + 8])[0]) for start in range(0, len(tests), 8)])


def _alone(goods: Tensor, tests: Tensor, grid: Grid) -> Tensor:
    return _judged(goods, tests, HeadPlan(grid, few=False, moving=False, classes=0, seed=0))


def _around(goods: Tensor, tests: Tensor, grid: Grid) -> Tensor:
    return _judged(goods, tests, HeadPlan(grid, few=False, moving=True, classes=0, seed=0))


def _search_only(goods: Tensor, tests: Tensor, grid: Grid) -> Tensor:
    heads = fit_heads(goods, None, HeadPlan(grid, few=False, moving=True, classes=0, seed=0))
    with torch.inference_mode():
        return torch.cat([pool(heads(tests[start : start + 8]).gaussian) for start in range(0, len(tests), 8)])


def _coreset_only(goods: Tensor, tests: Tensor, grid: Grid) -> Tensor:
    heads = fit_heads(goods, None, HeadPlan(grid, few=False, moving=True, classes=0, seed=0))
    with torch.inference_mode():
        return torch.cat([pool(heads(tests[i : i + 8]).neighbours[..., 0]) for i in range(0, len(tests), 8)])


def _with(module: object, name: str, value: float) -> Scores:
    """The Gaussians alone, with one constant changed."""

    def scores(goods: Tensor, tests: Tensor, grid: Grid) -> Tensor:
        before = getattr(module, name)
        setattr(module, name, value)
        try:
            return _alone(goods, tests, grid)
        finally:
            setattr(module, name, before)

    return scores


VARIANTS: dict[str, Scores] = {
    "Gaussian alone": _alone,
    "search": _search_only,
    "coreset": _coreset_only,
    "search + coreset": _around,
    "alone, pooled over 1 %": _with(tail, "_POOLED_SHARE", 0.01),
    "4 %": _with(tail, "_POOLED_SHARE", 0.04),
    "alone, 80 components": _with(whitening, "COMPONENTS", 80),
    "320": _with(whitening, "COMPONENTS", 320),
}


if __name__ == "__main__":
    main()
