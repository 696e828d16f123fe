"""How much is tolerated: as little as makes accepted parts pass that the tolerance has not seen, and no more.

First how alike a patch must be to accepted ones, by accepted parts alone; then how far beyond the planes between them
and known defects it must lie. Every known defect is judged again, by planes that know it and by planes that do not: a
level at which one of them is lost is never taken (decision 0057).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import GateRefused
from edge.contract.sentences import sentence
from models.acceptance.lesson import Lesson
from models.acceptance.plane import NOWHERE, Floats, no_planes
from models.acceptance.shown import Shown
from models.acceptance.tolerance import (
    Tolerance,
    alike_enough,
    cosines_with,
    directions_of,
    eased,
    far_enough,
    tolerated,
)

__all__ = ["Choice", "choose"]

LEVELS = (0.8, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45)  # cosines, the most careful first; 0.27 is that of chance
LADDER = tuple(step / 2 for step in range(16, -1, -1))  # how far beyond the planes, the most careful first
_NO_DEFECTS: tuple[float, ...] = (0.0,)
_ROOM = 1  # steps before the first loss: defects that nobody has labelled yet need room, too
_ENOUGH = 0.9  # of accepted parts that were left out
_FOLDS = 5
_NAMED = 10
_BATCH = 32  # parts in memory at a time

Judge = Callable[[Floats], NDArray[np.bool_]]
Steps = NDArray[np.intp]


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
        passes: judges whitened parts `(N, P, D)`, `(N,)`.

    Raises:
        GateRefused: every level loses a known defect, or none lets an accepted part pass.
    """
    caught = defects.only(~defects.passes)
    lesson = Lesson.of(accepted, caught, _alike(accepted, passes))
    alike = _alike_shares(caught, lesson.tolerance(0.0))
    ladder = LADDER if len(caught) else _NO_DEFECTS
    if len(caught):
        lesson = _each_plane_safe(lesson, alike, passes)
    safe = int(_lost_at(lesson, alike, ladder, passes).min(initial=len(ladder)))
    gained = _gained_at(lesson, ladder, passes)
    shares = [float((gained <= step).mean()) for step in range(safe)]
    step = next((step for step, share in enumerate(shares) if share >= _ENOUGH), safe - 1)
    tolerance = lesson.tolerance(ladder[step])
    passing = _passing(accepted, tolerance, passes)
    if not shares or not passing.any() or _passing(caught, tolerance, passes).any():
        raise GateRefused(_nothing_gained(accepted, _lost_by_likeness(lesson, LEVELS[-1], passes)))
    return Choice(tolerance, shares[step], passing, _lost_by_likeness(lesson, lesson.alike, passes))


def _each_plane_safe(lesson: Lesson, alike: Floats, passes: Judge) -> Lesson:
    """Each plane by itself where nothing is lost, or nowhere."""
    levels = []
    for index in range(len(lesson.levels)):
        safe = int(_lost_at(lesson.with_plane(index), alike, LADDER, passes).min())
        levels.append(LADDER[max(0, safe - 1 - _ROOM)] if safe else NOWHERE)
    return lesson.moved(np.array(levels, np.float32))


def _alike(accepted: Shown, passes: Judge) -> float:
    """The most careful cosine at which accepted parts pass by what the others taught, else the one at which most do."""
    passed: dict[float, int] = dict.fromkeys(LEVELS, 0)
    for learnt, out in _folds(len(accepted)):
        taught, parts = accepted.only(learnt), accepted.only(out)
        cosines = cosines_with(parts.whitened, directions_of(taught.pointing, taught.unusual))
        for level in LEVELS:
            passed[level] += int(passes(eased(parts.whitened, alike_enough(cosines, level))).sum())
    enough = (level for level in LEVELS if passed[level] >= _ENOUGH * len(accepted))
    return next(enough, max(LEVELS, key=lambda level: passed[level]))


def _lost_at(lesson: Lesson, alike: Floats, ladder: Sequence[float], passes: Judge) -> Steps:
    """From which step on each known defect `(M,)` is lost: to planes that know it, or to some that do not.

    Args:
        lesson: whose planes.
        alike: how much of each of their patches `(M, P)` their likeness lets be tolerated.
        ladder: the steps.
        passes: judges.
    """
    lost = _passes_at(lesson.caught, alike, lesson.tolerance(ladder[-1]), ladder, passes)
    for out, planes in lesson.unknowing:
        unknowing = lesson.tolerance(ladder[-1], planes)
        lost[out] = np.minimum(lost[out], _passes_at(lesson.caught.only(out), alike[out], unknowing, ladder, passes))
    return lost


