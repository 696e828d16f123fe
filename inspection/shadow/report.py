"""What a challenger said beside the champion, kept as results come in, and how far the two agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult
from inspection.review.rates import Estimate, plain_rate
from inspection.store.tables import ResultRow, ShadowVerdictRow

__all__ = ["ShadowReport", "keep_shadows", "shadow_flips", "shadow_report"]


@dataclass(frozen=True)
class ShadowReport:
    """How far a challenger agrees with what the champion said of the same parts.

    Attributes:
        pairs: how many parts, by the champion's verdict and then the challenger's.
        agreement: share with the same verdict, with its 95 % interval; None before the first part.
    """

    parts: int
    pairs: dict[str, dict[str, int]]
    agreement: Estimate | None


def keep_shadows(session: Session, results: Iterable[InspectionResult]) -> None:
    """Add what came with results that were just stored, in their transaction."""
    session.add_all(
        ShadowVerdictRow(
            result_id=result.id,
            bundle_id=result.shadow.bundle_id,
            verdict=result.shadow.verdict.value,
            champion_id=result.bundle_id,
            champion_verdict=result.verdict.value,
        )
        for result in results
        if result.shadow is not None
    )


def shadow_report(session: Session, bundle_id: str) -> ShadowReport:
    """Count everything that the challenger was asked, against whichever champion."""
    row = ShadowVerdictRow
    query = select(row.champion_verdict, row.verdict, func.count()).where(row.bundle_id == bundle_id)
    pairs: dict[str, dict[str, int]] = {}
    for champion, challenger, count in session.execute(query.group_by(row.champion_verdict, row.verdict)):
        pairs.setdefault(champion, {})[challenger] = count
    parts = sum(count for said in pairs.values() for count in said.values())
    same = sum(said.get(champion, 0) for champion, said in pairs.items())
    return ShadowReport(parts, pairs, plain_rate(same, parts))


def shadow_flips(session: Session, bundle_id: str, limit: int) -> Sequence[ResultRow]:
    """Parts on which the two disagree, newest first."""
    row = ShadowVerdictRow
    query = select(ResultRow).join(row, row.result_id == ResultRow.id).where(row.bundle_id == bundle_id)
    query = query.where(row.verdict != row.champion_verdict).order_by(ResultRow.number.desc())
    return session.scalars(query.limit(limit)).all()
