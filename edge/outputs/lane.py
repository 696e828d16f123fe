"""One output with its own queue and thread, so that a stuck one delays nobody."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Annotated

from pydantic import Field

from edge.backoff import Backoff
from edge.clock import Clock, SystemClock
from edge.contract.errors import OutputFailed
from edge.contract.link import Percentiles
from edge.contract.result import InspectionResult
from edge.contract.values import Value
from edge.outage import Outage
from edge.outputs.age import AgeLimit
from edge.outputs.protocol import LineState, Output
from edge.window import Window
from edge.worker import Worker

__all__ = ["LaneStatus", "LaneSurroundings", "OutputLane"]

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 10.0
_OVERFLOW_EVERY_US = 60_000_000
_PATIENCE_S = 3600.0  # a result may be tried many times, with pauses


class LaneStatus(Value):
    """What an output did so far."""

    name: str
    delivered: int
    waiting: int
    failed_tries: int
    given_up: Annotated[int, Field(description="results not taken after all tries, or in time")]
    overflowed: Annotated[int, Field(description="results that had no room in the queue")]
    acknowledged_ms: Annotated[Percentiles, Field(description="from the verdict until the output had taken it")]
    failing: Annotated[bool, Field(description="the latest try, or the latest sign of life, failed")]
    last_error: str | None


@dataclass(frozen=True, slots=True)
class LaneSurroundings:
    """What a lane hears from its station and tells it.

    Attributes:
        state: how the station is, for outputs that tell it.
        done: hears when each result was taken, monotonic microseconds; None if it was given up.
        clock: time.
    """

    state: Callable[[], LineState] = lambda: LineState(ready=True)
    done: Callable[[InspectionResult, int | None], None] = lambda *_: None
    clock: Clock = field(default_factory=SystemClock)


class OutputLane:
    """Hands results to one output, in order, with retries.

    `put` never waits and never raises: the judging thread calls it.
    """

    def __init__(
        self,
        output: Output,
        queue_size: int,
        attempts: int,
        backoff: Backoff | None = None,
        around: LaneSurroundings | None = None,
        *,
        max_age_s: float | None = None,
    ) -> None:
        """Prepare the thread of `output`.

        Args:
            output: takes the results.
            queue_size: how many results may wait.
            attempts: tries for one result.
            backoff: pauses between them.
            around: the station.
            max_age_s: seconds from its verdict after which a result is given up; none: it never is for its age.
        """
        around = around or LaneSurroundings()
        self._output = output
        self._done = around.done
        self._state = around.state
        self._clock = around.clock
        self._acknowledged = Window()
        self._refused = self._away = self._attended = False
        self._pause = Backoff(first_s=_FIRST_PAUSE_S, max_s=_MAX_PAUSE_S)
        self._outage = Outage()
        self._attend_after_us = 0
        self._queue: deque[InspectionResult] = deque()
        self._size = queue_size
        self._attempts = attempts
        self._age = AgeLimit(max_age_s, self._clock)
        self._backoff = backoff or Backoff(first_s=0.1, max_s=5.0)
        self._changed = Condition()
        self._delivered = self._failed_tries = self._given_up = self._overflowed = 0
        self._overflow_told = self._overflow_after_us = 0
        self._last_error: str | None = None
        self.worker = Worker(f"output-{output.name}", self._step, wake=self._wake, patience_s=_PATIENCE_S)

    def put(self, result: InspectionResult) -> None:
        """Queue a result; if there is no room the oldest one is given up and counted."""
        with self._changed:
            if len(self._queue) >= self._size:
                self._done(self._queue.popleft(), None)
                self._overflowed += 1
            self._queue.append(result)
            self._changed.notify()

    def status(self) -> LaneStatus:
        """Counters and the latest error."""
        with self._changed:
            return LaneStatus(
                name=self._output.name,
                delivered=self._delivered,
                waiting=len(self._queue),
                failed_tries=self._failed_tries,
                given_up=self._given_up,
                overflowed=self._overflowed,
                acknowledged_ms=self._acknowledged.percentiles(),
                failing=self._refused or self._away,
                last_error=self._last_error,
            )

    def stop(self) -> None:
        """Try each waiting result once more, then close the output."""
        self.worker.stop()
        if not self.worker.alive:
            self._offer_the_rest()
        self._give_up_the_rest()
        self._output.close()

    def _step(self) -> None:
        result = self._next()
        if result is not None and not self._deliver(result):
            self._output.forget()
            with self._changed:
                self._given_up += 1
            self._done(result, None)
            _log.error("output %s gave up result %s of part %s", self._output.name, result.id, result.part_id)
        self._tell_overflow()
        self._attend()

    def _tell_overflow(self) -> None:
        """In this thread: who puts results must not wait for a log."""
        now_us, lost = self._clock.now_us(), self._overflowed - self._overflow_told
        if lost and now_us >= self._overflow_after_us:
            _log.error("output %s: %d results had no room in the queue and are given up", self._output.name, lost)
            self._overflow_told += lost
            self._overflow_after_us = now_us + _OVERFLOW_EVERY_US

    def _next(self) -> InspectionResult | None:
        with self._changed:
            if not self._queue and self._attended:
                self._changed.wait(self._output.attend_every_s)
            self._give_up_the_old()
            return self._queue.popleft() if self._queue else None

    def _give_up_the_old(self) -> None:
        old = 0
        while self._queue and self._age.left_s(self._queue[0]) <= 0:
            self._done(self._queue.popleft(), None)
            old += 1
        self._given_up += old
        if old:
            _log.error("output %s: %d results became older than max_age_s and are given up", self._output.name, old)

    def _attend(self) -> None:
        self._attended = True
        if self._clock.now_us() < self._attend_after_us:
            return
        try:
            self._output.attend(self._state())
        except OutputFailed as error:
            self._attend_after_us = self._clock.now_us() + round(self._pause.next_s() * 1e6)
            self._tell(error)
            self._away = True
        else:
            self._pause.reset()
            self._away = False
            if not self._refused:
                self._outage.over()

    def _deliver(self, result: InspectionResult) -> bool:
        for attempt in range(self._attempts):
            if self._try(result):
                self._backoff.reset()
                return True
            last = attempt == self._attempts - 1
            pause_s = min(self._backoff.next_s(), self._age.left_s(result))
            if last or self._told_to_stop_within(pause_s) or self._age.left_s(result) <= 0:
                break
        return False

    def _told_to_stop_within(self, pause_s: float) -> bool:
        """Wait for the next try; the other side sees a sign of life meanwhile."""
        while pause_s > 0 and not self.worker.stopping.wait(min(pause_s, self._output.attend_every_s)):
            self._attend()
            pause_s -= self._output.attend_every_s
        return self.worker.stopping.is_set()

    def _try(self, result: InspectionResult) -> bool:
        try:
            self._send(result)
        except OutputFailed as error:
            self._tell(error)
            with self._changed:
                self._failed_tries += 1
                self._refused = True
            return False
        now_us = self._clock.now_us()
        self._acknowledged.add((now_us - result.times.verdict_us) / 1000)
        self._done(result, now_us)
        with self._changed:
            self._delivered += 1
            self._refused = self._away = False
        self._outage.over()
        return True

    def _send(self, result: InspectionResult) -> None:
        try:
            self._output.send(result)
        except OutputFailed:
            raise
        except Exception as error:
            # Whatever a library raises: the result is tried again and counted, and not lost with the step.
            raise OutputFailed(f"output {self._output.name}: {type(error).__name__}: {error}") from error

    def _tell(self, error: OutputFailed) -> None:
        if self._outage.is_news(str(error)):
            _log.warning("%s", error)
        with self._changed:
            self._last_error = str(error)

    def _offer_the_rest(self) -> None:
        with self._changed:
            self._give_up_the_old()
        while self._queue and self._try(self._queue[0]):
            self._queue.popleft()

    def _give_up_the_rest(self) -> None:
        with self._changed:
            left = len(self._queue)
            self._given_up += left
            self._queue.clear()
        if left:
            _log.error("output %s: %d results that waited were not taken before the end", self._output.name, left)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
