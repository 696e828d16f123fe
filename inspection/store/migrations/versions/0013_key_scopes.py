"""Scopes of programs' keys."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; keys that are there keep all that their role may."""
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("scopes", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take back; a key that was limited would be so no more, so it is revoked."""
    op.execute("UPDATE api_keys SET revoked_at = CURRENT_TIMESTAMP WHERE scopes IS NOT NULL AND revoked_at IS NULL")
    with op.batch_alter_table("api_keys") as table:
        table.drop_column("scopes")
