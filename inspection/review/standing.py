"""Which labels count: of each person the last, unless it was taken back."""

from sqlalchemy import ColumnElement, and_, exists
from sqlalchemy.orm import aliased

from inspection.samples.statements import Label
from inspection.store.tables import LabelRow

__all__ = ["stands"]


def stands() -> ColumnElement[bool]:
    """True of a row of `LabelRow` that its person neither took back nor replaced."""
    later = aliased(LabelRow)
    replaced = exists().where(
        later.result_id == LabelRow.result_id, later.user == LabelRow.user, later.id > LabelRow.id
    )
    return and_(LabelRow.label != Label.RETRACTED.value, ~replaced)
