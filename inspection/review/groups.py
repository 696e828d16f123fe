"""Waiting parts that look alike where they are most unusual, to be cleared by one decision.

A part's group is of its recipe, of one verdict and of one suspected class, so that a person never clears with one key
what the station told apart. What is like no other part is left to be judged alone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult
from inspection.ingest.find import parse_result
from inspection.review.alike import alike_groups, typical_first
from inspection.review.wanted import Wanted, picture_arrived
from inspection.store.tables import ResultRow

__all__ = ["Group", "groups"]

_LOOKED_AT = 1000
_Key = tuple[str, str, str | None, int]


@dataclass(frozen=True)
class Group:
    """Parts that look alike.

    Attributes:
        rows: the most typical first.
        odd: ids of those that are least like the others, at most three: what to look at before deciding for all.
        worst: id of the part with the highest score.
    """

    rows: tuple[ResultRow, ...]
    odd: tuple[str, ...]
    worst: str

    @property
    def of(self) -> ResultRow:
        """The most typical part."""
        return self.rows[0]


def groups(session: Session, wanted: Wanted) -> tuple[list[Group], int]:
    """Groups of two and more among the newest thousand wanted parts with a picture, and how many parts are like none.

    The largest group comes first.
    """
    query = select(ResultRow).where(wanted.condition(), picture_arrived()).order_by(ResultRow.number.desc())
    rows = list(session.scalars(query.limit(_LOOKED_AT)))
    found = [group for alike in _comparable(rows) for group in _groups_of(alike)]
    found.sort(key=lambda group: (-len(group.rows), -group.of.number))
    return found, len(rows) - sum(len(group.rows) for group in found)


def _comparable(rows: Sequence[ResultRow]) -> list[list[tuple[ResultRow, InspectionResult]]]:
    kinds: defaultdict[_Key, list[tuple[ResultRow, InspectionResult]]] = defaultdict(list)
    for row in rows:
        result = parse_result(row)
        if result.signature:
            kinds[row.recipe, row.verdict, row.defect_class, len(result.signature)].append((row, result))
    return list(kinds.values())


def _groups_of(parts: Sequence[tuple[ResultRow, InspectionResult]]) -> list[Group]:
    signatures = [result.signature for _, result in parts]
    return [_group([parts[index] for index in members]) for members in alike_groups(signatures) if len(members) > 1]


def _group(members: Sequence[tuple[ResultRow, InspectionResult]]) -> Group:
    order = typical_first([result.signature for _, result in members])
    rows = tuple(members[index][0] for index in order)
    worst = max(rows, key=lambda row: row.score or 0.0)
    return Group(rows, tuple(row.id for row in rows[:0:-1][:3]), worst.id)
