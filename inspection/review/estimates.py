"""How often the line is wrong, from the random audit sample alone."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from edge.contract.result import ImageKind, Verdict
from inspection.review.rates import Estimate, Reviewed, odds_share, weigh, weighted_rate
from inspection.samples.statements import Label
from inspection.store.tables import AuditDrawRow, LabelRow, ResultImageRow, ResultRow

__all__ = ["AuditEstimates", "AuditSide", "audit_estimates"]

_BOTH = 0.975  # of each of two intervals, so that both hold with 95 %


@dataclass(frozen=True)
class AuditSide:
    """The parts of one verdict.

    Attributes:
        parts: all of them.
        with_picture: those whose station kept a picture; the others cannot be reviewed.
        drawn: for the sample.
        reviewed: of those, labelled good or defect.
        unsure: of those, a person could not tell; left out.
        uncovered: parts of stations of which none was reviewed; the rate says nothing of them.
        wrong: share of the other parts whose verdict was wrong; None before the first review.
    """

    parts: int
    with_picture: int
    drawn: int
    reviewed: int
    unsure: int
    uncovered: int
    wrong: Estimate | None


@dataclass(frozen=True)
class AuditEstimates:
    """Both sides, and what follows for the line.

    Attributes:
        passes: passed parts; a wrong one is an escape.
        fails: failed parts; a wrong one is overkill.
        escape_rate: bad parts that passed, of all bad ones; its interval holds with at least 95 %.
        overkill_rate: good parts that failed, of all good ones; the same.
        escapes_at_most: share of passed parts that is bad, one-sided bound with 95 %; uncovered ones count as bad.
    """

    passes: AuditSide
    fails: AuditSide
    escape_rate: Estimate | None
    overkill_rate: Estimate | None
    escapes_at_most: float | None


@dataclass(frozen=True)
class _Side:
    told: AuditSide
    sample: list[Reviewed]

    def at(self, confidence: float) -> tuple[int, Estimate] | None:
        rate = weighted_rate(self.sample, confidence)
        return None if rate is None else (self.told.parts - self.told.uncovered, rate)


def audit_estimates(session: Session, recipe: str, since: datetime | None = None) -> AuditEstimates:
    """Estimate from what was drawn by chance and reviewed; labels of other parts do not count.

    Parts are weighted by station, so that one that keeps more pictures does not count for more. It is taken that the
    drawn parts without a label are like those with one: review them all, or in an order that the score does not decide.
    """
    passes, fails = (_side(session, recipe, verdict, since) for verdict in (Verdict.PASS, Verdict.FAIL))
    passed, failed = passes.at(_BOTH), fails.at(_BOTH)
    known = passed is not None and failed is not None
    return AuditEstimates(
        passes=passes.told,
        fails=fails.told,
        escape_rate=odds_share(passed, failed) if known and passed and failed else None,
        overkill_rate=odds_share(failed, passed) if known and passed and failed else None,
        escapes_at_most=_escapes_at_most(passes),
    )


def _escapes_at_most(passes: _Side) -> float | None:
    """Nothing is known of the parts of a station that nobody reviewed: all of them may be bad."""
    one_sided = passes.at(0.9)  # 5 % above it
    if one_sided is None:
        return None
    covered, rate = one_sided
    return (covered * rate.upper + passes.told.uncovered) / passes.told.parts


def _side(session: Session, recipe: str, verdict: Verdict, since: datetime | None) -> _Side:
    chosen = and_(ResultRow.recipe == recipe, ResultRow.verdict == verdict.value)
    if since is not None:
        chosen = and_(chosen, ResultRow.received_at >= since)
    parts = _parts(session, chosen)
    drawn = session.execute(
        select(ResultRow.id, ResultRow.station, AuditDrawRow.share)
        .join(AuditDrawRow, AuditDrawRow.result_id == ResultRow.id)
        .where(chosen)
    ).all()
    labels = _labels(session, chosen)
    wrong_label = Label.DEFECT if verdict is Verdict.PASS else Label.GOOD
    reviewed: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for id_, station, share in drawn:
        if labels.get(id_) in {Label.GOOD, Label.DEFECT}:
            reviewed[station].append((share, labels[id_] == wrong_label))
    sample = [part for station, found in reviewed.items() for part in weigh(parts[station], found, station)]
    told = AuditSide(
        parts=parts.total(),
        with_picture=_with_picture(session, chosen),
        drawn=len(drawn),
        reviewed=len(sample),
        unsure=sum(label == Label.UNSURE for label in labels.values()),
        uncovered=sum(count for station, count in parts.items() if station not in reviewed),
        wrong=weighted_rate(sample),
    )
    return _Side(told, sample)


def _parts(session: Session, chosen: ColumnElement[bool]) -> Counter[str]:
    """How many parts there are, by station."""
    rows = session.execute(select(ResultRow.station, func.count()).where(chosen).group_by(ResultRow.station))
    return Counter({row[0]: row[1] for row in rows})


def _with_picture(session: Session, chosen: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(ResultRow).join(ResultImageRow, ResultImageRow.result_id == ResultRow.id)
    return session.scalar(query.where(chosen, ResultImageRow.kind == ImageKind.FRAME.value)) or 0


def _labels(session: Session, chosen: ColumnElement[bool]) -> dict[str, str]:
    """What counts for each drawn result: the latest label that nobody took back."""
    query = (
        select(LabelRow)
        .join(AuditDrawRow, AuditDrawRow.result_id == LabelRow.result_id)
        .join(ResultRow, ResultRow.id == LabelRow.result_id)
        .where(chosen)
        .order_by(LabelRow.id)
    )
    standing: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in session.scalars(query):
        standing[row.result_id].pop(row.user, None)
        if row.label != Label.RETRACTED:
            standing[row.result_id][row.user] = row.label  # goes to the end: the latest decides
    return {id_: list(labels.values())[-1] for id_, labels in standing.items() if labels}
