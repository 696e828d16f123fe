"""About once a second: say how the station is, hear which bundle it should run; fetch and try that bundle meanwhile."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event, Lock
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
_PATIENCE_S = 3600.0  # a large bundle over a slow network
_IDLE_S = 0.5


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
    """One thread for the heartbeat, one for new bundles: a station that fetches one for minutes is not silent.

    The line waits for neither.
    """

    def __init__(
        self,
        client: PlantClient,
        describe: Callable[[], Heartbeat],
        takers: tuple[BundleTaker, ShadowTaker],
        incoming: Path,
        clock: Clock,
        period_s: float = 1.0,
    ) -> None:
        """Prepare both threads.

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
        self._refuses = False  # the latest failure was an answer
        self._desired: DesiredState | None = None
        self._wanted, self._soon = Event(), Event()
        self.on_back: Callable[[], None] = lambda: None
        self.worker = Worker("heartbeat", self._step, wake=self._soon.set, patience_s=_PATIENCE_S)
        self.follower = Worker("bundles", self._follow_step, wake=self._wanted.set, patience_s=_PATIENCE_S)

    def status(self) -> LinkStatus:
        """Whether the plant answers."""
        with self._lock:
            return self._status

    def beat(self) -> None:
        """One heartbeat; its answer is what `follow` brings about."""
        try:
            desired = self._client.heartbeat(self._describe())
        except PlantError as error:
            self._note_failure(error)
            return
        self._note_contact()
        with self._lock:
            self._desired = desired
        self._wanted.set()

    def follow(self) -> bool:
        """Fetch and try what the latest answer wants, if it does not run; whether a bundle was tried."""
        with self._lock:
            desired, self._desired = self._desired, None
        if desired is None:
            return False
        try:
            tried = self._main.follow(desired.bundle_id, desired.bundle_sha256)
            if desired.shadow_bundle_id is None:
                self._shadow.drop()
                return tried
            return self._beside.follow(desired.shadow_bundle_id, desired.shadow_bundle_sha256) or tried
        except PlantError as error:
            self._note_failure(error)
            return False

    def _step(self) -> None:
        self.beat()
        self._soon.wait(self._period_s)
        self._soon.clear()

    def _follow_step(self) -> None:
        self._wanted.wait(_IDLE_S)
        self._wanted.clear()
        if self.follow():
            self._soon.set()  # somebody waits to see what came of it

    def _note_contact(self) -> None:
        with self._lock:
            back = not self._status.reachable
            self._status = LinkStatus(reachable=True, last_contact_at=self._clock.utc(), last_error=None)
        if back:
            _log.info("the plant answers")
            self.on_back()

    def _note_failure(self, error: PlantError) -> None:
        refuses = isinstance(error, PlantRefused)
        with self._lock:
            if self._status.reachable or self._status.last_error is None or refuses is not self._refuses:
                what = "refuses this station" if refuses else "does not answer"
                _log.warning("the plant %s, the line goes on: %s", what, error)
            self._refuses = refuses
            self._status = self._status.model_copy(update={"reachable": False, "last_error": str(error)})
