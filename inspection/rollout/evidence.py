"""What the stations of a rollout have judged: each with the challenger, and the champion to compare with."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from edge.contract.result import Outcome, Verdict
from edge.contract.sentences import sentence
from inspection.rollout.book import Rollout
from inspection.rollout.judge import Finding, Look, Parts, judge, judge_ledger, looks
from inspection.rollout.settings import RolloutSettings
from inspection.stations.ledger_since import Settled
from inspection.stations.live import LiveBoard, Seen
from inspection.stations.running import first_seen_with
from inspection.store.tables import ResultRow, StationRow

__all__ = ["StationEvidence", "collect"]

_MOST_PARTS = 5_120  # of a station in a rollout; what comes after them is not looked at
_READ = (ResultRow.number, ResultRow.captured_at, ResultRow.document)


@dataclass(frozen=True)
class StationEvidence:
    """What speaks for or against the challenger at one station.

    Attributes:
        running: bundle that the station said it runs; None if it has not been heard.
        parts: that it judged with the challenger, drops and timeouts among them.
        looked_at: how many of them the last look took; 0 before the first.
        compared_with: whose parts with the champion: `itself`, `others`, or None if there are too few.
        findings: of the last look, or of the one that halts.
        refused: why the station does not run the challenger.
    """

    station: str
    running: str | None
    parts: int
    looked_at: int = 0
    compared_with: str | None = None
    findings: tuple[Finding, ...] = ()
    refused: str | None = None

    @property
    def problems(self) -> list[str]:
        """Why the rollout must halt; empty if nothing is wrong."""
        said = [sentence(f"station {self.station}: {finding.text}") for finding in self.findings if finding.halts]
        return [
            *said,
            *([] if self.refused is None else [sentence(f"station {self.station} refuses it: {self.refused}")]),
        ]

    def as_json(self) -> dict[str, Any]:
        """For the step that this evidence decided."""
        document = asdict(self)
        document["findings"] = [{**asdict(finding), "text": finding.text} for finding in self.findings]
        return document


@dataclass(frozen=True)
class _Result:
    number: int
    captured_at: datetime
    document: dict[str, Any]

    @property
    def bundle_id(self) -> str | None:
        bundle: str | None = self.document.get("bundle_id")
        return bundle


def collect(session: Session, rollout: Rollout, live: LiveBoard, settings: RolloutSettings) -> list[StationEvidence]:
    """Evidence by station, in the order of the stages."""
    others = _others(session, rollout, settings)
    return [_of_station(session, rollout, name, (live.last(name), others, settings)) for name in rollout.stations]


def _of_station(
    session: Session, rollout: Rollout, station: str, known: tuple[Seen | None, Parts, RolloutSettings]
) -> StationEvidence:
    seen, others, settings = known
    challenger = _with_challenger(session, rollout, station)
    champion, compared_with = _before(session, rollout, station, settings.baseline_parts), "itself"
    if len(champion.verdicts) < settings.first_look_parts:
        champion, compared_with = others, "others"
    enough = len(champion.verdicts) >= settings.first_look_parts
    deadline_ms = None if seen is None else seen.heartbeat.deadline_ms
    looked_at, findings = 0, list[Finding]()
    for size, alpha in looks(len(challenger.verdicts), settings, len(rollout.stations)):
        look = Look(challenger.first(size), champion if enough else Parts(), alpha, deadline_ms)
        looked_at, findings = size, judge(look, settings)
        if any(finding.halts for finding in findings):
            break
    ledger = judge_ledger(_counted(seen, rollout), champion if enough else Parts(), settings, len(rollout.stations))
    return StationEvidence(
        station=station,
        running=None if seen is None else seen.heartbeat.bundle_id,
        parts=len(challenger.verdicts),
        looked_at=looked_at,
        compared_with=compared_with if enough else None,
        findings=(*findings, *([] if ledger is None else [ledger])),
        refused=_refusal(seen, rollout.row.bundle_id, rollout.since(station).created_at, settings),
    )


def _counted(seen: Seen | None, rollout: Rollout) -> tuple[Settled, ...]:
    """What the station's ledger counted with the challenger, by its heartbeats."""
    return () if seen is None or seen.ledger.bundle_id != rollout.row.bundle_id else seen.ledger.looks


