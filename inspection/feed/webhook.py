"""One webhook with its own thread: in order, at least once, and never in the way of who brings results."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

import httpx
from sqlalchemy.exc import SQLAlchemyError

from edge.contract.settings import read_secret
from edge.contract.tls import tls_context
from inspection.clock import Clock
from inspection.feed.bell import Bell
from inspection.feed.cursors import cursor_of, move_cursor
from inspection.feed.settings import WebhookSettings
from inspection.feed.signing import key_of, signature
from inspection.ingest.find import ResultFilter, last_number, results_after
from inspection.metrics import PlantMetrics
from inspection.store.database import Database
from inspection.store.tables import ResultRow

__all__ = ["Webhook", "WebhookSurroundings"]

_LOG = logging.getLogger(__name__)
_PAGE = 50
_IDLE_S = 30.0  # a ring may be missed: another process wrote, or this one was just starting


@dataclass(frozen=True)
class WebhookSurroundings:
    """What a webhook needs of its plant."""

    database: Database
    bell: Bell
    metrics: PlantMetrics
    clock: Clock


@dataclass(frozen=True)
class _Page:
    """What to post next.

    Attributes:
        posts: number, id and body of each result.
        reached: the cursor when all of them are taken.
        last: number of the newest result of the plant.
        more: whether there may be more at once.
    """

    posts: Sequence[tuple[int, str, bytes]]
    reached: int
    last: int
    more: bool


class Webhook:
    """Posts results, oldest first. Order of calls: `start` once, `stop` at the end.

    A result is done with when the receiver has answered 2xx; until then it is tried again, however long that takes,
    and those behind it wait. The cursor is in the database, so that a restart goes on where the last one was; what was
    taken in the last moments before a crash is posted again, with the same `webhook-id`.
    """

    def __init__(self, settings: WebhookSettings, around: WebhookSurroundings) -> None:
        """Read the secret and note where to begin.

        Raises:
            SettingsInvalid: the file of the secret or of the certificates cannot be read.
        """
        self._settings = settings
        self._around = around
        self._key = key_of(read_secret(None, settings.secret_file) or "")
        # trust_env: a proxy meant for the internet must not stand between machines of one plant
        self._http = httpx.Client(timeout=settings.timeout_s, verify=tls_context(settings.ca_file), trust_env=False)
        self._wake, self._stopping = Event(), Event()
        self._failures = 0
        self._thread = Thread(target=self._loop, name=f"webhook-{settings.name}", daemon=True)
        with around.database.write() as session:
            self._cursor = cursor_of(session, settings.name, around.clock(), from_start=settings.from_start)

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self) -> None:
        """End after the post under way."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._http.close()

    def _loop(self) -> None:
        with self._around.bell.heard_by(self._wake.set):
            while not self._stopping.is_set():
                self._wake.clear()
                try:
                    more = self._round()
                except SQLAlchemyError:
                    _LOG.exception("webhook %s: the database did not answer, trying again", self._settings.name)
                    more = self._pause()
                if not more:
                    self._wake.wait(_IDLE_S)

    def _round(self) -> bool:
        """Post a page; whether to go on at once."""
        page = self._page()
        done, failed = self._cursor, False
        for number, message_id, body in page.posts:
            failed = not self._post(message_id, body)
            if failed:
                break
            done, self._failures = number, 0
        self._move(done if failed else page.reached)
        self._around.metrics.webhook_behind(self._settings.name, max(0, page.last - self._cursor))
        return self._pause() if failed else page.more

    def _page(self) -> "_Page":
        wanted = ResultFilter(self._settings.station, self._settings.recipe, limit=_PAGE)
        with self._around.database.read() as session:
            last = last_number(session)
            rows = results_after(session, wanted, self._cursor)
            posts = tuple((row.number, row.id, _body(row)) for row in rows if row.verdict in self._settings.verdicts)
            full, read = len(rows) == _PAGE, rows[-1].number if rows else 0
            return _Page(posts, read if full else max(last, read, self._cursor), last, full)

    def _post(self, message_id: str, body: bytes) -> bool:
        if self._stopping.is_set():
            return False
        timestamp_s = int(self._around.clock().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": signature(self._key, message_id, timestamp_s, body),
        }
        problem = self._problem(lambda: self._http.post(self._settings.url, content=body, headers=headers))
        self._around.metrics.webhook_tried(self._settings.name, taken=problem is None)
        if problem is not None:
            _LOG.warning("webhook %s: %s: %s", self._settings.name, self._settings.url, problem)
        return problem is None

    @staticmethod
    def _problem(send: Callable[[], httpx.Response]) -> str | None:
        try:
            answer = send()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}"
        return None if answer.is_success else f"expected a 2xx answer, got {answer.status_code}"

    def _pause(self) -> bool:
        pause_s = min(self._settings.retry_max_s, self._settings.retry_first_s * 2.0 ** min(self._failures, 32))
        self._failures += 1
        self._stopping.wait(pause_s)
        return True

    def _move(self, number: int) -> None:
        if number == self._cursor:
            return
        with self._around.database.write() as session:
            move_cursor(session, self._settings.name, number, self._around.clock())
        self._cursor = number


def _body(row: ResultRow) -> bytes:
    data = {"number": row.number, "received_at": row.received_at.isoformat(), "result": json.loads(row.document)}
    said = {"type": "result.created", "timestamp": row.received_at.isoformat(), "data": data}
    return json.dumps(said, ensure_ascii=False).encode()
