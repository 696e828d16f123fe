"""One output with its own queue and thread, so that a stuck one delays nobody."""

import logging
from collections import deque
from threading import Condition
from typing import Annotated

from pydantic import Field

from edge.backoff import Backoff
from edge.contract.errors import OutputFailed
from edge.contract.result import InspectionResult
from edge.contract.values import Value
from edge.outputs.protocol import Output
from edge.worker import Worker

__all__ = ["LaneStatus", "OutputLane"]

_log = logging.getLogger(__name__)
_IDLE_S = 0.5


class LaneStatus(Value):
    """What an output did so far."""

    name: str
    delivered: int
    waiting: int
    failed_tries: int
    given_up: Annotated[int, Field(description="results not taken after all tries")]
    overflowed: Annotated[int, Field(description="results that had no room in the queue")]
    last_error: str | None


class OutputLane:
    """Hands results to one output, in order, with retries.

    `put` never waits and never raises: the judging thread calls it.
    """

    def __init__(self, output: Output, queue_size: int, attempts: int, backoff: Backoff | None = None) -> None:
        """Prepare the thread of `output`; at most `queue_size` results wait, each is tried `attempts` times."""
        self._output = output
        self._queue: deque[InspectionResult] = deque()
        self._size = queue_size
        self._attempts = attempts
        self._backoff = backoff or Backoff(first_s=0.1, max_s=5.0)
        self._changed = Condition()
        self._delivered = self._failed_tries = self._given_up = self._overflowed = 0
        self._last_error: str | None = None
        self.worker = Worker(f"output-{output.name}", self._step, wake=self._wake)

    def put(self, result: InspectionResult) -> None:
        """Queue a result; if there is no room the oldest one is given up and counted."""
        with self._changed:
            if len(self._queue) >= self._size:
                self._queue.popleft()
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
                last_error=self._last_error,
            )

    def stop(self) -> None:
        """Try each waiting result once more, then close the output."""
        self.worker.stop()
        if not self.worker.alive:
            self._offer_the_rest()
        self._output.close()

    def _step(self) -> None:
        with self._changed:
            if not self._queue:
                self._changed.wait(_IDLE_S)
            if not self._queue:
                return
            result = self._queue.popleft()
        if not self._deliver(result):
            with self._changed:
                self._given_up += 1
            _log.error("output %s gave up result %s of part %s", self._output.name, result.id, result.part_id)

    def _deliver(self, result: InspectionResult) -> bool:
        for attempt in range(self._attempts):
            if self._try(result):
                self._backoff.reset()
                return True
            last = attempt == self._attempts - 1
            if last or self.worker.stopping.wait(self._backoff.next_s()):
                break
        return False

    def _try(self, result: InspectionResult) -> bool:
        try:
            self._output.send(result)
        except OutputFailed as error:
            with self._changed:
                self._failed_tries += 1
                self._last_error = str(error)
            return False
        with self._changed:
            self._delivered += 1
        return True

    def _offer_the_rest(self) -> None:
        while self._queue:
            if not self._try(self._queue.popleft()):
                self._given_up += 1 + len(self._queue)
                self._queue.clear()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
