"""Bundles, the evidence for them, and which of them run."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Double,
    ForeignKey,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from inspection.store.tables.base import Base, Name, Number, Sha256

__all__ = [
    "AcceptanceRow",
    "BundleRow",
    "FlipRow",
    "GateRow",
    "JobRow",
    "PromotionRow",
    "RolloutRow",
    "RolloutStepRow",
    "ShadowOrderRow",
    "ShadowVerdictRow",
]


class BundleRow(Base):
    """A model version; its file never changes."""

    __tablename__ = "bundles"
    id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"), index=True)
    file_sha256: Mapped[str] = mapped_column(Sha256)
    manifest: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(16))
    registered_at: Mapped[datetime]


class GateRow(Base):
    """A verdict of the gate on a bundle, against the champion of that moment; the latest counts."""

    __tablename__ = "gates"
    id: Mapped[int] = mapped_column(primary_key=True)
    bundle_id: Mapped[str] = mapped_column(ForeignKey("bundles.id"), index=True)
    champion_id: Mapped[str | None] = mapped_column(Sha256)
    passed: Mapped[bool]
    evaluation: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class FlipRow(Base):
    """A part on which a bundle and the champion disagreed when the gate ran."""

    __tablename__ = "gate_flips"
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(8), doc="`holdout` or `replay`")
    sha256: Mapped[str] = mapped_column(Sha256, doc="of the image")
    result_id: Mapped[str | None] = mapped_column(String(32))
    label: Mapped[str | None] = mapped_column(String(80), doc="when the gate ran: `good` or a defect type")
    learnt: Mapped[bool]
    champion_verdict: Mapped[str] = mapped_column(String(16))
    champion_score: Mapped[float | None]
    challenger_verdict: Mapped[str] = mapped_column(String(16))
    challenger_score: Mapped[float | None]


class PromotionRow(Base):
    """A change of a recipe's champion; `kind` is `promote`, `force` (against the gate) or `rollback`."""

    __tablename__ = "promotions"
    id: Mapped[int] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"), index=True)
    bundle_id: Mapped[str] = mapped_column(ForeignKey("bundles.id"))
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(500))
    user: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime]


class RolloutRow(Base):
    """A challenger on its way to the stations; `stages` are the stations that each stage adds."""

    __tablename__ = "rollouts"
    id: Mapped[int] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"), index=True)
    bundle_id: Mapped[str] = mapped_column(ForeignKey("bundles.id"))
    champion_id: Mapped[str] = mapped_column(ForeignKey("bundles.id"))
    stages: Mapped[list[list[str]]]
    wait_min: Mapped[float | None] = mapped_column(Double, doc="that a stage lasts before it goes on by itself")
    reason: Mapped[str] = mapped_column(String(500))
    user: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime]


class RolloutStepRow(Base):
    """A step of a rollout: `start`, `advance`, `halt` or `finish`, with what it was decided on."""

    __tablename__ = "rollout_steps"
    id: Mapped[int] = mapped_column(primary_key=True)
    rollout_id: Mapped[int] = mapped_column(ForeignKey("rollouts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(500))
    user: Mapped[str] = mapped_column(Name)
    after_number: Mapped[int] = mapped_column(Number, doc="the newest result of that moment")
    evidence: Mapped[list[dict[str, Any]]]
    created_at: Mapped[datetime]


class ShadowOrderRow(Base):
    """Which bundle judges beside a recipe's champion; the last row counts, and None ends it."""

    __tablename__ = "shadow_orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"), index=True)
    bundle_id: Mapped[str | None] = mapped_column(ForeignKey("bundles.id"))
    reason: Mapped[str] = mapped_column(String(500))
    user: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime]


class ShadowVerdictRow(Base):
    """What a challenger would have said of a part."""

    __tablename__ = "shadow_verdicts"
    __table_args__ = (Index("ix_shadow_verdicts_bundle", "bundle_id", "champion_verdict", "verdict"),)
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"), primary_key=True)
    bundle_id: Mapped[str] = mapped_column(Sha256)
    verdict: Mapped[str] = mapped_column(String(16))
    champion_id: Mapped[str | None] = mapped_column(Sha256)
    champion_verdict: Mapped[str] = mapped_column(String(16))


class JobRow(Base):
    """A training or gate job."""

    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"), index=True)
    parameters: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), index=True)
    progress: Mapped[float] = mapped_column(default=0.0)
    step: Mapped[str] = mapped_column(String(200), default="")
    error: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(doc="while it runs: what it has made so far")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    interruptions: Mapped[int] = mapped_column(default=0, server_default="0", doc="deaths of the service amid it")
    priority: Mapped[int] = mapped_column(default=10, server_default="10", doc="the higher goes first")
    user: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class AcceptanceRow(Base):
    """Results that a person accepted as good, and the job that teaches it."""

    __tablename__ = "acceptances"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"), index=True)
    result_ids: Mapped[list[str]]
    sha256s: Mapped[list[str]] = mapped_column(doc="of their frames")
    reason: Mapped[str] = mapped_column(String(500))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    user: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime]
    undone_by: Mapped[str | None] = mapped_column(Name, doc="a person, or `gate`: it could not be taught")
    undone_at: Mapped[datetime | None]
