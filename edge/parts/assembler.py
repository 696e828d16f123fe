"""From the results of a part's views to the one that the line is told."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Annotated

from pydantic import Field

from edge.clock import Clock
from edge.contract.result import InspectionResult, Outcome, Verdict, ViewVerdict, new_result_id
from edge.contract.values import Value
from edge.parts.views import PartSettings
from edge.station.ledger import Listener

__all__ = ["PartAssembler", "PartCounts", "combined"]

_ORDER = {Verdict.PASS: 0, Verdict.UNDECIDED: 1, Verdict.FAIL: 2}
_MAX_NAME, _MAX_REASON = 64, 500


class PartCounts(Value):
    """Parts of several views; each view is a trigger of its own in the ledger."""

    started: int
    told: int
    verdicts: dict[str, int]
    views_missing: Annotated[int, Field(description="views without a frame by the deadline")]


class _Part:
    """Views that have answered so far."""

    def __init__(self, views: int, listener: Listener | None) -> None:
        self.views = views
        self.listener = listener
        self.results: list[InspectionResult] = []


class PartAssembler:
    """Waits for every view of a part. Each view settles by its deadline, so a part does, too."""

    def __init__(
        self, views: int, settings: PartSettings, tell: Callable[[InspectionResult], None], clock: Clock
    ) -> None:
        """Combine `views` results into one, and `tell` it."""
        self._views = views
        self._ignore_missing = settings.missing_view == "ignore"
        self._tell = tell
        self._clock = clock
        self._lock = Lock()
        self._started = self._missing = 0
        self._verdicts: Counter[str] = Counter()

    def begin(self, listener: Listener | None = None) -> Listener:
        """One more part; the answer hears the result of each of its views, in any thread and order.

        Args:
            listener: hears the part's result, after `tell`.
        """
        with self._lock:
            self._started += 1
        return partial(self._add, _Part(self._views, listener))

    def counts(self) -> PartCounts:
        """All so far."""
        with self._lock:
            return PartCounts(
                started=self._started,
                told=self._verdicts.total(),
                verdicts=dict(self._verdicts),
                views_missing=self._missing,
            )

    def _add(self, part: _Part, result: InspectionResult) -> None:
        with self._lock:
            part.results.append(result)
            if len(part.results) < part.views:
                return
            whole = combined(part.results, ignore_missing=self._ignore_missing, now_us=self._clock.now_us())
            self._missing += sum(_is_missing(view) for view in part.results)
            self._verdicts[whole.verdict.value] += 1
        self._tell(whole)
        if part.listener is not None:
            part.listener(whole)


def combined(results: Sequence[InspectionResult], *, ignore_missing: bool, now_us: int) -> InspectionResult:
    """One result of the views of one part: the worst of them decides.

    FAIL beats UNDECIDED beats PASS; among equals the one farthest above its threshold. A part without any frame is
    UNDECIDED whatever the policy says.
    """
    present = [result for result in results if not _is_missing(result)]
    deciding = present if ignore_missing and present else list(results)
    worst = max(deciding, key=lambda r: (_ORDER[r.verdict], _excess(r)))
    in_order = sorted(results, key=lambda r: r.sequence)
    reason = f"{worst.camera}: {worst.reason}"[:_MAX_REASON] if worst.verdict is Verdict.UNDECIDED else None
    return worst.model_copy(
        update={
            "id": new_result_id(),
            "sequence": in_order[0].sequence,
            "camera": "+".join(r.camera for r in in_order)[:_MAX_NAME],
            "outcome": Outcome.VERDICT if worst.verdict is Verdict.FAIL else worst.outcome,
            "reason": reason,
            "times": worst.times.model_copy(
                update={"trigger_us": min(r.times.trigger_us for r in results), "verdict_us": now_us}
            ),
            "views": tuple(_verdict_of(r) for r in in_order),
        }
    )


def _verdict_of(result: InspectionResult) -> ViewVerdict:
    return ViewVerdict(
        view=result.camera, result_id=result.id, verdict=result.verdict, score=result.score, reason=result.reason
    )


def _excess(result: InspectionResult) -> float:
    if result.score is None or result.threshold is None:
        return float("-inf")
    return result.score - result.threshold


def _is_missing(result: InspectionResult) -> bool:
    return result.times.frame_received_us is None
