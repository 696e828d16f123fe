"""A station with its HTTP API, as one process runs it."""

import logging
from threading import Event

from edge.api.app import ApiLimits, build_app
from edge.api.metrics import StationMetrics
from edge.api.server import ApiServer
from edge.cli.service_manager import ServiceManager
from edge.cli.trust import trust_from_files
from edge.clock import Clock, SystemClock
from edge.contract.settings import read_secret
from edge.station.settings import StationSettings
from edge.station.station import Station

__all__ = ["StationProcess"]

_log = logging.getLogger(__name__)
_POLL_S = 0.2


class StationProcess:
    """Order of calls: `start`, `wait`, `stop`; `stop` also after a failed `start`."""

    def __init__(
        self, settings: StationSettings, clock: Clock | None = None, manager: ServiceManager | None = None
    ) -> None:
        """Take the port and the state folder; nothing runs yet. `manager` hears how the process is.

        Raises:
            BadInput: keys, port or state folder cannot be had.
        """
        self._settings = settings
        self._clock = clock or SystemClock()
        self._manager = manager or ServiceManager(None)
        self._metrics = StationMetrics()
        trusted = trust_from_files(settings.trusted_keys, settings.trusted_key_files)
        api_key = None if settings.api is None else read_secret(settings.api.api_key, settings.api.api_key_file)
        self._server = None if settings.api is None else ApiServer(settings.api)
        try:
            self.station = Station(settings, trusted, self._clock, (self._metrics.observe,), self._manager.alive)
        except BaseException:
            if self._server is not None:
                self._server.stop()
            raise
        self._metrics.watch(self.station.status)
        self._api_key = api_key

    @property
    def address(self) -> str | None:
        """`host:port` of the API; None without one."""
        return None if self._server is None else self._server.address

    def start(self) -> None:
        """Start judging, then answering.

        Raises:
            BundleRefused: a station without a plant has no bundle that may run.
        """
        self.station.start()
        if self._server is not None and self._settings.api is not None:
            limits = ApiLimits(self._settings.api, self._api_key, self._settings.inbox_size)
            camera = self._settings.camera.name
            self._server.start(build_app(self.station, camera, limits, self._metrics, self._clock))
            _log.info("API on %s", self._server.url)
        unheard = self._settings.unheard
        if unheard is not None:
            _log.warning("%s is asked for over HTTP, and without [api] the station listens nowhere", unheard)
        self._manager.ready()
        _log.info("station %s runs for part type %s", self._settings.station, self._settings.recipe)

    def wait(self, stop: Event) -> None:
        """Return once `stop` is set, or once the camera ended if the settings say that it ends the station."""
        while not stop.wait(_POLL_S):
            if self.station.finished:
                _log.info("the camera has no more frames: stopping")
                return

    def stop(self) -> None:
        """Answer the requests that run, settle what is in flight, write everything down, let go of port and folder."""
        self._manager.stopping()
        if self._server is not None:
            self._server.stop()
        self.station.stop()
