"""When something is wrong: one function for each kind of alert."""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edge.contract.result import Verdict
from edge.contract.sentences import sentence
from inspection.alerts.book import AlertKind, Condition
from inspection.analytics.pchart import p_chart
from inspection.drift.cause import Cause
from inspection.drift.report import drifts
from inspection.drift.settings import DriftSettings
from inspection.rollout.book import StepKind, rollouts_of
from inspection.rollout.steps import SYSTEM
from inspection.stations.live import LiveBoard
from inspection.store.tables import HourRow, RolloutRow, StationBundleRow, StationRow

__all__ = [
    "chart_signals",
    "drifting",
    "halted_rollouts",
    "new_drops",
    "shared_keys",
    "silent_stations",
    "skewed_clocks",
]

_SINCE, _WITH = sentence("since the bundle came"), sentence("with the new bundle")
_CAUSES = {
    Cause.LIGHT: sentence("the light"),
    Cause.FOCUS: sentence("the focus"),
    Cause.POSITION: sentence("the position"),
    Cause.MODEL: sentence("the model"),
    Cause.PRODUCT: sentence("the product"),
}
_SIGNALS = {
    "beyond_limits": sentence("beyond limits"),
    "run": sentence("nine hours on one side of the mean"),
    "trend": sentence("six hours of steady rise or fall"),
}
_NEWS = timedelta(hours=24)  # a halted rollout, and a jump that came with a bundle


def drifting(session: Session, settings: DriftSettings, now: datetime) -> list[Condition]:
    """Cameras that drift, or whose numbers jumped when their bundle came in the last day."""
    found = []
    for drift in drifts(session, settings, now):
        at = drift.watched
        news = drift.change_cause if now - at.since < _NEWS else None
        for cause, when in ((drift.cause, _SINCE), (news, _WITH)):
            if cause is not None:
                text = sentence(f"station {at.station}, camera {at.camera}: drift {when}, probably by {_CAUSES[cause]}")
                key = f"{at.station} {at.camera} {cause.value} {when}"
                found.append(Condition(AlertKind.DRIFT, key, text, at.station, at.recipe))
    return found


def chart_signals(session: Session, hours: int, now: datetime) -> list[Condition]:
    """Stations whose newest hour with parts breaks a rule of the control chart."""
    found = []
    for (station, recipe), counts in _counts(session, now - timedelta(hours=hours)).items():
        starts = sorted(counts)
        failed = [counts[start][Verdict.FAIL] for start in starts]
        judged = [sum(counts[start].values()) for start in starts]
        point = p_chart(failed, judged).points[-1]
        if point.signals and point.fraction is not None:
            said = "; ".join(_SIGNALS[signal] for signal in point.signals)
            text = sentence(f"station {station}: {point.fraction:.1%} FAIL in the newest hour, {said}")
            found.append(Condition(AlertKind.CONTROL_CHART, f"{station} {recipe}", text, station, recipe))
    return found


def halted_rollouts(session: Session, now: datetime) -> list[Condition]:
    """Rollouts that were halted without a person in the last day, and that no other followed."""
    found = []
    for recipe in session.scalars(select(RolloutRow.recipe).distinct().order_by(RolloutRow.recipe)).all():
        for rollout in rollouts_of(session, recipe, 1):
            last = rollout.steps[-1]
            if last.kind == StepKind.HALT and last.user == SYSTEM and now - last.created_at < _NEWS:
                text = sentence(
                    f"recipe {recipe}: the rollout of {rollout.row.bundle_id[:12]} was halted: {last.reason}"
                )
                found.append(Condition(AlertKind.ROLLOUT_HALTED, str(rollout.row.id), text, recipe=recipe))
    return found


def silent_stations(session: Session, live: LiveBoard, silent_after_s: float, now: datetime) -> list[Condition]:
    """Stations that have reported before, since they were set up under this name, and do not now."""
    found = []
    row = StationBundleRow
    query = select(row.station).join(StationRow, StationRow.name == row.station)
    query = query.where(row.bundle_id.is_not(None), row.since >= StationRow.created_at)
    for station in session.scalars(query.distinct().order_by(row.station)):
        seen = live.last(station)
        if seen is None or (now - seen.at).total_seconds() > silent_after_s:
            since = (
                sentence("since this service started")
                if seen is None
                else sentence(f"since {seen.at:%Y-%m-%d %H:%M:%S} UTC")
            )
            text = sentence(f"station {station}: no heartbeat {since}")
            found.append(Condition(AlertKind.STATION_SILENT, station, text, station))
    return found


def skewed_clocks(live: LiveBoard, bound_s: float) -> list[Condition]:
    """Stations whose clock is so far off that their results would be counted in another hour."""
    found = []
    for station, seen in sorted(live.all().items()):
        if abs(seen.clock_ahead_s) > bound_s:
            off = f"{abs(seen.clock_ahead_s):.0f}"
            ahead = sentence(f"station {station}: its clock is {off} s ahead of the plant's; set up NTP there")
            behind = sentence(f"station {station}: its clock is {off} s behind the plant's; set up NTP there")
            text = ahead if seen.clock_ahead_s > 0 else behind
            found.append(Condition(AlertKind.CLOCK_SKEW, station, text, station))
    return found


def shared_keys(live: LiveBoard, now: datetime) -> list[Condition]:
    """Stations whose API key two boxes use at once: their counters and pictures flip between the two."""
    found = []
    for station, seen in sorted(live.all().items()):
        if seen.turns.taken(now):
            text = sentence(
                f"station {station}: two boxes report with its API key in turn, so its counts and pictures are mixed; "
                "add a station for the second box and give that box the key of its own"
            )
            found.append(Condition(AlertKind.KEY_SHARED, station, text, station))
    return found


def new_drops(session: Session, live: LiveBoard) -> list[Condition]:
    """Stations that have counted further drops since the last look, also one before a restart of this service.

    Notes what they count, so call it in the transaction that opens the alerts; the first sight of a station is no news.
    """
    found = []
    for name, seen in sorted(live.all().items()):
        row, count = session.get(StationRow, name), seen.heartbeat.ledger.drops
        if row is None or row.drops == count:
            continue
        if row.drops is not None and count > 0:  # less than before is a station that was started again
            found.append(_dropped(name, count))
        row.drops = count
    return found


def _dropped(station: str, count: int) -> Condition:
    text = sentence(f"station {station}: triggers were dropped, {count} since it was started")
    return Condition(AlertKind.DROPS, station, text, station)


def _counts(session: Session, since: datetime) -> dict[tuple[str, str], defaultdict[datetime, defaultdict[str, int]]]:
    """PASS and FAIL by hour, by station and recipe."""
    row = HourRow
    query = select(row.station, row.recipe, row.hour, row.verdict, func.sum(row.count)).where(
        row.hour >= since, row.verdict != Verdict.UNDECIDED.value
    )
    groups = query.group_by(row.station, row.recipe, row.hour, row.verdict).order_by(row.station, row.recipe)
    found: dict[tuple[str, str], defaultdict[datetime, defaultdict[str, int]]] = {}
    for station, recipe, hour, verdict, count in session.execute(groups).all():
        of_line = found.setdefault((station, recipe), defaultdict(lambda: defaultdict(int)))
        of_line[hour][Verdict(verdict)] += int(count)
    return found
