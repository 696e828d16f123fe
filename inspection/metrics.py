"""Prometheus metrics of the plant service, in a registry of their own."""

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from inspection.clock import Clock
from inspection.ingest.results import Taken
from inspection.stations.live import LiveBoard
from inspection.store.database import Database
from inspection.stored_gauges import StoredGauges

__all__ = ["PlantMetrics"]

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class PlantMetrics:
    """Counts since the process started, and what the stations said last."""

    def __init__(self, live: LiveBoard, clock: Clock) -> None:
        self._live = live
        self._clock = clock
        self._registry = CollectorRegistry()
        self._results = Counter(
            "plant_results", "Results received, by verdict", ["station", "verdict"], registry=self._registry
        )
        self._repeated = Counter("plant_results_repeated", "Results sent again", ["station"], registry=self._registry)
        self._images = Counter("plant_image_bytes", "Image bytes received", ["station"], registry=self._registry)
        self._removed = Counter("plant_images_removed", "Images that retention removed", registry=self._registry)
        self._freed = Counter("plant_image_bytes_removed", "Their bytes", registry=self._registry)
        self._taken = Counter("plant_webhook_taken", "Results that it took", ["webhook"], registry=self._registry)
        self._refused = Counter("plant_webhook_failures", "Posts that failed", ["webhook"], registry=self._registry)
        self._behind = Gauge(
            "plant_webhook_behind", "Results that it has not looked at", ["webhook"], registry=self._registry
        )
        self._requests = Counter(
            "plant_http_requests", "Answers by route and status", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "plant_http_request_seconds",
            "Until the answer began",
            ["method", "route"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._listeners = Gauge("plant_feed_listeners", "Who listen to the feed", registry=self._registry)
        self._stored = StoredGauges(clock, self._registry)
        self._age = Gauge(
            "plant_heartbeat_age_seconds", "Since the last heartbeat", ["station"], registry=self._registry
        )
        self._triggers = Gauge(
            "plant_station_ledger",
            "Ledger of the station as last heard",
            ["station", "column"],
            registry=self._registry,
        )

    def took_results(self, station: str, taken: Taken) -> None:
        """Count a batch: new results by verdict, and those that came again."""
        self._repeated.labels(station).inc(taken.receipt.known)
        for verdict, count in Tally(result.verdict.value for result in taken.new).items():
            self._results.labels(station, verdict).inc(count)

    def took_image(self, station: str, size_bytes: int) -> None:
        """Count an image."""
        self._images.labels(station).inc(size_bytes)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer of the API or a page, and how long it took to begin."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def webhook_tried(self, name: str, *, taken: bool) -> None:
        """Count a post."""
        (self._taken if taken else self._refused).labels(name).inc()

    def webhook_behind(self, name: str, results: int) -> None:
        """Tell how many results a webhook has not looked at."""
        self._behind.labels(name).set(results)

    def removed_images(self, images: int, size_bytes: int) -> None:
        """Count what a run of retention removed."""
        self._removed.inc(images)
        self._freed.inc(size_bytes)

    def forget(self, station: str) -> None:
        """Tell no more how a station is that was taken out of service; what it sent stays counted."""
        for gauge in (self._age, self._triggers):
            gauge.remove_by_labels({"station": station})

    def render(self, database: Database, listeners: int) -> bytes:
        """The metrics in Prometheus' text format."""
        now = self._clock()
        self._stored.read(database)
        self._listeners.set(listeners)
        for name, seen in self._live.all().items():
            self._age.labels(name).set((now - seen.at).total_seconds())
            for column, value in seen.heartbeat.ledger.model_dump(exclude={"drop_reasons"}).items():
                self._triggers.labels(name, column).set(value)
        return generate_latest(self._registry)
