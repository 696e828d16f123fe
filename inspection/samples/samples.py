"""Samples of a recipe: added once per image, their statements appended, their split never changed."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.samples.splits import Split, split_of
from inspection.samples.statements import Label, Said, Truth, truth_of
from inspection.store.tables import SampleLabelRow, SampleRow

__all__ = [
    "UPLOAD",
    "Sample",
    "SampleCounts",
    "Subject",
    "add_statement",
    "count_samples",
    "last_upload",
    "samples_of",
    "split_kept",
    "statements_since",
]

UPLOAD = "upload"
"""Source of the statement that comes with an uploaded image."""


@dataclass(frozen=True)
class Sample:
    """An image with what counts for it."""

    sha256: str
    split: Split
    truth: Truth


@dataclass(frozen=True)
class SampleCounts:
    """How many images a recipe has, by split.

    Attributes:
        goods: by split.
        defects: by split, then by defect type.
    """

    goods: dict[str, int]
    defects: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Subject:
    """What is spoken of: an image of a recipe.

    Attributes:
        part: key of its part, which decides its split; None for an image that shows no part of the line.
    """

    recipe: str
    sha256: str
    part: str | None = None


def add_statement(
    session: Session, subject: Subject, source: str, said: Said, now: datetime, *, insists: bool = False
) -> bool:
    """Say something of an image; it becomes a sample of the recipe if it was none.

    Answers False if the same source said the same before: nothing was added.

    Args:
        session: a transaction.
        subject: the image.
        source: who says it, as `statements` describes.
        said: what.
        now: when.
        insists: the same again counts as said anew where another source has said something in between.
    """
    sample = _sample(session, subject, now)
    last = session.scalars(
        select(SampleLabelRow)
        .where(SampleLabelRow.sample_id == sample.id, SampleLabelRow.source == source)
        .order_by(SampleLabelRow.id.desc())
        .limit(1)
    ).first()
    same = last is not None and Said(Label(last.label), last.defect_type, last.mask_sha256) == said
    if last is not None and same and not (insists and _is_answered(session, last)):
        return False
    row = SampleLabelRow(sample_id=sample.id, source=source, created_at=now, **asdict(said))
    session.add(row)
    session.flush()
    return True


def _is_answered(session: Session, statement: SampleLabelRow) -> bool:
    """Whether anybody said anything of the same sample later."""
    row = SampleLabelRow
    later = select(row.id).where(row.sample_id == statement.sample_id, row.id > statement.id)
    return session.scalars(later.limit(1)).first() is not None


def last_upload(session: Session, subject: Subject) -> Said | None:
    """What was last said of a sample by an upload."""
    row = SampleLabelRow
    query = select(row).join(SampleRow, SampleRow.id == row.sample_id)
    query = query.where(SampleRow.recipe == subject.recipe, SampleRow.sha256 == subject.sha256, row.source == UPLOAD)
    last = session.scalars(query.order_by(row.id.desc()).limit(1)).first()
    return None if last is None else Said(Label(last.label), last.defect_type, last.mask_sha256)


def samples_of(session: Session, recipe: str) -> Iterator[Sample]:
    """Every sample of a recipe that has a truth, by hash."""
    statements: defaultdict[int, list[SampleLabelRow]] = defaultdict(list)
    rows = session.scalars(
        select(SampleLabelRow)
        .join(SampleRow, SampleRow.id == SampleLabelRow.sample_id)
        .where(SampleRow.recipe == recipe)
        .order_by(SampleLabelRow.id)
    )
    for row in rows:
        statements[row.sample_id].append(row)
    for sample in session.scalars(select(SampleRow).where(SampleRow.recipe == recipe).order_by(SampleRow.sha256)):
        truth = truth_of(statements[sample.id])
        if truth is not None:
            yield Sample(sample.sha256, Split(sample.split), truth)


def count_samples(session: Session, recipe: str) -> SampleCounts:
    """Count what `samples_of` gives."""
    goods: Counter[str] = Counter()
    defects: dict[str, Counter[str]] = {split: Counter() for split in Split}
    for sample in samples_of(session, recipe):
        if sample.truth.defect_type is None:
            goods[sample.split] += 1
        else:
            defects[sample.split][sample.truth.defect_type] += 1
    return SampleCounts(
        goods={split.value: goods[split] for split in Split},
        defects={split.value: dict(sorted(defects[split].items())) for split in Split},
    )


def statements_since(session: Session, recipe: str, since: datetime | None) -> dict[str, int]:
    """How many new statements of each label there are since an instant: what a new model could learn from."""
    query = select(SampleLabelRow.label).join(SampleRow, SampleRow.id == SampleLabelRow.sample_id)
    query = query.where(SampleRow.recipe == recipe)
    if since is not None:
        query = query.where(SampleLabelRow.created_at > since)
    counts = Counter(session.scalars(query))
    return {label.value: counts[label] for label in (Label.GOOD, Label.DEFECT)}


def split_kept(session: Session, subject: Subject) -> Split:
    """The split that was decided when the image became a sample, or would be now."""
    query = select(SampleRow.split).where(SampleRow.recipe == subject.recipe, SampleRow.sha256 == subject.sha256)
    return Split(session.scalars(query).first() or split_of(subject.part or subject.sha256))


def _sample(session: Session, subject: Subject, now: datetime) -> SampleRow:
    query = select(SampleRow).where(SampleRow.recipe == subject.recipe, SampleRow.sha256 == subject.sha256)
    row = session.scalars(query).first()
    if row is None:
        split = split_kept(session, subject)
        row = SampleRow(recipe=subject.recipe, sha256=subject.sha256, split=split.value, created_at=now)
        session.add(row)
        session.flush()
    return row
