"""What to look at next: the order in which waiting parts teach most.

Four reasons take turns, so that none starves the others: a score near the threshold, two detectors that disagree,
faults like no known class (one of each kind first, the most frequent kind before the others), and chance.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import cycle

from edge.contract.result import InspectionResult, Verdict
from inspection.ingest.find import parse_result
from inspection.review.alike import alike_groups, typical_first
from inspection.store.tables import ResultRow

__all__ = ["by_value"]

_TURNS = (0, 0, 1, 2, 3)  # two near the threshold, one disagreement, one new kind, one drawn by chance
_Pair = tuple[ResultRow, InspectionResult]


def by_value(rows: Sequence[ResultRow], drawn: set[str]) -> list[ResultRow]:
    """All of these waiting parts, what teaches most first.

    What was drawn by chance comes oldest first and in no other turn, so that no score decides what of it is reviewed.

    Args:
        rows: the newest first.
        drawn: ids of those in the random audit sample.
    """
    flagged = [(row, parse_result(row)) for row in rows if row.id not in drawn]
    near = sorted(flagged, key=lambda pair: _distance(pair[1]))
    disagreed = [pair for pair in near if _is_disagreement(pair[1])]
    new_kinds = _one_of_each_kind([pair for pair in flagged if _is_like_no_class(pair[1])])
    chance = sorted((row for row in rows if row.id in drawn), key=lambda row: row.number)
    lanes = [[row for row, _ in pairs] for pairs in (near, disagreed, new_kinds)]
    return list(_in_turn([iter(lane) for lane in (*lanes, chance)], len(rows)))


def _in_turn(lanes: Sequence[Iterator[ResultRow]], count: int) -> Iterator[ResultRow]:
    given: set[str] = set()
    for lane in cycle(_TURNS):
        if len(given) == count:
            return
        row = next((row for row in lanes[lane] if row.id not in given), None)
        if row is not None:
            given.add(row.id)
            yield row


def _distance(result: InspectionResult) -> float:
    """From the threshold, in units of the score; what has no score teaches least."""
    if result.score is None or result.threshold is None:
        return float("inf")
    return abs(result.score - result.threshold)


def _is_disagreement(result: InspectionResult) -> bool:
    """The challenger that judged beside says something else: one of the two is wrong."""
    return result.shadow is not None and result.shadow.verdict is not result.verdict


def _is_like_no_class(result: InspectionResult) -> bool:
    """Novelty says that it is defective, and no class that anybody has labelled explains it."""
    return result.verdict is Verdict.FAIL and result.score is not None and result.defect_class is None


def _one_of_each_kind(pairs: Sequence[_Pair]) -> list[_Pair]:
    """The most typical of each group of alike faults, the largest group first; then the others, the farthest first."""
    comparable: defaultdict[tuple[str, int], list[_Pair]] = defaultdict(list)
    for pair in pairs:
        comparable[pair[0].recipe, len(pair[1].signature)].append(pair)
    groups = [group for (_, numbers), alike in comparable.items() if numbers for group in _kinds(alike)]
    first = [group[0] for group in sorted(groups, key=lambda group: (-len(group), -_distance(group[0][1])))]
    chosen = {row.id for row, _ in first}
    rest = sorted((pair for pair in pairs if pair[0].id not in chosen), key=lambda pair: -_distance(pair[1]))
    return [*first, *rest]


def _kinds(pairs: Sequence[_Pair]) -> list[list[_Pair]]:
    signatures = [result.signature for _, result in pairs]
    kinds = [[pairs[index] for index in group] for group in alike_groups(signatures)]
    return [[kind[index] for index in typical_first([result.signature for _, result in kind])] for kind in kinds]