def _lost_by_likeness(lesson: Lesson, alike: float, passes: Judge) -> list[str]:
    """Known defects that would be lost if likeness alone decided."""
    everywhere = Tolerance(lesson.directions, alike, no_planes(lesson.directions.shape[1]), 0.0)
    return lesson.caught.named(_passing(lesson.caught, everywhere, passes))


def _gained_at(lesson: Lesson, ladder: Sequence[float], passes: Judge) -> Steps:
    """From which step on each accepted part passes by what the others taught, in the order of the folds, `(N,)`."""
    gained = []
    for learnt, out in _folds(len(lesson.accepted)):
        parts, tolerance = lesson.accepted.only(out), lesson.taught_by(learnt, ladder[-1])
        gained.append(_passes_at(parts, _alike_shares(parts, tolerance), tolerance, ladder, passes))
    return np.concatenate(gained)


def _folds(count: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Which parts are learnt from, and which are left out; a single one is judged by itself."""
    if count == 1:
        yield np.ones(1, np.bool_), np.ones(1, np.bool_)
        return
    fold = np.arange(count) % min(_FOLDS, count)
    for index in range(int(fold.max()) + 1):
        yield fold != index, fold == index


def _alike_shares(parts: Shown, tolerance: Tolerance) -> Floats:
    """How much of each patch `(N, P)` may be tolerated by its likeness."""
    pages = [cosines_with(page, tolerance.directions) for page in _pages(parts)]
    return alike_enough(np.concatenate(pages), tolerance.alike) if pages else np.zeros((0, 1), np.float32)


def _passes_at(parts: Shown, alike: Floats, tolerance: Tolerance, ladder: Sequence[float], passes: Judge) -> Steps:
    """The most careful step at which each part passes, `(N,)`; one more than there are where it never does."""
    found = [np.zeros(0, np.intp)]
    for index, whitened in enumerate(_pages(parts)):
        share = alike[index * _BATCH : (index + 1) * _BATCH]
        page = _Page(whitened, share, tolerance.planes.beyond(whitened), np.asarray(ladder, np.float32), passes)
        found.append(page.first_passing())
    return np.concatenate(found)


@dataclass(frozen=True)
class _Page:
    """Parts that fail: their patches, how much of each its likeness lets be tolerated, and how far beyond it lies."""

    whitened: Floats
    alike: Floats
    beyond: Floats
    ladder: Floats
    passes: Judge

    def first_passing(self) -> Steps:
        """By halving: what is tolerated at a step is tolerated at all later ones, and nothing tolerated raises a score.

        Most known defects fail at the last step, and no other needs to be tried.
        """
        count, last = len(self.whitened), len(self.ladder) - 1
        fails, passing = np.full(count, -1), np.full(count, last + 1)
        touched = np.flatnonzero(self._tolerated(np.arange(count), np.full(count, last)).any(axis=1))
        passing[touched[self._pass(touched, np.full(len(touched), last))]] = last
        fails[passing > last] = last
        while (open_ := np.flatnonzero(passing - fails > 1)).size:
            middle = (fails[open_] + passing[open_]) // 2
            now = self._pass(open_, middle)
            passing[open_[now]] = middle[now]
            fails[open_[~now]] = middle[~now]
        return passing

    def _pass(self, those: Steps, at: Steps) -> NDArray[np.bool_]:
        if not len(those):
            return np.zeros(0, np.bool_)
        return self.passes(eased(self.whitened[those], self._tolerated(those, at)))

    def _tolerated(self, those: Steps, at: Steps) -> Floats:
        return self.alike[those] * far_enough(self.beyond[those], self.ladder[at][:, None])


def _passing(parts: Shown, tolerance: Tolerance, passes: Judge) -> NDArray[np.bool_]:
    return np.concatenate([np.zeros(0, np.bool_), *(passes(tolerated(page, tolerance)) for page in _pages(parts))])


def _pages(parts: Shown) -> list[Floats]:
    return [parts.whitened[start : start + _BATCH] for start in range(0, len(parts), _BATCH)]


def _nothing_gained(accepted: Shown, limited_by: list[str]) -> str:
    if not limited_by:
        return sentence(f"accept: none of the {len(accepted)} parts would pass; they are unlike each other")
    return sentence(f"accept: {len(accepted)} parts look like known defects, which would pass: {_some(limited_by)}")


def _some(names: list[str]) -> str:
    further = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + further
