"""What people say of parts, and the samples that follow from it."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from inspection.store.tables.base import Base, Name, Number, Sha256

__all__ = [
    "AuditDrawRow",
    "DataVersionRow",
    "LabelRow",
    "ReviewCheckRow",
    "ReviewPartRow",
    "SampleLabelRow",
    "SampleRow",
]


class AuditDrawRow(Base):
    """A result drawn by chance for review, whatever its score; with the share that was drawn then."""

    __tablename__ = "audit_draws"
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"), primary_key=True)
    share: Mapped[float]
    drawn_at: Mapped[datetime]


class LabelRow(Base):
    """What a person said of a result, once; a later row of the same person takes its place for display."""

    __tablename__ = "labels"
    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"), index=True)
    user: Mapped[str] = mapped_column(Name)
    label: Mapped[str] = mapped_column(String(16))
    defect_type: Mapped[str | None] = mapped_column(Name)
    comment: Mapped[str | None] = mapped_column(String(500))
    mask_sha256: Mapped[str | None] = mapped_column(Sha256, doc="where the defect is, as the person marked it")
    took_s: Mapped[float | None] = mapped_column(Double, doc="from the picture's showing to the decision")
    created_at: Mapped[datetime]


class ReviewPartRow(Base):
    """Where a part is in review: it waits, or somebody labelled it; made of results, draws and labels."""

    __tablename__ = "review_parts"
    __table_args__ = (
        Index("ix_review_parts_state_lot", "state", "lot"),
        Index("ix_review_parts_state_number", "state", "number"),
        Index("ix_review_parts_state_recipe_number", "state", "recipe", "number"),
    )
    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False, doc="of the result")
    result_id: Mapped[str] = mapped_column(String(32), unique=True)
    recipe: Mapped[str] = mapped_column(Name)
    station: Mapped[str] = mapped_column(Name)
    verdict: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8))
    lot: Mapped[str] = mapped_column(String(8), doc="last digits of the id: as good as drawn, and as good after years")


class ReviewCheckRow(Base):
    """What a person said of a part of which the truth was known, shown among others; it labels nothing."""

    __tablename__ = "review_checks"
    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"), index=True)
    user: Mapped[str] = mapped_column(Name)
    truth: Mapped[str] = mapped_column(String(16), doc="`good` or `defect`, as known then")
    label: Mapped[str] = mapped_column(String(16))
    took_s: Mapped[float | None] = mapped_column(Double)
    created_at: Mapped[datetime]


class SampleRow(Base):
    """An image that a recipe learns from or is tested on; its split is decided once, by its hash."""

    __tablename__ = "samples"
    __table_args__ = (UniqueConstraint("recipe", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"))
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    split: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]


class SampleLabelRow(Base):
    """A statement about a sample; `source` says whose, and a later one of the same source takes its place."""

    __tablename__ = "sample_labels"
    id: Mapped[int] = mapped_column(primary_key=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("samples.id"), index=True)
    source: Mapped[str] = mapped_column(String(128), doc="`upload`, `result:<id>:<user>`, or `ruling:<number>:<user>`")
    label: Mapped[str] = mapped_column(String(16))
    defect_type: Mapped[str | None] = mapped_column(Name)
    mask_sha256: Mapped[str | None] = mapped_column(Sha256, doc="of a PNG of the image's size, not 0 = defective")
    created_at: Mapped[datetime]


class DataVersionRow(Base):
    """What a training learnt from and was tested on; named by its content, so it never changes."""

    __tablename__ = "data_versions"
    id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"), index=True)
    content: Mapped[str] = mapped_column(Text, doc="canonical JSON, as hashed")
    counts: Mapped[dict[str, Any]] = mapped_column(doc="images by truth")
    created_at: Mapped[datetime]
