"""The station link, as `edge/contract/link.py` says."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import FileResponse, Response
from starlette.concurrency import run_in_threadpool

from edge.contract.errors import NotAllowed
from edge.contract.link import UPLOAD_OFFSET, DesiredState, Heartbeat, IngestBatch, IngestReceipt
from inspection.api.access import BundleReader, Caller, PlantDep, StationDep
from inspection.api.raw_body import RAW
from inspection.ingest.images import require_bytes_of, take_image
from inspection.ingest.pieces import parse_range
from inspection.ingest.results import take_results
from inspection.plant import Plant
from inspection.registry.bundles import require_bundle
from inspection.rollout.desired import desired_bundle
from inspection.shadow.orders import shadow_of
from inspection.stations.keys import require_station
from inspection.stations.running import note_bundle

__all__ = ["router"]

router = APIRouter(tags=["station link"])

_OFFSET = {UPLOAD_OFFSET: {"description": "bytes that have come", "schema": {"type": "integer", "minimum": 0}}}

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.post("/ingest/results")
def post_results(batch: IngestBatch, station: StationDep, plant: PlantDep) -> IngestReceipt:
    """Take results in; sending them again changes nothing."""
    with plant.database.write() as session:
        taken = take_results(session, station.name, batch, plant.clock())
        plant.audit.draw(session, taken.new, plant.clock())
    if taken.new:
        plant.bell.ring()
    plant.metrics.took_results(station.name, taken)
    return taken.receipt


@router.put(
    "/ingest/images/{sha256}",
    status_code=204,
    responses={202: {"description": "A piece was taken.", "headers": _OFFSET}},
    openapi_extra=RAW,
)
async def put_image(
    sha256: Digest,
    request: Request,
    station: StationDep,
    plant: PlantDep,
    content_range: Annotated[str | None, Header(description="`bytes FIRST-LAST/TOTAL` of a piece")] = None,
) -> Response:
    """Take an image in; the body is the file, and must have this SHA-256.

    With `Content-Range` the body is a piece of it. 202 with `Upload-Offset` says where to go on, 204 that it is whole.
    """
    data = await request.body()
    if content_range is None:
        whole: bytes | None = data
    else:
        piece = parse_range(content_range, data, plant.settings.max_image_mb << 20)
        whole = await run_in_threadpool(plant.pieces.add, station.name, sha256, piece)
    if whole is None:
        return Response(status_code=202, headers=_came(plant, station.name, sha256))
    await run_in_threadpool(_take, plant, sha256, whole)
    plant.metrics.took_image(station.name, len(whole))
    return Response(status_code=204)


@router.head("/ingest/images/{sha256}", response_class=Response, responses={200: {"headers": _OFFSET}})
def head_image(sha256: Digest, station: StationDep, plant: PlantDep) -> Response:
    """How many bytes of an image have come in pieces so far, in `Upload-Offset`."""
    return Response(headers=_came(plant, station.name, sha256))


# Without nulls: a station of an older version refuses fields that it does not know.
@router.post("/stations/me/heartbeat", response_model_exclude_none=True)
def post_heartbeat(heartbeat: Heartbeat, station: StationDep, plant: PlantDep) -> DesiredState:
    """Take a heartbeat; the answer says which bundle the station shall run."""
    before = plant.live.last(station.name)
    if before is None or before.heartbeat.bundle_id != heartbeat.bundle_id:
        with plant.database.write() as session:  # first: if this fails, the next heartbeat must still be a change
            note_bundle(session, station.name, heartbeat.bundle_id, plant.clock())
    plant.live.note(station.name, heartbeat, plant.clock())
    with plant.database.read() as session:
        desired = desired_bundle(session, require_station(session, station.name))
        if desired is None:
            return DesiredState(recipe=station.recipe)
        bundle = require_bundle(session, desired)
        beside = shadow_of(session, station.recipe)
        shadow = None if beside in {None, desired} else require_bundle(session, str(beside))
        return DesiredState(
            recipe=station.recipe,
            bundle_id=bundle.id,
            bundle_sha256=bundle.file_sha256,
            shadow_bundle_id=None if shadow is None else shadow.id,
            shadow_bundle_sha256=None if shadow is None else shadow.file_sha256,
        )


@router.get("/bundles/{bundle_id}/file", response_class=FileResponse)
def get_bundle_file(bundle_id: Digest, reader: BundleReader, plant: PlantDep) -> FileResponse:
    """The bundle file; a station gets those of its own recipe."""
    with plant.database.read() as session:
        bundle = require_bundle(session, bundle_id)
    if isinstance(reader, Caller) and reader.recipe != bundle.recipe:
        raise NotAllowed(f"station {reader.name!r} runs recipe {reader.recipe!r}, the bundle is for {bundle.recipe!r}")
    return FileResponse(
        plant.bundles.path(bundle_id), media_type="application/octet-stream", filename=f"{bundle_id[:12]}.bundle"
    )


def _came(plant: Plant, station: str, digest: str) -> dict[str, str]:
    return {UPLOAD_OFFSET: str(plant.pieces.offset(station, digest))}


def _take(plant: Plant, sha256: str, data: bytes) -> None:
    require_bytes_of(sha256, data)
    plant.blobs.put(data)  # the way to a bucket may be long: it holds up no other writer
    with plant.database.write() as session:
        take_image(session, plant.blobs, sha256, data, plant.clock())
