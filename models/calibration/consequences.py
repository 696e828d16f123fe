"""What another threshold would do, told by the held-out scores that a bundle carries."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import DataInvalid
from edge.contract.manifest import Calibration, Costs
from models.calibration.cost import expected_cost
from models.calibration.threshold import with_promise

__all__ = ["consequences", "moved"]


def moved(calibration: Calibration, threshold: float, undecided_from: float | None) -> Calibration:
    """The calibration with thresholds that a person chose, and what they promise.

    Raises:
        DataInvalid: the bundle carries no scores, or the band is none.
    """
    if undecided_from is not None and not undecided_from < threshold:
        raise DataInvalid(f"--undecided-from: expected a score below the threshold {threshold}, got {undecided_from}")
    goods, defects = _scores(calibration)
    counted = {"heldout_goods": len(goods), "heldout_defects": len(defects)}  # of thousands a thousand are kept
    set_by_person = {"threshold": threshold, "undecided_from": undecided_from, "costs": None}
    chosen = calibration.model_copy(update=counted | set_by_person)
    return with_promise(chosen, goods, defects, " The threshold was set by a person.")


def consequences(calibration: Calibration, costs: Costs | None) -> dict[str, Any]:
    """Shares of the held-out parts, their bounds with 95 % confidence, and the cost of a thousand parts of the line.

    Raises:
        DataInvalid: the bundle carries no scores.
    """
    goods, defects = _scores(calibration)
    overkill = float((goods > calibration.threshold).mean())
    escapes = float((defects <= calibration.passes_up_to).mean()) if len(defects) else None
    cost = None
    if costs is not None and escapes is not None:
        cost = 1000 * float(expected_cost(costs, np.array(escapes), np.array(overkill)))
    return {
        "threshold": calibration.threshold,
        "undecided_from": calibration.undecided_from,
        "overkill": overkill,
        "overkill_at_most": calibration.promise.overkill_at_most,
        "escapes": escapes,
        "escapes_at_most": calibration.promise.escapes_at_most,
        "undecided_goods": float(((goods > calibration.passes_up_to) & (goods <= calibration.threshold)).mean()),
        "cost_of_1000": cost,
        "promise": calibration.promise.text,
    }


def _scores(calibration: Calibration) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scores = calibration.heldout_scores
    if scores is None:
        raise DataInvalid("the bundle carries no held-out scores: it was made by an older version; train again")
    return np.array(scores.goods, np.float32), np.array(scores.defects, np.float32)
