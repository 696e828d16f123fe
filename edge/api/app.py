"""The station's HTTP API."""

from functools import partial
from hmac import compare_digest
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from edge.api.errors import add_error_handler
from edge.api.metrics import StationMetrics
from edge.api.multipart import first_file
from edge.api.page import page_router
from edge.api.raw import InspectQuery, PartQuery, raw_format
from edge.api.settings import ApiSettings
from edge.api.stream import stream_router
from edge.api.verdicts import Inspector, answer_of, ask
from edge.cameras.push import PushedFrames
from edge.clock import Clock
from edge.contract.link import LivePicture
from edge.station.recipes import RecipeStatus
from edge.station.status import StationStatus
from edge.version import software_version

__all__ = ["ApiLimits", "build_app"]


class ApiLimits:
    """What a request may do.

    Attributes:
        max_body_bytes: largest image taken.
        max_pixels: of an image; a larger one is not decoded, and ends UNDECIDED.
        window: frames of one stream that may be in flight.
        api_key: what `Authorization: Bearer` must carry for /v1/…; None lets everybody in.
    """

    def __init__(self, settings: ApiSettings, api_key: str | None, window: int) -> None:
        """Bounds from the settings; `window` frames of one stream may be in flight."""
        self.max_body_bytes = round(settings.max_body_mb * 2**20)
        self.max_pixels = round(settings.max_megapixels * 1e6)
        self.window = window
        self._api_key = api_key

    def check_key(self, request: HTTPConnection) -> None:
        """Refuse a request without the key."""
        if self._api_key is None:
            return
        given = request.headers.get("authorization", "")
        if not compare_digest(given.encode(), f"Bearer {self._api_key}".encode()):
            raise HTTPException(HTTPStatus.UNAUTHORIZED, "expected the station's key as `Authorization: Bearer`")

    async def read_body(self, request: Request) -> bytes:
        """The whole body, refused as soon as it gets too large."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self.max_body_bytes:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {self.max_body_bytes} bytes of image"
                )
        return bytes(body)


def build_app(station: Inspector, camera: str, limits: ApiLimits, metrics: StationMetrics, clock: Clock) -> FastAPI:
    """The API of one station."""
    app = FastAPI(title="Inspection station", version=software_version(), docs_url=None, redoc_url=None)
    app.include_router(page_router())
    app.include_router(_health(station, metrics))
    key = [Depends(limits.check_key)]
    app.include_router(_inspection(station, camera, limits, clock), dependencies=key)
    app.include_router(
        stream_router(station, partial(PushedFrames, camera, clock, limits.max_pixels), limits.window), dependencies=key
    )
    add_error_handler(app)
    return app


def _health(station: Inspector, metrics: StationMetrics) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @router.get("/readyz")
    def ready() -> JSONResponse:
        """200 if the station judges, 503 and the reasons if not."""
        status = station.status()
        code = HTTPStatus.OK if status.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ready": status.ready, "reasons": list(status.not_ready_because)}, status_code=code)

    for path, answer in (("/healthz", live), ("/readyz", ready)):  # as watchers ask who want no body
        router.head(path, include_in_schema=False, response_model=None)(answer)

    @router.get("/metrics")
    def prometheus() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _inspection(station: Inspector, camera: str, limits: ApiLimits, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.get("/status")
    def status() -> StationStatus:
        """Ledger, bundle, latency, threads, spool and plant link."""
        return station.status()

    @router.get("/picture")
    def picture() -> LivePicture | None:
        """The latest part with its anomaly map, small; null before the first."""
        return station.picture()

    @router.post("/inspect")
    async def inspect(request: Request, asked: Annotated[InspectQuery, Query()]) -> JSONResponse:
        """Judge one image: the body, or the first file of a multipart form; raw pixels with their format.

        An image that cannot be decoded is a part that cannot be judged: 200 with UNDECIDED and the reason.
        """
        body = await limits.read_body(request)
        content_type = request.headers.get("content-type", "")
        a_form = content_type.lower().startswith("multipart/form-data")
        image = first_file(body, content_type) if a_form else body
        if not image:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "expected an image as body or as file of a form")
        # Decoding takes milliseconds and must not hold up the other requests.
        take = PushedFrames(camera, clock, limits.max_pixels, raw_format(asked)).frame
        frame = await run_in_threadpool(take, image, asked.part_id)
        return JSONResponse(answer_of(await ask(partial(station.submit, frame))))

    @router.post("/recipe")
    def change_recipe(name: Annotated[str, Query(min_length=1, max_length=64)]) -> RecipeStatus:
        """Changeover: the next trigger is of this part type. 404 if there is no such one, 409 without its bundle."""
        return station.change_recipe(name)

    @router.post("/trigger")
    async def trigger(asked: Annotated[PartQuery, Query()]) -> JSONResponse:
        """Judge the camera's next frame. 409 if the settings let no one ask, or the trigger bounced."""
        return JSONResponse(answer_of(await ask(partial(station.trigger, asked.part_id))))

    return router
