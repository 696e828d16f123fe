"""About once a second: say how the station is, hear which bundle it should run, fetch and try that bundle."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Protocol

from edge.clock import Clock
from edge.contract.errors import PlantError, PlantRefused
from edge.contract.link import DesiredState, Heartbeat
from edge.contract.values import Value
from edge.plant.client import PlantClient
from edge.plant.following import BundleFollower, BundleTaker
from edge.worker import Worker

__all__ = ["HeartbeatLink", "LinkStatus", "ShadowTaker"]

_log = logging.getLogger(__name__)
_PATIENCE_S = 3600.0  # a large image or bundle over a slow network


class ShadowTaker(BundleTaker, Protocol):
    """What runs a challenger beside the champion: `edge.station.shadow.Shadow`."""

    def drop(self) -> None:
        """Nothing judges beside any more."""
        ...


class LinkStatus(Value):
    """How the link to the plant is."""

    reachable: bool
    last_contact_at: datetime | None
    last_error: str | None


class HeartbeatLink:
    """One thread for the heartbeat and for new bundles; the line never waits for it."""

    def __init__(
        self,
        client: PlantClient,
        describe: Callable[[], Heartbeat],
        takers: tuple[BundleTaker, ShadowTaker],
        incoming: Path,
        clock: Clock,
        period_s: float = 1.0,
    ) -> None:
        """Prepare the thread.

        Args:
            client: the plant.
            describe: the station's present state.
            takers: of the bundle that shall judge, and of the one that shall judge beside it.
            incoming: where bundles are downloaded to; overwritten each time.
            clock: time.
            period_s: seconds between two heartbeats.
        """
        self._client = client
        self._describe = describe
        main, self._shadow = takers
        self._main = BundleFollower(client, main, incoming, clock)
        self._beside = BundleFollower(client, self._shadow, incoming.with_suffix(".shadow"), clock)
        self._clock = clock
        self._period_s = period_s
        self._lock = Lock()
        self._status = LinkStatus(reachable=False, last_contact_at=None, last_error=None)
        self.on_back: Callable[[], None] = lambda: None
        self.worker = Worker("heartbeat", self._step, patience_s=_PATIENCE_S)

    def status(self) -> LinkStatus:
        """Whether the plant answers."""
        with self._lock:
            return self._status

    def beat(self) -> bool:
        """One heartbeat, and what follows from its answer; whether a bundle was tried."""
        try:
            desired = self._client.heartbeat(self._describe())
        except PlantError as error:
            self._note_failure(error)
            return False
        self._note_contact()
        return self._follow(desired)

    def _step(self) -> None:
        if self.beat():
            self.beat()  # somebody waits to see what came of it
        self.worker.stopping.wait(self._period_s)

    def _follow(self, desired: DesiredState) -> bool:
        try:
            tried = self._main.follow(desired.bundle_id, desired.bundle_sha256)
            if desired.shadow_bundle_id is None:
                self._shadow.drop()
                return tried
            return self._beside.follow(desired.shadow_bundle_id, desired.shadow_bundle_sha256) or tried
        except PlantError as error:
            self._note_failure(error)
            return False

    def _note_contact(self) -> None:
        with self._lock:
            back = not self._status.reachable
            self._status = LinkStatus(reachable=True, last_contact_at=self._clock.utc(), last_error=None)
        if back:
            _log.info("the plant answers")
            self.on_back()

    def _note_failure(self, error: PlantError) -> None:
        with self._lock:
            if self._status.reachable or self._status.last_error is None:
                what = "refuses this station" if isinstance(error, PlantRefused) else "does not answer"
                _log.warning("the plant %s, the line goes on: %s", what, error)
            self._status = self._status.model_copy(update={"reachable": False, "last_error": str(error)})
