"""The review queue: parts that were not passed and that nobody has judged yet."""

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from edge.contract.result import Verdict
from inspection.samples.statements import Label
from inspection.store.tables import LabelRow, ResultRow, SampleLabelRow, SampleRow

__all__ = ["FLAGGED", "defect_types", "queue", "queue_length"]

FLAGGED = (Verdict.FAIL.value, Verdict.UNDECIDED.value)


def queue(session: Session, recipe: str | None, limit: int) -> list[ResultRow]:
    """The newest flagged results without a label."""
    return list(
        session.scalars(select(ResultRow).where(_waiting(recipe)).order_by(ResultRow.number.desc()).limit(limit))
    )


def queue_length(session: Session, recipe: str | None) -> dict[str, int]:
    """How many results wait, by verdict."""
    query = select(ResultRow.verdict, func.count()).where(_waiting(recipe)).group_by(ResultRow.verdict)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return {verdict: counts.get(verdict, 0) for verdict in FLAGGED}


def defect_types(session: Session, recipe: str | None) -> list[str]:
    """Defect types that were named so far, for one recipe or all."""
    query = select(SampleLabelRow.defect_type).where(SampleLabelRow.defect_type.is_not(None)).distinct()
    if recipe is not None:
        query = query.join(SampleRow, SampleRow.id == SampleLabelRow.sample_id).where(SampleRow.recipe == recipe)
    return sorted(name for name in session.scalars(query) if name)


def _waiting(recipe: str | None) -> ColumnElement[bool]:
    later = aliased(LabelRow)
    superseded = exists().where(
        later.result_id == LabelRow.result_id, later.user == LabelRow.user, later.id > LabelRow.id
    )
    labelled = exists().where(LabelRow.result_id == ResultRow.id, LabelRow.label != Label.RETRACTED.value, ~superseded)
    condition = and_(ResultRow.verdict.in_(FLAGGED), ~labelled)
    return condition if recipe is None else and_(condition, ResultRow.recipe == recipe)
