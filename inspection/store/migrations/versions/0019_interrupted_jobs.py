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
    """Take back."""
    with op.batch_alter_table("jobs") as table:
        table.drop_column("interruptions")
