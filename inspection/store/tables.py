"""The tables; `migrations/` makes them, and a test asserts that the two agree.

Rows of `results`, `labels`, `sample_labels`, `recipe_versions`, `promotions`, `rollouts`, `rollout_steps`,
`station_bundles` and `audit` are only ever added.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from inspection.store.types import UtcDateTime

__all__ = [
    "AcceptanceRow",
    "AlertDeliveryRow",
    "AlertRow",
    "ApiKeyRow",
    "AuditDrawRow",
    "AuditRow",
    "Base",
    "BlobRow",
    "BundleRow",
    "DataVersionRow",
    "FlipRow",
    "GateRow",
    "HourRow",
    "JobRow",
    "LabelRow",
    "MeasureHourRow",
    "PromotionRow",
    "RecipeRow",
    "RecipeVersionRow",
    "ResultImageRow",
    "ResultRow",
    "ReviewCheckRow",
    "ReviewPartRow",
    "RolloutRow",
    "RolloutStepRow",
    "SampleLabelRow",
    "SampleRow",
    "SessionRow",
    "ShadowOrderRow",
    "ShadowVerdictRow",
    "StationBundleRow",
    "StationRow",
    "UserRow",
    "WebhookCursorRow",
]

Name = String(64)
Sha256 = String(64)
Number = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER counts by itself there, and it has 64 bits


class Base(DeclarativeBase):
    """Names of constraints are fixed, so that a later migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[list[str]]: JSON,
        list[dict[str, Any]]: JSON,
    }


class UserRow(Base):
    """A person who signs in."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    role: Mapped[str] = mapped_column(String(16))
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A signed-in browser; only the hash of its token is kept."""

    __tablename__ = "sessions"
    token_sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKeyRow(Base):
    """A key of a program that asks for data or acts with a role; only its hash is kept, and the row stays for ever."""

    __tablename__ = "api_keys"
    name: Mapped[str] = mapped_column(Name, primary_key=True)
    key_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    role: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), doc="None is all that the role may")
    created_by: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class RecipeRow(Base):
    """A part type."""

    __tablename__ = "recipes"
    name: Mapped[str] = mapped_column(Name, primary_key=True)
    created_at: Mapped[datetime]


class RecipeVersionRow(Base):
    """A version of a recipe: what the plant decides of how a part type is inspected."""

    __tablename__ = "recipe_versions"
    __table_args__ = (UniqueConstraint("recipe", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"))
    version: Mapped[int]
    settings: Mapped[dict[str, Any]]
    golden_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"), doc="also in `settings`")
    ignore_mask_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"), doc="also in `settings`")
    reason: Mapped[str] = mapped_column(String(500))
    user: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime]


class StationRow(Base):
    """A station that may report; only the hash of its key is kept."""

    __tablename__ = "stations"
    name: Mapped[str] = mapped_column(Name, primary_key=True)
    recipe: Mapped[str] = mapped_column(ForeignKey("recipes.name"))
    key_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    created_at: Mapped[datetime]


class StationBundleRow(Base):
    """A station said that it runs another bundle from now on; None if it runs none."""

    __tablename__ = "station_bundles"
    id: Mapped[int] = mapped_column(primary_key=True)
    station: Mapped[str] = mapped_column(ForeignKey("stations.name"), index=True)
    bundle_id: Mapped[str | None] = mapped_column(Sha256)
    since: Mapped[datetime]


class BlobRow(Base):
    """A stored image file; once retention removed it, the row says so."""

    __tablename__ = "blobs"
    __table_args__ = (Index("ix_blobs_file_to_delete", "file_deleted", "removed_at"),)
    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    media_type: Mapped[str] = mapped_column(Name)
    size_bytes: Mapped[int]
    stored_at: Mapped[datetime]
    removed_at: Mapped[datetime | None] = mapped_column(doc="when retention decided to; None while it is kept")
    file_deleted: Mapped[bool] = mapped_column(default=False, server_default=false(), doc="and its file is gone")


class ResultRow(Base):
    """One trigger of a station; `document` is the whole result as it came, the columns are for finding it."""

    __tablename__ = "results"
    __table_args__ = (
        Index("ix_results_station_number", "station", "number"),
        Index("ix_results_recipe_verdict_number", "recipe", "verdict", "number"),
        Index("ix_results_captured_at", "captured_at"),
    )
    number: Mapped[int] = mapped_column(Number, primary_key=True, doc="order of arrival; the cursor of lists")
    id: Mapped[str] = mapped_column(String(32), unique=True)
    station: Mapped[str] = mapped_column(Name)
    recipe: Mapped[str] = mapped_column(Name)
    verdict: Mapped[str] = mapped_column(String(16))
    part_id: Mapped[str] = mapped_column(String(128), index=True)
    score: Mapped[float | None] = mapped_column(Double)
    defect_class: Mapped[str | None] = mapped_column(Name, doc="that the model named")
    captured_at: Mapped[datetime]
    received_at: Mapped[datetime]
    document: Mapped[str] = mapped_column(Text)


class HourRow(Base):
    """Results counted by the hour in which they were captured; made of `results`, in the same transactions."""

    __tablename__ = "hours"
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    station: Mapped[str] = mapped_column(Name, primary_key=True)
    recipe: Mapped[str] = mapped_column(Name, primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16), primary_key=True)
    defect_class: Mapped[str] = mapped_column(Name, primary_key=True, doc="that the model named; empty if none")
    count: Mapped[int]
    scored: Mapped[int] = mapped_column(doc="results that have a score")
    score_sum: Mapped[float] = mapped_column(Double)


