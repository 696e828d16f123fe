"""Failing parts, judged again and again with more or less of their patches tolerated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.acceptance.plane import Floats
from models.acceptance.shown import Shown
from models.acceptance.tolerance import Tolerance, eased, far_enough

__all__ = ["Judge", "Steps", "Tried"]

_BATCH = 32  # parts in memory at a time

Judge = Callable[[Floats], NDArray[np.bool_]]
Steps = NDArray[np.intp]


@dataclass(frozen=True)
class Tried:
    """Some of the parts, all of which fail as they are.

    Attributes:
        parts: as the champion sees them.
        rows: which of them, `(N,)`.
        alike: how much of each patch of all parts their likeness lets be tolerated, `(M, P)`.
        passes: judges whitened parts `(n, P, D)`, `(n,)`.
    """

    parts: Shown
    rows: NDArray[np.intp]
    alike: Floats
    passes: Judge

    @classmethod
    def all_of(cls, parts: Shown, alike: Floats, passes: Judge) -> "Tried":
        """Every one."""
        return cls(parts, np.arange(len(parts)), alike, passes)

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, those: NDArray[np.bool_]) -> "Tried":
        """Those that `those` `(N,)` says."""
        return Tried(self.parts, self.rows[those], self.alike, self.passes)

    def passing_by_likeness(self) -> NDArray[np.bool_]:
        """Which pass if likeness alone decides, `(N,)`."""
        return self._pass(self.rows, self.alike[self.rows])

    def passing(self, tolerance: Tolerance) -> NDArray[np.bool_]:
        """Which pass with what is tolerated, `(N,)`; it must be as alike as this was made for."""
        far = far_enough(tolerance.planes.beyond(self.parts.directions[self.rows]), tolerance.beyond)
        return self._pass(self.rows, self.alike[self.rows] * far)

    def first_passing(self, tolerance: Tolerance, ladder: Sequence[float]) -> Steps:
        """The most careful step of the ladder at which each passes, `(N,)`; beyond the last where it never does.

        By halving: what is tolerated at a step is tolerated at all later ones, and nothing tolerated raises a score.
        Most known defects fail at the last step, and no other needs to be tried.
        """
        beyond = tolerance.planes.beyond(self.parts.directions[self.rows])
        steps, last = np.asarray(ladder, np.float32), len(ladder) - 1

        def passing_at(those: Steps, at: Steps) -> NDArray[np.bool_]:
            share = self.alike[self.rows[those]] * far_enough(beyond[those], steps[at][:, None])
            return self._pass(self.rows[those], share)

        fails = np.full(len(self), -1)
        passing = np.where(passing_at(np.arange(len(self)), np.full(len(self), last)), last, last + 1)
        fails[passing > last] = last
        while (open_ := np.flatnonzero(passing - fails > 1)).size:
            middle = (fails[open_] + passing[open_]) // 2
            now = passing_at(open_, middle)
            passing[open_[now]] = middle[now]
            fails[open_[~now]] = middle[~now]
        return passing

    def _pass(self, rows: Steps, share: Floats) -> NDArray[np.bool_]:
        """Which pass with that share `(n, P)` of each patch tolerated; what shows nothing alike fails as before."""
        passing = np.zeros(len(rows), np.bool_)
        touched = np.flatnonzero(share.any(axis=1))
        for start in range(0, len(touched), _BATCH):
            those = touched[start : start + _BATCH]
            passing[those] = self.passes(eased(self.parts.whitened[rows[those]], share[those]))
        return passing
