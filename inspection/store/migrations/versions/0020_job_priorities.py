"""Which waiting job goes first."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what waits now was asked for by people."""
    op.add_column("jobs", sa.Column("priority", sa.Integer(), nullable=False, server_default="10"))


def downgrade() -> None:
    """Take back, without a batch: SQLite would make the table anew, and other tables' rows name its rows."""
    op.drop_column("jobs", "priority")
