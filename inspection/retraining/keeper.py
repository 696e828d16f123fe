"""Starting what the plan says, one recipe at a time within the budget, and promoting it if that is wanted."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, InspectionError
from inspection.audit.change import change
from inspection.clock import Clock
from inspection.drift.settings import DriftSettings
from inspection.jobs.book import JobKind, JobState, add_job
from inspection.jobs.recipe import training_parameters
from inspection.learning.acceptances import standing_acceptances
from inspection.registry.gates import unseen_by_gate
from inspection.registry.promotions import champion_of, log_of, promote
from inspection.registry.recipes import list_recipes
from inspection.retraining.plan import SCHEDULE, Capacity, Due, Plan, make_plan
from inspection.retraining.settings import RetrainingSettings
from inspection.rollout.book import rollouts_of
from inspection.store.database import Database
from inspection.store.tables import JobRow

__all__ = ["RetrainingKeeper"]

_LOG = logging.getLogger(__name__)


class RetrainingKeeper:
    """What the thread does each time it looks."""

    def __init__(
        self,
        database: Database,
        settings: RetrainingSettings,
        drift: DriftSettings,
        capacity: Capacity,
        clock: Clock,
        started: Callable[[], None],
    ) -> None:
        """`started` is called after jobs were added, so that they need not wait for their turn."""
        self._database = database
        self._settings = settings
        self._drift = drift
        self._capacity = capacity
        self._clock = clock
        self._started = started
        self._starting = threading.Lock()  # the schedule and a person must not both start what they see due

    def plan(self) -> Plan:
        """What is due now."""
        with self._database.read() as session:
            return make_plan(session, self._settings, self._drift, self._capacity, self._clock())

    def look(self) -> None:
        """Promote what passed, then start what is due and the budget allows."""
        if self._settings.promote:
            self._promote_what_passed()
        with self._starting:
            plan = self.plan()
            if plan.may_start:
                self._start_what_fits(plan, SCHEDULE)

    def start_now(self, person: str) -> list[str]:
        """Start what is due and the budget allows, whatever the hour; ids of the jobs.

        They count as the schedule's, so that they spend its budget; the audit log says who asked.
        """
        with self._starting:
            return self._start_what_fits(self.plan(), person)

    def _start_what_fits(self, plan: Plan, actor: str) -> list[str]:
        """What failed lately is started by persons only, who may have done something about it."""
        for due in plan.due:
            if not due.fits:
                _LOG.info("retraining: %s is due, but its %.1f minutes are not left", due.recipe, due.minutes)
        wanted = [due for due in plan.due if due.failed_at is None or actor != SCHEDULE]
        return [self._start(due, actor) for due in wanted if due.fits]

    def _start(self, due: Due, actor: str) -> str:
        with change(self._database, actor, self._clock()) as doing:
            reasons = list(due.reasons)
            parameters = {**training_parameters(doing.session, due.recipe), "reasons": reasons}
            row = add_job(doing.session, JobKind.TRAIN, due.recipe, parameters, SCHEDULE, doing.now)
            row.priority = due.priority
            doing.record("job.created", job=row.id, kind=row.kind, recipe=due.recipe, reasons=reasons)
            job_id = row.id
        _LOG.info("retraining: %s, %s", due.recipe, ", ".join(due.reasons))
        self._started()
        return job_id

    def _promote_what_passed(self) -> None:
        with self._database.read() as session:
            newest = [job for row in list_recipes(session) if (job := _newest(session, row.name)) is not None]
            wanted = [(job.recipe, bundle) for job in newest if (bundle := _to_promote(session, job))]
        for recipe, bundle in wanted:
            self._promote(recipe, bundle)

    def _promote(self, recipe: str, bundle: str) -> None:
        reason = "trained by schedule, and the gate passed"
        try:
            with change(self._database, SCHEDULE, self._clock()) as doing:
                promote(doing.session, recipe, bundle, reason=reason, user=SCHEDULE, now=doing.now)
                told = unseen_by_gate(doing.session, recipe, bundle)
                doing.record("model.promoted", recipe=recipe, bundle=bundle, reason=reason, **told)
        except Conflict as error:  # the champion has changed meanwhile: a person decides
            _LOG.info("retraining: %s", error)
        except InspectionError:
            _LOG.exception("retraining: %s was not promoted", bundle[:12])


def _newest(session: Session, recipe: str) -> JobRow | None:
    """The schedule's last training of a recipe that ended well."""
    query = select(JobRow).where(
        JobRow.recipe == recipe, JobRow.user == SCHEDULE, JobRow.state == JobState.SUCCEEDED.value
    )
    return session.scalars(query.order_by(JobRow.finished_at.desc(), JobRow.id).limit(1)).first()


def _to_promote(session: Session, job: JobRow) -> str | None:
    """Its bundle, if the gate passed and nobody has changed the champion since: a rollback is a person's last word.

    So is an undo of something that the training was taught to accept. What was rolled out by stages, and does not run,
    was halted, by a person or by what the stations judged with it.
    """
    result = job.result or {}
    bundle, passed = result.get("bundle_id"), (result.get("gate") or {}).get("passed")
    if not passed or bundle is None or bundle == champion_of(session, job.recipe):
        return None
    if not set(result.get("acceptances", ())) <= set(standing_acceptances(session, job.recipe)):
        return None
    if any(rollout.row.bundle_id == bundle for rollout in rollouts_of(session, job.recipe)):
        return None
    changed: list[datetime] = [row.created_at for row in log_of(session, job.recipe)]
    finished = job.finished_at
    return None if finished is None or any(at >= finished for at in changed) else str(bundle)
