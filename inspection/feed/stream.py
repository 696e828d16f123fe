"""Server-sent events: results as they come, to a bounded number of listeners, each at its own pace.

A listener's events are read from the database a page at a time, when the page before has gone out: a slow one costs a
page of memory, and one that takes nothing for a minute is let go. Source of the format: HTML Living Standard, 9.2.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from edge.contract.errors import InspectionError, RequestRefused
from inspection.feed.bell import Bell

__all__ = ["Feed", "FeedFull", "FeedResponse", "event_text"]

_LOG = logging.getLogger(__name__)
HEARTBEAT_S = 15.0
STUCK_S = 60.0
_RETRY_MS = 2000
_GATHER_S = 0.05  # what comes within it goes out together: many listeners of a fast line ask no more often


class FeedFull(RequestRefused):
    """As many listen as the settings allow; come again when one has gone."""


class Feed:
    """Who listens."""

    def __init__(self, bell: Bell, most: int) -> None:
        self.bell = bell
        self.ending = False
        self._most = most
        self._lock = Lock()
        self._count = 0

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._count

    def enter(self) -> None:
        """Take a place.

        Raises:
            FeedFull: there is none.
        """
        with self._lock:
            if self._count >= self._most:
                raise FeedFull(f"feed: expected at most {self._most} listeners (feed_listeners), all places are taken")
            self._count += 1

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._count -= 1

    def end(self) -> None:
        """Send everybody home: the service stops. Listeners come again with the id of their last event."""
        self.ending = True
        self.bell.ring()

    async def events(self, page: Callable[[], tuple[str, bool]]) -> AsyncIterator[str]:
        """What one listener gets.

        Args:
            page: the next events as text, and whether there are more at once; runs in a thread, and raises an
                `InspectionError` where the listener may no longer listen.
        """
        heard, loop = asyncio.Event(), asyncio.get_running_loop()
        yield f"retry: {_RETRY_MS}\n\n"

        def hear() -> None:
            with suppress(RuntimeError):  # the service is stopping and its loop is closed
                loop.call_soon_threadsafe(heard.set)

        with self.bell.heard_by(hear):
            while not self.ending:
                heard.clear()
                try:
                    text, more = await asyncio.to_thread(page)
                except (InspectionError, SQLAlchemyError) as error:
                    _LOG.info("feed: a listener is sent away: %s", error)
                    return
                if text:
                    yield text
                if more:
                    continue
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await heard.wait()
                except TimeoutError:
                    yield ": still here\n\n"
                else:
                    await asyncio.sleep(_GATHER_S)


class FeedResponse(StreamingResponse):
    """The answer to a listener; its place is given back however it ends."""

    def __init__(self, feed: Feed, page: Callable[[], tuple[str, bool]]) -> None:
        """Take a place.

        Raises:
            FeedFull: there is none.
        """
        feed.enter()
        self._feed = feed
        super().__init__(feed.events(page), headers={"X-Accel-Buffering": "no"}, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the listener goes, is stuck, or the service stops."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STUCK_S):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            return
        finally:
            self._feed.leave()


def event_text(number: int, data: str) -> str:
    """One event; `data` is one line."""
    return f"id: {number}\nevent: result\ndata: {data}\n\n"
