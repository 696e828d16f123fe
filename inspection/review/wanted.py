"""Which parts a person wants to see: the filters of the review page, as a condition on results."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true

from edge.contract.result import ImageKind, Verdict
from inspection.review.labels import stands
from inspection.samples.statements import Label
from inspection.store.tables import AuditDrawRow, BlobRow, LabelRow, ResultImageRow, ResultRow

__all__ = ["FLAGGED", "LabelState", "SecondOpinion", "Wanted", "picture_arrived"]

FLAGGED = (Verdict.FAIL.value, Verdict.UNDECIDED.value)
_CLEAR = (Label.GOOD.value, Label.DEFECT.value)


class LabelState(StrEnum):
    """What people have said of a part."""

    WAITING = "waiting"  # flagged, or drawn by chance, and not judged yet
    LABELLED = "labelled"
    UNSURE = "unsure"  # the latest of somebody
    DISPUTED = "disputed"  # good to one, defective to another


@dataclass(frozen=True)
class SecondOpinion:
    """For whom parts are shown that somebody else has judged alone, and what share of them."""

    user: str
    share: float


@dataclass(frozen=True)
class Wanted:
    """Which results; None means any.

    Attributes:
        score_from, score_to: both included; a part without a score fits neither.
        since, until: when it was taken.
    """

    recipe: str | None = None
    station: str | None = None
    verdict: str | None = None
    defect_class: str | None = None
    score_from: float | None = None
    score_to: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: LabelState = LabelState.WAITING
    second: SecondOpinion | None = None

    def seen_by(self, second: SecondOpinion) -> "Wanted":
        """The same, with parts that want a second opinion of this person."""
        return replace(self, second=second)

    def condition(self) -> ColumnElement[bool]:
        """True of the rows of `ResultRow` that are wanted."""
        return and_(self._in_state(), *self._filters())

    def _filters(self) -> Iterator[ColumnElement[bool]]:
        for name in ("recipe", "station", "verdict", "defect_class"):
            if getattr(self, name) is not None:
                yield getattr(ResultRow, name) == getattr(self, name)
        if self.score_from is not None:
            yield ResultRow.score >= self.score_from
        if self.score_to is not None:
            yield ResultRow.score <= self.score_to
        if self.since is not None:
            yield ResultRow.captured_at >= self.since
        if self.until is not None:
            yield ResultRow.captured_at < self.until

    def _in_state(self) -> ColumnElement[bool]:
        match self.state:
            case LabelState.LABELLED:
                return _said()
            case LabelState.UNSURE:
                return _said(LabelRow.label == Label.UNSURE.value)
            case LabelState.DISPUTED:
                return and_(_said(LabelRow.label == Label.GOOD.value), _said(LabelRow.label == Label.DEFECT.value))
            case LabelState.WAITING:
                waiting = and_(or_(ResultRow.verdict.in_(FLAGGED), _is_audited()), ~_said())
                return waiting if self.second is None else or_(waiting, _wants_second(self.second))


def picture_arrived() -> ColumnElement[bool]:
    """True of a result whose picture is here: without it nobody can say what is true."""
    return exists().where(
        ResultImageRow.result_id == ResultRow.id,
        ResultImageRow.kind == ImageKind.FRAME.value,
        BlobRow.sha256 == ResultImageRow.sha256,
        BlobRow.removed_at.is_(None),
    )


def _said(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(LabelRow.result_id == ResultRow.id, stands(), *conditions)


def _is_audited() -> ColumnElement[bool]:
    return and_(exists().where(AuditDrawRow.result_id == ResultRow.id), picture_arrived())


def _wants_second(second: SecondOpinion) -> ColumnElement[bool]:
    """Judged by one other person; ids are random, so that their first digits draw a share that nobody chose."""
    if second.share == 0:
        return ~true()
    drawn = ResultRow.id < f"{min(int(second.share * 16**8), 16**8 - 1):08x}"
    judges = select(func.count()).select_from(LabelRow).where(LabelRow.result_id == ResultRow.id, stands())
    mine = exists().where(LabelRow.result_id == ResultRow.id, LabelRow.user == second.user)
    return and_(drawn, judges.scalar_subquery() == 1, _said(LabelRow.label.in_(_CLEAR)), ~mine, picture_arrived())
