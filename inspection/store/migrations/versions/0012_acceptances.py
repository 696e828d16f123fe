"""What people accepted as good, and the job that taught it."""

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "acceptances",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("result_ids", sa.JSON(), nullable=False),
        sa.Column("sha256s", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("undone_by", sa.String(length=64), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["recipe"], ["recipes.name"], name=op.f("fk_acceptances_recipe")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_acceptances_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptances")),
    )
    op.create_index(op.f("ix_acceptances_recipe"), "acceptances", ["recipe"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_acceptances_recipe"), table_name="acceptances")
    op.drop_table("acceptances")
