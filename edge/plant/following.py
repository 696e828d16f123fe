"""Following what the plant wants: fetch a bundle, try it, and not try a refused one again at once."""

import logging
from hashlib import file_digest
from pathlib import Path
from typing import Protocol

from edge.backoff import Backoff
from edge.clock import Clock
from edge.contract.errors import BundleCorrupt, BundleRefused, PlantRefused
from edge.plant.client import PlantClient

__all__ = ["BundleFollower", "BundleTaker"]

_log = logging.getLogger(__name__)
_FIRST_RETRY_S = 20.0
_MAX_RETRY_S = 600.0


class BundleTaker(Protocol):
    """What takes bundles: `edge.station.bundles.BundleHolder`, `edge.station.shadow.Shadow`."""

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


class BundleFollower:
    """Brings one taker to the bundle that the plant wants it to run."""

    def __init__(self, client: PlantClient, taker: BundleTaker, incoming: Path, clock: Clock) -> None:
        """`incoming` is where a bundle is downloaded to; overwritten each time."""
        self._client = client
        self._taker = taker
        self._incoming = incoming
        self._clock = clock
        self._refused_id: str | None = None
        self._retry_us = 0
        self._retry = Backoff(_FIRST_RETRY_S, _MAX_RETRY_S)

    def follow(self, bundle_id: str | None, sha256: str | None) -> bool:
        """Run this bundle, unless it runs already, or was refused a moment ago. None leaves what runs.

        Returns:
            Whether it was tried.

        Raises:
            PlantError: the plant does not answer; tried again with the next heartbeat.
        """
        if bundle_id is None or bundle_id == self._taker.running_id:
            self._refused_id = None
            self._taker.refuse(None)
            return False
        if bundle_id == self._refused_id and self._clock.now_us() < self._retry_us:
            return False
        self._try(bundle_id, sha256)
        return True

    def _try(self, bundle_id: str, sha256: str | None) -> None:
        if bundle_id != self._refused_id:
            self._taker.refuse(None)  # what is shown is of another bundle, and fetching this one may take long
        try:
            self._client.fetch_bundle(bundle_id, self._incoming)
            _check_download(self._incoming, sha256)
            self._taker.accept(self._incoming, bundle_id)
        except (BundleRefused, PlantRefused) as error:
            self._remember_refusal(bundle_id, str(error))
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
        self._taker.refuse(reason)


def _check_download(path: Path, sha256: str | None) -> None:
    with path.open("rb") as file:
        got = file_digest(file, "sha256").hexdigest()
    if sha256 is not None and got != sha256:
        raise BundleCorrupt(f"downloaded bundle: expected SHA-256 {sha256}, got {got}")
