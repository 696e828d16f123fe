"""Watching rollouts: what leaves its band is halted, what has proved itself goes on if that is wanted."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from edge.contract.sentences import sentence
from inspection.audit.change import change
from inspection.clock import Clock
from inspection.registry.gates import unseen_by_gate
from inspection.rollout.book import Rollout, running_rollouts
from inspection.rollout.evidence import StationEvidence, collect
from inspection.rollout.settings import RolloutSettings
from inspection.rollout.steps import SYSTEM, advance, halt, require_rollout
from inspection.stations.live import LiveBoard
from inspection.store.database import Database

__all__ = ["RolloutKeeper", "waiting_min"]

_LOG = logging.getLogger(__name__)
_MAX_REASON = 500


class RolloutKeeper:
    """What the watching thread does each time."""

    def __init__(self, database: Database, live: LiveBoard, settings: RolloutSettings, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._settings = settings
        self._clock = clock

    def look(self) -> None:
        """Judge every rollout under way, and do what follows."""
        now = self._clock()
        with self._database.read() as session:
            seen = [
                (rollout, collect(session, rollout, self._live, self._settings))
                for rollout in running_rollouts(session)
            ]
        for rollout, evidence in seen:
            try:
                self._act(rollout, evidence, now)
            except NotFound as error:  # a person ended it meanwhile
                _LOG.info("rollout: %s", error)

    def _act(self, rollout: Rollout, evidence: Sequence[StationEvidence], now: datetime) -> None:
        problems = [problem for station in evidence for problem in station.problems]
        if problems:
            self._halt(rollout, evidence, "; ".join(problems), now)
        elif self._has_proved_itself(rollout, evidence, now):
            try:
                self._advance(rollout, evidence, now)
            except Conflict as error:
                self._halt(rollout, evidence, str(error), now)

    def _halt(self, rollout: Rollout, evidence: Sequence[StationEvidence], reason: str, now: datetime) -> None:
        reason, recipe = reason[:_MAX_REASON], rollout.row.recipe
        with change(self._database, SYSTEM, now) as doing:
            _require_unchanged(doing.session, rollout)
            told = [station.as_json() for station in evidence]
            halt(doing.session, recipe, reason=reason, user=SYSTEM, now=now, evidence=told)
            doing.record("rollout.halted", recipe=recipe, bundle=rollout.row.bundle_id, reason=reason)
        _LOG.warning("rollout of %s halted: %s", rollout.row.bundle_id[:12], reason)

    def _advance(self, rollout: Rollout, evidence: Sequence[StationEvidence], now: datetime) -> None:
        recipe = rollout.row.recipe
        reason = sentence(f"every station judged {self._settings.advance_parts} parts within the bands")
        with change(self._database, SYSTEM, now) as doing:
            _require_unchanged(doing.session, rollout)
            told = [station.as_json() for station in evidence]
            advance(doing.session, recipe, reason=reason, user=SYSTEM, now=now, evidence=told)
            action = "rollout.finished" if rollout.is_last_stage else "rollout.advanced"
            unseen = unseen_by_gate(doing.session, recipe, rollout.row.bundle_id) if rollout.is_last_stage else {}
            doing.record(action, recipe=recipe, bundle=rollout.row.bundle_id, reason=reason, **unseen)

    def _has_proved_itself(self, rollout: Rollout, evidence: Sequence[StationEvidence], now: datetime) -> bool:
        wait_min = waiting_min(rollout, self._settings)
        if wait_min is None or now - rollout.steps[-1].created_at < timedelta(minutes=wait_min):
            return False
        return all(station.parts >= self._settings.advance_parts and station.compared_with for station in evidence)


def waiting_min(rollout: Rollout, settings: RolloutSettings) -> float | None:
    """Minutes that a stage lasts before it goes on by itself; None if only a person takes it on."""
    if rollout.row.wait_min is not None:
        return rollout.row.wait_min
    return settings.advance_after_min if settings.advance else None


def _require_unchanged(session: Session, rollout: Rollout) -> None:
    """Make sure that no person has taken a step since this rollout was judged."""
    if require_rollout(session, rollout.row.recipe).steps[-1].id != rollout.steps[-1].id:
        raise NotFound(f"recipe {rollout.row.recipe!r}: a person was faster")
