"""What happens around every request: its id, its count and time, and a line of log."""

import logging
import re
from http import HTTPMethod
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inspection.logs import REQUEST_ID
from inspection.plant import Plant

__all__ = ["REQUEST_ID_HEADER", "RequestWatch"]

REQUEST_ID_HEADER = "X-Request-ID"
_LOG = logging.getLogger(__name__)
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BROKEN = 500
_METHODS = frozenset(HTTPMethod)


class RequestWatch:
    """ASGI middleware, the outermost: takes a caller's `X-Request-ID` or makes one, and answers with it.

    The time is that until the answer begins: a stream may go on for hours.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _ACCEPTED.fullmatch(given) else uuid4().hex
        REQUEST_ID.set(request_id)  # of this task, which ends with the request
        started, seen = perf_counter(), False

        async def watched(message: Message) -> None:
            nonlocal seen
            if message["type"] == "http.response.start" and not seen:
                seen = True
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
                _note(scope, message["status"], perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if not seen:  # the answer is given further out, as a 500
                _note(scope, _BROKEN, perf_counter() - started)
            raise


def _note(scope: Scope, status: int, seconds: float) -> None:
    plant: Plant = scope["app"].state.plant
    route = _route_of(scope)
    # Anybody on the network may make up methods, and each would be a series of its own.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    plant.metrics.answered(method, route, status, seconds)
    level = logging.WARNING if status >= _BROKEN else logging.DEBUG
    _LOG.log(level, "%s %s: %s after %.0f ms", scope["method"], scope["path"], status, seconds * 1000)


def _route_of(scope: Scope) -> str:
    """The route's pattern, so that an id in an address makes no series of its own."""
    path: str = scope["path"]
    pattern: str | None = getattr(scope.get("route"), "path", None)
    if pattern is not None:  # FastAPI's; it lacks what stands before the router
        before = path.split("/")[: -pattern.count("/")]
        return "/".join(before) + pattern
    if path.startswith("/static/"):
        return "/static"
    if "endpoint" not in scope:
        return "none"
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in path.split("/"))
