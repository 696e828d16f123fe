"""Numbers that only the database knows: what waits, and whether it answers at all."""

import logging
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inspection.clock import Clock
from inspection.ingest.find import last_number
from inspection.jobs.book import JobState
from inspection.registry.recipes import list_recipes
from inspection.review.queue import queue_length
from inspection.review.wanted import Wanted
from inspection.store.database import Database
from inspection.store.tables import JobRow

__all__ = ["StoredGauges"]

_LOG = logging.getLogger(__name__)
_AT_MOST_EVERY = timedelta(seconds=30)  # the length of a long queue is no cheap question


class StoredGauges:
    """Read when somebody asks for the metrics, but not at every scrape."""

    def __init__(self, clock: Clock, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._read_at: datetime | None = None
        self._up = Gauge("plant_database_up", "1 if the database answered", registry=registry)
        self._results = Gauge("plant_results_stored", "Number of the newest result", registry=registry)
        self._jobs = Gauge("plant_jobs", "Jobs by state", ["state"], registry=registry)
        self._waiting = Gauge(
            "plant_review_waiting", "Results that wait for review", ["recipe", "verdict"], registry=registry
        )

    def read(self, database: Database) -> None:
        """Ask the database, unless it answered within the last 30 seconds; one that does not answer is told as such."""
        now = self._clock()
        if self._read_at is not None and timedelta(0) <= now - self._read_at < _AT_MOST_EVERY:
            return
        try:
            with database.read() as session:
                self._set(session)
        except SQLAlchemyError as error:
            self._up.set(0)
            self._read_at = None
            _LOG.error("metrics: the database did not answer: %s", error)
        else:
            self._up.set(1)
            self._read_at = now

    def _set(self, session: Session) -> None:
        self._results.set(last_number(session))
        counts = {row[0]: row[1] for row in session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))}
        for state in JobState:
            self._jobs.labels(state.value).set(counts.get(state.value, 0))
        for recipe in list_recipes(session):
            for verdict, waiting in queue_length(session, Wanted(recipe=recipe.name)).items():
                self._waiting.labels(recipe.name, verdict).set(waiting)