def _refusal(seen: Seen | None, bundle_id: str, since: datetime, settings: RolloutSettings) -> str | None:
    """What the station says of the challenger; an early heartbeat may still speak of the bundle before it."""
    if seen is None or seen.heartbeat.bundle_id == bundle_id:
        return None
    settled = (seen.at - since).total_seconds() >= 2 * settings.check_every_s
    return seen.heartbeat.bundle_refused if settled else None


def _with_challenger(session: Session, rollout: Rollout, station: str) -> Parts:
    """Parts after the step; a drop or timeout names no bundle, and counts from when the station ran the challenger."""
    step, bundle_id = rollout.since(station), rollout.row.bundle_id
    arrived = first_seen_with(session, station, bundle_id, step.created_at)
    # What waited in the station's spool comes first, days of it perhaps: it must not take the challenger's place.
    named = or_(ResultRow.document.contains(f'"{bundle_id}"'), ResultRow.document.contains('"bundle_id":null'))
    query = select(*_READ).where(ResultRow.station == station, ResultRow.number > step.after_number, named)
    with session.execute(query.order_by(ResultRow.number).execution_options(yield_per=500)) as rows:
        found = (
            row
            for row in map(_result, rows)
            if row.bundle_id == bundle_id
            or (row.bundle_id is None and arrived is not None and row.captured_at >= arrived)
        )
        return _parts(islice(found, _MOST_PARTS))


def _before(session: Session, rollout: Rollout, station: str, limit: int) -> Parts:
    """The newest parts before the step, back to where the champion began."""
    query = select(*_READ).where(ResultRow.station == station, ResultRow.number <= rollout.since(station).after_number)
    rows = _read(session, query.order_by(ResultRow.number.desc()).limit(limit))
    return _parts(_of_champion(rows, rollout.row.champion_id))


def _others(session: Session, rollout: Rollout, settings: RolloutSettings) -> Parts:
    """Parts that the recipe's other stations judged with the champion since the rollout began."""
    query = (
        select(*_READ)
        .join(StationRow, StationRow.name == ResultRow.station)
        .where(StationRow.recipe == rollout.row.recipe, StationRow.name.not_in(rollout.stations))
        .where(ResultRow.number > rollout.steps[0].after_number)
    )
    rows = _read(session, query.order_by(ResultRow.number.desc()).limit(settings.baseline_parts))
    return _parts(_of_champion(rows, rollout.row.champion_id))


def _of_champion(rows: Sequence[_Result], champion: str) -> list[_Result]:
    """Rows of the champion, newest first, with the drops and timeouts that came after its first one."""
    oldest = min((row.number for row in rows if row.bundle_id == champion), default=None)
    if oldest is None:
        return []
    return [row for row in rows if row.number >= oldest and row.bundle_id in {champion, None}]


def _read(session: Session, query: Select[int, datetime, str]) -> list[_Result]:
    return [_result(row) for row in session.execute(query).all()]


def _result(row: Row[int, datetime, str]) -> _Result:
    number, at, document = row
    return _Result(number, at, json.loads(document))


def _parts(rows: Iterable[_Result]) -> Parts:
    documents = [row.document for row in rows]
    return Parts(
        tuple(Verdict(document["verdict"]).value for document in documents),
        tuple(_latency_ms(document) for document in documents),
    )


def _latency_ms(document: dict[str, Any]) -> float | None:
    if document["outcome"] == Outcome.TIMEOUT.value:
        return float("inf")
    received_us = document["times"].get("frame_received_us")
    return None if received_us is None else float(document["times"]["verdict_us"] - received_us) / 1000
