"""Something that the service does again and again beside its requests."""

import logging
import threading
from collections.abc import Callable

__all__ = ["Periodic"]

_LOG = logging.getLogger(__name__)


class Periodic:
    """Order of calls: `start` once, `stop` at the end. A step that breaks is logged, and tried again in time."""

    def __init__(self, name: str, step: Callable[[], object], every_s: float) -> None:
        self._name = name
        self._step = step
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Do it now, and each time the interval has passed."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a step under way is finished first."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception:  # noqa: BLE001 - the thread must outlive a full disk or a locked database
                _LOG.exception("%s: this time it broke; trying again in %s s", self._name, self._every_s)
            self._stopping.wait(self._every_s)
