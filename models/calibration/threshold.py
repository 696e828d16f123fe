"""The threshold as an order statistic of held-out good scores.

If F is any continuous distribution of good scores and the threshold is the k-th largest of n held-out ones, the
overkill rate is Beta(k, n - k + 1). Source: Wilks, "Determination of sample sizes for setting tolerance limits" (1941).
With n = 29, 59, 149, 299 and k = 1 that promises at most 10, 5, 2, 1 % with 95 % confidence. With n defects and none
missed, escapes are at most 3/n with 95 % confidence (rule of three: -ln 0.05 = 3.0).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from edge.contract.manifest import Calibration, Costs, HeldoutScores, Promise
from edge.contract.sentences import sentence
from models.calibration.cost import cheapest_threshold
from models.calibration.outliers import tail_threshold
from models.calibration.percent import bound_text, share_text

__all__ = ["calibrate", "escape_bound", "overkill_bound", "with_promise"]

CONFIDENCE = 0.95
_OF_CHOSEN = 0.99
"""Bounds at a threshold that the same scores chose: with this one they hold in 95 % of trainings (bench/by_cost.py)."""
_SCORES_KEPT = 1000
_DEFECTS_FOR_COST = 10  # fewer say next to nothing of where the others' scores lie


def overkill_bound(k: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Overkill that the k-th largest of n held-out good scores keeps to; all below the last."""
    return 1.0 if k > n else float(beta.ppf(confidence, k, n - k + 1))


def _overkill_bounds(n: int) -> NDArray[np.float64]:
    """The same with 95 % confidence for every k from 1 to n, `(n,)`."""
    k = np.arange(1, n + 1)
    return np.asarray(beta.ppf(CONFIDENCE, k, n - k + 1), np.float64)


def escape_bound(missed: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Clopper-Pearson upper bound of the escape rate."""
    return 1.0 if missed >= n else float(beta.ppf(confidence, missed + 1, n - missed))


def calibrate(
    goods: NDArray[np.float32],
    defects: NDArray[np.float32],
    target_overkill: float,
    costs: Costs | None = None,
    undecided_overkill: float | None = None,
) -> Calibration:
    """Choose the threshold of least cost where that can be told, else the lowest that keeps to `target_overkill`.

    Args:
        goods: `(n,)` scores of good parts by models that have not seen them.
        defects: `(m,)` scores of labelled defects by models that have not seen them; may be empty.
        target_overkill: share of good parts that may fail.
        costs: of wrong verdicts; used from ten labelled defects on.
        undecided_overkill: share of good parts that may not pass; those that do not fail either are UNDECIDED.
    """
    by_cost = costs is not None and len(defects) >= _DEFECTS_FOR_COST
    threshold = (
        cheapest_threshold(goods, defects, costs)
        if costs is not None and by_cost
        else _by_overkill(goods, target_overkill)
    )
    lower = None if undecided_overkill is None else _by_overkill(goods, undecided_overkill)
    plain = Calibration(
        threshold=threshold,
        undecided_from=lower if lower is not None and lower < threshold else None,
        target_overkill=target_overkill,
        heldout_goods=len(goods),
        heldout_defects=len(defects),
        pooling="top2pct",
        costs=costs if by_cost else None,
        heldout_scores=HeldoutScores(goods=_kept(goods), defects=_kept(defects)),
        promise=Promise(confidence=CONFIDENCE, overkill_at_most=1.0, text=""),
    )
    note = "" if costs is None else f" {_of_cost(costs, len(defects))}"
    return with_promise(plain, goods, defects, note)


def with_promise(
    calibration: Calibration, goods: NDArray[np.float32], defects: NDArray[np.float32], note: str = ""
) -> Calibration:
    """The same with what its thresholds promise by these held-out scores.

    Args:
        calibration: whose thresholds count.
        goods: `(n,)` scores.
        defects: `(m,)` scores.
        note: put after the promise's text.
    """
    n = len(goods)
    k = 1 + int((goods > calibration.threshold).sum())  # the threshold is the k-th largest, or just below it
    missed = int((defects <= calibration.passes_up_to).sum())
    target = None if calibration.costs is not None else calibration.target_overkill
    promise = _promise(k, n, missed, len(defects), target)
    text = promise.text + _of_band(calibration, goods) + note
    return calibration.model_copy(
        update={"heldout_defects_missed": missed, "promise": promise.model_copy(update={"text": text})}
    )


def _kept(scores: NDArray[np.float32]) -> tuple[float, ...]:
    """Sorted; of more than a thousand every so many, with both ends."""
    ranked = np.sort(scores)
    if len(ranked) > _SCORES_KEPT:
        ranked = ranked[np.linspace(0, len(ranked) - 1, _SCORES_KEPT).round().astype(int)]
    return tuple(float(score) for score in ranked)


def _of_band(calibration: Calibration, goods: NDArray[np.float32]) -> str:
    if calibration.undecided_from is None:
        return ""
    between = (goods > calibration.passes_up_to) & (goods <= calibration.threshold)
    return sentence(f" {between.mean():.1%} of the held-out good parts are UNDECIDED, for a person to look at.")


def _by_overkill(goods: NDArray[np.float32], target: float) -> float:
    """The lowest threshold that keeps to the target.

    If the data is too small to promise that, it is where an exponential tail of the good scores says so, or the largest
    of them if that is lower: one odd image among twenty must not let every defect pass. The promise counts the good
    parts above it as failed.
    """
    n = len(goods)
    k = int(np.count_nonzero(_overkill_bounds(n) <= target))  # the bound grows with k
    if k:
        return float(np.sort(goods)[n - k])
    return min(float(goods.max()), tail_threshold(goods, target))


def _of_cost(costs: Costs, defects: int) -> str:
    told = sentence(f"escape {costs.escape:g}, overkill {costs.overkill:g}, {costs.defect_rate:.2%} of parts bad")
    if defects < _DEFECTS_FOR_COST:
        return sentence(
            f"Not chosen by cost ({told}): that takes {_DEFECTS_FOR_COST} labelled defects, there are {defects}; "
            "the threshold keeps to the overkill instead."
        )
    return sentence(f"The threshold is the cheapest on the held-out parts ({told}).") + sentence(
        " The same parts tell what is promised: the bounds are wider for it."
    )


def _promise(k: int, n: int, missed: int, defects: int, target: float | None) -> Promise:
    confidence = _OF_CHOSEN if target is None else CONFIDENCE
    overkill = overkill_bound(k, n, confidence)
    text = sentence(
        f"With 95 % confidence at most {bound_text(overkill)} of good parts fail ({n} held-out good parts)."
    )
    if target is not None and n < (needed := int(np.ceil(np.log(1 - CONFIDENCE) / np.log1p(-target)))):
        text += sentence(f" To promise {share_text(target)} takes {needed} good images.")
    escapes = escape_bound(missed, defects, confidence) if defects else None
    if escapes is None:
        text += sentence(" No labelled defects: nothing is promised about escapes.")
    else:
        text += sentence(
            f" Of {defects} labelled defects {missed} were missed: at most {bound_text(escapes)} of such parts escape."
        )
    return Promise(confidence=CONFIDENCE, overkill_at_most=overkill, escapes_at_most=escapes, text=text)
