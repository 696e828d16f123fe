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
from inspection.review.alike import alike_groups, home_groups, typical_first
from inspection.review.known_parts import how_many, known_unseen
from inspection.review.wanted import Wanted, picture_arrived
from inspection.store.tables import ResultRow

__all__ = ["Group", "groups"]

_LOOKED_AT = 1000
_ODD = 3
_Key = tuple[str, str, str | None, int]
_Part = tuple[ResultRow, InspectionResult]


@dataclass(frozen=True)
class Group:
    """Parts that look alike.

    Attributes:
        rows: the worst and the odd ones first, then the others, the most typical first.
        odd: ids of those that are least like the others, at most three: what to look at before deciding for all.
        worst: id of the part with the highest score.
    """

    rows: tuple[ResultRow, ...]
    odd: tuple[str, ...]
    worst: str


def groups(session: Session, wanted: Wanted, user: str, known_share: float) -> tuple[list[Group], int]:
    """Groups of two and more among the newest thousand wanted parts with a picture, and how many parts are like none.

    The largest group comes first.

    Args:
        session: of the database.
        wanted: which parts.
        user: who will judge them.
        known_share: of parts of known truth to wanted ones; those that are like a group join it, without a sign.
    """
    query = select(ResultRow).where(wanted.condition(), picture_arrived()).order_by(ResultRow.number.desc())
    rows = list(session.scalars(query.limit(_LOOKED_AT)))
    found = [(key, alike) for key, parts in _comparable(rows).items() for alike in _alike(parts)]
    alone = len(rows) - sum(len(alike) for _, alike in found)
    if known_share > 0 and found:
        _join(found, known_unseen(session, rows, wanted, user), how_many(rows, known_share))
    shown = [_group(alike) for _, alike in found]
    return sorted(shown, key=lambda group: (-len(group.rows), -group.rows[0].number)), alone


def _comparable(rows: Sequence[ResultRow]) -> dict[_Key, list[_Part]]:
    kinds: defaultdict[_Key, list[_Part]] = defaultdict(list)
    for row in rows:
        result = parse_result(row)
        if result.signature:
            kinds[row.recipe, row.verdict, row.defect_class, len(result.signature)].append((row, result))
    return dict(kinds)


def _alike(parts: Sequence[_Part]) -> list[list[_Part]]:
    signatures = [result.signature for _, result in parts]
    return [[parts[index] for index in members] for members in alike_groups(signatures) if len(members) > 1]


def _join(found: Sequence[tuple[_Key, list[_Part]]], known: Sequence[ResultRow], most: int) -> None:
    """Let known parts into the groups of their kind that they are like; they make no group of their own."""
    homes: dict[str, list[_Part]] = {}
    for key, parts in _comparable(known).items():
        alike = [members for of, members in found if of == key]
        signatures = [[result.signature for _, result in members] for members in alike]
        at = home_groups([result.signature for _, result in parts], signatures)
        homes |= {row.id: alike[home] for (row, _), home in zip(parts, at, strict=True) if home is not None}
    for row in [row for row in known if row.id in homes][:most]:
        homes[row.id].append((row, parse_result(row)))


def _group(members: Sequence[_Part]) -> Group:
    order = typical_first([result.signature for _, result in members])
    rows = [members[index][0] for index in order]
    worst = max(rows, key=lambda row: row.score or 0.0)
    odd = tuple(row.id for row in rows[:0:-1][:_ODD])
    first = [worst, *(row for row in reversed(rows) if row.id in odd and row is not worst)]
    return Group((*first, *(row for row in rows if row not in first)), odd, worst.id)
