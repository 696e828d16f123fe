"""Looking at the rules, all of them, again and again."""

from datetime import datetime, timedelta

from inspection.alerts.book import AlertKind, Condition, reconcile
from inspection.alerts.rules import (
    chart_signals,
    drifting,
    halted_rollouts,
    new_drops,
    shared_keys,
    silent_stations,
    skewed_clocks,
)
from inspection.alerts.settings import AlertSettings
from inspection.clock import Clock
from inspection.drift.settings import DriftSettings
from inspection.stations.live import LiveBoard
from inspection.stations.retirement import retired_stations
from inspection.store.database import Database

__all__ = ["AlertWatch"]


class AlertWatch:
    """What the watching thread does each time."""

    def __init__(
        self, database: Database, live: LiveBoard, settings: AlertSettings, drift: DriftSettings, clock: Clock
    ) -> None:
        self._database = database
        self._live = live
        self._settings = settings
        self._drift = drift
        self._clock = clock
        self._began = clock()

    def look(self) -> None:
        """Find what is wrong now, and bring the book up to date."""
        now = self._clock()
        found = self._found(now)
        names = [target.name for target in self._settings.targets]
        with self._database.write() as session:
            found[AlertKind.DROPS] = new_drops(session, self._live)
            gone = {row.name for row in retired_stations(session)}
            lasting = {kind: [one for one in those if one.station not in gone] for kind, those in found.items()}
            reconcile(session, lasting, names, timedelta(minutes=self._settings.close_after_min), now)

    def _found(self, now: datetime) -> dict[AlertKind, list[Condition]]:
        settings = self._settings
        with self._database.read() as session:
            found = {
                AlertKind.DRIFT: drifting(session, self._drift, now),
                AlertKind.CONTROL_CHART: chart_signals(session, settings.chart_hours, now),
                AlertKind.ROLLOUT_HALTED: halted_rollouts(session, now),
                AlertKind.CLOCK_SKEW: skewed_clocks(self._live, settings.clock_skew_s),
                AlertKind.KEY_SHARED: shared_keys(self._live, now),
            }
            if (now - self._began).total_seconds() > settings.silent_after_s:  # before, nobody could have reported
                silent = silent_stations(session, self._live, settings.silent_after_s, now)
                found[AlertKind.STATION_SILENT] = silent
        return found
