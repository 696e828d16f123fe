"""What the first labels of a defect type are worth: each type in turn unknown, then k of it labelled; JSON lines.

    .venv/bin/python bench/learning/new_type.py ../shared/data/magnetic_tile --seeds 1 --features /tmp/features

Half of each type's images may be labelled, the other half is judged and never labelled. `recall` is that at 1 %
overkill of the test goods; where these are few, one of them decides. `promised` is that at the threshold which a
training sets for 1 % by its held-out goods, and `overkill` what the test goods then show. Features come once; all else
is what `inspection train` does. `--summary FILE` reads such lines and prints the means as a table.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge.contract.manifest import PreprocessSpec, TierName
from models.data.folder import goods_in, test_images_in
from models.data.images import load_images
from models.data.variations import MOST_VARIED, varied
from models.features import PatchFeatures
from models.heads.defect import LabelledFeatures, Variations
from models.heads.fusion import FusedHeads, HeadPlan, Heads, RawMaps, fit_heads
from models.heads.search import Grid
from models.progress import Progress
from models.tiers import TIERS
from models.training.feature_cache import FeatureCache
from models.training.labelled import marked_patches

QUIET = Progress({}, as_json=False)
OVERKILL = 0.01


@dataclass(frozen=True)
class Data:
    """Features `(N, P, D)`, once, types and marked patches `(N, P)` of the test images, and `moved` of the trunk.

    Those of the defective ones' variations are `(defects, V, P, D)`.
    """

    goods: torch.Tensor
    test: torch.Tensor
    varied: torch.Tensor
    types: NDArray[np.str_]
    marked: torch.Tensor
    grid: Grid
    moved: float


@dataclass(frozen=True)
class Scores:
    """Of held-out training goods `(N,)` and of the test images `(M,)`."""

    heldout: NDArray[np.float32]
    test: NDArray[np.float32]


@dataclass(frozen=True)
class Ready:
    """All that does not change with the labels, so that each set of them costs a second and not a training.

    Attributes:
        heads: fitted on the good parts, ready for labels.
        goods: raw maps of the good parts, each left out.
        test: of the test images.
        standard: the good parts, each left out, where labels are learnt `(N, P, K)`.
        whitened: the test images `(M, P, K)`.
        described: the same in the numbers that tell parts as a whole `(M, F)`; None where nothing does.
    """

    heads: Heads
    goods: RawMaps
    test: RawMaps
    standard: torch.Tensor
    whitened: torch.Tensor
    described: torch.Tensor | None

    @classmethod
    @torch.inference_mode()
    def of(cls, data: Data) -> "Ready":
        """Fit."""
        some = labelled_of(data, np.flatnonzero(data.types != "")[:1], masks=False)
        heads = fit_heads(data.goods, some, HeadPlan.of(data.goods, data.grid, data.moved, 1, 0))
        if heads.labels is None:
            raise RuntimeError("expected heads with a place for labels")
        whitened = torch.cat([heads.whitening(batch) for batch in data.test.split(32)])
        goods = heads.whitening(data.goods)
        plain = _untaught(heads)
        test = RawMaps.cat([plain(batch) for batch in data.test.split(32)])
        standard = torch.cat([heads.labels.scale.left_out(batch) for batch in goods.split(32)])
        whole = None if heads.whole is None else torch.cat([heads.described(batch) for batch in data.test.split(32)])
        return cls(heads, plain.left_out(goods), test, standard, whitened, whole)

    @torch.inference_mode()
    def scores(self, labelled: LabelledFeatures | None) -> Scores:
        """Of held-out good parts and of test images, as a training with these labels gives them."""
        heads, goods, test = _untaught(self.heads), self.goods, self.test
        if labelled is not None:
            heads = self.heads.taught(labelled, 1)
            head = heads.defect
            if head is None:
                raise RuntimeError("expected a defect head")
            goods = replace(goods, defect=self.standard @ head.directions)
            test = replace(test, defect=torch.cat([head(batch) for batch in self.whitened.split(32)]))
            if head.whole is not None and self.described is not None:
                goods = replace(goods, parts=head.whole.unseen)
                test = replace(test, parts=head.whole.of_described(self.described))
        fused = FusedHeads(heads, goods)
        heldout, judged = (fused.fuse(raw).score.numpy() for raw in (goods, test))
        return Scores(heldout, judged)


def _untaught(heads: Heads) -> Heads:
    return Heads(heads.whitening, heads.gaussian, heads.search, heads.neighbours, None, None)


def main() -> None:
    """Print recalls of each type without labels, and with k of one type."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder in the MVTec layout")
    parser.add_argument("--k", type=int, nargs="+", default=[1, 2, 5, 10, 20])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, nargs="+", help="these seeds, in place of the first ones")
    parser.add_argument("--tier", choices=list(TIERS), default="fast")
    parser.add_argument("--size-px", type=int, help="side of the network's input (default: the tier's)")
    parser.add_argument("--features", type=Path, help="folder of the feature cache")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="lines of an earlier run; nothing is computed")
    options = parser.parse_args()
    if options.summary:
        print(_table([json.loads(line) for line in options.summary.read_text("utf-8").splitlines()]))
        return
    if options.data is None or options.features is None:
        parser.error("a folder of images and --features are needed, or --summary")
    data = read(options.data, options.features, options.tier, options.size_px)
    ready = Ready.of(data)
    for seed in options.seed or range(options.seeds):
        judged = _judged(data, seed)
        before = _told(data, ready.scores(None), judged)
        print(json.dumps({"seed": seed, "k": 0} | before), flush=True)
        for type_ in sorted(before["recall"]):
            for k in options.k:
                for masks in (False, True):
                    labelled = _labelled(data, type_, k, seed, masks=masks)
                    after = _told(data, ready.scores(labelled), judged)
                    told = {"seed": seed, "type": type_, "k": k, "labels": "masks" if masks else "images"}
                    print(json.dumps(told | after), flush=True)


