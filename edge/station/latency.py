"""How long verdicts take, over the latest parts."""

from collections import deque
from collections.abc import Sequence
from threading import Lock

import numpy as np

from edge.contract.link import LatencySummary, Percentiles
from edge.contract.result import InspectionResult, Outcome

__all__ = ["LatencyWindow", "latency_of", "percentiles"]


class LatencyWindow:
    """The latest latencies; fed after the verdict, read by status and heartbeat."""

    def __init__(self, size: int = 1000) -> None:
        """Remember `size` parts."""
        self._lock = Lock()
        self._verdict_ms: deque[float] = deque(maxlen=size)
        self._session_ms: deque[float] = deque(maxlen=size)

    def observe(self, result: InspectionResult) -> None:
        """Take one result in, if it says something."""
        latency_ms = latency_of(result)
        with self._lock:
            if latency_ms is not None:
                self._verdict_ms.append(latency_ms)
            if result.session_run_ms is not None:
                self._session_ms.append(result.session_run_ms)

    def summary(self) -> LatencySummary:
        """Median and 99th percentile."""
        with self._lock:
            verdict, session = list(self._verdict_ms), list(self._session_ms)
        return LatencySummary(frame_to_verdict_ms=percentiles(verdict), session_run_ms=percentiles(session))


def latency_of(result: InspectionResult) -> float | None:
    """Milliseconds from frame to verdict of a part that was judged or timed out.

    None for drops and frames that cannot be judged: they are told at once and would make the rest look faster.
    """
    told_after_work = result.score is not None or result.outcome is Outcome.TIMEOUT
    return result.frame_to_verdict_ms if told_after_work else None


def percentiles(values_ms: Sequence[float]) -> Percentiles:
    """Median and 99th percentile; None without values."""
    if not values_ms:
        return Percentiles()
    p50, p99 = np.percentile(np.asarray(values_ms), [50, 99])
    return Percentiles(p50=round(float(p50), 3), p99=round(float(p99), 3))
