"""How often the service died while a job ran, so that it is started again, but not for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("jobs", sa.Column("interruptions", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take back, without a batch: SQLite would make the table anew, and other tables' rows name its rows."""
    op.drop_column("jobs", "interruptions")
