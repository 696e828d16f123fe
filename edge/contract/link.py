"""Messages between a station and the plant service (HTTP, JSON; key in `Authorization: Bearer`).

POST /api/v1/ingest/results               IngestBatch      -> IngestReceipt
PUT  /api/v1/ingest/images/{sha256}       the image file   -> 204 (stored or already there)
PUT  …, Content-Range: bytes 0-99/1000    a piece of it    -> 202 (Upload-Offset: where to go on), 204 (whole)
HEAD /api/v1/ingest/images/{sha256}                        -> 200 (Upload-Offset: bytes that came in pieces)
POST /api/v1/stations/me/heartbeat        Heartbeat        -> DesiredState
GET  /api/v1/bundles/{bundle_id}/file                      -> the bundle file
"""

from typing import Annotated

from pydantic import AwareDatetime, Field

from edge.contract.ledger import LedgerCounts
from edge.contract.result import InspectionResult
from edge.contract.values import Value

__all__ = [
    "UPLOAD_OFFSET",
    "DesiredState",
    "Heartbeat",
    "IngestBatch",
    "IngestReceipt",
    "LatencySummary",
    "LivePicture",
    "Percentiles",
    "ShadowState",
]

UPLOAD_OFFSET = "Upload-Offset"
"""Header of the plant: how many bytes of an image it has."""


class Percentiles(Value):
    """Milliseconds over the latest parts; None before the first."""

    p50: float | None = None
    p99: float | None = None


class LatencySummary(Value):
    """Latency of a station over its latest parts."""

    frame_to_verdict_ms: Percentiles = Percentiles()
    session_run_ms: Percentiles = Percentiles()


class LivePicture(Value):
    """The last judged part, small, for the live page; not stored."""

    result: InspectionResult
    frame_jpeg_base64: Annotated[str, Field(max_length=400_000)]
    overlay_png_base64: Annotated[str | None, Field(max_length=400_000)] = None


class ShadowState(Value):
    """What judges beside the champion; `skipped` are parts for which there was no spare time."""

    bundle_id: Annotated[str | None, Field(max_length=64)] = None
    refused: Annotated[str | None, Field(max_length=500, description="why the wanted one does not run")] = None
    judged: Annotated[int, Field(ge=0)] = 0
    skipped: Annotated[int, Field(ge=0)] = 0


class Heartbeat(Value):
    """What a station says of itself, about once a second."""

    sent_at: AwareDatetime
    version: Annotated[str, Field(max_length=32)]
    recipe: Annotated[str, Field(max_length=64)]
    bundle_id: Annotated[str | None, Field(max_length=64, description="the bundle that judges now")] = None
    bundle_refused: Annotated[str | None, Field(max_length=500, description="why the desired one does not run")] = None
    ledger: LedgerCounts
    latency: LatencySummary = LatencySummary()
    camera_connected: bool
    deadline_ms: float
    spool_results: Annotated[int, Field(ge=0, description="results not yet at the plant")] = 0
    picture: LivePicture | None = None
    shadow: ShadowState | None = None
    process: Annotated[str | None, Field(max_length=64, description="drawn when it started: tells two boxes apart")] = (
        None
    )


class DesiredState(Value):
    """What the plant wants the station to run; None where no bundle was promoted yet."""

    recipe: str
    bundle_id: str | None = None
    bundle_sha256: Annotated[str | None, Field(description="of the bundle file, to check the download")] = None
    shadow_bundle_id: Annotated[str | None, Field(description="to judge beside it, deciding nothing")] = None
    shadow_bundle_sha256: str | None = None


class IngestBatch(Value):
    """Up to 500 results, oldest first."""

    results: Annotated[tuple[InspectionResult, ...], Field(min_length=1, max_length=500)]


class IngestReceipt(Value):
    """Which images of the batch the plant still wants; all results of the batch are stored when this comes."""

    stored: Annotated[int, Field(ge=0, description="new results")]
    known: Annotated[int, Field(ge=0, description="results that were there already")]
    images_wanted: tuple[str, ...] = ()
