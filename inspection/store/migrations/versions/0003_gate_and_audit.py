"""Flips of the gate, and the random audit sample."""

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "gate_flips",
        sa.Column("gate_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=True),
        sa.Column("learnt", sa.Boolean(), nullable=False),
        sa.Column("champion_verdict", sa.String(length=16), nullable=False),
        sa.Column("champion_score", sa.Double(), nullable=True),
        sa.Column("challenger_verdict", sa.String(length=16), nullable=False),
        sa.Column("challenger_score", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name=op.f("fk_gate_flips_gate_id")),
        sa.PrimaryKeyConstraint("gate_id", "position", name=op.f("pk_gate_flips")),
    )
    op.create_table(
        "audit_draws",
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["results.id"], name=op.f("fk_audit_draws_result_id")),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_audit_draws")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("audit_draws")
    op.drop_table("gate_flips")
