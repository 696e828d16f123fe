"""One named thread that repeats a step until it is told to stop, and says so when the step breaks."""

import logging
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
        faults: how often the step raised something that nobody expected.
    """

    def __init__(self, name: str, step: Callable[[], None], wake: Callable[[], None] | None = None) -> None:
        """Prepare a thread; `wake` ends a step that waits for something other than `stopping`."""
        self.name = name
        self.stopping = Event()
        self.faults = 0
        self._step = step
        self._wake = wake
        self._thread = Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the thread after its current step; returns when it ended or after `timeout_s`."""
        self.stopping.set()
        if self._wake is not None:
            self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                _log.error("thread %s did not end within %.0f s", self.name, timeout_s)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._step()
            except Exception:  # noqa: BLE001 - the last resort of the thread: tell all and go on
                self.faults += 1
                _log.exception("thread %s: unexpected error, going on", self.name)
                self.stopping.wait(_PAUSE_AFTER_FAULT_S)
