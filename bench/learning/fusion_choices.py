"""How labels are let into the score: by which components, and how much of the threshold they may take; a table.

    PYTHONPATH=. .venv/bin/python bench/learning/fusion_choices.py ../shared/data/magnetic_tile --features /tmp/features

For choosing, not for reporting: the threshold is that of the held-out *training* goods, and defects are one half of
each type, k of them labelled, the rest judged. `--judge other` reports on the other half, which nothing was chosen by.
`--patches` is without the part head, as before decision 0065.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bench.learning.new_type import OVERKILL, Data, Ready, Scores, labelled_of, read
from models.heads import fusion
from models.heads.whitening import all_components_for, components_for

_SPLIT = 777
_SHARES = (0.02, 0.04, 0.06, 0.08, 10.0)

Halves = dict[str, NDArray[np.intp]]


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
    parser.add_argument("--judge", choices=["rest", "other"], default="rest", help="of the half that is drawn from")
    parser.add_argument("--shares", type=float, nargs="+", default=_SHARES)
    parser.add_argument("--exponents", type=float, nargs="+", help="0.06 (n / 20) ^ exponent for n labels of a type")
    parser.add_argument("--patches", action="store_true", help="labels are told by patches alone")
    parser.add_argument("--components", choices=["leading", "all"], nargs="+", default=["all", "leading"])
    parser.add_argument("--features", type=Path, required=True, help="folder of the feature cache")
    options = parser.parse_args()
    data, other = read(options.data, options.features), options.judge == "other"
    if options.patches:
        vars(fusion)["_described"] = lambda *_: None  # what is tried
    print("| components | share | labels | k | of what was missed | others, mean | others, worst | of these lost |")
    print("|---|---|---|---|---|---|---|---|")
    for components in options.components:
        whitened = components_for if components == "leading" else all_components_for
        vars(fusion)["all_components_for"] = whitened  # what is tried
        ready = Ready.of(data)
        for name, share_of in _laws(options):
            vars(fusion)["_share_of"] = share_of
            for k in options.k:
                for masks in (False, True):
                    told = [
                        _told(data, ready, type_, _dealt(data, type_, k, draw, other=other), masks=masks)
                        for type_ in sorted(set(data.types.tolist()) - {""})
                        for draw in range(options.draws)
                    ]
                    print(_row(components, name, k, told, masks=masks), flush=True)


def _laws(options: argparse.Namespace) -> list[tuple[str, Callable[[Tensor], float]]]:
    """What so many labelled parts of each type `(C,)` may take together, and what to call it."""
    if options.exponents is None:
        return [(f"{share:g}", partial(_law, share, 0)) for share in options.shares]
    return [(f"0.06 (n / 20) ^ {power:g}", partial(_law, 0.06, power)) for power in options.exponents]


def _law(share: float, power: float, labelled: Tensor) -> float:
    return float((share * (labelled / 20) ** power).sum())


def _dealt(data: Data, type_: str, k: int, draw: int, *, other: bool) -> tuple[NDArray[np.intp], Halves]:
    """Which images are labelled, and which of each type are judged."""
    order = np.random.default_rng(draw).permutation(_half(data, type_, other=False))
    count = min(k, len(order) // 2)
    judged = {name: _half(data, name, other=other) for name in set(data.types.tolist()) - {""}}
    return order[:count], judged if other else judged | {type_: order[count:]}


def _told(data: Data, ready: Ready, type_: str, dealt: tuple[NDArray[np.intp], Halves], *, masks: bool) -> Told:
    chosen, judged = dealt
    before = _recalls(ready.scores(None), judged)
    after = _recalls(ready.scores(labelled_of(data, chosen, masks=masks)), judged)
    return Told(before[type_], after[type_], [after[name] - before[name] for name in judged if name != type_])


def _half(data: Data, type_: str, *, other: bool) -> NDArray[np.intp]:
    indices = np.random.default_rng(_SPLIT).permutation(np.flatnonzero(data.types == type_))
    return indices[len(indices) // 2 :] if other else indices[: len(indices) // 2]


def _recalls(scores: Scores, judged: Halves) -> dict[str, float]:
    threshold = np.quantile(scores.heldout, 1 - OVERKILL)
    return {name: float((scores.test[indices] > threshold).mean()) for name, indices in judged.items()}


def _row(components: str, share: str, k: int, told: list[Told], *, masks: bool) -> str:
    gained = sum(draw.after - draw.before for draw in told) / sum(1 - draw.before for draw in told)
    others = np.array([change for draw in told for change in draw.others])
    return (
        f"| {components} | {share} | {'masks' if masks else 'images'} | {k} | {gained:.2f} "
        f"| {100 * others.mean():+.1f} | {100 * others.min():+.1f} | {(others < 0).sum()} of {len(others)} |"
    )


if __name__ == "__main__":
    main()
