"""What the demo reports. The truth is the data set's label of each cell, never a model's opinion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.contract.result import InspectionResult, Outcome, Verdict

__all__ = ["Quality", "cell_name", "latency", "ledger", "quality_of", "roc_auc"]


@dataclass(frozen=True)
class Quality:
    """How right the verdicts were.

    Attributes:
        escapes: cracked cells passed.
        overkill: good cells failed.
    """

    good: int
    cracked: int
    escapes: int
    overkill: int
    undecided: int
    image_auroc: float | None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return dict(vars(self))


def quality_of(results: Sequence[InspectionResult], cracked: Mapping[str, bool]) -> Quality:
    """Compare verdicts with labels; `cracked` by the name of the cell, the stem of the result's source."""
    truth = [cracked[cell_name(result)] for result in results]
    pairs = list(zip(results, truth, strict=True))
    scored = [(result.score, bad) for result, bad in pairs if result.score is not None]
    return Quality(
        good=truth.count(False),
        cracked=truth.count(True),
        escapes=sum(bad and result.verdict is Verdict.PASS for result, bad in pairs),
        overkill=sum(not bad and result.verdict is Verdict.FAIL for result, bad in pairs),
        undecided=sum(result.verdict is Verdict.UNDECIDED for result in results),
        image_auroc=roc_auc([s for s, bad in scored if bad], [s for s, bad in scored if not bad]),
    )


def cell_name(result: InspectionResult) -> str:
    """Name of the cell that a result is about."""
    return (result.source or "").rsplit("/", 1)[-1].removesuffix(".png")


def roc_auc(bad: Sequence[float], good: Sequence[float]) -> float | None:
    """Probability that a bad part scores more than a good one; ties count half. Source: Mann and Whitney (1947)."""
    if not bad or not good:
        return None
    wins = sum((b > g) + 0.5 * (b == g) for b in bad for g in good)
    return wins / (len(bad) * len(good))


def ledger(results: Sequence[InspectionResult]) -> dict[str, int]:
    """The ledger as the plant's results tell it; to be compared with the station's own."""
    outcomes = [result.outcome for result in results]
    verdicts = [result.verdict for result in results]
    return {
        "triggers": len(results),
        "verdicts": outcomes.count(Outcome.VERDICT),
        "timeouts": outcomes.count(Outcome.TIMEOUT),
        "drops": outcomes.count(Outcome.DROP),
        "pass": verdicts.count(Verdict.PASS),
        "fail": verdicts.count(Verdict.FAIL),
        "undecided": verdicts.count(Verdict.UNDECIDED),
    }


def latency(values: Sequence[float | None]) -> dict[str, float | None]:
    """Median and 99th percentile in milliseconds, None without a value."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return {"p50": None, "p99": None}
    return {"p50": _percentile(known, 0.50), "p99": _percentile(known, 0.99)}


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Between its two neighbours by proportion, as a station tells it."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return round(ordered[below] + (place - below) * (ordered[above] - ordered[below]), 3)
