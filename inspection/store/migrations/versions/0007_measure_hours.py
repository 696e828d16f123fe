"""Sums of scores and image statistics by hour; they begin with the results that come in from now on."""

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEY = ("station", "camera", "recipe", "bundle_id", "hour", "measure")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "measure_hours",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("camera", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", sa.String(length=64), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("total_of_squares", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_measure_hours")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("measure_hours")
