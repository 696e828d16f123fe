"""What a plant gives to other tools, page by page."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.result import ImageKind, InspectionResult
from edge.contract.spreadsheet import UTF8_MARK, as_text_only
from inspection.ingest.find import ResultFilter, parse_result, results_after, stored_images
from inspection.review.labels import labels_shown
from inspection.samples.samples import Sample
from inspection.samples.splits import Split
from inspection.samples.statements import truth_of
from inspection.store.database import Database
from inspection.store.tables import BlobRow, LabelRow, ResultRow, SampleLabelRow, SampleRow

__all__ = ["COLUMNS", "results_csv", "sample_page"]

COLUMNS = (
    "number",
    "id",
    "received_at",
    "captured_at",
    "station",
    "recipe",
    "part_id",
    "sequence",
    "camera",
    "verdict",
    "outcome",
    "reason",
    "score",
    "threshold",
    "defect_class",
    "bundle_id",
    "frame_to_verdict_ms",
    "session_run_ms",
    "frame_sha256",
    "label",
    "label_defect_type",
    "label_by",
)
"""Columns of results as CSV; what is not known is empty."""

_PAGE = 500


def sample_page(session: Session, recipe: str, after: str, limit: int) -> tuple[list[tuple[Sample, str]], str | None]:
    """Samples with a truth and their media types, by hash, of `limit` samples after the hash `after`.

    Returns:
        The page, and the hash to go on after; None at the end.
    """
    query = (
        select(SampleRow, BlobRow.media_type)
        .join(BlobRow, BlobRow.sha256 == SampleRow.sha256)
        .where(SampleRow.recipe == recipe, SampleRow.sha256 > after)
        .order_by(SampleRow.sha256)
        .limit(limit)
    )
    rows = session.execute(query).all()
    said = _statements(session, [sample.id for sample, _ in rows])
    page = [
        (Sample(sample.sha256, Split(sample.split), truth), media_type)
        for sample, media_type in rows
        if (truth := truth_of(said[sample.id])) is not None
    ]
    return page, rows[-1][0].sha256 if len(rows) == limit else None


def _statements(session: Session, sample_ids: Sequence[int]) -> dict[int, list[SampleLabelRow]]:
    found: defaultdict[int, list[SampleLabelRow]] = defaultdict(list)
    query = select(SampleLabelRow).where(SampleLabelRow.sample_id.in_(sample_ids)).order_by(SampleLabelRow.id)
    for row in session.scalars(query):
        found[row.sample_id].append(row)
    return found


def results_csv(database: Database, wanted: ResultFilter, *, spreadsheet: bool = False) -> Iterator[str]:
    """Lines of CSV (RFC 4180, with a head), oldest result first; each page in a transaction of its own.

    Args:
        database: where the results are.
        wanted: which.
        spreadsheet: no text shall begin as a formula does, and letters be told as UTF-8; a program that reads them back
            wants them as they are.
    """
    yield (UTF8_MARK if spreadsheet else "") + _lines([COLUMNS])
    page, after = replace(wanted, limit=_PAGE), 0
    while True:
        with database.read() as session:
            rows = results_after(session, page, after)
            if not rows:
                return
            after = rows[-1].number
            cells = _csv_rows(session, rows)
            text = _lines(tuple(map(as_text_only, row)) for row in cells) if spreadsheet else _lines(cells)
        yield text


def _csv_rows(session: Session, rows: Sequence[ResultRow]) -> Iterator[tuple[object, ...]]:
    ids = [row.id for row in rows]
    images, labels = stored_images(session, ids), labels_shown(session, ids)
    for row in rows:
        frame = images[row.id].get(ImageKind.FRAME)
        latest = max(labels[row.id], key=lambda label: label.id, default=None)
        yield _csv_row(row, parse_result(row), frame, latest)


def _csv_row(row: ResultRow, result: InspectionResult, frame: str | None, label: LabelRow | None) -> tuple[object, ...]:
    known = {
        **result.model_dump(mode="json"),
        "number": row.number,
        "received_at": row.received_at.isoformat(),
        "frame_to_verdict_ms": result.frame_to_verdict_ms,
        "frame_sha256": frame,
        "label": None if label is None else label.label,
        "label_defect_type": None if label is None else label.defect_type,
        "label_by": None if label is None else label.user,
    }
    return tuple(known[name] for name in COLUMNS)


def _lines(rows: Iterator[tuple[object, ...]] | Sequence[tuple[object, ...]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
