"""How alike is alike enough: as little as makes accepted parts pass that the tolerance has not seen, and no more.

Every known defect is judged again at each level. A level at which one of them is lost is never taken, nor the level
before it (decision 0042).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import GateRefused
from models.acceptance.tolerance import Floats, Tolerance, directions_of

__all__ = ["Choice", "Shown", "choose"]

LEVELS = (0.8, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45)  # cosines, the most careful first; 0.27 is that of chance
_BEYOND = 0.4  # no level itself, but beside the last one
_ENOUGH = 0.9  # of accepted parts that were left out
_FOLDS = 5
_NAMED = 10

Judge = Callable[[Floats, Tolerance], NDArray[np.bool_]]


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
        passes: judges whitened parts `(N, P, D)` under a tolerance, `(N,)`.

    Raises:
        GateRefused: every level loses a known defect, or none lets an accepted part pass.
    """
    directions = directions_of(accepted.whitened, accepted.unusual)
    caught = defects.only(~defects.passes)
    lost = {level: _lost(caught, Tolerance(directions, level), passes) for level in (*LEVELS, _BEYOND)}
    allowed = _allowed(lost)
    if not allowed:
        raise GateRefused(
            f"accept: {len(accepted)} parts look like known defects, which would pass: {_some(lost[LEVELS[0]])}"
        )
    shares = {level: _left_out(accepted, level, passes) for level in allowed}
    level = next(
        (level for level in allowed if shares[level] >= _ENOUGH), max(allowed, key=lambda level: shares[level])
    )
    tolerance = Tolerance(directions, level)
    passing = passes(accepted.whitened, tolerance)
    if not passing.any():
        raise GateRefused(_nothing_gained(accepted, lost))
    return Choice(tolerance, shares[level], passing, {level: names for level, names in lost.items() if names})


def _allowed(lost: dict[float, list[str]]) -> list[float]:
    """Levels that lose nothing and are not next to one that does: defects that nobody has labelled yet need room, too.

    The most careful level stands alone.
    """
    beside = zip(LEVELS, [*LEVELS[1:], _BEYOND], strict=True)
    return [level for level, next_ in beside if not lost[level] and (level == LEVELS[0] or not lost[next_])]


def _lost(caught: Shown, tolerance: Tolerance, passes: Judge) -> list[str]:
    now = passes(caught.whitened, tolerance)
    return [name for name, passed in zip(caught.names, now, strict=True) if passed]


def _left_out(accepted: Shown, level: float, passes: Judge) -> float:
    """Share of the accepted parts that pass by what the others taught; of a single one, whether it passes by itself."""
    if len(accepted) == 1:
        return float(
            passes(accepted.whitened, Tolerance(directions_of(accepted.whitened, accepted.unusual), level)).mean()
        )
    fold = np.arange(len(accepted)) % min(_FOLDS, len(accepted))
    passed = [_fold_passing(accepted, fold == index, level, passes) for index in range(int(fold.max()) + 1)]
    return float(np.concatenate(passed).mean())


def _fold_passing(accepted: Shown, out: NDArray[np.bool_], level: float, passes: Judge) -> NDArray[np.bool_]:
    learnt, judged = accepted.only(~out), accepted.only(out)
    return passes(judged.whitened, Tolerance(directions_of(learnt.whitened, learnt.unusual), level))


def _nothing_gained(accepted: Shown, lost: dict[float, list[str]]) -> str:
    bounded = [names for names in lost.values() if names]
    why = f"more would lose known defects: {_some(bounded[0])}" if bounded else "they are unlike each other"
    return f"accept: none of the {len(accepted)} parts would pass; {why}"


def _some(names: list[str]) -> str:
    further = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + further
