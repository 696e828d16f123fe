"""Parts of which the truth is known, shown among the waiting ones, so that a reviewer can be measured.

Known is what two people said alike and nobody otherwise. What a reviewer says of such a part is kept apart from the
labels: a tired reviewer must not unsettle what is settled.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from math import ceil

from sqlalchemy import ColumnElement, and_, exists, select, union_all
from sqlalchemy.orm import Session, aliased

from inspection.review.labels import Decision
from inspection.review.standing import stands
from inspection.review.wanted import Wanted, picture_arrived
from inspection.samples.statements import Label
from inspection.store.tables import LabelRow, ResultRow, ReviewCheckRow, ReviewPartRow

__all__ = ["answer_check", "answer_checks", "how_many", "known_unseen", "mixed_in", "truth_known"]

_AGREE = 2
_LOOKED_AT = 100  # of the newest known parts that the user has not seen
_PAGE = 200  # of known parts, and
_PAGES = 10  # so many: who has seen all of those waits for new ones


def mixed_in(session: Session, rows: Sequence[ResultRow], wanted: Wanted, user: str, share: float) -> list[ResultRow]:
    """The rows with some parts between them that are known, and that the user has never seen.

    Which and where follows from the user and the parts, so that the same queue asked for twice is the same.

    Args:
        session: of the database.
        rows: that wait.
        wanted: what was asked for; a known part that does not fit would be found out.
        user: who will judge them.
        share: of known parts to waiting ones.
    """
    mixed = list(rows)
    for row in known_unseen(session, rows, wanted, user, how_many(rows, share)):
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


def answer_checks(session: Session, result_ids: Sequence[str], said: Decision, user: str, now: datetime) -> list[str]:
    """Keep what a person says of several parts apart where they are known; answers the ids of those that are."""
    return [id_ for id_ in result_ids if answer_check(session, id_, said, user, now)]


def how_many(rows: Sequence[ResultRow], share: float) -> int:
    """Of known parts beside these rows."""
    return ceil(share * len(rows))


def known_unseen(
    session: Session, rows: Sequence[ResultRow], wanted: Wanted, user: str, most: int = _LOOKED_AT
) -> list[ResultRow]:
    """Parts of known truth that the user has never judged, at most so many, in the order of the user's lots.

    They are of the recipes of these rows, and fit what was asked for.
    """
    if not rows:
        return []
    found = sorted(_unseen(session, rows, wanted, user), key=lambda part: _lot(user, part[1]))[:most]
    place = {number: index for index, (number, _) in enumerate(found)}
    known = session.scalars(select(ResultRow).where(ResultRow.number.in_(place)))
    return sorted(known, key=lambda row: place[row.number])


def _unseen(session: Session, rows: Sequence[ResultRow], wanted: Wanted, user: str) -> list[tuple[int, str]]:
    """Numbers and ids of the newest; their documents are read for those that are shown."""
    mine = exists().where(LabelRow.result_id == ResultRow.id, LabelRow.user == user)
    part = select(ResultRow.number, ResultRow.id).where(~mine, ~_answered(user), picture_arrived())
    found: list[tuple[int, str]] = []
    for numbers in _newest_known(session, wanted, sorted({row.recipe for row in rows})):
        query = part.where(ResultRow.number.in_(numbers)).order_by(ResultRow.number.desc())
        found.extend((number, id_) for number, id_ in session.execute(query))
        if len(found) >= _LOOKED_AT:
            break
    return found[:_LOOKED_AT]


def _newest_known(session: Session, wanted: Wanted, recipes: Sequence[str]) -> Iterator[list[int]]:
    """Numbers of known parts, the newest first, page by page.

    Each recipe is read from the newest end of its index: asked with what the user has said, a database may gather all
    that was ever known first.
    """
    number = ReviewPartRow.number
    before: int | None = None
    for _ in range(_PAGES):
        older = () if before is None else (number < before,)
        known = [wanted.known().where(ReviewPartRow.recipe == recipe, *older) for recipe in recipes]
        pages = [of_one.order_by(number.desc()).limit(_PAGE).subquery() for of_one in known]
        numbers = sorted(session.scalars(union_all(*(select(page.c.number) for page in pages))), reverse=True)[:_PAGE]
        yield numbers
        if len(numbers) < _PAGE:
            return
        before = numbers[-1]


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
