"""The application: routes, pages, middleware; `build_app` needs no plant, so that its description can be printed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from inspection.api.errors import add_handlers
from inspection.api.headers import SecurityHeaders
from inspection.api.limits import BodyLimit, limits_of
from inspection.api.pressure import IngestPressure
from inspection.api.requests import RequestWatch
from inspection.api.routes import (
    acceptances,
    alerts,
    analytics,
    data_versions,
    drift,
    exchange,
    feed,
    health,
    jobs,
    link,
    models,
    people,
    recipe_versions,
    recipes,
    results,
    retention,
    retraining,
    review,
    rollouts,
    shadow,
    sign_in,
    stations,
    trial,
)
from inspection.api.schemas import Refusal
from inspection.plant import Plant
from inspection.settings import PlantSettings
from inspection.web.pages import add_pages

__all__ = ["PREFIX", "build_app", "plant_app"]

PREFIX = "/api/v1"

_ROUTERS = (
    sign_in.router,
    link.router,  # before `stations`: /stations/me is the station that asks
    people.router,
    recipes.router,
    stations.router,
    trial.router,
    results.router,
    exchange.router,
    feed.router,
    review.router,
    analytics.router,
    jobs.router,
    models.router,
    rollouts.router,
    drift.router,
    alerts.router,
    recipe_versions.router,
    retention.router,
    data_versions.router,
    retraining.router,
    shadow.router,
    acceptances.router,
)

_REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Refusal, "description": "Refused: the request would have to change."},
    "5XX": {"model": Refusal, "description": "Not done: 503 is worth another try."},
}


def build_app(settings: PlantSettings) -> FastAPI:
    """The application without its plant."""
    # No interactive documentation: it loads its scripts from the internet.
    app = FastAPI(title="inspection plant service", version="1", openapi_url=None, docs_url=None, redoc_url=None)
    app.router.routes.extend(_api())
    app.include_router(health.router)
    add_pages(app)
    add_handlers(app)
    app.add_middleware(BodyLimit, limits=limits_of(settings))
    app.add_middleware(IngestPressure, at_once=settings.ingest_at_once)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestWatch)
    return app


@cache
def _api() -> list[BaseRoute]:
    """The API's routes. They hold no plant, and to read all their signatures takes longer than the rest of a start."""
    api = APIRouter(responses=_REFUSALS)
    for router in _ROUTERS:
        api.include_router(router)
    versioned = APIRouter()
    versioned.include_router(api, prefix=PREFIX)  # with the prefix here FastAPI reads each signature once, not twice
    return versioned.routes


def plant_app(plant: Plant) -> FastAPI:
    """The application that serves `plant`; jobs run while it is up, and it closes the plant at the end."""
    app = build_app(plant.settings)
    app.state.plant = plant
    app.router.lifespan_context = _lifespan
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    plant: Plant = app.state.plant
    plant.start()
    try:
        yield
    finally:
        await run_in_threadpool(plant.close)
