"""What each choice in trunk and heads is worth: image AUROC on the test folders, one change at a time; prints a table.

    .venv/bin/python bench/ablation.py --data ../shared/data [PART…] [--goods 20] [--only WORD]

Good images only. What is judged beside "as trained" differs from it in one thing. The numbers are for reading, not for
choosing: what a training decides by itself, it decides by good parts alone (first row: what a search of the
neighbourhood leaves of the distance; decision 0015). `--goods N` fits on N good images.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor

from edge.contract.manifest import Invariance, PreprocessSpec
from models.backbones.lite import LITE0, LITE2, LiteTrunk
from models.data.folder import goods_in, test_images_in
from models.data.images import ImageSet, load_images, survey_frames
from models.data.sizing import input_size
from models.data.views import views_of
from models.evaluation.metrics import roc_auc
from models.features import PatchFeatures, extract
from models.heads import gaussian, neighbours, tail, whitening
from models.heads.fusion import FusedHeads, HeadPlan
from models.heads.search import Grid, parts_move
from models.heads.tail import pool
from models.progress import Progress
from models.training.folds import GoodFeatures, learn

_STEPS = ("reading images", "good parts", "test parts", "calibrating on held-out parts")
_QUIET = Progress(dict.fromkeys(_STEPS, 1.0), as_json=False)
_CHANNELS, _STRIDES_PX = (16, 24, 40, 80, 112, 192), (2, 4, 8, 16, 16, 32)  # of Lite0's stages
_TAPS = (4, 5, 6)


class _OtherTaps(LiteTrunk):
    """Lite0, looked at in other stages."""

    def __init__(self, taps: tuple[int, ...]) -> None:
        super().__init__(LITE0)
        self._taps = taps
        self.dimension = sum(_CHANNELS[tap - 1] for tap in taps)
        self.stride_px = min(_STRIDES_PX[tap - 1] for tap in taps)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """The same stem and stages."""
        x = self.stem((pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
        taps = []
        for number, stage in enumerate(self.stages, 1):
            x = stage(x)
            if number in self._taps:
                taps.append(x)
        return taps


@dataclass(frozen=True)
class Seen:
    """How images are looked at.

    Attributes:
        taps: stages of the trunk, counted from 1; all of Lite2 without.
        size_px: side of the input.
        averaged: each feature with its eight neighbours.
        invariant: views of good parts that are learnt from, too.
    """

    taps: tuple[int, ...] = _TAPS
    size_px: int = 256
    averaged: bool = False
    invariant: tuple[Invariance, ...] = ()


@dataclass(frozen=True)
class Learnt:
    """Features of one part, and which test images are bad."""

    goods: GoodFeatures
    tests: Tensor
    bad: np.ndarray
    grid: Grid


Scores = Callable[[Learnt], Tensor]


@dataclass(frozen=True)
class Variant:
    """One thing changed."""

    scores: Scores
    seen: Seen = field(default_factory=Seen)


def main() -> None:
    """Measure every variant on every part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="names of folders (default: all)")
    parser.add_argument("--data", type=Path, required=True, help="folder of parts in the MVTec layout")
    parser.add_argument("--goods", type=int, help="fit on so many good images (default: all)")
    parser.add_argument("--only", default="", help="variants whose name has this word in it")
    options = parser.parse_args()
    variants = {name: variant for name, variant in VARIANTS.items() if options.only in name}
    parts = options.parts or sorted(path.name for path in options.data.iterdir() if path.is_dir())
    found = {part: dict(_of_part(options.data / part, options.goods, variants)) for part in parts}
    print("| |", " | ".join(parts), "|")
    print("|---" * (len(parts) + 1) + "|")
    for row in ("good images, moving", *variants):
        print(f"| {row} |", " | ".join(found[part][row] for part in parts), "|", flush=True)


def _of_part(folder: Path, count: int | None, variants: dict[str, Variant]) -> Iterator[tuple[str, str]]:
    """Rows of one part; features are computed once for all variants that look alike."""
    for seen in dict.fromkeys(variant.seen for variant in variants.values()):
        learnt = _features(folder, count, seen)
        if seen == Seen():
            moving = "yes" if parts_move(learnt.goods.parts, learnt.grid, LiteTrunk.moved) else "no"
            yield "good images, moving", f"{len(learnt.goods)}, {moving}"
        for name, variant in variants.items():
            if variant.seen == seen:
                value = roc_auc(learnt.bad, variant.scores(learnt).numpy())
                yield name, "-" if value is None else f"{value:.3f}"


