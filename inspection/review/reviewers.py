"""How well and how fast each person judges: on known parts, beside second opinions, and by the clock."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from inspection.review.rates import Estimate, plain_rate
from inspection.review.standing import stands
from inspection.samples.statements import Label
from inspection.store.tables import LabelRow, ReviewCheckRow

__all__ = ["Reviewer", "Sign", "reviewers"]

_CLEAR = (Label.GOOD.value, Label.DEFECT.value)
_MISSES_MORE_THAN = 0.05
_FASTER_THAN_S = 0.5
_DECISIONS_TO_TELL = 30
_SAME_IN_A_ROW = 50


class Sign(StrEnum):
    """What speaks for decisions made without looking."""

    MISSES_KNOWN_DEFECTS = "misses_known_defects"
    TOO_FAST = "too_fast"
    ALWAYS_THE_SAME = "always_the_same"


@dataclass(frozen=True)
class Reviewer:
    """One person's decisions.

    Attributes:
        decisions: labels that stand, and answers on known parts.
        seconds_median: of those that were timed; None if none was.
        known_defects: shown and answered; `missed` is the share called good.
        known_goods: shown and answered; `overcalled` is the share called defective.
        second_opinions: parts that this person and somebody else judged; `agreement` is the share on which all agree.
    """

    user: str
    decisions: int
    seconds_median: float | None
    known_defects: int
    missed: Estimate | None
    known_goods: int
    overcalled: Estimate | None
    second_opinions: int
    agreement: Estimate | None
    signs: tuple[Sign, ...]


@dataclass(frozen=True)
class _Decision:
    at: datetime
    label: str
    took_s: float | None


def reviewers(session: Session, since: datetime | None = None) -> list[Reviewer]:
    """Everybody who has judged a part, by name."""
    labels = _labels(session, since)
    checks = _checks(session, since)
    pairs = _agreements(session, since)
    people = sorted({row.user for row in labels} | {row.user for row in checks})
    return [
        _reviewer(
            user,
            [row for row in labels if row.user == user],
            [row for row in checks if row.user == user],
            [agree for by, agree in pairs if by == user],
        )
        for user in people
    ]


def _reviewer(
    user: str, labels: Sequence[LabelRow], checks: Sequence[ReviewCheckRow], agreements: Sequence[bool]
) -> Reviewer:
    made = [_Decision(row.created_at, row.label, row.took_s) for row in labels]
    made += [_Decision(row.created_at, row.label, row.took_s) for row in checks]
    made.sort(key=lambda decision: decision.at)
    timed = [decision.took_s for decision in made if decision.took_s is not None]
    defects = [row.label == Label.GOOD for row in checks if row.truth == Label.DEFECT and row.label in _CLEAR]
    goods = [row.label == Label.DEFECT for row in checks if row.truth == Label.GOOD and row.label in _CLEAR]
    missed = _share(defects)
    return Reviewer(
        user=user,
        decisions=len(made),
        seconds_median=median(timed) if timed else None,
        known_defects=len(defects),
        missed=missed,
        known_goods=len(goods),
        overcalled=_share(goods),
        second_opinions=len(agreements),
        agreement=_share(agreements),
        signs=tuple(_signs(made, timed, missed)),
    )


def _signs(made: Sequence[_Decision], timed: Sequence[float], missed: Estimate | None) -> Iterable[Sign]:
    if missed is not None and missed.lower > _MISSES_MORE_THAN:
        yield Sign.MISSES_KNOWN_DEFECTS
    if len(timed) >= _DECISIONS_TO_TELL and median(timed) < _FASTER_THAN_S:
        yield Sign.TOO_FAST
    if len(made) >= _SAME_IN_A_ROW and len({decision.label for decision in made[-_SAME_IN_A_ROW:]}) == 1:
        yield Sign.ALWAYS_THE_SAME


def _share(of: Sequence[bool]) -> Estimate | None:
    return plain_rate(sum(of), len(of))


def _labels(session: Session, since: datetime | None) -> Sequence[LabelRow]:
    query = select(LabelRow).where(stands())
    return session.scalars(query if since is None else query.where(LabelRow.created_at >= since)).all()


def _checks(session: Session, since: datetime | None) -> list[ReviewCheckRow]:
    """The last answer of each person on each known part, unless it was taken back."""
    query = select(ReviewCheckRow).order_by(ReviewCheckRow.id)
    rows = session.scalars(query if since is None else query.where(ReviewCheckRow.created_at >= since))
    latest = {(row.result_id, row.user): row for row in rows}
    return [row for row in latest.values() if row.label != Label.RETRACTED]


def _agreements(session: Session, since: datetime | None) -> list[tuple[str, bool]]:
    """For each person and part that others judged, too: whether all say the same."""
    query = select(LabelRow.result_id, LabelRow.user, LabelRow.label).where(stands(), LabelRow.label.in_(_CLEAR))
    other = aliased(LabelRow)
    judged_twice = select(other.id).where(other.result_id == LabelRow.result_id, other.user != LabelRow.user).exists()
    if since is not None:
        query = query.where(LabelRow.created_at >= since)
    by_part: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for result_id, user, label in session.execute(query.where(judged_twice)):
        by_part[result_id][user] = label
    several = [said for said in by_part.values() if len(said) > 1]
    return [(user, len(set(said.values())) == 1) for said in several for user in said]
