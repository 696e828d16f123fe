"""What people have said of a part, in one word, kept beside the labels so that no question has to read all results.

Made of `results`, `audit_draws` and `labels`, in the transactions that write those: a part has a row from when it waits
for review or somebody labelled it.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from sqlalchemy import BindParameter, Insert, bindparam, func, insert, literal, select
from sqlalchemy.orm import Session

from edge.contract.result import ID_DIGITS, Verdict
from inspection.samples.statements import Label
from inspection.store.rows import table_of
from inspection.store.tables import AuditDrawRow, ResultRow, ReviewPartRow

__all__ = ["FLAGGED", "LOT_DIGITS", "PartState", "await_review", "restate", "state_of"]

FLAGGED = (Verdict.FAIL.value, Verdict.UNDECIDED.value)
LOT_DIGITS = 8
"""At the end of a result's id, where all ids are random; a share of the lots is a share of the parts."""
_CLEAR = frozenset({Label.GOOD.value, Label.DEFECT.value})


class PartState(StrEnum):
    """Where a part is in review."""

    WAITING = "waiting"  # flagged, or drawn by chance, and nobody has judged it
    ONCE = "once"  # one person called it good or defective
    KNOWN = "known"  # two or more called it the same
    OPEN = "open"  # somebody is unsure, or two disagree


def state_of(said: Sequence[str]) -> PartState | None:
    """State of a part of which these labels stand, one of each person; None if there are none."""
    if not said:
        return None
    if set(said) - _CLEAR or len(set(said)) > 1:
        return PartState.OPEN
    return PartState.ONCE if len(said) == 1 else PartState.KNOWN


def await_review(session: Session, result_ids: Collection[str]) -> None:
    """Let parts wait that are stored and have no state yet."""
    if result_ids:
        session.connection().execute(_LET_WAIT, {"ids": list(result_ids)})


def restate(session: Session, result: ResultRow, said: Sequence[str]) -> None:
    """Bring a part's state up to date after a label.

    Args:
        session: the transaction of the label.
        result: the part.
        said: labels that stand, one of each person.
    """
    state = state_of(said) or (PartState.WAITING if _wants_review(session, result) else None)
    row = session.get(ReviewPartRow, result.number)
    if state is None:
        if row is not None:
            session.delete(row)
    elif row is not None:
        row.state = state.value
    else:
        session.add(
            ReviewPartRow(
                number=result.number,
                result_id=result.id,
                recipe=result.recipe,
                station=result.station,
                verdict=result.verdict,
                state=state.value,
                lot=result.id[-LOT_DIGITS:],
            )
        )
    session.flush()


def _wants_review(session: Session, result: ResultRow) -> bool:
    return result.verdict in FLAGGED or session.get(AuditDrawRow, result.id) is not None


def _let_wait() -> Insert:
    columns = ("number", "result_id", "recipe", "station", "verdict", "state", "lot")
    row, state = table_of(ResultRow).c, literal(PartState.WAITING.value)
    parts = table_of(ReviewPartRow)
    ids: BindParameter[str] = bindparam("ids", expanding=True)
    known = select(parts.c.result_id).where(parts.c.result_id.in_(ids))
    lot = func.substr(row.id, ID_DIGITS - LOT_DIGITS + 1)
    new = select(row.number, row.id, row.recipe, row.station, row.verdict, state, lot)
    return insert(parts).from_select(columns, new.where(row.id.in_(ids), row.id.not_in(known)))


_LET_WAIT = _let_wait()  # made once: building it for each batch took longer than running it
