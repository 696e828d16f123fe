"""About once a second: say how the station is, hear which bundle it should run, fetch and try that bundle."""

import logging
from collections.abc import Callable
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from threading import Lock
from typing import Protocol

from edge.backoff import Backoff
from edge.clock import Clock
from edge.contract.errors import BundleCorrupt, BundleRefused, PlantError, PlantRefused
from edge.contract.link import DesiredState, Heartbeat
from edge.contract.values import Value
from edge.plant.client import PlantClient
from edge.worker import Worker

__all__ = ["BundleTaker", "HeartbeatLink", "LinkStatus"]

_log = logging.getLogger(__name__)
_PATIENCE_S = 3600.0  # a large image or bundle over a slow network
_FIRST_RETRY_S = 20.0
_MAX_RETRY_S = 600.0


class BundleTaker(Protocol):
    """What swaps bundles: `edge.station.bundles.BundleHolder`."""

    @property
    def running_id(self) -> str | None:
        """The bundle that judges now."""
        ...

    def accept(self, path: Path, expected_id: str) -> None:
        """Verify, open, warm up, swap; raises BundleRefused, and then the old one keeps running."""
        ...

    def refuse(self, reason: str | None) -> None:
        """Show why the desired bundle does not run; None when there is nothing to complain about."""
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
        bundles: BundleTaker,
        incoming: Path,
        clock: Clock,
        period_s: float = 1.0,
    ) -> None:
        """Prepare the thread.

        Args:
            client: the plant.
            describe: the station's present state.
            bundles: takes a fetched bundle.
            incoming: where a bundle is downloaded to; overwritten each time.
            clock: time.
            period_s: seconds between two heartbeats.
        """
        self._client = client
        self._describe = describe
        self._bundles = bundles
        self._incoming = incoming
        self._clock = clock
        self._period_s = period_s
        self._lock = Lock()
        self._status = LinkStatus(reachable=False, last_contact_at=None, last_error=None)
        self._refused_id: str | None = None
        self._retry_us = 0
        self._retry = Backoff(_FIRST_RETRY_S, _MAX_RETRY_S)
        self.on_back: Callable[[], None] = lambda: None
        self.worker = Worker("heartbeat", self._step, patience_s=_PATIENCE_S)

    def status(self) -> LinkStatus:
        """Whether the plant answers."""
        with self._lock:
            return self._status

    def beat(self) -> None:
        """One heartbeat, and what follows from its answer."""
        try:
            desired = self._client.heartbeat(self._describe())
        except PlantError as error:
            self._note_failure(error)
            return
        self._note_contact()
        self._follow(desired)

    def _step(self) -> None:
        self.beat()
        self.worker.stopping.wait(self._period_s)

    def _follow(self, desired: DesiredState) -> None:
        if desired.bundle_id is None or desired.bundle_id == self._bundles.running_id:
            self._refused_id = None
            self._bundles.refuse(None)
            return
        if desired.bundle_id == self._refused_id and self._clock.now_us() < self._retry_us:
            return
        self._try_bundle(desired.bundle_id, desired.bundle_sha256)

    def _try_bundle(self, bundle_id: str, sha256: str | None) -> None:
        try:
            self._client.fetch_bundle(bundle_id, self._incoming)
            _check_download(self._incoming, sha256)
            self._bundles.accept(self._incoming, bundle_id)
        except (BundleRefused, PlantRefused) as error:
            self._remember_refusal(bundle_id, str(error))
        except PlantError as error:
            self._note_failure(error)
        else:
            self._refused_id = None
            self._retry.reset()
        finally:
            self._incoming.unlink(missing_ok=True)

    def _remember_refusal(self, bundle_id: str, reason: str) -> None:
        if bundle_id != self._refused_id:
            self._retry.reset()
        _log.error("bundle %s does not run here, the old one goes on: %s", bundle_id, reason)
        self._refused_id = bundle_id
        self._retry_us = self._clock.now_us() + round(self._retry.next_s() * 1e6)
        self._bundles.refuse(reason)

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


def _check_download(path: Path, sha256: str | None) -> None:
    with path.open("rb") as file:
        got = file_digest(file, "sha256").hexdigest()
    if sha256 is not None and got != sha256:
        raise BundleCorrupt(f"downloaded bundle: expected SHA-256 {sha256}, got {got}")
