"""How much of the service stations may take: what they bring beyond that is answered 429 and comes again."""

from random import randint

from starlette.types import ASGIApp, Receive, Scope, Send

from inspection.api.errors import error_response

__all__ = ["IngestPressure"]

_INGEST = "/api/v1/ingest/"
_AGAIN_S = (1, 3)  # drawn, so that those who were sent away do not come back all at once


class IngestPressure:
    """ASGI middleware: stations keep what is not taken, and people are served while stations catch up."""

    def __init__(self, app: ASGIApp, at_once: int) -> None:
        """Let `at_once` requests in that bring results or images."""
        self._app = app
        self._at_once = at_once
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or send it away before its body is read."""
        if scope["type"] != "http" or not scope["path"].startswith(_INGEST):
            await self._app(scope, receive, send)
            return
        if self._inside >= self._at_once:
            message = f"busy with what stations bring, {self._inside} at once (ingest_at_once): come again"
            away = error_response(429, "TooBusy", message, retry_after_s=randint(*_AGAIN_S))  # noqa: S311 - no secret
            await away(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
