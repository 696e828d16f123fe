"""Score and class of results to search by; marked masks and time of labels; known parts shown to measure reviewers."""

import json

import sqlalchemy as sa
from alembic import op

from inspection.store.types import UtcDateTime

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

_RESULTS = sa.table(
    "results",
    sa.column("number", sa.BigInteger()),
    sa.column("document", sa.Text()),
    sa.column("score", sa.Double()),
    sa.column("defect_class", sa.String()),
)
_BATCH = 1000


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("results") as table:
        table.add_column(sa.Column("score", sa.Double(), nullable=True))
        table.add_column(sa.Column("defect_class", sa.String(length=64), nullable=True))
    _fill()
    with op.batch_alter_table("labels") as table:
        table.add_column(sa.Column("mask_sha256", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("took_s", sa.Double(), nullable=True))
    with op.batch_alter_table("sample_labels") as table:
        table.add_column(sa.Column("mask_sha256", sa.String(length=64), nullable=True))
    op.create_table(
        "review_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("truth", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=16), nullable=False),
        sa.Column("took_s", sa.Double(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["results.id"], name=op.f("fk_review_checks_result_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_checks")),
    )
    op.create_index(op.f("ix_review_checks_result_id"), "review_checks", ["result_id"])


def downgrade() -> None:
    """Take back, without a batch: SQLite would make the table anew, and other tables' rows name its rows."""
    op.drop_index(op.f("ix_review_checks_result_id"), table_name="review_checks")
    op.drop_table("review_checks")
    for name, columns in (
        ("sample_labels", ("mask_sha256",)),
        ("labels", ("mask_sha256", "took_s")),
        ("results", ("score", "defect_class")),
    ):
        for column in columns:
            op.drop_column(name, column)


def _fill() -> None:
    """Page by page of the primary key: the table is changed while it is read."""
    bind, last = op.get_bind(), 0
    page = sa.select(_RESULTS.c.number, _RESULTS.c.document).order_by(_RESULTS.c.number).limit(_BATCH)
    change = sa.update(_RESULTS).where(_RESULTS.c.number == sa.bindparam("at"))
    change = change.values(score=sa.bindparam("new_score"), defect_class=sa.bindparam("new_class"))
    while rows := bind.execute(page.where(_RESULTS.c.number > last)).all():
        documents = {row.number: json.loads(row.document) for row in rows}
        bind.execute(change, [_change(number, document) for number, document in documents.items()])
        last = rows[-1].number


def _change(number: int, document: dict[str, object]) -> dict[str, object]:
    score = document.get("score")
    known = score if isinstance(score, (int, float)) else None
    return {"at": number, "new_score": known, "new_class": document.get("defect_class")}
