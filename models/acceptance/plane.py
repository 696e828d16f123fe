"""What tells accepted patches from those of known defects: planes between their directions (decision 0057)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "NOWHERE", "TINY", "Floats", "Planes", "kinds_of", "no_planes", "planes_between", "turned"]

_SHRINKAGE = 0.1
_APART = 5.0  # from the plane to the mean of what was accepted, and to that of known defects on the other side
KINDS = 4
"""Planes at most: a part may show more than one thing, and parts of several kinds stand accepted together."""
NOWHERE = 1000.0
"""How far a plane is moved beyond which nothing is to lie."""
_UNTIL = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 1e-4)
_ATTEMPTS = 4
TINY = 1e-6
"""Length below which a patch has no direction."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Planes:
    """Planes through directions; what lies beyond one of them is more like what was accepted.

    Attributes:
        weights: `(K, L)`.
        biases: `(K,)`, added.
    """

    weights: Floats
    biases: Floats

    def beyond(self, directions: Floats) -> Floats:
        """How far directions `(..., L)` of patches lie beyond the plane that they lie farthest beyond, `(...)`."""
        return np.asarray((directions @ self.weights.T + self.biases).max(axis=-1), np.float32)

    def moved(self, by: Floats) -> "Planes":
        """Each `(K,)` farther into what was accepted."""
        return Planes(self.weights, np.asarray(self.biases - by, np.float32))


def no_planes(size: int) -> Planes:
    """Nothing is known that would have to be told from what was accepted: everything lies on the plane."""
    return Planes(np.zeros((1, size), np.float32), np.zeros(1, np.float32))


def kinds_of(accepted: Floats) -> NDArray[np.intp]:
    """A number for each patch `(N, D)`, the same for those that point alike, `(N,)`."""
    count = min(KINDS, len(accepted))
    if count == 1:
        return np.zeros(1, np.intp)
    cv2.setRNGSeed(0)  # the same acceptance makes the same bundle
    directions = turned(accepted)
    none = np.zeros((len(directions), 1), np.int32)
    _, found, _ = cv2.kmeans(directions, count, none, _UNTIL, _ATTEMPTS, cv2.KMEANS_PP_CENTERS)
    return np.asarray(found, np.intp).ravel()


def planes_between(accepted: Floats, kinds: NDArray[np.intp], count: int, defects: Floats) -> Planes:
    """Fisher's discriminant of each kind of accepted patches against those of known defects.

    Args:
        accepted: patches `(N, D)`.
        kinds: of each, `(N,)`.
        count: of kinds; beyond the plane of one of which there is no patch nothing lies.
        defects: patches `(M, D)`.
    """
    ours, theirs = (turned(patches).astype(np.float64) for patches in (accepted, defects))
    against, other = _covariance(theirs), theirs.mean(axis=0)
    planes = [_plane(ours[kinds == kind], against, other) for kind in range(count)]
    weights, biases = zip(*planes, strict=True)
    return Planes(np.array(weights, np.float32), np.array(biases, np.float32))


def _plane(
    of_kind: NDArray[np.float64], against: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    if not len(of_kind):
        return np.zeros(len(other)), -NOWHERE
    within = (against + _covariance(of_kind)) / 2
    within = (1 - _SHRINKAGE) * within + _SHRINKAGE * within.diagonal().mean() * np.eye(len(within))
    mean = of_kind.mean(axis=0)
    weight = np.linalg.solve(within, mean - other)
    weight *= 2 * _APART / max(float(weight @ (mean - other)), TINY)
    return weight, -float(weight @ (mean + other)) / 2


def turned(patches: Floats) -> Floats:
    """Their directions `(..., L)`, of length 1 unless a patch has next to none."""
    return np.asarray(patches / np.maximum(np.linalg.norm(patches, axis=-1, keepdims=True), TINY), np.float32)


def _covariance(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = directions - directions.mean(axis=0)
    return np.asarray(centred.T @ centred / len(directions))
