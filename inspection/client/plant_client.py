"""A plant asked by a Python program: the API with its own types.

with PlantClient("http://plant.local:8000", key=Path("mes.key").read_text().strip()) as plant:
for stored in plant.results(verdict=Verdict.FAIL):
print(stored.result.part_id, stored.result.score)
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from edge.contract.errors import PlantBusy, PlantRefused, PlantUnreachable
from edge.contract.result import Verdict
from inspection.api.data_schemas import RetrainingPlan, RetrainingStarted
from inspection.api.model_schemas import Job, JobWithLog, Models, ModelVersion, Promotion, PublicKey
from inspection.api.schemas import (
    ApiKeyOnce,
    MaskKept,
    Me,
    Recipe,
    ResultPage,
    SampleAdded,
    SampleItem,
    SamplePage,
    ShownLabel,
    StationKey,
    StoredResult,
)
from inspection.jobs.book import JobState
from inspection.people.roles import Role
from inspection.people.scopes import Scope
from inspection.review.states import PartState
from inspection.samples.statements import Label
from inspection.tls import tls_context

__all__ = ["PlantClient"]

_PAGE = 500
_BUSY = {429, 503}
_SILENT_S = 45.0  # the feed says something every 15 seconds
_Answer = TypeVar("_Answer", bound=BaseModel)


class PlantClient:
    """Calls of one person or program; use as a context manager, or `close` it.

    Every method raises `PlantUnreachable` where nobody answers (`PlantBusy` where it asks to wait), and `PlantRefused`
    with the plant's own words where it says no.
    """

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
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        # trust_env: a proxy meant for the internet must not stand between machines of one plant
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            timeout=timeout_s,
            headers=headers,
            verify=tls_context(ca_file),
            trust_env=False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def is_ready(self) -> bool:
        """Whether the plant answers that it is ready."""
        try:
            return self._http.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False

    def sign_in(self, name: str, password: str) -> Me:
        """Sign in as a person; later calls are this person's."""
        me = self._call(Me, "POST", "/login", json={"name": name, "password": password})
        self._http.headers["X-CSRF-Token"] = me.csrf
        return me

    def recipes(self) -> list[Recipe]:
        """All recipes."""
        return TypeAdapter(list[Recipe]).validate_json(self._send("GET", "/recipes").content)

    def add_recipe(self, name: str) -> Recipe:
        """Make a recipe."""
        return self._call(Recipe, "POST", "/recipes", json={"name": name})

    def retraining(self) -> RetrainingPlan:
        """What is due to be trained again, and what it costs."""
        return self._call(RetrainingPlan, "GET", "/retraining")

    def retrain(self) -> list[str]:
        """Start what of it fits the budget; ids of the jobs."""
        return self._call(RetrainingStarted, "POST", "/retraining").jobs

    def samples(self, recipe: str) -> Iterator[SampleItem]:
        """Every sample of a recipe, by hash."""
        after: str | None = ""
        while after is not None:
            page = self._call(
                SamplePage,
                "GET",
                f"/recipes/{quote(recipe, safe='')}/samples/list",
                params={"after": after, "limit": _PAGE},
            )
            yield from page.samples
            after = page.next_after

    def add_sample(self, recipe: str, data: bytes, label: Label, defect_type: str | None = None) -> SampleAdded:
        """Add an image file to a recipe; the same again changes nothing."""
        said = {"label": label.value, **({} if defect_type is None else {"defect_type": defect_type})}
        return self._call(SampleAdded, "POST", f"/recipes/{quote(recipe, safe='')}/samples", params=said, content=data)

    def add_mask(self, recipe: str, sha256: str, png: bytes) -> MaskKept:
        """Say where the defect is on a sample that was added as a defect."""
        return self._call(MaskKept, "PUT", f"/recipes/{quote(recipe, safe='')}/samples/{sha256}/mask", content=png)

    def image(self, sha256: str) -> bytes:
        """An image file as it came."""
        return self._send("GET", f"/images/{sha256}").content

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
        wanted = _given(
            station=station, recipe=recipe, verdict=verdict, part_id=part_id, line=line, defect_class=defect_class,
            score_from=score_from, score_to=score_to, label=label, review=review,
            since=None if since is None else since.isoformat(), until=None if until is None else until.isoformat(),
        )  # fmt: skip
        before: int | None = None
        while True:
            page = self._call(ResultPage, "GET", "/results", params={**wanted, **_given(before=before), "limit": _PAGE})
            yield from page.results
            before = page.next_before
            if before is None:
                return

    def results_csv(self, **wanted: str | None) -> Iterator[bytes]:
        """Results that fit as CSV, oldest first, in pieces; filters as of `results`."""
        with self._stream("/results.csv", wanted) as answer:
            yield from answer.iter_bytes()

    def feed(self, *, after: int | None = None, **wanted: str | None) -> Iterator[StoredResult]:
        """Results as they arrive, for as long as the plant sends; filters as of `results`.

        Args:
            after: number of the last result that the caller has done with; 0 is all, None those from now on.
            wanted: filters.
        """
        with self._stream("/feed", {**wanted, "after": after}) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield StoredResult.model_validate_json(line.removeprefix("data: "))

    def add_label(self, result_id: str, label: Label, defect_type: str | None = None) -> ShownLabel:
        """Say what is true of a part."""
        body = {"result_id": result_id, "label": label.value, "defect_type": defect_type}
        return self._call(ShownLabel, "POST", "/labels", json=body)

    def add_api_key(self, name: str, role: Role, scopes: Iterable[Scope] | None = None) -> ApiKeyOnce:
        """Make a key for a program, as an admin; it is in the answer, this once. `scopes` None is all the role may."""
        named = None if scopes is None else sorted(scopes)
        body = {"name": name, "role": role.value, "scopes": named}
        return self._call(ApiKeyOnce, "POST", "/api-keys", json=body)

    def add_station(self, name: str, recipe: str) -> StationKey:
        """Make a station; its key is in the answer, this once."""
        return self._call(StationKey, "POST", "/stations", json={"name": name, "recipe": recipe})

    def public_key(self) -> PublicKey:
        """The key that signs the plant's bundles."""
        return self._call(PublicKey, "GET", "/keys/public")

    def start_training(self, recipe: str) -> Job:
        """Ask for a training job."""
        return self._call(Job, "POST", "/jobs", json={"kind": "train", "recipe": recipe})

    def job(self, job_id: str) -> JobWithLog:
        """A job with the end of its log."""
        return self._call(JobWithLog, "GET", f"/jobs/{job_id}")

    def follow(self, job_id: str, poll_s: float = 0.25) -> Iterator[JobWithLog]:
        """A job as it goes on, asked every `poll_s` seconds; the last one given has ended."""
        while True:
            job = self.job(job_id)
            yield job
            if job.state not in (JobState.QUEUED, JobState.RUNNING):
                return
            sleep(poll_s)

    def models(self, recipe: str) -> list[ModelVersion]:
        """Model versions of a recipe, newest first."""
        return self._call(Models, "GET", f"/recipes/{quote(recipe, safe='')}/models").models

    def promote(self, recipe: str, bundle_id: str, reason: str) -> Promotion:
        """Make a bundle the champion."""
        body = {"bundle_id": bundle_id, "reason": reason}
        return self._call(Promotion, "POST", f"/recipes/{quote(recipe, safe='')}/promote", json=body)

    @contextmanager
    def _stream(self, path: str, wanted: dict[str, Any]) -> Iterator[httpx.Response]:
        timeout = httpx.Timeout(self._timeout_s, read=max(self._timeout_s, _SILENT_S))
        try:
            with self._http.stream("GET", path, params=_given(**wanted), timeout=timeout) as answer:
                if answer.is_error:
                    answer.read()
                _require_success(answer)
                yield answer
        except httpx.TransportError as error:
            raise PlantUnreachable(f"{self.url}: GET {path}: {type(error).__name__}: {error}") from error

    def _call(self, kind: type[_Answer], method: str, path: str, **options: Any) -> _Answer:
        return kind.model_validate_json(self._send(method, path, **options).content)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise PlantUnreachable(f"{self.url}: {method} {path}: {type(error).__name__}: {error}") from error
        _require_success(answer)
        return answer


def _require_success(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    said = f"{answer.request.method} {answer.request.url.path}: {_message(answer)}"
    if answer.status_code in _BUSY:
        wait = answer.headers.get("Retry-After", "")
        raise PlantBusy(said, float(wait) if wait.isdigit() else 1.0)
    raise PlantRefused(said)


def _message(answer: httpx.Response) -> str:
    try:
        return f"{answer.status_code} {answer.json()['message']}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code}, expected an answer of a plant, got {answer.text[:200]!r}"


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
