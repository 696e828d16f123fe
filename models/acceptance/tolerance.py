"""What is tolerated: patches that point the way of accepted ones.

A patch is how it differs from what is usual at its position, whitened. What an accepted part showed has a direction
there; a patch of another part whose direction is alike enough counts as usual, whatever its length, and every other
patch counts as before: the score of a part changes only where it shows what was accepted (decision 0042).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RAMP", "TINY", "Tolerance", "cosines_with", "directions_of", "eased", "tolerated"]

RAMP = 0.1  # of the cosine: from nothing tolerated to all of it, so that no verdict hangs on a rounding
TINY = 1e-6  # length below which a patch has no direction
_SHOWING = 0.25  # of a part's patches, the most unusual ones: what is accepted is often as large (decision 0042)
_MOST = 1024  # directions: what they cost on the line grows with them

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Tolerance:
    """What is tolerated, and how alike it must be.

    Attributes:
        directions: `(K, D)` of length 1, of accepted patches.
        alike: cosine from which on a patch is tolerated wholly.
    """

    directions: Floats
    alike: float


def directions_of(whitened: Floats, unusual: Floats) -> Floats:
    """Directions `(K, D)` of what accepted parts show.

    Args:
        whitened: `(N, P, D)`.
        unusual: `(N, P)`, how unusual each patch is to the model.
    """
    count = _of_each(unusual.shape[1], len(unusual))
    most = np.argsort(-unusual, axis=1, kind="stable")[:, :count]  # (N, count)
    patches = np.take_along_axis(whitened, most[..., None], axis=1).reshape(-1, whitened.shape[2])[:_MOST]
    return np.asarray(patches / np.maximum(np.linalg.norm(patches, axis=1, keepdims=True), TINY), np.float32)


def tolerated(whitened: Floats, tolerance: Tolerance) -> Floats:
    """Whitened patches `(..., D)` with the tolerated ones moved to what is usual: what the graph computes."""
    return eased(whitened, cosines_with(whitened, tolerance.directions), tolerance.alike)


def cosines_with(whitened: Floats, directions: Floats) -> Floats:
    """Of each patch `(..., D)` with the direction of `(K, D)` that it is most alike to, `(...)`."""
    length = np.maximum(np.linalg.norm(whitened, axis=-1), TINY)
    return np.asarray((whitened @ directions.T).max(axis=-1) / length, np.float32)


def eased(whitened: Floats, cosines: Floats, alike: float) -> Floats:
    """Patches `(..., D)` of these cosines `(...)`, tolerated from this cosine on."""
    usual = np.clip((cosines - (alike - RAMP)) / RAMP, 0, 1)
    return np.asarray(whitened * (1 - usual)[..., None], np.float32)


def _of_each(positions: int, parts: int) -> int:
    """Patches of each part: fewer where there are many parts, at least one."""
    return max(1, min(math.ceil(_SHOWING * positions), _MOST // parts))
