"""Looks after the threads: starts dead ones again, tells of stuck ones, and keeps the service manager calm or not."""

import logging
from collections.abc import Callable, Sequence

from edge.worker import Worker

__all__ = ["Watchdog"]

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0


class Watchdog:
    """One look a second at every thread.

    A thread that hangs cannot be ended from outside. While the critical path is well, `feed` is called; when it is
    not, the service manager that waits for it starts the process again.
    """

    def __init__(
        self, critical: Sequence[Worker], others: Sequence[Worker], feed: Callable[[], None] = lambda: None
    ) -> None:
        """Prepare the thread.

        Args:
            critical: without these no verdict is told.
            others: shown and started again, too.
            feed: tells the service manager that all is well.
        """
        self._critical = critical
        self._workers = (*critical, *others)
        self._feed = feed
        self._stuck: frozenset[str] = frozenset()
        self.worker = Worker("watchdog", self._step)

    def look(self) -> None:
        """One look at every thread."""
        for worker in self._workers:
            worker.revive()
        stuck = frozenset(worker.name for worker in self._workers if worker.stuck)
        for name in sorted(stuck - self._stuck):
            _log.error("thread %s is stuck", name)
        self._stuck = stuck
        if all(worker.alive and not worker.stuck for worker in self._critical):
            self._feed()

    def _step(self) -> None:
        self.look()
        self.worker.stopping.wait(_LOOK_EVERY_S)
