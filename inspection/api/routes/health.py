"""Whether the service lives, is ready, and its metrics; open to everybody on the network."""

import os

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inspection.api.access import PlantDep

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_class=JSONResponse)
def readyz(plant: PlantDep) -> JSONResponse:
    """The database answers and the data folder can be written; 503 with what is wrong otherwise."""
    problems = []
    try:
        with plant.database.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        problems.append(f"database: {error}")
    if not os.access(plant.settings.data_dir, os.W_OK):
        problems.append(f"data_dir {plant.settings.data_dir}: cannot be written")
    return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)


@router.get("/metrics", response_class=Response)
def metrics(plant: PlantDep) -> Response:
    """Prometheus' text format."""
    return Response(plant.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")
