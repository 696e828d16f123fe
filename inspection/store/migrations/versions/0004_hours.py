"""Results counted by the hour, with those that are already there."""

import json
from collections import Counter
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_HOURS = sa.table(
    "hours",
    sa.column("hour", UtcDateTime()),
    sa.column("station", sa.String()),
    sa.column("recipe", sa.String()),
    sa.column("verdict", sa.String()),
    sa.column("defect_class", sa.String()),
    sa.column("count", sa.Integer()),
    sa.column("scored", sa.Integer()),
    sa.column("score_sum", sa.Float()),
)
_RESULTS = sa.table(
    "results",
    sa.column("station", sa.String()),
    sa.column("recipe", sa.String()),
    sa.column("verdict", sa.String()),
    sa.column("captured_at", UtcDateTime()),
    sa.column("document", sa.Text()),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "hours",
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("defect_class", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.Column("score_sum", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "station", "recipe", "verdict", "defect_class", name=op.f("pk_hours")),
    )
    op.create_index("ix_results_captured_at", "results", ["captured_at"])
    _count()


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_results_captured_at", table_name="results")
    op.drop_table("hours")


def _count() -> None:
    counts: Counter[tuple[datetime, str, str, str, str]] = Counter()
    scored: Counter[tuple[datetime, str, str, str, str]] = Counter()
    sums: dict[tuple[datetime, str, str, str, str], float] = {}
    for row in op.get_bind().execute(sa.select(_RESULTS), execution_options={"yield_per": 1000}):
        document = json.loads(row.document)
        hour = row.captured_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        key = (hour, row.station, row.recipe, row.verdict, document.get("defect_class") or "")
        counts[key] += 1
        score = document.get("score")
        if isinstance(score, (int, float)):
            scored[key] += 1
            sums[key] = sums.get(key, 0.0) + score
    rows = [
        {
            "hour": key[0],
            "station": key[1],
            "recipe": key[2],
            "verdict": key[3],
            "defect_class": key[4],
            "count": count,
            "scored": scored[key],
            "score_sum": sums.get(key, 0.0),
        }
        for key, count in counts.items()
    ]
    if rows:
        op.bulk_insert(_HOURS, rows)
