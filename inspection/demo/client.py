"""What the demo asks of the plant service: the same API that the pages use."""

from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any

import httpx

from edge.contract.errors import InspectionError, PlantRefused, PlantUnreachable
from edge.contract.result import InspectionResult

__all__ = ["PlantClient"]

_POLL_S = 0.25
_READY_S = 60.0
_PAGE = 500


class PlantClient:
    """A signed-in engineer."""

    def __init__(self, url: str, alive: Callable[[], None]) -> None:
        """Prepare; `alive` raises when a process that is waited for has ended."""
        self._url = url
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=30, trust_env=False)
        self._alive = alive

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def wait_until_ready(self) -> None:
        """Return when the service answers.

        Raises:
            PlantUnreachable: it still does not after a minute.
        """
        give_up = monotonic() + _READY_S
        while not self._is_ready():
            self._alive()
            if monotonic() > give_up:
                raise PlantUnreachable(f"{self._url}: no answer within {_READY_S:.0f} s of its start")
            sleep(_POLL_S)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in; later calls are this person's."""
        me = self.post("/login", json={"name": name, "password": password})
        self._http.headers["X-CSRF-Token"] = me["csrf"]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Ask until it holds."""
        while not condition():
            self._alive()
            sleep(_POLL_S)

    def get(self, path: str, **parameters: Any) -> Any:
        """GET, as JSON."""
        return self._answer(self._send("GET", path, params=parameters))

    def post(self, path: str, **options: Any) -> Any:
        """POST, as JSON; options as of httpx."""
        return self._answer(self._send("POST", path, **options))

    def results(self, station: str) -> list[InspectionResult]:
        """All results of a station at the plant, oldest first."""
        found = [InspectionResult.model_validate(row["result"]) for row in self._pages(station)]
        return sorted(found, key=lambda result: result.sequence)

    def train(self, recipe: str, tell: Callable[[float, str], None]) -> dict[str, Any]:
        """Run a training job and return the model version it gave.

        Raises:
            InspectionError: the job failed; the end of its log is in the message.
        """
        job = self.post("/jobs", json={"kind": "train", "recipe": recipe})
        while job["state"] in {"queued", "running"}:
            self._alive()
            sleep(_POLL_S)
            job = self.get(f"/jobs/{job['id']}")
            tell(job["progress"], job["step"])
        if job["state"] != "succeeded":
            log = "\n".join(job["log"][-10:])
            raise InspectionError(f"training {job['state']}: {job['error']}\n{log}")
        newest: dict[str, Any] = self.get(f"/recipes/{recipe}/models")["models"][0]
        return newest

    def _pages(self, station: str) -> Iterator[dict[str, Any]]:
        before = None
        while True:
            extra: dict[str, int] = {} if before is None else {"before": before}
            page = self.get("/results", station=station, limit=_PAGE, **extra)
            yield from page["results"]
            before = page["next_before"]
            if before is None:
                return

    def _is_ready(self) -> bool:
        try:
            return self._http.get(f"{self._url}/healthz").is_success
        except httpx.TransportError:
            return False

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise PlantUnreachable(f"{method} {path}: {error}") from error

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        if response.is_error:
            raise PlantRefused(f"{response.request.method} {response.request.url.path}: {response.text[:500]}")
        return response.json()
