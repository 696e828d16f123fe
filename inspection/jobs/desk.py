"""A running job's desk: where it reports progress, writes its log and learns that it was cancelled."""

import logging
import threading
from collections import deque
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from inspection.jobs.book import require_job
from inspection.jobs.progress import parse_progress
from inspection.store.database import Database

__all__ = ["Desk", "log_tail"]

_LOG = logging.getLogger(__name__)
_TAIL_LINES = 200
_SMALLEST_STEP = 0.005
_LOG_FILE = "log.txt"


class Desk:
    """One per running job; lines may come from another thread than the one that runs the job."""

    def __init__(self, database: Database, job_id: str, folder: Path, stopping: threading.Event) -> None:
        self._database = database
        self._job_id = job_id
        self._stopping = stopping
        self._log = (folder / _LOG_FILE).open("a", encoding="utf-8", buffering=1)
        self._span = (0.0, 1.0)
        self._told: tuple[float, str] = (-1.0, "")
        self.last_words: deque[str] = deque(maxlen=20)

    def span(self, start: float, end: float) -> None:
        """What a command calls 0 to 1 is `start` to `end` of the job from now on."""
        self._span = (start, end)

    def line(self, text: str) -> None:
        """Take a line of a command's stderr: progress or log."""
        progress = parse_progress(text)
        if progress is not None:
            self.report(progress.progress, progress.step)
        elif text.strip():
            self.last_words.append(text)
            self._log.write(text + "\n")

    def report(self, fraction: float, step: str) -> None:
        """Tell how far the present command is; tiny steps are not worth a write to disk."""
        start, end = self._span
        progress = start + (end - start) * fraction
        if step == self._told[1] and abs(progress - self._told[0]) < _SMALLEST_STEP:
            return
        try:
            with self._database.write() as session:
                row = require_job(session, self._job_id)
                row.progress, row.step = progress, step
        except SQLAlchemyError as error:  # a database that is away for a while costs no job
            _LOG.warning("job %s: how far it is could not be noted: %s", self._job_id, error)
        else:
            self._told = (progress, step)

    def cancelled(self) -> bool:
        """Whether a person or the end of the service wants this job to stop; while the database is away nobody does."""
        if self._stopping.is_set():
            return True
        try:
            with self._database.read() as session:
                return require_job(session, self._job_id).cancel_requested
        except SQLAlchemyError:
            return False

    def close(self) -> None:
        """Close the log."""
        self._log.close()


def log_tail(folder: Path) -> list[str]:
    """The last lines of a job's log; empty if it never wrote one."""
    try:
        with (folder / _LOG_FILE).open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, _TAIL_LINES)]
    except FileNotFoundError:
        return []
