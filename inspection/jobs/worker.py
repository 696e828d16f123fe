"""The threads that run jobs: one on this machine, several where a cluster does the work."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from edge.contract.errors import InspectionError, JobCancelled
from inspection.jobs.accepting import run_accept
from inspection.jobs.book import MOST_INTERRUPTIONS, JobKind, JobState, next_job, requeue, require_job, resume_abandoned
from inspection.jobs.desk import Desk
from inspection.jobs.measuring import run_evaluate, run_replay
from inspection.jobs.runner import end_leftover
from inspection.jobs.shop import Ticket, Workshop, tidy
from inspection.jobs.steps import run_gate, run_threshold, run_train
from inspection.store.tables import JobRow

__all__ = ["JobWorker"]

_LOG = logging.getLogger(__name__)
_RUN = {
    JobKind.TRAIN: run_train,
    JobKind.GATE: run_gate,
    JobKind.THRESHOLD: run_threshold,
    JobKind.ACCEPT: run_accept,
    JobKind.EVALUATE: run_evaluate,
    JobKind.REPLAY: run_replay,
}
_IDLE_S = 5.0
_STOPPED = "the service is being stopped; the job goes on when it starts again"


class JobWorker:
    """Order of calls: `start` once, `wake` after each new job, `stop` at the end."""

    def __init__(self, shop: Workshop, folder: Path, jobs_at_once: int = 1) -> None:
        self._shop = shop
        self._folder = folder
        self._stopping = threading.Event()
        self._awake = [threading.Event() for _ in range(jobs_at_once)]
        self._threads = [
            threading.Thread(target=self._loop, args=(awake,), name=f"jobs-{number}", daemon=True)
            for number, awake in enumerate(self._awake)
        ]

    def folder(self, job_id: str) -> Path:
        """Where a job works and keeps its log."""
        return self._folder / job_id

    def start(self) -> None:
        """Settle what an earlier process left behind, then begin to work."""
        with self._shop.database.write() as session:
            abandoned = [(row.id, row.state) for row in resume_abandoned(session, self._shop.clock())]
        for job_id, state in abandoned:
            _LOG.warning("job %s was running when the service died: %s now", job_id, state)
            end_leftover(self.folder(job_id))
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is a new job, or a recipe's job has ended and its next one may begin."""
        for awake in self._awake:
            awake.set()

    def stop(self) -> None:
        """End the running jobs and the threads."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _loop(self, awake: threading.Event) -> None:
        while not self._stopping.is_set():
            awake.clear()
            try:
                while not self._stopping.is_set() and self._run_next():
                    pass
            except Exception:  # noqa: BLE001 - the thread must outlive a full disk or a locked database
                _LOG.exception("jobs: the next job could not be run; trying again in %s s", _IDLE_S)
            awake.wait(_IDLE_S)

    def _run_next(self) -> bool:
        with self._shop.database.write() as session:
            row = next_job(session, self._shop.clock())
            if row is None:
                return False
            job_id, kind, recipe, parameters = row.id, JobKind(row.kind), row.recipe, dict(row.parameters)
            made, interruptions = row.result, row.interruptions
        folder = self.folder(job_id)
        folder.mkdir(parents=True, exist_ok=True)
        tidy(folder)  # what an interrupted run left
        desk = Desk(self._shop.database, job_id, folder, self._stopping)
        if interruptions:
            runs = f"run {interruptions + 1} of at most {MOST_INTERRUPTIONS + 1}"
            desk.line(f"the service died while this job ran; {runs} goes on {_where(made)}")
        try:
            self._settle(job_id, kind, Ticket(job_id, recipe, parameters, folder, desk, made))
        finally:
            desk.close()
        if len(self._threads) > 1:
            self.wake()
        return True

    def _settle(self, job_id: str, kind: JobKind, ticket: Ticket) -> None:
        try:
            result = _RUN[kind](self._shop, ticket)
        except JobCancelled:
            self._end_before_time(job_id, ticket.desk)
        except InspectionError as error:
            self._finish(job_id, JobState.FAILED, error=str(error))
        except Exception as error:  # noqa: BLE001 - whatever broke, the job ends and says so
            _LOG.exception("job %s broke", job_id)
            self._finish(job_id, JobState.FAILED, error=f"{type(error).__name__}: {error}")
        else:
            self._finish(job_id, JobState.SUCCEEDED, result=result)

    def _end_before_time(self, job_id: str, desk: Desk) -> None:
        """A person has cancelled it, or the service is being stopped, which is no fault of the job's."""

        def change(row: JobRow) -> None:
            if row.cancel_requested:
                row.state, row.finished_at = JobState.CANCELLED.value, self._shop.clock()
            else:
                requeue(row)

        if self._note(job_id, change) == JobState.QUEUED:
            desk.line(_STOPPED)

    def _finish(
        self, job_id: str, state: JobState, *, error: str | None = None, result: dict[str, Any] | None = None
    ) -> None:
        def change(row: JobRow) -> None:
            row.state, row.error = state.value, error
            row.result = result or row.result  # a bundle that it made stays in the registry, however the job ends
            row.finished_at = self._shop.clock()
            if state is JobState.SUCCEEDED:
                row.progress, row.step = 1.0, "done"

        self._note(job_id, change)

    def _note(self, job_id: str, change: Callable[[JobRow], None]) -> str:
        """Write down how a job ended, however long the database is away: one left as running would bar its recipe.

        Returns:
            The state that it has now.

        Raises:
            SQLAlchemyError: the service is being stopped before the database answered; the next start settles the job.
        """
        while True:
            try:
                with self._shop.database.write() as session:
                    row = require_job(session, job_id)
                    change(row)
                    return row.state
            except SQLAlchemyError:
                _LOG.exception("job %s: its end could not be noted; trying again in %s s", job_id, _IDLE_S)
                if self._stopping.wait(_IDLE_S):
                    raise


def _where(made: dict[str, Any] | None) -> str:
    return "from its inputs" if made is None else f"with the gate for bundle {str(made['bundle_id'])[:12]}"
