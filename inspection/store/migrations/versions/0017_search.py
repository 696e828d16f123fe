"""Indexes by which results are searched: time of a station or recipe, class of defect, and state in review."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_results_station_captured_at", "results", ["station", "captured_at"])
    op.create_index("ix_results_recipe_captured_at", "results", ["recipe", "captured_at"])
    op.create_index("ix_review_parts_state_number", "review_parts", ["state", "number"])
    named = sa.text("defect_class IS NOT NULL")
    columns = ["defect_class", "number"]
    op.create_index("ix_results_defect_class_number", "results", columns, sqlite_where=named, postgresql_where=named)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_review_parts_state_number", table_name="review_parts")
    op.drop_index("ix_results_defect_class_number", table_name="results")
    op.drop_index("ix_results_recipe_captured_at", table_name="results")
    op.drop_index("ix_results_station_captured_at", table_name="results")
