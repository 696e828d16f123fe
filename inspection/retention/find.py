"""Which stored images the rules let go."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, false, or_, true

from inspection.settings import RetentionRule
from inspection.store.asked import at_line
from inspection.store.tables import (
    BlobRow,
    LabelRow,
    RecipeVersionRow,
    ResultImageRow,
    ResultRow,
    SampleRow,
)

__all__ = ["may_go"]


def may_go(rules: Sequence[RetentionRule], now: datetime) -> ColumnElement[bool]:
    """True of an image that results name, all of them past their rule, none with a label, and that nothing else needs.

    Samples and what a version of a recipe names are needed.

    A label that was taken back keeps its image, too: somebody has looked at it.
    """
    names = ResultImageRow.sha256 == BlobRow.sha256
    kept = exists().where(names, ResultRow.id == ResultImageRow.result_id, ~_expired(rules, now))
    labelled = exists().where(names, LabelRow.result_id == ResultImageRow.result_id)
    sample = exists().where(SampleRow.sha256 == BlobRow.sha256)
    of_recipe = exists().where(
        or_(RecipeVersionRow.golden_sha256 == BlobRow.sha256, RecipeVersionRow.ignore_mask_sha256 == BlobRow.sha256)
    )
    return and_(BlobRow.removed_at.is_(None), exists().where(names), ~kept, ~labelled, ~sample, ~of_recipe)


def _expired(rules: Sequence[RetentionRule], now: datetime) -> ColumnElement[bool]:
    """The first rule that fits a result decides; a result that none fits is kept."""
    decisions = [(_fits(rule), ResultRow.received_at < now - timedelta(days=rule.keep_days)) for rule in rules]
    return case(*decisions, else_=false())


def _fits(rule: RetentionRule) -> ColumnElement[bool]:
    station = true() if rule.station is None else ResultRow.station == rule.station
    verdict = true() if rule.verdict is None else ResultRow.verdict == rule.verdict.value
    line = true() if rule.line is None else at_line(ResultRow.station, rule.line)
    return and_(station, line, verdict)
