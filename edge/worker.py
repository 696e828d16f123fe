"""One named thread that repeats a step until it is told to stop, and says so when the step breaks or hangs."""

import logging
import time
from collections.abc import Callable
from threading import Event, Thread

__all__ = ["Worker"]

_log = logging.getLogger(__name__)
_PAUSE_AFTER_FAULT_S = 0.5  # a step that always breaks must not eat the processor


class Worker:
    """Repeats `step` in a thread of its own.

    Order of calls: `start` once, `stop` any time later. A step returns when it has nothing to do for a moment, so that
    `stop` is heard; it may wait on `stopping`. A step that raises is logged and repeated: a thread of a station never
    disappears silently.

    Attributes:
        stopping: set once the worker shall end.
        faults: how often the step raised something that nobody expected, or the thread had to be started again.
        patience_s: a step that takes longer is stuck.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], None],
        wake: Callable[[], None] | None = None,
        patience_s: float = 30.0,
    ) -> None:
        """Prepare a thread; `wake` ends a step that waits for something other than `stopping`."""
        self.name = name
        self.stopping = Event()
        self.faults = 0
        self.patience_s = patience_s
        self._step = step
        self._wake = wake
        self._since = time.monotonic()
        self._thread = self._new_thread()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def stuck(self) -> bool:
        """Whether the present step takes longer than it should."""
        return self.alive and time.monotonic() - self._since > self.patience_s

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def revive(self) -> bool:
        """Start the thread again if it ended without being told to; whether that was so."""
        if self.alive or self.stopping.is_set() or self._thread.ident is None:
            return False
        _log.error("thread %s had ended: started again", self.name)
        self.faults += 1
        self._thread = self._new_thread()
        self._thread.start()
        return True

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the thread after its current step; returns when it ended or after `timeout_s`."""
        self.stopping.set()
        if self._wake is not None:
            self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                _log.error("thread %s did not end within %.0f s", self.name, timeout_s)

    def _new_thread(self) -> Thread:
        return Thread(target=self._run, name=self.name, daemon=True)

    def _run(self) -> None:
        while not self.stopping.is_set():
            self._since = time.monotonic()
            try:
                self._step()
            except Exception:  # noqa: BLE001 - the last resort of the thread: tell all and go on
                self.faults += 1
                _log.exception("thread %s: unexpected error, going on", self.name)
                self.stopping.wait(_PAUSE_AFTER_FAULT_S)
