"""The share of parts that a second person judges is drawn by the end of the id, for its beginning is the time now."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_review_parts_state_result_id", table_name="review_parts")
    op.add_column("review_parts", sa.Column("lot", sa.String(length=8), nullable=False, server_default=""))
    op.execute("UPDATE review_parts SET lot = substr(result_id, 25)")
    with op.batch_alter_table("review_parts") as table:
        table.alter_column("lot", server_default=None)
    op.create_index("ix_review_parts_state_lot", "review_parts", ["state", "lot"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_review_parts_state_lot", table_name="review_parts")
    with op.batch_alter_table("review_parts") as table:
        table.drop_column("lot")
    op.create_index("ix_review_parts_state_result_id", "review_parts", ["state", "result_id"])
