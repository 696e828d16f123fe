"""HTTP with one plant, and its failures in the project's own words; whoever speaks with a plant goes through here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from edge.contract.errors import (
    ContentRefused,
    PlantBusy,
    PlantLacks,
    PlantRefused,
    PlantUnreachable,
    SettingsInvalid,
)
from edge.contract.settings import bearer
from edge.contract.tls import tls_context

__all__ = ["Connection"]

_BUSY = {429, 503}
_LACKED = {404, 410}
_CONTENT_REFUSED = {400, 409, 413, 415, 422}
_SERVER_BROKE = 500
_MAX_RETRY_AFTER_S = 3600.0
_MAX_SHOWN = 300


class Connection:
    """A pool of connections; safe to use from several threads.

    Every request raises PlantUnreachable (try later), PlantBusy (not before it says), PlantRefused (show it), or of the
    last kind PlantLacks (there is no such thing) and ContentRefused: what was sent will never be taken.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        ca_file: Path | None = None,
        timeout_s: float = 30,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: of the plant, without a path.
            key: of a program or a station; None if a session follows.
            ca_file: certificates to trust for https, PEM; those of the system without it.
            timeout_s: how long an answer may take.
            transport: replaces the network in tests.

        Raises:
            SettingsInvalid: `url` is no address, `ca_file` cannot be read, or the key is none.
        """
        _require_address(url)
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            headers={} if key is None else {"authorization": bearer(key)},
            timeout=timeout_s,
            verify=tls_context(ca_file),
            trust_env=False,  # a proxy meant for people or the internet must not stand between machines of one plant
            transport=transport,
        )

    @property
    def headers(self) -> httpx.Headers:
        """Sent with every request."""
        return self._http.headers

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; `options` as httpx takes them."""
        return self._told(lambda: self._http.request(method, path, **options))

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """One request whose answer is read piece by piece."""
        try:
            with self._http.stream(method, path, **options) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _refusal(answer)
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise PlantUnreachable(f"plant {self.url}: {type(error).__name__}: {error}") from error

    def _told(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            answer = request()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise PlantUnreachable(f"plant {self.url}: {type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise _refusal(answer)
        return answer


def _require_address(url: str) -> None:
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        host = ""
    if not url.startswith(("http://", "https://")) or not host:
        raise SettingsInvalid(f"url of the plant: expected http://HOST:PORT or https://HOST, got {url!r}")


def _refusal(answer: httpx.Response) -> PlantUnreachable | PlantRefused:
    status = answer.status_code
    message = f"plant {answer.request.method} {answer.request.url.path}: {status} {_words(answer)}"
    if status in _BUSY:
        return PlantBusy(message, _retry_after_s(answer))
    if status >= _SERVER_BROKE:
        return PlantUnreachable(message)
    if status in _LACKED:
        return PlantLacks(message)
    return ContentRefused(message) if status in _CONTENT_REFUSED else PlantRefused(message)


def _words(answer: httpx.Response) -> str:
    """The plant's own; of something else that answered, what it said."""
    try:
        return str(answer.json()["message"])[:_MAX_SHOWN]
    except (ValueError, KeyError, TypeError):
        return answer.text[:_MAX_SHOWN]


def _retry_after_s(answer: httpx.Response) -> float:
    """Seconds of the header; the form with a date and nonsense count as none. Source: RFC 9110, 10.2.3."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), _MAX_RETRY_AFTER_S) if text.isascii() and text.isdigit() else 0.0
