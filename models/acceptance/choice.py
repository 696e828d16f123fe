"""How much is tolerated: as little as makes accepted parts pass that the tolerance has not seen, and no more.

First how alike a patch must be to accepted ones, by accepted parts alone; then how far beyond the planes between them
and known defects it must lie. Every known defect is judged again, by planes that know it and by planes that do not: a
level at which one of them is lost is never taken (decision 0057).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import GateRefused
from edge.contract.sentences import sentence
from models.acceptance.lesson import Lesson
from models.acceptance.plane import NOWHERE, Floats
from models.acceptance.shown import Shown
from models.acceptance.tolerance import Tolerance, alike_enough, cosines_with, directions_of, eased
from models.acceptance.tried import Judge, Steps, Tried
from models.two_callers import by_two_callers

__all__ = ["Choice", "choose"]

LEVELS = (0.8, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45)  # cosines, the most careful first; 0.27 is that of chance
LADDER = tuple(step / 2 for step in range(16, -1, -1))  # how far beyond the planes, the most careful first
_NO_DEFECTS: tuple[float, ...] = (0.0,)
_ROOM = 1  # steps before the first loss: defects that nobody has labelled yet need room, too
_ENOUGH = 0.9  # of accepted parts that were left out
_FOLDS = 5
_NAMED = 10


@dataclass(frozen=True)
class Choice:
    """What was chosen and what it does.

    Attributes:
        left_out_passing: share of the accepted parts that pass by what the others taught.
        passing: `(N,)` which of the accepted parts pass.
        limited_by: known defects that would be lost if likeness alone decided.
    """

    tolerance: Tolerance
    left_out_passing: float
    passing: NDArray[np.bool_]
    limited_by: list[str]


def choose(accepted: Shown, defects: Shown, passes: Judge) -> Choice:
    """Choose the levels.

    Args:
        accepted: parts that the champion does not pass.
        defects: known ones.
        passes: judges whitened parts `(N, P, D)`, `(N,)`; may be called by two threads.

    Raises:
        GateRefused: every level loses a known defect, or none lets an accepted part pass.
    """
    caught = defects.only(~defects.passes)
    lesson = Lesson.of(accepted, caught, _alike(accepted, passes))
    cosines = cosines_with(caught.directions, lesson.directions)
    known = Tried.all_of(caught, alike_enough(cosines, lesson.alike), passes)
    ladder = LADDER if len(caught) else _NO_DEFECTS
    if len(caught):
        lesson = _each_plane_safe(lesson, known)
    safe = int(_lost_at(lesson, known, ladder).min(initial=len(ladder)))
    gained = _gained_at(lesson, ladder, passes)
    shares = [float((gained <= step).mean()) for step in range(safe)]
    step = next((step for step, share in enumerate(shares) if share >= _ENOUGH), safe - 1)
    tolerance = lesson.tolerance(ladder[step])
    passing = Tried.all_of(accepted, _alike_share(accepted, tolerance), passes).passing(tolerance)
    if not shares or not passing.any() or known.passing(tolerance).any():
        everywhere = Tried.all_of(caught, alike_enough(cosines, LEVELS[-1]), passes)
        raise GateRefused(_nothing_gained(accepted, caught.named(everywhere.passing_by_likeness())))
    return Choice(tolerance, shares[step], passing, caught.named(known.passing_by_likeness()))


def _each_plane_safe(lesson: Lesson, known: Tried) -> Lesson:
    """Each plane by itself where nothing is lost, or nowhere."""
    levels = []
    for index in range(len(lesson.levels)):
        safe = int(_lost_at(lesson.with_plane(index), known, LADDER).min())
        levels.append(LADDER[max(0, safe - 1 - _ROOM)] if safe else NOWHERE)
    return lesson.moved(np.array(levels, np.float32))


def _alike(accepted: Shown, passes: Judge) -> float:
    """The most careful cosine at which accepted parts pass by what the others taught, else the one at which most do."""
    passed: dict[float, int] = dict.fromkeys(LEVELS, 0)
    for learnt, out in _folds(len(accepted)):
        taught, parts = accepted.only(learnt), accepted.only(out)
        cosines = cosines_with(parts.directions, directions_of(taught.pointing, taught.unusual))
        for level in LEVELS:
            passed[level] += int(passes(eased(parts.whitened, alike_enough(cosines, level))).sum())
    enough = (level for level in LEVELS if passed[level] >= _ENOUGH * len(accepted))
    return next(enough, max(LEVELS, key=lambda level: passed[level]))


def _lost_at(lesson: Lesson, known: Tried, ladder: Sequence[float]) -> Steps:
    """From which step on each known defect `(M,)` is lost: to planes that know it, or to some that do not."""
    everyone = np.ones(len(known), np.bool_)
    judged = [(everyone, lesson.planes), *lesson.unknowing]
    lost = np.full(len(known), len(ladder))
    steps = by_two_callers(
        lambda one: known.only(one[0]).first_passing(lesson.tolerance(ladder[-1], one[1]), ladder), judged
    )
    for (those, _), found in zip(judged, steps, strict=True):
        lost[those] = np.minimum(lost[those], found)
    return lost


def _gained_at(lesson: Lesson, ladder: Sequence[float], passes: Judge) -> Steps:
    """From which step on each accepted part passes by what the others taught, in the order of the folds, `(N,)`."""

    def gained(fold: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> Steps:
        parts, tolerance = lesson.accepted.only(fold[1]), lesson.taught_by(fold[0], ladder[-1])
        return Tried.all_of(parts, _alike_share(parts, tolerance), passes).first_passing(tolerance, ladder)

    return np.concatenate(list(by_two_callers(gained, _folds(len(lesson.accepted)))))


def _folds(count: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Which parts are learnt from, and which are left out; a single one is judged by itself."""
    if count == 1:
        yield np.ones(1, np.bool_), np.ones(1, np.bool_)
        return
    fold = np.arange(count) % min(_FOLDS, count)
    for index in range(int(fold.max()) + 1):
        yield fold != index, fold == index


def _alike_share(parts: Shown, tolerance: Tolerance) -> Floats:
    """How much of each patch `(N, P)` may be tolerated by its likeness."""
    return alike_enough(cosines_with(parts.directions, tolerance.directions), tolerance.alike)


def _nothing_gained(accepted: Shown, limited_by: list[str]) -> str:
    if not limited_by:
        return sentence(f"accept: none of the {len(accepted)} parts would pass; they are unlike each other")
    return sentence(f"accept: {len(accepted)} parts look like known defects, which would pass: {_some(limited_by)}")


def _some(names: list[str]) -> str:
    further = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + further
