"""A plant asked by a Python program: the API with its own types.

with PlantClient("http://plant.local:8000", key=Path("mes.key").read_text().strip()) as plant:
    for stored in plant.results(verdict=Verdict.FAIL):
        print(stored.result.part_id, stored.result.score)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from inspect import signature
from pathlib import Path
from time import sleep
from typing import Any, Self

import httpx

from edge.contract.errors import PlantError
from edge.contract.result import Verdict
from edge.plant.caller import as_query
from edge.plant.connection import Connection
from inspection.api.model_schemas import JobWithLog
from inspection.api.schemas import Credentials, Me, SampleItem, StoredResult
from inspection.client.calls import PlantCalls
from inspection.jobs.book import JobState
from inspection.review.states import PartState
from inspection.samples.statements import Label

__all__ = ["PlantClient"]

_PAGE = 500
_FILTERS = signature(PlantCalls.get_results_csv).parameters.keys() - {"self", "spreadsheet"}
_SILENT_S = 45.0  # the feed says something every 15 seconds


class PlantClient(PlantCalls):
    """Every operation of one person or program, and what takes more than one of them; use as a context manager."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        ca_file: Path | None = None,
        timeout_s: float = 30,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: of the plant, without a path.
            key: of a program (`ik_…`); None if `sign_in` follows.
            ca_file: certificates to trust for https, PEM; those of the system without it.
            timeout_s: how long an answer may take.
            transport: replaces the network in tests.

        Raises:
            SettingsInvalid: `ca_file` cannot be read.
        """
        super().__init__(Connection(url, key, ca_file=ca_file, timeout_s=timeout_s, transport=transport))
        self._timeout_s = timeout_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Of the plant."""
        return self.connection.url

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    def is_ready(self) -> bool:
        """Whether the plant answers that it is ready."""
        try:
            self.connection.request("GET", "/readyz")
        except PlantError:
            return False
        return True

    def sign_in(self, name: str, password: str) -> Me:
        """Sign in as a person; later calls are this person's."""
        me = self.login(Credentials(name=name, password=password))
        self.connection.headers["X-CSRF-Token"] = me.csrf
        return me

    def samples(self, recipe: str) -> Iterator[SampleItem]:
        """Every sample of a recipe, by hash."""
        after: str | None = ""
        while after is not None:
            page = self.get_sample_list(recipe, after=after, limit=_PAGE)
            yield from page.samples
            after = page.next_after

    def results(  # noqa: PLR0913 - one for each filter of the API, all by name
        self,
        *,
        station: str | None = None,
        recipe: str | None = None,
        verdict: Verdict | None = None,
        part_id: str | None = None,
        line: str | None = None,
        defect_class: str | None = None,
        score_from: float | None = None,
        score_to: float | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        label: Label | None = None,
        review: PartState | None = None,
    ) -> Iterator[StoredResult]:
        """Results that fit, newest first; by when they were taken, with `since` (included) or `until` (not included).

        Both need a time zone.
        """
        before: int | None = None
        while True:
            page = self.get_results(
                before=before, limit=_PAGE, station=station, recipe=recipe, verdict=verdict, part_id=part_id, line=line,
                defect_class=defect_class, score_from=score_from, score_to=score_to, label=label, review=review,
                since=since, until=until,
            )  # fmt: skip
            yield from page.results
            before = page.next_before
            if before is None:
                return

    def results_csv(self, *, spreadsheet: bool = False, **wanted: str | None) -> Iterator[bytes]:
        """Results that fit as CSV, oldest first, in pieces; filters as of `results`.

        Args:
            spreadsheet: for Excel: begin with the mark of UTF-8, put an apostrophe before texts that it would run.
            wanted: filters.

        Raises:
            TypeError: there is no such filter; the plant would give all results.
        """
        if unknown := sorted(wanted.keys() - _FILTERS):
            raise TypeError(f"results_csv() got unexpected filters: {', '.join(unknown)}")
        with self._stream("/api/v1/results.csv", {**wanted, "spreadsheet": spreadsheet}) as answer:
            yield from answer.iter_bytes()

    def feed(
        self,
        *,
        after: int | None = None,
        station: str | None = None,
        recipe: str | None = None,
        verdict: Verdict | None = None,
    ) -> Iterator[StoredResult]:
        """Results as they arrive, for as long as the plant sends.

        Args:
            after: number of the last result that the caller has done with; 0 is all, None those from now on.
            station: only of this one.
            recipe: only of this one.
            verdict: only those.
        """
        wanted = {"station": station, "recipe": recipe, "verdict": verdict, "after": after}
        with self._stream("/api/v1/feed", wanted) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield StoredResult.model_validate_json(line.removeprefix("data: "))

    def follow(self, job_id: str, poll_s: float = 0.25) -> Iterator[JobWithLog]:
        """A job as it goes on, asked every `poll_s` seconds; the last one given has ended."""
        while True:
            job = self.get_job(job_id)
            yield job
            if job.state not in {JobState.QUEUED, JobState.RUNNING}:
                return
            sleep(poll_s)

    @contextmanager
    def _stream(self, path: str, wanted: dict[str, Any]) -> Iterator[httpx.Response]:
        timeout = httpx.Timeout(self._timeout_s, read=max(self._timeout_s, _SILENT_S))
        with self.connection.stream("GET", path, params=as_query(wanted), timeout=timeout) as answer:
            yield answer
