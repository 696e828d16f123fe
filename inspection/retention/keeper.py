"""The thread that runs retention while the service is up."""

import logging
import threading
from datetime import datetime

from edge.contract.errors import Conflict
from inspection.clock import Clock
from inspection.metrics import PlantMetrics
from inspection.retention.sweep import Retention, Swept

__all__ = ["RetentionKeeper"]

_LOG = logging.getLogger(__name__)


class RetentionKeeper:
    """Order of calls: `start` once, `stop` at the end. Without rules there is nothing to run."""

    def __init__(self, retention: Retention, metrics: PlantMetrics, clock: Clock, every_h: float) -> None:
        self._retention = retention
        self._metrics = metrics
        self._clock = clock
        self._every_s = every_h * 3600
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="retention", daemon=True)

    def start(self) -> None:
        """Run at once, then each time the interval has passed."""
        if self._retention.rules:
            self._thread.start()

    def stop(self) -> None:
        """End the thread; a run under way is finished first."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def due(self, now: datetime) -> Swept:
        """What a run would remove now."""
        return self._retention.plan(now)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                swept = self._retention.run(self._clock())
            except Conflict as error:
                _LOG.info("retention: %s", error)
            except Exception:  # noqa: BLE001 - the thread must outlive a full disk or a locked database
                _LOG.exception("retention: this run broke; trying again in %s s", self._every_s)
            else:
                self._metrics.removed_images(swept.images, swept.size_bytes)
                _LOG.info("retention: removed %s images, %s bytes", swept.images, swept.size_bytes)
            self._stopping.wait(self._every_s)
