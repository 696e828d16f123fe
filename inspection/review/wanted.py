"""Which parts a person wants to see: the filters of the review page, as a condition on results."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, false, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from edge.contract.result import ImageKind
from inspection.review.standing import stands
from inspection.review.states import FLAGGED, LOT_DIGITS, PartState
from inspection.samples.statements import Label
from inspection.store.asked import at_line, judged, taken
from inspection.store.tables import BlobRow, LabelRow, ResultImageRow, ResultRow, ReviewPartRow

__all__ = ["LabelState", "SecondOpinion", "Wanted", "picture_arrived"]

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
        line: at which its station stands.
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
    line: str | None = None

    def seen_by(self, second: SecondOpinion) -> "Wanted":
        """The same, with parts that want a second opinion of this person."""
        return replace(self, second=second)

    def condition(self) -> ColumnElement[bool]:
        """True of the rows of `ResultRow` that are wanted."""
        return ResultRow.number.in_(union_all(*self._kinds()))

    def newest(self, most: int) -> Select[int] | CompoundSelect[int]:
        """Numbers of the wanted results among which are the newest `most`: so many of each kind.

        Each kind is read from the newest end of its index, so that what lies further back costs nothing.
        """
        number = ReviewPartRow.number
        pages = [kind.order_by(number.desc()).limit(most).subquery() for kind in self._kinds()]
        return union_all(*(select(page.c.number) for page in pages))

    def known(self) -> Select[int]:
        """Numbers of the parts of known truth that fit, whatever state is asked for."""
        return self._in(PartState.KNOWN)

    def _kinds(self) -> list[Select[int]]:
        """Numbers of the parts in the state, each kind by itself; a part is of one kind only."""
        match self.state:
            case LabelState.LABELLED:
                return [self._in(state) for state in PartState if state is not PartState.WAITING]
            case LabelState.UNSURE:
                return [self._in(PartState.OPEN).where(_said(LabelRow.label == Label.UNSURE.value))]
            case LabelState.DISPUTED:
                good, defect = (_said(LabelRow.label == label) for label in _CLEAR)
                return [self._in(PartState.OPEN).where(good, defect)]
            case LabelState.WAITING:
                waiting = self._in(PartState.WAITING)
                flagged = waiting.where(ReviewPartRow.verdict.in_(FLAGGED))
                drawn = waiting.where(ReviewPartRow.verdict.not_in(FLAGGED), picture_arrived(ReviewPartRow.result_id))
                if self.second is None:
                    return [flagged, drawn]
                return [flagged, drawn, self._in(PartState.ONCE).where(_wants_second(self.second))]

    def _in(self, state: PartState) -> Select[int]:
        """Recipe, station and verdict are asked of the parts in review, where there are few rows."""
        named = {name: getattr(self, name) for name in ("recipe", "station", "verdict")}
        asked = [getattr(ReviewPartRow, name) == value for name, value in named.items() if value is not None]
        if self.line is not None:
            asked.append(at_line(ReviewPartRow.station, self.line))
        parts = select(ReviewPartRow.number).where(ReviewPartRow.state == state, *asked)
        further = [*judged(self.defect_class, self.score_from, self.score_to), *taken(self.since, self.until)]
        if not further:
            return parts
        return parts.where(exists().where(ResultRow.number == ReviewPartRow.number, *further))


def picture_arrived(result_id: InstrumentedAttribute[str] = ResultRow.id) -> ColumnElement[bool]:
    """True of a result whose picture is here: without it nobody can say what is true."""
    return exists().where(
        ResultImageRow.result_id == result_id,
        ResultImageRow.kind == ImageKind.FRAME.value,
        BlobRow.sha256 == ResultImageRow.sha256,
        BlobRow.removed_at.is_(None),
    )


def _said(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(LabelRow.result_id == ReviewPartRow.result_id, stands(), *conditions)


def _wants_second(second: SecondOpinion) -> ColumnElement[bool]:
    """Judged by one other person, and of the share of lots that nobody chose."""
    if second.share == 0:
        return false()
    part = ReviewPartRow
    lots = 16**LOT_DIGITS
    drawn = part.lot < f"{min(int(second.share * lots), lots - 1):0{LOT_DIGITS}x}"
    mine = exists().where(LabelRow.result_id == part.result_id, LabelRow.user == second.user)
    return and_(drawn, ~mine, picture_arrived(part.result_id))
