"""Frames that wait for judging: one bounded queue for each camera, served in turn."""

from collections import deque
from threading import Condition

from edge.station.ledger import Ticket

__all__ = ["FairInbox"]


class FairInbox:
    """A fast camera fills its own queue and nobody else's; who waits is served in turn, whatever the others deliver."""

    def __init__(self, size: int) -> None:
        """At most `size` tickets of each camera wait."""
        self._size = size
        self._changed = Condition()
        self._queues: dict[str, deque[Ticket]] = {}
        self._turn: deque[str] = deque()  # cameras with something in their queue, the next one first
        self._woken = False

    def put(self, ticket: Ticket, camera: str) -> bool:
        """Queue a ticket, never waiting; False if its camera has no room."""
        with self._changed:
            queue = self._queues.setdefault(camera, deque())
            if len(queue) >= self._size:
                return False
            if not queue:
                self._turn.append(camera)
            queue.append(ticket)
            self._changed.notify()
            return True

    def get(self, timeout_s: float) -> Ticket | None:
        """The oldest ticket of the camera whose turn it is; None after `timeout_s`, or when woken."""
        with self._changed:
            if not self._turn and not self._woken:
                self._changed.wait(timeout_s)
            self._woken = False
            if not self._turn:
                return None
            camera = self._turn.popleft()
            queue = self._queues[camera]
            ticket = queue.popleft()
            if queue:
                self._turn.append(camera)
            return ticket

    def waiting(self) -> int:
        """Tickets of all cameras together."""
        with self._changed:
            return sum(len(queue) for queue in self._queues.values())

    def wake(self) -> None:
        """Let `get` come back."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()
