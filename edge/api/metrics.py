"""Prometheus metrics of a station, in a registry of their own."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from edge.contract.result import InspectionResult
from edge.station.status import StationStatus

__all__ = ["StationMetrics"]

_BUCKETS_S = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 5.0)


class StationMetrics:
    """Histograms that are fed after each verdict, and counters that are read from the status when asked for."""

    def __init__(self) -> None:
        """Start with empty histograms."""
        self._registry = CollectorRegistry()
        self._verdict = Histogram(
            "inspection_frame_to_verdict_seconds",
            "From the frame in memory to the verdict, of judged and timed out parts",
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._session = Histogram(
            "inspection_session_run_seconds", "Inside onnxruntime only", buckets=_BUCKETS_S, registry=self._registry
        )

    def observe(self, result: InspectionResult) -> None:
        """Take one result in."""
        if result.latency_ms is not None:
            self._verdict.observe(result.latency_ms / 1000)
        if result.session_run_ms is not None:
            self._session.observe(result.session_run_ms / 1000)

    def watch(self, status: Callable[[], StationStatus]) -> None:
        """Read everything else from `status` at each scrape; call once."""
        self._registry.register(_StatusCollector(status))

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _StatusCollector:
    """Turns one status into metrics, so that no number is kept twice."""

    def __init__(self, status: Callable[[], StationStatus]) -> None:
        self._status = status

    def describe(self) -> list[Metric]:
        """Nothing in advance: the registry then does not need a status to register."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics of this moment."""
        status = self._status()
        yield from _ledger(status)
        yield from _gauges(status)
        yield from _plant(status)
        yield from _outputs(status)
        yield from _cameras(status)
        yield from _parts(status)
        stuck = GaugeMetricFamily("inspection_thread_stuck", "1 if its step takes too long", labels=["thread"])
        for thread in status.threads:
            stuck.add_metric([thread.name], float(thread.stuck or not thread.alive))
        yield stuck
        yield _labelled(
            "thread_faults", "Unexpected errors survived", ("thread",), [((t.name,), t.faults) for t in status.threads]
        )
        info = {"station": status.station, "recipe": status.recipe, "version": status.version}
        yield InfoMetricFamily("inspection_station", "Who this is", value=info)
        yield InfoMetricFamily(
            "inspection_bundle",
            "The bundle that judges, and why the desired one does not",
            value={"id": status.bundle.id or "", "refused": status.bundle.refused or ""},
        )


def _ledger(status: StationStatus) -> Iterator[Metric]:
    ledger = status.ledger
    for name, text, value in (
        ("triggers", "Triggers", ledger.triggers),
        ("verdicts", "Triggers that ended in a verdict", ledger.verdicts),
        ("timeouts", "Triggers told UNDECIDED at their deadline", ledger.timeouts),
        ("drops", "Triggers told UNDECIDED at once", ledger.drops),
        ("passed", "Triggers told PASS", ledger.passed),
        ("failed", "Triggers told FAIL", ledger.failed),
        ("undecided", "Triggers told UNDECIDED", ledger.undecided),
        ("late_judgements", "Judgements discarded after their deadline", status.late_judgements),
        ("skipped_expired", "Frames not judged, their deadline had passed", status.skipped_expired),
        ("images_given_up", "Images that were not kept for want of room", status.images_given_up),
        ("journal_missed", "Results that kill -9 could have lost", status.journal_missed),
    ):
        yield CounterMetricFamily(f"inspection_{name}", text, value=value)
    reasons = [((reason,), count) for reason, count in ledger.drop_reasons.items()]
    for name, text, counts in (
        ("frames_ignored", "Frames that were no part, by reason", status.trigger.frames_ignored),
        ("triggers_ignored", "Triggers that bounced, by reason", status.trigger.triggers_ignored),
    ):
        yield _labelled(name, text, ("reason",), [((reason,), count) for reason, count in counts.items()])
    yield _labelled("drops_by_reason", "Drops by reason", ("reason",), reasons)


