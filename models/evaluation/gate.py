"""The gate: a challenger is promoted on evidence, or not at all.

Both are judged on the same frozen hold-out that neither was trained on. Recall on every known defect type must not
fall. Overkill must be what the challenger's calibration promises, and the ranking must not get worse: both with 95 %
confidence, because a hold-out of a hundred parts cannot tell a worse model from bad luck by a point estimate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from models.evaluation.evaluate import Evaluation
from models.evaluation.metrics import roc_auc

__all__ = ["GateVerdict", "decide"]

_CONFIDENCE = 0.95
_RESAMPLES = 1000


@dataclass(frozen=True)
class GateVerdict:
    """The gate's answer and what it rests on, in words."""

    passed: bool
    reasons: tuple[str, ...]


def decide(challenger: Evaluation, champion: Evaluation | None, promised_overkill: float) -> GateVerdict:
    """Compare on the frozen hold-out; without a champion only the challenger's own promise counts.

    Args:
        challenger: the new bundle.
        champion: the bundle to beat, on the same images in the same order.
        promised_overkill: by the challenger's calibration.
    """
    checks = [_overkill(challenger, champion, promised_overkill)]
    if champion is not None:
        checks += [*_recalls(challenger, champion), _ranking(challenger, champion)]
    return GateVerdict(all(ok for ok, _ in checks), tuple(text for _, text in checks))


def _overkill(challenger: Evaluation, champion: Evaluation | None, promised: float) -> tuple[bool, str]:
    """Refuse what the promise would give in fewer than one of twenty hold-outs, unless the champion is no better."""
    if not challenger.goods:
        return False, "no good parts in the hold-out: overkill cannot be judged"
    by_promise = int(binom.ppf(_CONFIDENCE, challenger.goods, promised))
    allowed = max(by_promise, champion.overkill if champion else 0)
    text = (
        f"overkill {challenger.overkill} of {challenger.goods} good parts; "
        f"up to {allowed} agree with the promise of {promised:.1%} or with the champion"
    )
    return challenger.overkill <= allowed, text


def _recalls(challenger: Evaluation, champion: Evaluation) -> list[tuple[bool, str]]:
    checks = []
    for name, before in champion.recall.items():
        after = challenger.recall[name]
        text = f"recall of {name}: {before:.1%} to {after:.1%} on {champion.counts[name]} parts"
        checks.append((after >= before, text))
    return checks or [(True, "no labelled defects in the hold-out: recall cannot be compared")]


def _ranking(challenger: Evaluation, champion: Evaluation) -> tuple[bool, str]:
    """Refuse if 95 % of paired bootstrap resamples rank worse than the champion."""
    if challenger.image_auroc is None or champion.image_auroc is None:
        return True, "image AUROC needs good and bad parts in the hold-out"
    worse = _share_worse(challenger, champion)
    text = f"image AUROC {champion.image_auroc:.3f} to {challenger.image_auroc:.3f}, worse in {worse:.0%} of resamples"
    return worse < _CONFIDENCE, text


def _share_worse(challenger: Evaluation, champion: Evaluation) -> float:
    bad = challenger.bad
    generator = np.random.default_rng(0)
    drawn = [_resample(bad, generator) for _ in range(_RESAMPLES)]
    return float(np.mean([_auroc(challenger, rows) < _auroc(champion, rows) for rows in drawn]))


def _resample(bad: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.intp]:
    """Rows drawn with replacement, good and bad apart, so that each resample has both."""
    goods, bads = np.flatnonzero(~bad), np.flatnonzero(bad)
    return np.concatenate([generator.choice(goods, len(goods)), generator.choice(bads, len(bads))])


def _auroc(result: Evaluation, rows: NDArray[np.intp]) -> float:
    return roc_auc(result.bad[rows], result.scores[rows]) or 0.0
