"""What people have said of the hold-out since an instant, and nothing was measured on."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.samples.splits import Split
from inspection.samples.statements import truth_of
from inspection.store.tables import SampleLabelRow, SampleRow

__all__ = ["HeldoutSince", "heldout_since"]


@dataclass(frozen=True)
class HeldoutSince:
    """How many parts of the hold-out are labelled by now that had no label then, or another one."""

    goods: int
    defects: int


def heldout_since(session: Session, recipe: str, since: datetime) -> HeldoutSince:
    """Count them; a part whose label was taken back is none."""
    row = SampleLabelRow
    told = select(row.sample_id).join(SampleRow, SampleRow.id == row.sample_id)
    told = told.where(SampleRow.recipe == recipe, SampleRow.split == Split.HOLDOUT.value, row.created_at > since)
    statements: defaultdict[int, list[SampleLabelRow]] = defaultdict(list)
    for statement in session.scalars(select(row).where(row.sample_id.in_(told)).order_by(row.id)):
        statements[statement.sample_id].append(statement)
    goods = defects = 0
    for said in statements.values():
        now, then = truth_of(said), truth_of(one for one in said if one.created_at <= since)
        if now is not None and (then is None or then.defect_type != now.defect_type):
            goods, defects = goods + (now.defect_type is None), defects + (now.defect_type is not None)
    return HeldoutSince(goods, defects)
