"""What accepted parts and known defects teach, all of them or without some that are to be judged."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.acceptance.plane import NOWHERE, Floats, Planes, kinds_of, no_planes, planes_between
from models.acceptance.shown import Shown
from models.acceptance.tolerance import Tolerance, directions_of, most_unusual

__all__ = ["Lesson"]

_ACCEPTED_SHOW = 0.05  # of their patches, for the planes: a fibre is small
_DEFECTS_SHOW = 0.2  # and what surrounds a defect is not to be tolerated either
_FOLDS = 5
_TELLING = 10  # defects: with fewer, leaving one out says nothing about the others


@dataclass(frozen=True)
class Lesson:
    """What is learnt from.

    Attributes:
        accepted: parts that the champion does not pass.
        caught: known defects that it does not pass, either.
        alike: cosine from which on a patch is tolerated.
        directions: `(K, D)` of accepted patches.
        ours: patches `(N, n, L)` that the accepted parts show.
        theirs: and the defects, `(M, m, L)`.
        kinds: of each patch of `ours`, `(N, n)`.
        planes: in the middle between what was accepted and what is a defect.
        unknowing: which known defects `(M,)` were left out, and the planes without them.
        levels: how far each plane is moved into what was accepted.
    """

    accepted: Shown
    caught: Shown
    alike: float
    directions: Floats
    ours: Floats
    theirs: Floats
    kinds: NDArray[np.intp]
    planes: Planes
    unknowing: tuple[tuple[NDArray[np.bool_], Planes], ...]
    levels: Floats

    @classmethod
    def of(cls, accepted: Shown, caught: Shown, alike: float) -> "Lesson":
        """Fit all planes once."""
        ours, theirs = _shown(accepted, _ACCEPTED_SHOW), _shown(caught, _DEFECTS_SHOW)
        kinds = kinds_of(_flat(ours)).reshape(len(accepted), -1)
        fold = np.arange(len(caught)) % _FOLDS
        out = [fold == index for index in range(_FOLDS)] if len(caught) >= _TELLING else []
        unknowing = tuple((those, _planes(ours, kinds, theirs[~those])) for those in out)
        planes = _planes(ours, kinds, theirs)
        directions = directions_of(accepted.pointing, accepted.unusual)
        levels = np.zeros(len(planes.biases), np.float32)
        return cls(accepted, caught, alike, directions, ours, theirs, kinds, planes, unknowing, levels)

    def moved(self, levels: Floats) -> "Lesson":
        """With each plane `(K,)` so far into what was accepted."""
        return replace(self, levels=levels)

    def with_plane(self, index: int) -> "Lesson":
        """With one plane, in the middle."""
        return self.moved(np.where(np.arange(len(self.levels)) == index, 0, NOWHERE).astype(np.float32))

    def tolerance(self, beyond: float, planes: Planes | None = None) -> Tolerance:
        """By these planes, not moved yet; by those that know everything without."""
        return Tolerance(self.directions, self.alike, (planes or self.planes).moved(self.levels), beyond)

    def taught_by(self, some: NDArray[np.bool_], beyond: float) -> Tolerance:
        """By some of the accepted parts `(N,)`."""
        parts = self.accepted.only(some)
        planes = _planes(self.ours[some], self.kinds[some], self.theirs, len(self.levels))
        return Tolerance(directions_of(parts.pointing, parts.unusual), self.alike, planes.moved(self.levels), beyond)


def _planes(ours: Floats, kinds: NDArray[np.intp], theirs: Floats, count: int | None = None) -> Planes:
    if not len(theirs):
        return no_planes(ours.shape[2])
    count = int(kinds.max()) + 1 if count is None else count
    return planes_between(_flat(ours), kinds.reshape(-1), count, _flat(theirs))


def _shown(parts: Shown, share: float) -> Floats:
    return most_unusual(parts.pointing, parts.unusual, share)


def _flat(patches: Floats) -> Floats:
    return patches.reshape(-1, patches.shape[2])
