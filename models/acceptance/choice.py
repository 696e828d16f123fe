"""How alike is alike enough: as little as makes accepted parts pass that the tolerance has not seen, and no more.

Every known defect is judged again at each level. A level at which one of them is lost is never taken, nor the level
before it (decision 0042).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import GateRefused
from models.acceptance.tolerance import Floats, Tolerance, cosines_with, directions_of, eased

__all__ = ["Choice", "Shown", "choose"]

LEVELS = (0.8, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45)  # cosines, the most careful first; 0.27 is that of chance
_BEYOND = 0.4  # no level itself, but beside the last one
_ENOUGH = 0.9  # of accepted parts that were left out
_FOLDS = 5
_NAMED = 10
_BATCH = 32  # parts whose cosines are in memory at a time

Judge = Callable[[Floats], NDArray[np.bool_]]


@dataclass(frozen=True)
class Shown:
    """Parts as the champion sees them.

    Attributes:
        names: of their files.
        whitened: `(N, P, D)`.
        unusual: `(N, P)` by its map.
        passes: `(N,)` by its threshold.
    """

    names: Sequence[str]
    whitened: Floats
    unusual: Floats
    passes: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.names)

    def only(self, keep: NDArray[np.bool_]) -> "Shown":
        """Those that `keep` `(N,)` says."""
        names = [name for name, kept in zip(self.names, keep, strict=True) if kept]
        return Shown(names, self.whitened[keep], self.unusual[keep], self.passes[keep])


@dataclass(frozen=True)
class Choice:
    """What was chosen and what it does.

    Attributes:
        left_out_passing: share of the accepted parts that pass by what the others taught.
        passing: `(N,)` which of the accepted parts pass.
        refused: for each more tolerant level, the known defects that it would lose.
    """

    tolerance: Tolerance
    left_out_passing: float
    passing: NDArray[np.bool_]
    refused: dict[float, list[str]]


def choose(accepted: Shown, defects: Shown, passes: Judge) -> Choice:
    """Choose the level.

    Args:
        accepted: parts that the champion does not pass.
        defects: known ones.
        passes: judges whitened parts `(N, P, D)`, `(N,)`.

    Raises:
        GateRefused: every level loses a known defect, or none lets an accepted part pass.
    """
    directions = directions_of(accepted.whitened, accepted.unusual)
    caught = defects.only(~defects.passes)
    seen = _under(caught, directions, (*LEVELS, _BEYOND), passes)
    lost = {
        level: [name for name, passed in zip(caught.names, now, strict=True) if passed] for level, now in seen.items()
    }
    allowed = _allowed(lost)
    if not allowed:
        raise GateRefused(
            f"accept: {len(accepted)} parts look like known defects, which would pass: {_some(lost[LEVELS[0]])}"
        )
    shares = _left_out(accepted, allowed, passes)
    level = next(
        (level for level in allowed if shares[level] >= _ENOUGH), max(allowed, key=lambda level: shares[level])
    )
    tolerance = Tolerance(directions, level)
    passing = _under(accepted, directions, [level], passes)[level]
    if not passing.any():
        raise GateRefused(_nothing_gained(accepted, lost))
    return Choice(tolerance, shares[level], passing, {level: names for level, names in lost.items() if names})


def _allowed(lost: dict[float, list[str]]) -> list[float]:
    """Levels that lose nothing and are not next to one that does: defects that nobody has labelled yet need room, too.

    The most careful level stands alone.
    """
    beside = zip(LEVELS, [*LEVELS[1:], _BEYOND], strict=True)
    return [level for level, next_ in beside if not lost[level] and (level == LEVELS[0] or not lost[next_])]


def _under(parts: Shown, directions: Floats, levels: Sequence[float], passes: Judge) -> dict[float, NDArray[np.bool_]]:
    """By level which of the parts pass; the cosines, which take longest, are the same at all of them."""
    found: dict[float, list[NDArray[np.bool_]]] = {level: [np.zeros(0, np.bool_)] for level in levels}
    for start in range(0, len(parts), _BATCH):
        whitened = parts.whitened[start : start + _BATCH]
        cosines = cosines_with(whitened, directions)
        for level, passing in found.items():
            passing.append(passes(eased(whitened, cosines, level)))
    return {level: np.concatenate(passing) for level, passing in found.items()}


def _left_out(accepted: Shown, levels: Sequence[float], passes: Judge) -> dict[float, float]:
    """By level the share of the accepted parts that pass by what the others taught; a single one by itself."""
    fold = np.arange(len(accepted)) % min(_FOLDS, len(accepted))
    shares: dict[float, int] = dict.fromkeys(levels, 0)
    for index in range(int(fold.max()) + 1):
        out = fold == index
        learnt = accepted if len(accepted) == 1 else accepted.only(~out)
        directions = directions_of(learnt.whitened, learnt.unusual)
        for level, passing in _under(accepted.only(out), directions, levels, passes).items():
            shares[level] += int(passing.sum())
    return {level: passed / len(accepted) for level, passed in shares.items()}


def _nothing_gained(accepted: Shown, lost: dict[float, list[str]]) -> str:
    bounded = [names for names in lost.values() if names]
    why = f"more would lose known defects: {_some(bounded[0])}" if bounded else "they are unlike each other"
    return f"accept: none of the {len(accepted)} parts would pass; {why}"


def _some(names: list[str]) -> str:
    further = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + further
