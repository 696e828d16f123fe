"""Taking in results: each is stored once, however often it is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from edge.contract.link import IngestBatch, IngestReceipt
from edge.contract.result import InspectionResult
from inspection.analytics.hours import count_results
from inspection.analytics.latency import count_latencies
from inspection.drift.measures import add_measures
from inspection.review.states import FLAGGED, await_review
from inspection.shadow.report import keep_shadows
from inspection.store.rows import add_rows, table_of
from inspection.store.tables import BlobRow, ResultImageRow, ResultRow
from inspection.store.types import storable

__all__ = ["Taken", "take_results"]

# Made once, and asked past the session: building them for each batch took longer than running them.
_RESULTS, _BLOBS = table_of(ResultRow).c, table_of(BlobRow).c
_ARRIVED = select(_RESULTS.id, _RESULTS.received_at).where(_RESULTS.id.in_(bindparam("ids", expanding=True)))
_STORED = select(_BLOBS.sha256, _BLOBS.removed_at).where(_BLOBS.sha256.in_(bindparam("digests", expanding=True)))


@dataclass(frozen=True)
class Taken:
    """What became of a batch: the answer to the station, and the results that were new."""

    receipt: IngestReceipt
    new: tuple[InspectionResult, ...]


def take_results(session: Session, station: str, batch: IngestBatch, now: datetime) -> Taken:
    """Store the results of a batch that are new, all of them or none.

    Raises:
        Conflict: a result is of another station than the key; nothing is stored. A station that was given another name
            sets aside what it judged before, and goes on with what came since.
    """
    for result in batch.results:
        _require_own(station, result)
    by_id = {result.id: result for result in batch.results}
    known = {row.id: row.received_at for row in session.connection().execute(_ARRIVED, {"ids": list(by_id)})}
    new = [result for id_, result in by_id.items() if id_ not in known]
    add_rows(session, ResultRow, [_row(result, now) for result in new])
    add_rows(session, ResultImageRow, _image_rows(new))
    await_review(session, [result.id for result in new if result.verdict.value in FLAGGED])
    count_results(session, new)
    count_latencies(session, new)
    keep_shadows(session, new)
    add_measures(session, new)
    wanted = _wanted(session, [(result, known.get(result.id, now)) for result in batch.results])
    receipt = IngestReceipt(stored=len(new), known=len(batch.results) - len(new), images_wanted=wanted)
    return Taken(receipt, tuple(new))


def _require_own(station: str, result: InspectionResult) -> None:
    if result.station != station:
        raise Conflict(f"result {result.id}: expected station {station!r} (whose key this is), got {result.station!r}")


def _row(result: InspectionResult, now: datetime) -> dict[str, Any]:
    return {
        "id": result.id,
        "station": result.station,
        "recipe": storable(result.recipe),
        "verdict": result.verdict.value,
        "score": result.score,
        "defect_class": None if result.defect_class is None else storable(result.defect_class),
        "part_id": result.part_id.replace("\x00", "\ufffd"),  # PostgreSQL's text has no NUL; the document keeps it
        "captured_at": result.captured_at,
        "received_at": now,
        "document": result.model_dump_json(),
    }


def _image_rows(results: Iterable[InspectionResult]) -> list[dict[str, Any]]:
    rows = {
        (result.id, image.kind): {"result_id": result.id, "kind": image.kind.value, "sha256": image.sha256}
        for result in results
        for image in result.images
    }
    return list(rows.values())


def _wanted(session: Session, results: Iterable[tuple[InspectionResult, datetime]]) -> tuple[str, ...]:
    """Images that are not here; one that retention removed is wanted by a result that arrived after that only."""
    named: dict[str, datetime] = {}
    for result, received_at in results:
        for image in result.images:
            named[image.sha256] = max(received_at, named.get(image.sha256, received_at))
    if not named:
        return ()
    stored = session.connection().execute(_STORED, {"digests": list(named)})
    settled = {digest for digest, removed_at in stored if removed_at is None or named[digest] < removed_at}
    return tuple(digest for digest in named if digest not in settled)