def read(folder: Path, features: Path, name: TierName = "fast", size_px: int | None = None) -> Data:
    """Features of the good parts and of the test images, from the cache where it has them."""
    tier = TIERS[name]
    side_px = size_px or tier.size_px
    spec = PreprocessSpec(width_px=side_px, height_px=side_px)
    trunk = PatchFeatures(tier.build(spec.height_px, spec.width_px, None))
    cache = FeatureCache(features, 8 << 30)

    def of(pixels: NDArray[np.uint8]) -> torch.Tensor:
        return cache.features_of(trunk, pixels, QUIET, "features")

    goods = load_images(goods_in(folder), spec, QUIET, "goods")
    test = load_images(test_images_in(folder), spec, QUIET, "test images")
    marked = torch.stack([marked_patches(mask, spec, trunk.trunk.stride_px) for mask in test.masks])
    side = spec.width_px // trunk.trunk.stride_px
    types = np.array([item.defect_type or "" for item in test.items])
    views = varied(test.pixels[types != ""], 1)  # (defects, V, tiles, H, W, 3)
    of_views = of(views.reshape(-1, *views.shape[2:]))
    return Data(
        of(goods.pixels),
        of(test.pixels),
        of_views.reshape(*views.shape[:2], *of_views.shape[1:]),
        types,
        marked,
        Grid(1, side, side),
        trunk.trunk.moved,
    )


def _shuffled(data: Data, type_: str, seed: int) -> NDArray[np.intp]:
    return np.random.default_rng(seed).permutation(np.flatnonzero(data.types == type_))


def _judged(data: Data, seed: int) -> NDArray[np.bool_]:
    """All goods, and the second half of each type."""
    judged = data.types == ""
    for type_ in set(data.types.tolist()) - {""}:
        order = _shuffled(data, type_, seed)
        judged[order[len(order) // 2 :]] = True
    return judged


def labelled_of(data: Data, indices: NDArray[np.intp], *, masks: bool) -> LabelledFeatures:
    """These test images as labels of one type."""
    chosen = torch.from_numpy(indices.copy())
    marked = data.marked[chosen] & masks
    outlined = marked.any(dim=1)
    classes = torch.zeros(len(chosen), dtype=torch.long)
    views = data.varied[torch.from_numpy(np.cumsum(data.types != "")[indices] - 1), : MOST_VARIED // len(chosen)]
    of = torch.arange(len(chosen)).repeat_interleave(views.shape[1])
    variations = Variations(views.flatten(0, 1), of) if len(of) else None
    return LabelledFeatures(data.test[chosen], classes, marked | ~outlined[:, None], outlined, variations)


def _labelled(data: Data, type_: str, k: int, seed: int, *, masks: bool) -> LabelledFeatures:
    order = _shuffled(data, type_, seed)
    return labelled_of(data, order[: min(k, len(order) // 2)], masks=masks)


def _told(data: Data, scores: Scores, judged: NDArray[np.bool_]) -> dict[str, Any]:
    goods = scores.test[data.types == ""]
    promised = float(np.quantile(scores.heldout, 1 - OVERKILL))
    return {
        "recall": _recalls(data, scores.test, judged, float(np.quantile(goods, 1 - OVERKILL))),
        "promised": _recalls(data, scores.test, judged, promised),
        "overkill": round(float((goods > promised).mean()), 4),
    }


def _recalls(data: Data, scores: NDArray[np.float32], judged: NDArray[np.bool_], threshold: float) -> dict[str, float]:
    return {
        type_: round(float((scores[judged & (data.types == type_)] > threshold).mean()), 4)
        for type_ in sorted(set(data.types.tolist()) - {""})
    }


def _table(lines: list[dict[str, Any]]) -> str:
    """Means over seeds: recall of the labelled type before and after, change of the others, and the overkill."""
    before = {line["seed"]: line for line in lines if line["k"] == 0}
    rows = [
        "| measure | labels | k | labelled type | share of the missing | others, mean | others, worst mean | overkill |"
    ]
    rows.append("|---|---|---|---|---|---|---|---|")
    for measure in ("recall", "promised"):
        for labels in ("images", "masks"):
            for k in sorted({line["k"] for line in lines} - {0}):
                chosen = [line for line in lines if line["k"] == k and line["labels"] == labels]
                rows.append(_row(measure, labels, k, chosen, before))
    return "\n".join(rows)


def _row(measure: str, labels: str, k: int, lines: list[dict[str, Any]], before: dict[int, dict[str, Any]]) -> str:
    was = np.array([before[line["seed"]][measure][line["type"]] for line in lines])
    is_ = np.array([line[measure][line["type"]] for line in lines])
    others: dict[tuple[str, str], list[float]] = {}
    for line in lines:
        for type_, value in line[measure].items():
            if type_ != line["type"]:
                others.setdefault((line["type"], type_), []).append(value - before[line["seed"]][measure][type_])
    changes = [float(np.mean(values)) for values in others.values()]
    overkill = float(np.mean([line["overkill"] for line in lines]))
    share = (is_ - was).sum() / (1 - was).sum()
    return (
        f"| {measure} | {labels} | {k} | {was.mean():.3f} to {is_.mean():.3f} | {share:.2f} "
        f"| {100 * np.mean(changes):+.1f} | {100 * min(changes):+.1f} | {100 * overkill:.1f} % |"
    )


if __name__ == "__main__":
    main()
