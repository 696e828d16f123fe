"""Data versions."""

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "data_versions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["recipe"], ["recipes.name"], name=op.f("fk_data_versions_recipe")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_versions")),
    )
    op.create_index(op.f("ix_data_versions_recipe"), "data_versions", ["recipe"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_data_versions_recipe"), table_name="data_versions")
    op.drop_table("data_versions")
