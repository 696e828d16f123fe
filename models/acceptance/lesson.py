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
        kinds: of each patch `(N, n)` that an accepted part shows.
        planes: in the middle between what was accepted and what is a defect.
        unknowing: which known defects `(M,)` were left out, and the planes without them.
        levels: how far each plane is moved into what was accepted.
    """

    accepted: Shown
    caught: Shown
    alike: float
    directions: Floats
    kinds: NDArray[np.intp]
    planes: Planes
    unknowing: tuple[tuple[NDArray[np.bool_], Planes], ...]
    levels: Floats

    @classmethod
    def of(cls, accepted: Shown, caught: Shown, alike: float) -> "Lesson":
        """Fit all planes once."""
        kinds = kinds_of(_shown(accepted, _ACCEPTED_SHOW)).reshape(len(accepted), -1)
        fold = np.arange(len(caught)) % _FOLDS
        out = [fold == index for index in range(_FOLDS)] if len(caught) >= _TELLING else []
        unknowing = tuple((those, _planes(accepted, kinds, caught.only(~those))) for those in out)
        planes = _planes(accepted, kinds, caught)
        directions = directions_of(accepted.pointing, accepted.unusual)
        levels = np.zeros(len(planes.biases), np.float32)
        return cls(accepted, caught, alike, directions, kinds, planes, unknowing, levels)

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
        planes = _planes(parts, self.kinds[some], self.caught, len(self.levels))
        return Tolerance(directions_of(parts.pointing, parts.unusual), self.alike, planes.moved(self.levels), beyond)


def _planes(accepted: Shown, kinds: NDArray[np.intp], defects: Shown, count: int | None = None) -> Planes:
    if not len(defects):
        return no_planes(accepted.pointing.shape[2])
    count = int(kinds.max()) + 1 if count is None else count
    return planes_between(_shown(accepted, _ACCEPTED_SHOW), kinds.reshape(-1), count, _shown(defects, _DEFECTS_SHOW))


def _shown(parts: Shown, share: float) -> Floats:
    return most_unusual(parts.pointing, parts.unusual, share)
