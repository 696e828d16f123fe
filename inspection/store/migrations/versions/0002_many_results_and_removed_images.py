"""Numbers of results beyond 31 bits, and images that retention removed."""

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name != "sqlite":  # there a key has 64 bits from the start
        op.alter_column("results", "number", type_=sa.BigInteger())
        op.execute("ALTER SEQUENCE results_number_seq AS BIGINT")
    op.add_column("blobs", sa.Column("removed_at", UtcDateTime(), nullable=True))
    op.add_column("blobs", sa.Column("file_deleted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_blobs_file_to_delete", "blobs", ["file_deleted", "removed_at"])


def downgrade() -> None:
    """Take back; an image that was removed is then one that is not there."""
    op.execute("DELETE FROM blobs WHERE removed_at IS NOT NULL")
    op.drop_index("ix_blobs_file_to_delete", table_name="blobs")
    op.drop_column("blobs", "file_deleted")
    op.drop_column("blobs", "removed_at")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER SEQUENCE results_number_seq AS INTEGER")
        op.alter_column("results", "number", type_=sa.Integer())
