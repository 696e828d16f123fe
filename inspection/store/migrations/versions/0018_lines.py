"""The line that a station stands at."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("stations", sa.Column("line", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("stations", "line")
