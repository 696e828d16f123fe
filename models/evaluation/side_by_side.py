"""Champion and challenger on the same replayed parts: where they agree, and how their scores lie."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.contract.result import Verdict
from models.evaluation.pairs import Pair

__all__ = ["side_by_side"]

_BINS = 24


def side_by_side(pairs: Sequence[Pair], champion_threshold: float, challenger_threshold: float) -> dict[str, Any]:
    """What a page draws of replayed parts, whatever their number.

    Args:
        pairs: replayed parts.
        champion_threshold: FAIL above it, in the champion's scores.
        challenger_threshold: the same of the challenger.

    Returns:
        `parts`; `agreement[champion's verdict][challenger's verdict]`, parts; `scores`: `edges` (bins + 1, ascending,
        the same for both, around all scores and thresholds) with the parts of each bin for `champion` and
        `challenger`, and both thresholds; None where neither scored a part.
    """
    counts = Counter((pair.champion.verdict, pair.challenger.verdict) for pair in pairs)
    agreement = {before.value: {after.value: counts[before, after] for after in Verdict} for before in Verdict}
    before = [pair.champion.score for pair in pairs if pair.champion.score is not None]
    after = [pair.challenger.score for pair in pairs if pair.challenger.score is not None]
    if not before and not after:
        return {"parts": len(pairs), "agreement": agreement, "scores": None}
    thresholds = {"champion": champion_threshold, "challenger": challenger_threshold}
    edges = np.histogram_bin_edges([*before, *after, *thresholds.values()], bins=_BINS)
    scores = {
        "edges": edges.tolist(),
        "champion": np.histogram(before, edges)[0].tolist(),
        "challenger": np.histogram(after, edges)[0].tolist(),
        "thresholds": thresholds,
    }
    return {"parts": len(pairs), "agreement": agreement, "scores": scores}
