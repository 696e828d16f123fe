"""Data versions: what a training learnt from and what it was tested on, image by image, for ever.

A version is named by the hash of its content, so that the same data is the same version, whenever it was asked for.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound
from inspection.samples.samples import Sample
from inspection.samples.splits import Split
from inspection.samples.statements import Label, Truth
from inspection.store.tables import DataVersionRow

__all__ = ["Changes", "changes", "record_version", "require_data_version", "samples_in", "versions_of_data"]


@dataclass(frozen=True)
class Changes:
    """What differs between two versions, by SHA-256.

    Attributes:
        relabelled: in both, with another truth or mask.
        moved: in both, with another split; a version that was made here has none.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    relabelled: tuple[str, ...]
    moved: tuple[str, ...]


def record_version(session: Session, recipe: str, samples: Iterable[Sample], now: datetime) -> str:
    """Keep what the samples are at this moment; returns the version's id. The same samples again change nothing."""
    items = sorted(_item(sample) for sample in samples)
    text = json.dumps([recipe, items], ensure_ascii=False, separators=(",", ":"))
    id_ = sha256(text.encode()).hexdigest()
    if session.get(DataVersionRow, id_) is None:
        kinds = Counter(item[2] or Label.GOOD.value for item in items)
        row = DataVersionRow(id=id_, recipe=recipe, content=text, counts=dict(kinds), created_at=now)
        session.add(row)
        session.flush()
    return id_


def versions_of_data(session: Session, recipe: str) -> list[DataVersionRow]:
    """All versions of a recipe's data, newest first."""
    query = select(DataVersionRow).where(DataVersionRow.recipe == recipe)
    return list(session.scalars(query.order_by(DataVersionRow.created_at.desc(), DataVersionRow.id)))


def require_data_version(session: Session, recipe: str, id_: str) -> DataVersionRow:
    """One version.

    Raises:
        NotFound: no such version of this recipe.
    """
    row = session.get(DataVersionRow, id_)
    if row is None or row.recipe != recipe:
        raise NotFound(f"recipe {recipe!r}: no data version {id_[:12]}")
    return row


def samples_in(row: DataVersionRow) -> list[Sample]:
    """The samples as they were, by hash."""
    _, items = json.loads(row.content)
    return [_sample(*item) for item in items]


def changes(before: DataVersionRow, after: DataVersionRow) -> Changes:
    """What differs."""
    old, new = ({sample.sha256: sample for sample in samples_in(row)} for row in (before, after))
    both = sorted(old.keys() & new.keys())
    return Changes(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        relabelled=tuple(digest for digest in both if old[digest].truth != new[digest].truth),
        moved=tuple(digest for digest in both if old[digest].split != new[digest].split),
    )


def _item(sample: Sample) -> tuple[str, str, str, str]:
    truth = sample.truth
    return (sample.sha256, sample.split.value, truth.defect_type or "", truth.mask_sha256 or "")


def _sample(digest: str, split: str, defect_type: str, mask: str) -> Sample:
    label = Label.DEFECT if defect_type else Label.GOOD
    return Sample(digest, Split(split), Truth(label, defect_type or None, mask or None))