class MeasureHourRow(Base):
    """Sums of one measure of the parts of an hour, by camera and bundle; made as `hours` is."""

    __tablename__ = "measure_hours"
    station: Mapped[str] = mapped_column(Name, primary_key=True)
    camera: Mapped[str] = mapped_column(Name, primary_key=True)
    recipe: Mapped[str] = mapped_column(Name, primary_key=True)
    bundle_id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int]
    total: Mapped[float] = mapped_column(Double)
    total_of_squares: Mapped[float] = mapped_column(Double)


class ResultImageRow(Base):
    """An image that a result names; the file itself may still be on its way."""

    __tablename__ = "result_images"
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    sha256: Mapped[str] = mapped_column(Sha256, index=True)


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
        Index("ix_review_parts_state_result_id", "state", "result_id"),
        Index("ix_review_parts_state_recipe_number", "state", "recipe", "number"),
    )
    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False, doc="of the result")
    result_id: Mapped[str] = mapped_column(String(32), unique=True)
    recipe: Mapped[str] = mapped_column(Name)
    station: Mapped[str] = mapped_column(Name)
    verdict: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8))


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
    source: Mapped[str] = mapped_column(String(128), doc="`upload`, or `result:<id>:<user>`")
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
    result: Mapped[dict[str, Any] | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
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
    undone_by: Mapped[str | None] = mapped_column(Name, doc="a person, or `gate`: it would have lost a known defect")
    undone_at: Mapped[datetime | None]


class AlertRow(Base):
    """Something that somebody should look at; one open row for each kind and cause."""

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    cause: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(String(500))
    station: Mapped[str | None] = mapped_column(Name)
    recipe: Mapped[str | None] = mapped_column(Name)
    opened_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(Name)
    comment: Mapped[str | None] = mapped_column(String(500))


class AlertDeliveryRow(Base):
    """An event of an alert for one target; made in the event's transaction, so that it is told at least once."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (Index("ix_alert_deliveries_due", "target", "delivered_at", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id"))
    target: Mapped[str] = mapped_column(Name)
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(500))


class AuditRow(Base):
    """One change by a person; `hash` covers this row and, through `previous_hash`, all before it."""

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(40), doc="ISO 8601, as hashed")
    actor: Mapped[str] = mapped_column(Name)
    action: Mapped[str] = mapped_column(String(64))
    details: Mapped[str] = mapped_column(Text, doc="canonical JSON, as hashed")
    previous_hash: Mapped[str] = mapped_column(Sha256)
    hash: Mapped[str] = mapped_column(Sha256)


class WebhookCursorRow(Base):
    """How far a webhook is: everything up to `number` was taken, or is not for it."""

    __tablename__ = "webhook_cursors"
    name: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    moved_at: Mapped[datetime]
