"""How much of the service stations may take: what they bring beyond that is answered 429 and comes again."""

from asyncio import Semaphore
from random import randint

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inspection.api.errors import error_response

__all__ = ["IngestPressure"]

_INGEST = "/api/v1/ingest/"
_AGAIN_S = (1, 3)  # drawn, so that those who were sent away do not come back all at once


class IngestPressure:
    """ASGI middleware: stations keep what is not taken, and people are served while stations catch up.

    A request takes its place when its body has come: who sends slowly, or never ends, keeps nobody else away.
    """

    def __init__(self, app: ASGIApp, at_once: int) -> None:
        """Work on `at_once` requests that bring results or images."""
        self._app = app
        self._at_once = at_once
        self._places = Semaphore(at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or send it away before its body is read."""
        if scope["type"] != "http" or not scope["path"].startswith(_INGEST):
            await self._app(scope, receive, send)
        elif self._places.locked():
            message = f"busy with what stations bring, {self._at_once} at once (ingest_at_once): come again"
            away = error_response(429, "TooBusy", message, retry_after_s=randint(*_AGAIN_S))  # noqa: S311 - no secret
            await away(scope, receive, send)
        else:
            await self._work(scope, receive, send)

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_place = False

        async def received() -> Message:
            nonlocal has_place
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False) and not has_place:
                has_place = await self._places.acquire()
            return message

        try:
            await self._app(scope, received, send)
        finally:
            if has_place:
                self._places.release()
