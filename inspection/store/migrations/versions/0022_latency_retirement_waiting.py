"""Latencies by hour, from the results that come in from now on; retired stations; how long a stage waits."""

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

_KEY = ("hour", "step", "station", "recipe")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "latency_hours",
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_latency_hours")),
        sqlite_with_rowid=False,
    )
    op.add_column("rollouts", sa.Column("wait_min", sa.Double(), nullable=True))
    op.add_column("stations", sa.Column("retired_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Take back, without a batch: SQLite would make the table anew, and other tables' rows name its rows."""
    op.drop_column("rollouts", "wait_min")
    op.drop_column("stations", "retired_at")
    op.drop_table("latency_hours")
