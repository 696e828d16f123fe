"""Whether verdicts come by their deadline, how much their time varies, and what the misses do to the budget."""

from typing import Annotated

from pydantic import Field

from edge.contract.link import Percentiles
from edge.contract.result import InspectionResult, Outcome
from edge.contract.values import Value
from edge.window import Window

__all__ = ["DeadlineStatus", "Punctuality"]


class DeadlineStatus(Value):
    """Punctuality of this process so far."""

    deadline_ms: float
    missed: Annotated[int, Field(description="triggers without a judgement in time: timeouts and drops")]
    missed_share: Annotated[float, Field(description="of all settled triggers")]
    budget_share: Annotated[float, Field(description="share of misses that the settings allow")]
    within_budget: bool
    trigger_to_verdict_ms: Annotated[Percentiles, Field(description="of judged parts")]
    jitter_ms: Annotated[float | None, Field(description="99th percentile minus median of the latest parts")]
    worst_ms: Annotated[float | None, Field(description="slowest verdict of this process, those at the deadline too")]
    undecided_late_ms: Annotated[Percentiles, Field(description="how long after its deadline UNDECIDED was told")]


class Punctuality:
    """Sees each result after its verdict."""

    def __init__(self, deadline_ms: float, budget_share: float) -> None:
        """Start with nothing missed."""
        self._deadline_ms = deadline_ms
        self._budget = budget_share
        self._judged, self._late = Window(), Window()
        self._missed = self._total = 0
        self._worst_ms: float | None = None

    def observe(self, result: InspectionResult) -> None:
        """Take one result in."""
        took_ms = (result.times.verdict_us - result.times.trigger_us) / 1000
        self._total += 1
        self._worst_ms = max(self._worst_ms or 0.0, took_ms)
        match result.outcome:
            case Outcome.VERDICT if result.score is not None:
                self._judged.add(took_ms)
            case Outcome.TIMEOUT:
                self._missed += 1
                self._late.add(took_ms - self._deadline_ms)
            case Outcome.DROP:
                self._missed += 1

    def status(self) -> DeadlineStatus:
        """All of this moment."""
        judged = self._judged.percentiles()
        share = self._missed / self._total if self._total else 0.0
        spread = None if judged.p50 is None or judged.p99 is None else round(judged.p99 - judged.p50, 3)
        return DeadlineStatus(
            deadline_ms=self._deadline_ms,
            missed=self._missed,
            missed_share=share,
            budget_share=self._budget,
            within_budget=share <= self._budget,
            trigger_to_verdict_ms=judged,
            jitter_ms=spread,
            worst_ms=self._worst_ms,
            undecided_late_ms=self._late.percentiles(),
        )
