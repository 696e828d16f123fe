"""Challengers that judge beside the champion."""

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "shadow_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["recipe"], ["recipes.name"], name=op.f("fk_shadow_orders_recipe")),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_shadow_orders_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_orders")),
    )
    op.create_index(op.f("ix_shadow_orders_recipe"), "shadow_orders", ["recipe"])
    op.create_table(
        "shadow_verdicts",
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("bundle_id", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("champion_id", sa.String(length=64), nullable=True),
        sa.Column("champion_verdict", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["results.id"], name=op.f("fk_shadow_verdicts_result_id")),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_shadow_verdicts")),
    )
    op.create_index("ix_shadow_verdicts_bundle", "shadow_verdicts", ["bundle_id", "champion_verdict", "verdict"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_shadow_verdicts_bundle", table_name="shadow_verdicts")
    op.drop_table("shadow_verdicts")
    op.drop_index(op.f("ix_shadow_orders_recipe"), table_name="shadow_orders")
    op.drop_table("shadow_orders")
