"""Whether the service lives, is ready, and its metrics; open to everybody on the network."""

import os

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inspection.api.access import PlantDep
from inspection.plant import Plant
from inspection.store.blobs import BlobStoreLost

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_class=JSONResponse)
def readyz(plant: PlantDep) -> JSONResponse:
    """The database and the store of images answer and the data folder can be written; 503 with what is wrong."""
    problems = [problem for check in (_database, _data_dir, _images) if (problem := check(plant)) is not None]
    return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)


@router.get("/metrics", response_class=Response)
def metrics(plant: PlantDep) -> Response:
    """Prometheus' text format."""
    found = plant.metrics.render(plant.database, plant.feed.listeners)
    return Response(found, media_type="text/plain; version=0.0.4; charset=utf-8")


def _live_asked(request: Request) -> Response:
    del request
    return JSONResponse(healthz())


def _ready_asked(request: Request) -> Response:
    return readyz(request.app.state.plant)


# As watchers ask who want no body.
router.add_route("/healthz", _live_asked, ["HEAD"], include_in_schema=False)
router.add_route("/readyz", _ready_asked, ["HEAD"], include_in_schema=False)


def _database(plant: Plant) -> str | None:
    try:
        with plant.database.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"database: {error}"
    return None


def _data_dir(plant: Plant) -> str | None:
    writable = os.access(plant.settings.data_dir, os.W_OK)
    return None if writable else f"data_dir {plant.settings.data_dir}: cannot be written"


def _images(plant: Plant) -> str | None:
    try:
        plant.blobs.check()
    except BlobStoreLost as error:
        return str(error)
    return None
