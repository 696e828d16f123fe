"""How many bytes a request may bring, by address; checked while they arrive, before anything is parsed."""

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inspection.api.errors import error_response
from inspection.settings import PlantSettings

__all__ = ["BodyLimit", "limits_of"]

_MB = 1 << 20
_JSON_BYTES = 8 * _MB  # 500 results are about 1 MB, a heartbeat with pictures below 1 MB


def limits_of(settings: PlantSettings) -> list[tuple[re.Pattern[str], int]]:
    """Addresses that take more than JSON, with their limits in bytes."""
    image = settings.max_image_mb * _MB
    return [
        (re.compile(r"/api/v1/ingest/images/[^/]+"), image),
        (re.compile(r"/api/v1/recipes/[^/]+/(samples|images)"), image),
        (re.compile(r"/api/v1/recipes/[^/]+/models/[^/]+/trial"), image),
        (re.compile(r"/api/v1/recipes/[^/]+/bundles"), settings.max_bundle_mb * _MB),
    ]


class BodyLimit:
    """ASGI middleware: answers 413 to a body that is announced or turns out too large."""

    def __init__(self, app: ASGIApp, limits: Sequence[tuple[re.Pattern[str], int]]) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > limit:
            message = f"expected at most {limit} bytes, {announced} were announced"
            await error_response(413, "TooLarge", message)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)

    def _limit(self, path: str) -> int:
        return next((limit for pattern, limit in self._limits if pattern.fullmatch(path)), _JSON_BYTES)


def _counted(receive: Receive, limit: int) -> Receive:
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            # Not TooLarge: FastAPI turns every other exception of a body into "400, cannot parse".
            raise HTTPException(413, f"expected at most {limit} bytes, more came")
        return message

    return counted
