"""What somebody rules about a doubtful sample: it outweighs all that was said before, until somebody says more."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound
from inspection.samples.samples import Subject, add_statement
from inspection.samples.statements import RULING, Label, Said
from inspection.store.tables import SampleLabelRow, SampleRow

__all__ = ["Ruling", "rule", "rulings_on"]


@dataclass(frozen=True)
class Ruling:
    """What one person ruled."""

    user: str
    label: Label
    defect_type: str | None
    created_at: datetime


def rule(session: Session, subject: Subject, user: str, label: Label, defect_type: str | None, now: datetime) -> bool:
    """Say what counts for a sample; of a defect with the mask that was drawn last.

    Answers False if this person's last word on it was the same, and nothing came after it.

    Raises:
        NotFound: the recipe has no such sample.
    """
    query = select(SampleRow).where(SampleRow.recipe == subject.recipe, SampleRow.sha256 == subject.sha256)
    sample = session.scalars(query).first()
    if sample is None:
        raise NotFound(f"recipe {subject.recipe!r}: no sample {subject.sha256[:12]}")
    mask = _last_mask(session, sample.id) if label is Label.DEFECT else None
    said = Said(label, defect_type if label is Label.DEFECT else None, mask)
    return add_statement(session, subject, f"{RULING}:{_number(session, sample.id)}:{user}", said, now)


def rulings_on(session: Session, pictures: Collection[str]) -> dict[tuple[str, str], list[Ruling]]:
    """Rulings on pictures, the oldest first, by recipe and SHA-256; one without a ruling is left out."""
    row, sample = SampleLabelRow, SampleRow
    query = select(sample.recipe, sample.sha256, row).join(sample, sample.id == row.sample_id)
    query = query.where(sample.sha256.in_(pictures), row.source.startswith(f"{RULING}:")).order_by(row.id)
    found: defaultdict[tuple[str, str], list[Ruling]] = defaultdict(list)
    for recipe, sha256, said in session.execute(query):
        user = said.source.split(":", 2)[2]
        found[recipe, sha256].append(Ruling(user, Label(said.label), said.defect_type, said.created_at))
    return dict(found)


def _last_mask(session: Session, sample: int) -> str | None:
    row = SampleLabelRow
    query = select(row.mask_sha256).where(row.sample_id == sample, row.mask_sha256.is_not(None))
    return session.scalars(query.order_by(row.id.desc()).limit(1)).first()


def _number(session: Session, sample: int) -> int:
    """Of the last statement: a ruling after another one is a new one, unless nothing came in between."""
    row = SampleLabelRow
    query = select(row).where(row.sample_id == sample).order_by(row.id.desc()).limit(1)
    last = session.scalars(query).one()
    return int(last.source.split(":")[1]) if last.source.startswith(f"{RULING}:") else last.id
