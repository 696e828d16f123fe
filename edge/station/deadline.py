"""One thread that tells the line UNDECIDED, on time, for every trigger that is not judged by its deadline."""

import heapq
from collections.abc import Callable
from threading import Condition

from edge.clock import Clock
from edge.station.ledger import Ticket
from edge.worker import Worker

__all__ = ["DeadlineWatch"]

_IDLE_S = 0.5


class DeadlineWatch:
    """Calls `expire` for each watched ticket at its deadline; settled ones are let go when their time comes.

    The thread sleeps until the earliest deadline and is woken only for an earlier one: a ticket that is judged in
    time costs no switch of threads.
    """

    def __init__(self, deadline_ms: float, expire: Callable[[Ticket], None], clock: Clock) -> None:
        """Prepare the thread; `expire` decides whether the ticket is still open."""
        self._deadline_us = round(deadline_ms * 1000)
        self._expire = expire
        self._clock = clock
        self._changed = Condition()
        self._heap: list[tuple[int, int, Ticket]] = []
        self.worker = Worker("deadline", self._step, wake=self._wake)

    def watch(self, ticket: Ticket) -> None:
        """Make sure that the ticket is settled by its deadline."""
        due_us = ticket.trigger_us + self._deadline_us
        with self._changed:
            heapq.heappush(self._heap, (due_us, ticket.sequence, ticket))
            if self._heap[0][2] is ticket:
                self._changed.notify()

    def _step(self) -> None:
        for ticket in self._wait_for_due():
            if ticket.frame is not None:
                self._expire(ticket)

    def _wait_for_due(self) -> list[Ticket]:
        with self._changed:
            wait_s = _IDLE_S if not self._heap else (self._heap[0][0] - self._clock.now_us()) / 1e6
            if wait_s > 0:
                self._changed.wait(min(wait_s, _IDLE_S))
            now, due = self._clock.now_us(), []
            while self._heap and self._heap[0][0] <= now:
                due.append(heapq.heappop(self._heap)[2])
            return due

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
