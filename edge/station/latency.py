"""How long verdicts take, over the latest parts."""

from edge.contract.link import LatencySummary
from edge.contract.result import InspectionResult
from edge.window import Histogram, Window

__all__ = ["LatencyWindow"]


class LatencyWindow:
    """The latest latencies; fed after the verdict, read by status and heartbeat."""

    def __init__(self, size: int = 1000) -> None:
        """Remember `size` parts."""
        self._verdict = Window(size)
        self._session = Window(size)

    def observe(self, result: InspectionResult) -> None:
        """Take one result in, if it says something."""
        if result.latency_ms is not None:
            self._verdict.add(result.latency_ms)
        if result.session_run_ms is not None:
            self._session.add(result.session_run_ms)

    def histogram(self) -> Histogram:
        """Frame to verdict of the latest parts."""
        return self._verdict.histogram()

    def summary(self) -> LatencySummary:
        """Median and 99th percentile."""
        return LatencySummary(
            frame_to_verdict_ms=self._verdict.percentiles(), session_run_ms=self._session.percentiles()
        )
