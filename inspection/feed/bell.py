"""Says that results have come, to all who wait for some; whoever misses a ring finds them in the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

__all__ = ["Bell"]


class Bell:
    """Rung after a transaction with new results; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._hearers: list[Callable[[], object]] = []

    def ring(self) -> None:
        """Call every hearer; none of them may wait."""
        with self._lock:
            hearers = tuple(self._hearers)
        for hear in hearers:
            hear()

    @contextmanager
    def heard_by(self, hear: Callable[[], object]) -> Iterator[None]:
        """Call `hear` at every ring while the block lasts."""
        with self._lock:
            self._hearers.append(hear)
        try:
            yield
        finally:
            with self._lock:
                self._hearers.remove(hear)
