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
    """Take back."""
    with op.batch_alter_table("jobs") as table:
        table.drop_column("priority")
