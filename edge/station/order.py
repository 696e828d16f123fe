"""The order of verdicts: those of one camera are told as its frames came, whichever judge is done first."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from edge.station.ledger import Ticket

__all__ = ["VerdictOrder"]


@dataclass(slots=True)
class _Place:
    ticket: Ticket
    tell: Callable[[], None] | None = None


class VerdictOrder:
    """Places of tickets that are being judged or wait for it, a line for each camera.

    Order of calls: `enter` before a judge can see the ticket; then `tell` once, or `leave` if no judge will. At its
    deadline a ticket may `overtake`. One that is settled holds up nobody; `catch_up` tells what waited for it.
    What is told must return at once and enter nothing: the lock is held meanwhile, or two threads could tell two
    verdicts of one camera the other way round.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._lines: dict[str, deque[_Place]] = {}

    def enter(self, ticket: Ticket, camera: str) -> None:
        """Take a place behind the frames of the same camera that came before."""
        with self._lock:
            self._lines.setdefault(camera, deque()).append(_Place(ticket))

    def leave(self, ticket: Ticket, camera: str) -> None:
        """Give the place up: the inbox had no room."""
        with self._lock:
            line = self._lines[camera]
            place = _place_of(ticket, line)
            if place is not None:
                line.remove(place)

    def tell(self, ticket: Ticket, camera: str, verdict: Callable[[], None]) -> None:
        """Call `verdict` once all before it have been told; at once, or in the thread of the judge that is last."""
        with self._lock:
            line = self._lines[camera]
            place = _place_of(ticket, line)
            if place is None:
                verdict()
                return
            place.tell = verdict
            _advance(line)

    def overtake(self, ticket: Ticket) -> bool:
        """Tell a verdict that is there and waits for its turn only; False if there is none yet."""
        with self._lock:
            for line in self._lines.values():
                place = _place_of(ticket, line)
                if place is not None and place.tell is not None:
                    line.remove(place)
                    place.tell()
                    return True
        return False

    def catch_up(self) -> None:
        """Tell what waited only for tickets that are settled by now."""
        with self._lock:
            for line in self._lines.values():
                _advance(line)


def _place_of(ticket: Ticket, line: deque[_Place]) -> _Place | None:
    """None once the deadline has settled the ticket, and those behind it have moved up."""
    return next((place for place in line if place.ticket is ticket), None)


def _advance(line: deque[_Place]) -> None:
    while line and (line[0].tell is not None or line[0].ticket.frame is None):
        place = line.popleft()
        if place.tell is not None:
            place.tell()
