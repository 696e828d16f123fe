"""Part types, stations and what comes from them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from inspection.store.tables.base import Base, Name, Number, Sha256

__all__ = [
    "AlertDeliveryRow",
    "AlertRow",
    "BlobRow",
    "HourRow",
    "LatencyHourRow",
    "MeasureHourRow",
    "RecipeRow",
    "RecipeVersionRow",
    "ResultImageRow",
    "ResultRow",
    "StationBundleRow",
    "StationRow",
    "WebhookCursorRow",
]


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
    line: Mapped[str | None] = mapped_column(Name, doc="the line that it stands at; None if nobody said")
    key_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None] = mapped_column(doc="when it was taken out of service; its results stay")
    drops: Mapped[int | None] = mapped_column(BigInteger, doc="that alerts know of; None before its first heartbeat")


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
        Index("ix_results_station_captured_at", "station", "captured_at"),
        Index("ix_results_recipe_captured_at", "recipe", "captured_at"),
        # Most parts have no class: those take no room in it.
        Index(
            "ix_results_defect_class_number",
            "defect_class",
            "number",
            sqlite_where=text("defect_class IS NOT NULL"),
            postgresql_where=text("defect_class IS NOT NULL"),
        ),
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


class LatencyHourRow(Base):
    """Results of an hour by how long their verdicts took; made as `hours` is."""

    __tablename__ = "latency_hours"
    # In the order in which a chart adds up, the counts in the index itself.
    __table_args__ = ({"sqlite_with_rowid": False},)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="of `analytics.latency.step_of`")
    station: Mapped[str] = mapped_column(Name, primary_key=True)
    recipe: Mapped[str] = mapped_column(Name, primary_key=True)
    count: Mapped[int]


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


class WebhookCursorRow(Base):
    """How far a webhook is: everything up to `number` was taken, or is not for it."""

    __tablename__ = "webhook_cursors"
    name: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    moved_at: Mapped[datetime]
