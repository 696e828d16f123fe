"""How labels are let into the score: hard negatives or not, and how much of the threshold they may take; a table.

    PYTHONPATH=. .venv/bin/python bench/learning/fusion_choices.py ../shared/data/magnetic_tile --features /tmp/features

For choosing, not for reporting: the threshold is that of the held-out *training* goods, and defects are one half of
each type, k of them labelled, the rest judged.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bench.learning.new_type import Data, read
from models.heads import fusion
from models.heads.defect import HardNegatives, LabelledFeatures
from models.heads.fusion import FusedHeads, HeadPlan, Heads, RawMaps, fit_heads
from models.heads.tail import pool

_OVERKILL = 0.01
_SPLIT = 777
_SHARES = (0.01, 0.02, 0.04, 0.08, 10.0)


@dataclass(frozen=True)
class Told:
    """Of one draw: recall of the labelled type before and after, and the changes of the other types."""

    before: float
    after: float
    others: list[float]


def main() -> None:
    """Print a row for each choice, k and kind of label."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder in the MVTec layout")
    parser.add_argument("--k", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--features", type=Path, required=True, help="folder of the feature cache")
    options = parser.parse_args()
    data = read(options.data, options.features)
    heads = fit_heads(data.goods, None, HeadPlan.of(data.goods, data.grid, 0, 0))
    print("| negatives | share | labels | k | of what was missed | others, mean | others, worst |")
    print("|---|---|---|---|---|---|---|")
    for hard in (True, False):
        negatives = heads.negatives if hard else _none_of(heads.negatives)
        tried = Heads(heads.whitening, heads.gaussian, heads.search, heads.neighbours, None, negatives)
        for share in _SHARES:
            fusion._SHARE = share  # noqa: SLF001 - what is tried
            for k in options.k:
                for masks in (False, True):
                    told = [
                        _draw(data, tried, type_, k, draw, masks=masks)
                        for type_ in sorted(set(data.types.tolist()) - {""})
                        for draw in range(options.draws)
                    ]
                    print(_row("hard" if hard else "none", share, k, told, masks=masks), flush=True)


def _none_of(negatives: HardNegatives) -> HardNegatives:
    return HardNegatives(torch.zeros_like(negatives.mean), torch.eye(len(negatives.mean)))


@torch.inference_mode()
def _draw(data: Data, heads: Heads, type_: str, k: int, draw: int, *, masks: bool) -> Told:
    halves = {name: _half(data, name) for name in set(data.types.tolist()) - {""}}
    order = np.random.default_rng(draw).permutation(halves[type_])
    count = min(k, len(order) // 2)
    halves[type_] = order[count:]
    chosen = torch.from_numpy(order[:count].copy())
    marked = data.marked[chosen] & masks
    outlined = marked.any(dim=1)
    labels = LabelledFeatures(
        data.test[chosen], torch.zeros(count, dtype=torch.long), marked | ~outlined[:, None], outlined
    )
    taught = heads.taught(labels, 1)
    goods = taught.left_out(data.goods)
    fused = FusedHeads(taught, goods)
    recalls = [_recalls(fused, goods, data, halves, novelty=novelty) for novelty in (True, False)]
    others = [recalls[1][name] - recalls[0][name] for name in halves if name != type_]
    return Told(recalls[0][type_], recalls[1][type_], others)


def _half(data: Data, type_: str) -> np.ndarray:
    indices = np.random.default_rng(_SPLIT).permutation(np.flatnonzero(data.types == type_))
    return indices[: len(indices) // 2]


def _recalls(
    fused: FusedHeads, goods: RawMaps, data: Data, halves: dict[str, np.ndarray], *, novelty: bool
) -> dict[str, float]:
    def scores(raw: RawMaps) -> Tensor:
        return pool(fused.novelty(raw) if novelty else fused.fuse(raw)[0])

    threshold = torch.quantile(scores(goods), 1 - _OVERKILL)
    return {
        name: float((scores(fused.heads(data.test[torch.from_numpy(indices)])) > threshold).float().mean())
        for name, indices in halves.items()
    }


def _row(negatives: str, share: float, k: int, told: list[Told], *, masks: bool) -> str:
    gained = sum(draw.after - draw.before for draw in told) / sum(1 - draw.before for draw in told)
    others = np.array([change for draw in told for change in draw.others])
    return (
        f"| {negatives} | {share:g} | {'masks' if masks else 'images'} | {k} | {gained:.2f} "
        f"| {100 * others.mean():+.1f} | {100 * others.min():+.1f} |"
    )


if __name__ == "__main__":
    main()
