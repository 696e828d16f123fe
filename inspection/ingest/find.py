"""Finding results again, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound
from edge.contract.result import ImageKind, InspectionResult
from inspection.review.standing import stands
from inspection.review.states import PartState
from inspection.store.asked import at_line, judged, taken
from inspection.store.tables import BlobRow, LabelRow, ResultImageRow, ResultRow, ReviewPartRow, StationRow

__all__ = [
    "LatestPart",
    "ResultFilter",
    "find_results",
    "frames_of",
    "last_number",
    "latest_parts",
    "parse_result",
    "removed_images",
    "require_result",
    "results_after",
    "stored_frame",
    "stored_images",
]

_ASKED_AT_ONCE = 5000  # SQLite takes 32,766 values in one statement


@dataclass(frozen=True)
class ResultFilter:
    """Which results to find; None means any.

    Attributes:
        line: at which their stations stand.
        score_from, score_to: both included; a part without a score fits neither.
        since, until: when it was taken; the second is not included.
        label: somebody's label that stands.
        review: where the part is in review.
        before: number of the last result of the page before.
    """

    station: str | None = None
    recipe: str | None = None
    verdict: str | None = None
    part_id: str | None = None
    line: str | None = None
    defect_class: str | None = None
    score_from: float | None = None
    score_to: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    label: str | None = None
    review: str | None = None
    before: int | None = None
    limit: int = 50


class LatestPart(NamedTuple):
    """A result in few words."""

    id: str
    part_id: str
    verdict: str


def find_results(session: Session, wanted: ResultFilter) -> list[ResultRow]:
    """Up to `limit` results, newest first; the `number` of the last is the cursor of the next page.

    Newest means: arrived last; with `since` or `until`, taken last, so that an index of times ends the search.

    Raises:
        NotFound: `before` is no result's number, in a search by time.
    """
    if wanted.line is None:
        return list(session.scalars(_page(session, wanted)))
    # Each station's newest by its own index: asked for all at once, a database may sort all they ever sent.
    names = session.scalars(select(StationRow.name).where(StationRow.line == wanted.line)).all()
    stations = [name for name in names if wanted.station in {None, name}]
    pages = [session.scalars(_page(session, replace(wanted, line=None, station=name))) for name in stations]
    rows = (row for page in pages for row in page)
    return sorted(rows, key=lambda row: _place(wanted, row), reverse=True)[: wanted.limit]


def latest_parts(session: Session, station: str, limit: int) -> list[LatestPart]:
    """What a station sent last, newest first; documents stay on the disk."""
    page = _page(session, ResultFilter(station=station, limit=limit))
    rows = session.execute(page.with_only_columns(ResultRow.id, ResultRow.part_id, ResultRow.verdict))
    return [LatestPart(*row) for row in rows]


def _place(wanted: ResultFilter, row: ResultRow) -> tuple[datetime, int] | tuple[int]:
    return (row.captured_at, row.number) if _by_time(wanted) else (row.number,)


def _by_time(wanted: ResultFilter) -> bool:
    return wanted.since is not None or wanted.until is not None


def _page(session: Session, wanted: ResultFilter) -> Select[ResultRow]:
    if not _by_time(wanted):
        return _page_by_arrival(wanted)
    query = select(ResultRow).where(*_fits(wanted)).limit(wanted.limit)
    query = query.order_by(ResultRow.captured_at.desc(), ResultRow.number.desc())
    if wanted.before is None:
        return query
    taken = session.scalar(select(ResultRow.captured_at).where(ResultRow.number == wanted.before))
    if taken is None:
        raise NotFound(f"before: expected the number of the last result of the page before, got {wanted.before}")
    return query.where(tuple_(ResultRow.captured_at, ResultRow.number) < (taken, wanted.before))


def _page_by_arrival(wanted: ResultFilter) -> Select[ResultRow]:
    part = ReviewPartRow
    if wanted.review is None and wanted.label is None:
        query, number = select(ResultRow).where(*_fits(wanted)), ResultRow.number
    else:  # Few of all results were ever in review, and all that have a label: walking those gets to an end sooner.
        state = part.state != PartState.WAITING if wanted.review is None else part.state == wanted.review
        copied = {name: getattr(wanted, name) for name in ("recipe", "station", "verdict")}
        asked = [getattr(part, name) == value for name, value in copied.items() if value is not None]
        others = _fits(replace(wanted, review=None, recipe=None, station=None, verdict=None))
        query = select(ResultRow).join(part, part.number == ResultRow.number)
        query, number = query.where(state, *asked, *others), part.number
    older = () if wanted.before is None else (number < wanted.before,)
    return query.where(*older).order_by(number.desc()).limit(wanted.limit)


def results_after(session: Session, wanted: ResultFilter, after: int) -> list[ResultRow]:
    """Up to `limit` results that arrived after number `after`, in the order of their arrival.

    Results arrive under one write lock, so none with a smaller number can appear later.
    """
    query = select(ResultRow).where(ResultRow.number > after, *_fits(wanted)).order_by(ResultRow.number)
    return list(session.scalars(query.limit(wanted.limit)))


def last_number(session: Session) -> int:
    """Number of the latest result; 0 before the first."""
    return session.scalar(select(func.max(ResultRow.number))) or 0


def _fits(wanted: ResultFilter) -> Iterator[ColumnElement[bool]]:
    row = ResultRow
    for name in ("station", "recipe", "verdict", "part_id"):
        value = getattr(wanted, name)
        if value is not None:
            yield getattr(row, name) == value
    if wanted.line is not None:
        yield at_line(row.station, wanted.line)
    yield from judged(wanted.defect_class, wanted.score_from, wanted.score_to)
    yield from taken(wanted.since, wanted.until)
    if wanted.label is not None:
        yield exists().where(LabelRow.result_id == row.id, LabelRow.label == wanted.label, stands())
    if wanted.review is not None:
        yield exists().where(ReviewPartRow.number == row.number, ReviewPartRow.state == wanted.review)


def require_result(session: Session, result_id: str) -> ResultRow:
    """The result of this id.

    Raises:
        NotFound: no such result.
    """
    row = session.scalars(select(ResultRow).where(ResultRow.id == result_id)).first()
    if row is None:
        raise NotFound(f"result {result_id}: not known here")
    return row


def parse_result(row: ResultRow) -> InspectionResult:
    """The result as the station sent it."""
    return InspectionResult.model_validate_json(row.document)


def stored_images(session: Session, result_ids: list[str]) -> dict[str, dict[str, str]]:
    """SHA-256 by kind, by result, of the images that have arrived and are still here."""
    query = (
        select(ResultImageRow)
        .join(BlobRow, BlobRow.sha256 == ResultImageRow.sha256)
        .where(ResultImageRow.result_id.in_(result_ids), BlobRow.removed_at.is_(None))
    )
    found: dict[str, dict[str, str]] = {id_: {} for id_ in result_ids}
    for row in session.scalars(query):
        found[row.result_id][row.kind] = row.sha256
    return found


def frames_of(session: Session, result_ids: list[str]) -> dict[str, str]:
    """SHA-256 of the frame by result, of those whose frame has arrived and is still here."""
    found: dict[str, str] = {}
    for first in range(0, len(result_ids), _ASKED_AT_ONCE):
        images = stored_images(session, result_ids[first : first + _ASKED_AT_ONCE])
        found |= {id_: kinds[ImageKind.FRAME] for id_, kinds in images.items() if ImageKind.FRAME in kinds}
    return found


def removed_images(session: Session, result_ids: list[str]) -> dict[str, list[str]]:
    """Kinds, by result, of the images that retention removed."""
    query = (
        select(ResultImageRow.result_id, ResultImageRow.kind)
        .join(BlobRow, BlobRow.sha256 == ResultImageRow.sha256)
        .where(ResultImageRow.result_id.in_(result_ids), BlobRow.removed_at.is_not(None))
        .order_by(ResultImageRow.kind)
    )
    found: dict[str, list[str]] = {id_: [] for id_ in result_ids}
    for result_id, kind in session.execute(query):
        found[result_id].append(kind)
    return found


def stored_frame(session: Session, result_id: str) -> str | None:
    """SHA-256 of a result's frame, if it has arrived."""
    return stored_images(session, [result_id])[result_id].get(ImageKind.FRAME)
