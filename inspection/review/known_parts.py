"""Parts of which the truth is known, shown among the waiting ones, so that a reviewer can be measured.

Known is what two people said alike and nobody otherwise. What a reviewer says of such a part is kept apart from the
labels: a tired reviewer must not unsettle what is settled.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from math import ceil

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from inspection.review.labels import Decision
from inspection.review.standing import stands
from inspection.review.states import PartState
from inspection.review.wanted import picture_arrived
from inspection.samples.statements import Label
from inspection.store.tables import LabelRow, ResultRow, ReviewCheckRow, ReviewPartRow

__all__ = ["answer_check", "mixed_in", "truth_known"]

_AGREE = 2
_LOOKED_AT = 200  # of the newest known parts


def mixed_in(session: Session, rows: Sequence[ResultRow], user: str, share: float) -> list[ResultRow]:
    """The rows with some parts between them that are known, and that the user has never seen.

    Which and where follows from the user and the parts, so that the same queue asked for twice is the same.

    Args:
        session: of the database.
        rows: that wait.
        user: who will judge them.
        share: of known parts to waiting ones.
    """
    recipes = {row.recipe for row in rows}
    known = _unseen(session, user, recipes)[: ceil(share * len(rows))] if share > 0 and rows else []
    mixed = list(rows)
    for row in known:
        mixed.insert(int(_lot(user, row.id), 16) % (len(mixed) + 1), row)
    return mixed


def truth_known(session: Session, result_id: str) -> Label | None:
    """What is known of a part; None if it is not known for sure."""
    query = select(LabelRow.label).where(LabelRow.result_id == result_id, stands())
    said = list(session.scalars(query))
    return Label(said[0]) if len(said) >= _AGREE and set(said) in ({Label.GOOD}, {Label.DEFECT}) else None


def answer_check(session: Session, result_id: str, said: Decision, user: str, now: datetime) -> bool:
    """Keep what a person says of a known part apart; False if the part is not one, so that it is a label.

    Saying the same again adds nothing.
    """
    last = _last_answer(session, result_id, user)
    known = truth_known(session, result_id)
    if last is None and (known is None or said.label is Label.RETRACTED or _has_labelled(session, result_id, user)):
        return False
    if last is not None and last.label == said.label:
        return True
    truth = last.truth if last is not None else str(known)
    session.add(
        ReviewCheckRow(
            result_id=result_id, user=user, truth=truth, label=said.label.value, took_s=said.took_s, created_at=now
        )
    )
    session.flush()
    return True


def _unseen(session: Session, user: str, recipes: set[str]) -> list[ResultRow]:
    """In the order of the user's lots."""
    mine = exists().where(LabelRow.result_id == ResultRow.id, LabelRow.user == user)
    part = ReviewPartRow
    known = select(part.number).where(part.state == PartState.KNOWN, part.recipe.in_(recipes))
    query = select(ResultRow).where(ResultRow.number.in_(known), ~mine, ~_answered(user))
    newest = session.scalars(query.where(picture_arrived()).order_by(ResultRow.number.desc()).limit(_LOOKED_AT))
    return sorted(newest, key=lambda row: _lot(user, row.id))


def _answered(user: str) -> ColumnElement[bool]:
    later = aliased(ReviewCheckRow)
    same = and_(later.result_id == ReviewCheckRow.result_id, later.user == ReviewCheckRow.user)
    return exists().where(
        ReviewCheckRow.result_id == ResultRow.id,
        ReviewCheckRow.user == user,
        ReviewCheckRow.label != Label.RETRACTED.value,
        ~exists().where(same, later.id > ReviewCheckRow.id),
    )


def _last_answer(session: Session, result_id: str, user: str) -> ReviewCheckRow | None:
    query = select(ReviewCheckRow).where(ReviewCheckRow.result_id == result_id, ReviewCheckRow.user == user)
    return session.scalars(query.order_by(ReviewCheckRow.id.desc()).limit(1)).first()


def _has_labelled(session: Session, result_id: str, user: str) -> bool:
    query = select(LabelRow.id).where(LabelRow.result_id == result_id, LabelRow.user == user)
    return session.scalars(query.limit(1)).first() is not None


def _lot(user: str, result_id: str) -> str:
    return sha256(f"{user}:{result_id}".encode()).hexdigest()