def _gauges(status: StationStatus) -> Iterator[Metric]:
    for name, text, value in (
        ("in_flight", "Triggers not settled yet", status.ledger.in_flight),
        ("inbox_waiting", "Frames that wait for judging", status.inbox_waiting),
        ("ready", "1 if the station judges", status.ready),
        ("triggers_heard", "1 if who gives the triggers can be heard", status.trigger.connected),
        ("bundle_refused", "1 if the desired bundle was refused", status.bundle.refused is not None),
        ("spool_results", "Results that wait for the plant on disk", status.spool.results),
        ("spool_images", "Images that wait for the plant on disk", status.spool.images),
        ("spool_quarantined", "Results that the plant will not take", status.spool.quarantined),
        ("spool_used_bytes", "Size of the spool", status.spool.used_bytes),
        ("spool_max_bytes", "Limit of the spool", status.spool.max_bytes),
        ("spool_backlog", "Results that wait in memory for the disk", status.spool_writer.backlog),
        ("spool_full", "1 if the disk took nothing at the last try", status.spool_writer.full),
        ("deadline_missed_share", "Share of triggers not judged in time", status.deadline.missed_share),
        ("deadline_within_budget", "1 if not more miss it than the settings allow", status.deadline.within_budget),
        ("jitter_seconds", "99th percentile minus median, trigger to verdict", (status.deadline.jitter_ms or 0) / 1000),
        ("deadline_seconds", "Deadline of a trigger", status.deadline.deadline_ms / 1000),
    ):
        yield GaugeMetricFamily(f"inspection_{name}", text, value=float(value))


def _plant(status: StationStatus) -> Iterator[Metric]:
    if status.plant is None:
        return
    reachable, uploads = status.plant.link.reachable, status.plant.uploads
    yield GaugeMetricFamily("inspection_plant_reachable", "1 if the plant answers", value=float(reachable))
    yield CounterMetricFamily("inspection_uploaded_results", "Results at the plant", value=uploads.results)
    yield CounterMetricFamily("inspection_uploaded_images", "Images at the plant", value=uploads.images)


def _parts(status: StationStatus) -> Iterator[Metric]:
    if status.parts is None:
        return
    verdicts = [((verdict,), count) for verdict, count in status.parts.verdicts.items()]
    yield _labelled("parts", "Parts of several views, by verdict", ("verdict",), verdicts)
    missing = status.parts.views_missing
    yield CounterMetricFamily("inspection_views_missing", "Views without a frame by the deadline", value=missing)


def _cameras(status: StationStatus) -> Iterator[Metric]:
    connected = GaugeMetricFamily("inspection_camera_connected", "1 if the camera is connected", labels=["camera"])
    for camera in status.cameras:
        connected.add_metric([camera.name], float(camera.connected))
    yield connected
    lost = [((camera.name,), camera.times_lost) for camera in status.cameras]
    yield _labelled("camera_lost", "Times the camera was lost", ("camera",), lost)
    frames = [((camera.name,), camera.frames) for camera in status.cameras]
    yield _labelled("camera_frames", "Frames that the camera delivered", ("camera",), frames)


def _outputs(status: StationStatus) -> Iterator[Metric]:
    yield _labelled("output_results", "Results by output and fate", ("output", "fate"), _output_samples(status))
    failing = GaugeMetricFamily("inspection_output_failing", "1 if the latest try failed", labels=["output"])
    waiting = GaugeMetricFamily("inspection_output_waiting", "Results in the queue", labels=["output"])
    quantile = GaugeMetricFamily(
        "inspection_output_acknowledged_seconds", "Verdict to acknowledgement", labels=["output", "quantile"]
    )
    for lane in status.outputs:
        failing.add_metric([lane.name], float(lane.failing))
        waiting.add_metric([lane.name], lane.waiting)
        for name, value in (("0.5", lane.acknowledged_ms.p50), ("0.99", lane.acknowledged_ms.p99)):
            if value is not None:
                quantile.add_metric([lane.name, name], value / 1000)
    yield from (failing, waiting, quantile)


def _output_samples(status: StationStatus) -> list[tuple[tuple[str, ...], int]]:
    return [
        ((lane.name, fate), count)
        for lane in status.outputs
        for fate, count in (
            ("delivered", lane.delivered),
            ("given_up", lane.given_up),
            ("overflowed", lane.overflowed),
        )
    ]


def _labelled(
    name: str, text: str, labels: tuple[str, ...], samples: Sequence[tuple[tuple[str, ...], int]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"inspection_{name}", text, labels=labels)
    for values, count in samples:
        family.add_metric(values, count)
    return family
