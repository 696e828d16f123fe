"""Finding results again, newest first."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound
from edge.contract.result import ImageKind, InspectionResult
from inspection.store.tables import BlobRow, ResultImageRow, ResultRow

__all__ = [
    "ResultFilter",
    "find_results",
    "last_number",
    "parse_result",
    "removed_images",
    "require_result",
    "results_after",
    "stored_frame",
    "stored_images",
]


@dataclass(frozen=True)
class ResultFilter:
    """Which results to find; None means any.

    Attributes:
        before: number of the last result of the page before.
    """

    station: str | None = None
    recipe: str | None = None
    verdict: str | None = None
    part_id: str | None = None
    before: int | None = None
    limit: int = 50


def find_results(session: Session, wanted: ResultFilter) -> list[ResultRow]:
    """Up to `limit` results, newest first; the `number` of the last is the cursor of the next page."""
    query = select(ResultRow).where(*_fits(wanted)).order_by(ResultRow.number.desc()).limit(wanted.limit)
    if wanted.before is not None:
        query = query.where(ResultRow.number < wanted.before)
    return list(session.scalars(query))


def results_after(session: Session, wanted: ResultFilter, after: int) -> list[ResultRow]:
    """Up to `limit` results that arrived after number `after`, in the order of their arrival.

    Results arrive under one write lock, so none with a smaller number can appear later.
    """
    query = select(ResultRow).where(ResultRow.number > after, *_fits(wanted)).order_by(ResultRow.number)
    return list(session.scalars(query.limit(wanted.limit)))


def last_number(session: Session) -> int:
    """Number of the latest result; 0 before the first."""
    return session.scalar(select(func.max(ResultRow.number))) or 0


def _fits(wanted: ResultFilter) -> list[ColumnElement[bool]]:
    named = {name: getattr(wanted, name) for name in ("station", "recipe", "verdict", "part_id")}
    return [getattr(ResultRow, name) == value for name, value in named.items() if value is not None]


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
