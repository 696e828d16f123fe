"""Where each part is in review, so that the queue reads what waits and not all results."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LABELS = sa.table("labels", *(sa.column(name) for name in ("id", "result_id", "user", "label")))
_COLUMNS = ("number", "result_id", "recipe", "station", "verdict", "state")
_PARTS = sa.table("review_parts", *(sa.column(name) for name in _COLUMNS))
_RESULTS = sa.table("results", *(sa.column(name) for name in ("number", "id", "recipe", "station", "verdict")))
_DRAWS = sa.table("audit_draws", sa.column("result_id"))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "review_parts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_review_parts")),
        sa.UniqueConstraint("result_id", name=op.f("uq_review_parts_result_id")),
    )
    op.create_index("ix_review_parts_state_result_id", "review_parts", ["state", "result_id"])
    op.create_index("ix_review_parts_state_recipe_number", "review_parts", ["state", "recipe", "number"])
    drawn = _RESULTS.c.id.in_(sa.select(_DRAWS.c.result_id))
    op.execute(_waiting(sa.or_(_RESULTS.c.verdict != "PASS", drawn)))
    _settle()


def downgrade() -> None:
    """Take back."""
    op.drop_table("review_parts")


def _settle() -> None:
    """As `inspection/review/states.py` does it of the labels that stand."""
    bind = op.get_bind()
    by_part: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for _, result_id, user, label in bind.execute(sa.select(_LABELS).order_by(_LABELS.c.id)):
        by_part[result_id][user] = label
    said = {part: [label for label in of.values() if label != "retracted"] for part, of in by_part.items()}
    settled = {part: _state(labels) for part, labels in said.items() if labels}
    here = sa.select(_PARTS.c.number).where(_PARTS.c.result_id == sa.bindparam("part"))
    add = _waiting(sa.and_(_RESULTS.c.id == sa.bindparam("part"), _RESULTS.c.number.not_in(here)))
    change = sa.update(_PARTS).where(_PARTS.c.result_id == sa.bindparam("part")).values(state=sa.bindparam("now"))
    for part, state in settled.items():
        bind.execute(add, {"part": part})
        bind.execute(change, {"part": part, "now": state})


def _waiting(which: sa.ColumnElement[bool]) -> sa.Insert:
    row = _RESULTS.c
    copied = sa.select(row.number, row.id, row.recipe, row.station, row.verdict, sa.literal("waiting")).where(which)
    return sa.insert(_PARTS).from_select(_COLUMNS, copied)


def _state(labels: list[str]) -> str:
    if set(labels) - {"good", "defect"} or len(set(labels)) > 1:
        return "open"
    return "once" if len(labels) == 1 else "known"
