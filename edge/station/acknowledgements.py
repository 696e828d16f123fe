"""When the outputs had taken a result, for the record that follows it."""

from dataclasses import dataclass
from threading import Condition

from edge.clock import Clock
from edge.contract.result import InspectionResult

__all__ = ["AckBook"]


@dataclass(slots=True)
class _Open:
    """Outputs that have not answered yet, and when the latest one did."""

    missing: int
    latest_us: int | None = None
    failed: bool = False


class AckBook:
    """Outputs write, the keeper reads. A result that nobody collects costs nothing: only expected ones are kept."""

    def __init__(self, clock: Clock, wait_ms: float) -> None:
        """`wait_ms` after its verdict a result is collected whether it was acknowledged or not."""
        self._clock = clock
        self._wait_us = round(wait_ms * 1000)
        self._changed = Condition()
        self._open: dict[str, _Open] = {}

    def expect(self, result: InspectionResult, outputs: int) -> None:
        """So many outputs are about to be told."""
        with self._changed:
            self._open[result.id] = _Open(outputs)

    def done(self, result: InspectionResult, at_us: int | None) -> None:
        """One output took it at `at_us`; None if it gave it up."""
        with self._changed:
            entry = self._open.get(result.id)
            if entry is None:
                return
            entry.missing -= 1
            entry.failed |= at_us is None
            if at_us is not None:
                entry.latest_us = max(entry.latest_us or at_us, at_us)
            self._changed.notify_all()

    def collect(self, result: InspectionResult) -> int | None:
        """When the last output had taken it; None if one had not in time. Waits, but never long: time runs for all."""
        with self._changed:
            while (entry := self._open.get(result.id)) is not None and entry.missing > 0 and not entry.failed:
                left_us = result.times.verdict_us + self._wait_us - self._clock.now_us()
                if left_us <= 0:
                    break
                self._changed.wait(left_us / 1e6)
            self._open.pop(result.id, None)
        whole = entry is not None and entry.missing == 0 and not entry.failed
        return entry.latest_us if whole and entry is not None else None
