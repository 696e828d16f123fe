"""What the first labels of a defect type are worth: each type in turn unknown, then k of it labelled; JSON lines.

    .venv/bin/python bench/learning/new_type.py ../shared/data/magnetic_tile --seeds 1 --features /tmp/features

Half of each type's images may be labelled, the other half is judged and never labelled. Recall is that at 1 % overkill
of the test goods. Features come once; everything after them is what `inspection train` does.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edge.contract.manifest import PreprocessSpec
from models.data.folder import goods_in, test_images_in
from models.data.images import ImageSet, load_images
from models.features import PatchFeatures
from models.heads.defect import LabelledFeatures, fit_defect_head
from models.heads.fusion import FusedHeads, HeadPlan, Heads, RawMaps, fit_heads
from models.heads.search import Grid
from models.heads.tail import pool
from models.progress import Progress
from models.tiers import TIERS
from models.training.feature_cache import FeatureCache
from models.training.folds import GoodFeatures, cross_fit
from models.training.train import _marked_patches

QUIET = Progress({}, as_json=False)
OVERKILL = 0.01


@dataclass(frozen=True)
class Data:
    """Features, once: `(N, P, D)`, and of the test images their types and marked patches `(N, P)`."""

    goods: torch.Tensor
    test: torch.Tensor
    types: NDArray[np.str_]
    marked: torch.Tensor
    grid: Grid


def main() -> None:
    """Print recalls of each type without labels, and with k of one type."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder in the MVTec layout")
    parser.add_argument("--k", type=int, nargs="+", default=[1, 2, 5, 10, 20])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--features", type=Path, required=True, help="folder of the feature cache")
    options = parser.parse_args()
    data = _read(options.data, options.features)
    plan = HeadPlan.of(data.goods, data.grid, 0, 0)
    heads = fit_heads(data.goods, None, plan)
    for seed in range(options.seeds):
        judged = _judged(data, seed)
        before = _recalls(data, _scores(data, heads, plan, None), judged)
        print(json.dumps({"seed": seed, "k": 0, "recall": before}), flush=True)
        for type_ in sorted(before):
            for k in options.k:
                for masks in (False, True):
                    labelled = _labelled(data, type_, k, seed, masks=masks)
                    after = _recalls(data, _scores(data, heads, plan, labelled), judged)
                    told = {"seed": seed, "type": type_, "k": k, "labels": "masks" if masks else "images"}
                    print(json.dumps(told | {"recall": after}), flush=True)


def _read(folder: Path, features: Path) -> Data:
    spec = PreprocessSpec(width_px=256, height_px=256)
    trunk = PatchFeatures(TIERS["fast"].build(spec.height_px, spec.width_px, None))
    cache = FeatureCache(features, 8 << 30)

    def of(images: ImageSet) -> torch.Tensor:
        return cache.features_of(trunk, images.pixels, QUIET, "features")

    goods = load_images(goods_in(folder), spec, QUIET, "goods")
    test = load_images(test_images_in(folder), spec, QUIET, "test images")
    marked = torch.stack([_marked_patches(mask, spec, trunk.trunk.stride_px) for mask in test.masks])
    side = spec.width_px // trunk.trunk.stride_px
    types = np.array([item.defect_type or "" for item in test.items])
    return Data(of(goods), of(test), types, marked, Grid(1, side, side))


def _shuffled(data: Data, type_: str, seed: int) -> NDArray[np.intp]:
    return np.random.default_rng(seed).permutation(np.flatnonzero(data.types == type_))


def _judged(data: Data, seed: int) -> NDArray[np.bool_]:
    """All goods, and the second half of each type."""
    judged = data.types == ""
    for type_ in set(data.types.tolist()) - {""}:
        order = _shuffled(data, type_, seed)
        judged[order[len(order) // 2 :]] = True
    return judged


def _labelled(data: Data, type_: str, k: int, seed: int, *, masks: bool) -> LabelledFeatures:
    order = _shuffled(data, type_, seed)
    chosen = torch.from_numpy(order[: min(k, len(order) // 2)].copy())
    marked = data.marked[chosen] if masks else torch.ones_like(data.marked[chosen])
    outlined = marked.any(dim=1) & masks
    marked = torch.where(marked.any(dim=1, keepdim=True), marked, torch.ones_like(marked))
    return LabelledFeatures(data.test[chosen], torch.zeros(len(chosen), dtype=torch.long), marked, outlined)


@torch.inference_mode()
def _scores(data: Data, heads: Heads, plan: HeadPlan, labelled: LabelledFeatures | None) -> NDArray[np.float32]:
    if labelled is not None:
        heads = heads.with_defect_head(fit_defect_head(heads.in_standard(labelled), 1))
    none = data.goods[:, None][:, :0]
    heldout = cross_fit(GoodFeatures(data.goods, none), labelled, heads, plan, QUIET)
    fused = FusedHeads(heads, heldout.goods, heldout.defects)
    batches = [heads(batch) for batch in data.test.split(32)]
    scores: NDArray[np.float32] = pool(fused.fuse(RawMaps.cat(batches))[0]).numpy()
    return scores


def _recalls(data: Data, scores: NDArray[np.float32], judged: NDArray[np.bool_]) -> dict[str, float]:
    threshold = np.quantile(scores[data.types == ""], 1 - OVERKILL)
    return {
        type_: round(float((scores[judged & (data.types == type_)] > threshold).mean()), 4)
        for type_ in sorted(set(data.types.tolist()) - {""})
    }


if __name__ == "__main__":
    main()