def _features(folder: Path, count: int | None, seen: Seen) -> Learnt:
    goods, tests = goods_in(folder)[:count], test_images_in(folder)
    survey = survey_frames([*goods, *tests], _QUIET, skip_unreadable=False)
    size = input_size(survey.size_px, seen.size_px, 32, None)
    spec = PreprocessSpec(width_px=size.width_px, height_px=size.height_px)
    trunk = LiteTrunk(LITE2) if not seen.taps else LiteTrunk() if seen.taps == _TAPS else _OtherTaps(seen.taps)
    features = PatchFeatures(trunk)
    grid = Grid(1, spec.height_px // trunk.stride_px, spec.width_px // trunk.stride_px)

    def of(images: ImageSet, step: str) -> Tensor:
        values = extract(features, images.pixels, _QUIET, step)
        return _averaged(values, grid) if seen.averaged else values

    judged, learnt = load_images(tests, spec, _QUIET, "test parts"), load_images(goods, spec, _QUIET, "good parts")
    views = views_of(learnt.pixels, spec, seen.invariant)
    parts = of(learnt, "good parts")
    turned = extract(features, views.reshape(-1, *views.shape[2:]), _QUIET, "good parts")
    bad = np.array([item.defect_type is not None for item in judged.items])
    known = GoodFeatures(parts, turned.reshape(*views.shape[:2], *parts.shape[1:]))
    return Learnt(known, of(judged, "test parts"), bad, grid)


def _averaged(values: Tensor, grid: Grid) -> Tensor:
    maps = values.transpose(1, 2).reshape(len(values), -1, grid.rows, grid.columns)
    mean = F.avg_pool2d(maps, 3, stride=1, padding=1, count_include_pad=False)
    return mean.flatten(2).transpose(1, 2).contiguous()


def _copy(goods: GoodFeatures) -> GoodFeatures:
    """A training lets go of its features; the next variant wants them."""
    return GoodFeatures(goods.parts, goods.views)


def _by(plan: HeadPlan, learnt: Learnt, of: Callable[[FusedHeads, Tensor], Tensor]) -> Tensor:
    """Image scores `(M,)` by heads of a plan."""
    trained = learn(_copy(learnt.goods), None, plan, _QUIET)
    fused = FusedHeads(trained.heads, trained.heldout.goods)
    with torch.inference_mode():
        return torch.cat([pool(of(fused, batch)) for batch in learnt.tests.split(8)])


def _as_trained(learnt: Learnt) -> Tensor:
    return _by(
        HeadPlan.of(learnt.goods.learnt(), learnt.grid, LiteTrunk.moved, 0, 0),
        learnt,
        lambda fused, batch: fused(batch).map,
    )


def _planned(
    learnt: Learnt, *, moving: bool, of: Callable[[FusedHeads, Tensor], Tensor] = lambda fused, batch: fused(batch).map
) -> Tensor:
    return _by(HeadPlan(learnt.grid, few=False, moving=moving, classes=0, seed=0), learnt, of)


@contextmanager
def _constant(module: object, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def _with(module: object, name: str, value: object, scores: Scores = _as_trained) -> Variant:
    """One constant changed."""

    def changed(learnt: Learnt) -> Tensor:
        with _constant(module, name, value):
            return scores(learnt)

    return Variant(changed)


_alone, _around = partial(_planned, moving=False), partial(_planned, moving=True)
_coreset = partial(_planned, moving=True, of=lambda fused, batch: fused.heads(batch).neighbours[..., 0])
_search = partial(_planned, moving=True, of=lambda fused, batch: fused.heads(batch).gaussian)
_UNIFORM = 384.0  # as the floor of all variances, which none of so many exceeds: turned, not whitened

VARIANTS: dict[str, Variant] = {
    "as trained": Variant(_as_trained),
    "heads: Gaussian of each position": Variant(_alone),
    "heads: Gaussians, search of the neighbourhood": Variant(_search),
    "heads: coreset": Variant(_coreset),
    "heads: search and coreset": Variant(_around),
    "coreset not whitened": _with(whitening, "_FLOOR", _UNIFORM, _coreset),
    "coreset of 512": _with(neighbours, "BANK_SIZE", 512, _coreset),
    "coreset of 8192": _with(neighbours, "BANK_SIZE", 8192, _coreset),
    "Gaussian, prior of 1 part": _with(gaussian.GaussianHead.__init__, "__defaults__", (1,), _alone),
    "Gaussian, prior of 64 parts": _with(gaussian.GaussianHead.__init__, "__defaults__", (64,), _alone),
    "80 components": _with(whitening, "COMPONENTS", 80),
    "320 components": _with(whitening, "COMPONENTS", 320),
    "pooled over 1 %": _with(tail, "_POOLED_SHARE", 0.01),
    "pooled over 4 %": _with(tail, "_POOLED_SHARE", 0.04),
    "taps 4, 5": Variant(_as_trained, Seen(taps=(4, 5))),
    "taps 5, 6": Variant(_as_trained, Seen(taps=(5, 6))),
    "taps 3, 5": Variant(_as_trained, Seen(taps=(3, 5))),
    "taps 3, 4, 5, 6: grid of 8 px": Variant(_as_trained, Seen(taps=(3, 4, 5, 6))),
    "averaged over 3x3": Variant(_as_trained, Seen(averaged=True)),
    "input of 320 px": Variant(_as_trained, Seen(size_px=320)),
    "Lite2": Variant(_as_trained, Seen(taps=())),
    "learnt flipped, too": Variant(_as_trained, Seen(invariant=("flip",))),
    "learnt turned, too": Variant(_as_trained, Seen(invariant=("rotation",))),
}


if __name__ == "__main__":
    main()
