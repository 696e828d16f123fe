"""The station's own page: three files, no inline script, nothing from elsewhere; works with the plant down."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

__all__ = ["page_router"]

_STATIC = Path(__file__).parent / "static"
_TYPES = {"station.css": "text/css", "station.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_router() -> APIRouter:
    """The page holds no data: its script asks the API, with the key where one is needed."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html", media_type="text/html", headers=_HEADERS)

    for name, media_type in _TYPES.items():
        router.add_api_route(f"/page/{name}", _file(name, media_type), methods=["GET"])
    return router


def _file(name: str, media_type: str) -> Callable[[], FileResponse]:
    def answer() -> FileResponse:
        return FileResponse(_STATIC / name, media_type=media_type, headers=_HEADERS)

    return answer
