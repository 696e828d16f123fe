"""What is tolerated: patches that point the way of accepted ones, and not that of known defects.

A patch is how it differs from what is usual at its position, whitened. What an accepted part showed has a direction
there; a patch of another part whose direction is alike enough, and lies far enough on the accepted side of a plane,
counts as usual, whatever its length. Every other patch counts as before: the score of a part changes only where it
shows what was accepted (decisions 0042 and 0057).
"""

import math
from dataclasses import dataclass

import numpy as np

from models.acceptance.plane import Floats, Planes, turned

__all__ = [
    "MARGIN",
    "RAMP",
    "Tolerance",
    "alike_enough",
    "cosines_with",
    "directions_of",
    "eased",
    "far_enough",
    "most_unusual",
    "tolerated",
]

RAMP = 0.1  # of the cosine: from nothing tolerated to all of it, so that no verdict hangs on a rounding
MARGIN = 1.0  # of the distance from a plane, for the same reason
_SHOWING = 0.25  # of a part's patches, the most unusual ones: what is accepted is often as large (decision 0042)
_AT_ONCE = 1024  # patches whose cosines with all directions are in memory
_MOST = 1024  # directions: what they cost on the line grows with them


@dataclass(frozen=True)
class Tolerance:
    """What is tolerated, and how alike it must be.

    Attributes:
        directions: `(K, L)` of length 1, of accepted patches, by the last L of their components.
        alike: cosine from which on a patch is tolerated wholly.
        planes: between accepted patches and those of known defects.
        beyond: how far beyond one of them a patch must lie to be tolerated wholly.
    """

    directions: Floats
    alike: float
    planes: Planes
    beyond: float


def directions_of(whitened: Floats, unusual: Floats) -> Floats:
    """Directions `(K, D)` of what accepted parts show.

    Args:
        whitened: `(N, P, D)`.
        unusual: `(N, P)`, how unusual each patch is to the model.
    """
    patches = _most_unusual(whitened, unusual, _of_each(unusual.shape[1], len(unusual)))
    return turned(patches.reshape(-1, whitened.shape[2])[:_MOST])


def most_unusual(whitened: Floats, unusual: Floats, share: float) -> Floats:
    """That share of the patches of each part `(N, P, D)`, at least one of each, `(N, n, D)`."""
    return _most_unusual(whitened, unusual, max(1, math.ceil(share * unusual.shape[1])))


def _most_unusual(whitened: Floats, unusual: Floats, count: int) -> Floats:
    most = np.argsort(-unusual, axis=1, kind="stable")[:, :count]  # (N, count)
    return np.take_along_axis(whitened, most[..., None], axis=1)


def tolerated(whitened: Floats, tolerance: Tolerance) -> Floats:
    """Whitened patches `(..., D)` with the tolerated ones moved to what is usual: what the graph computes."""
    directions = turned(whitened[..., -tolerance.directions.shape[1] :])
    cosines, beyond = cosines_with(directions, tolerance.directions), tolerance.planes.beyond(directions)
    return eased(whitened, alike_enough(cosines, tolerance.alike) * far_enough(beyond, tolerance.beyond))


def cosines_with(directions: Floats, accepted: Floats) -> Floats:
    """Of each direction `(..., L)` with the most alike one of those accepted, `(K, L)`, `(...)`."""
    flat = directions.reshape(-1, directions.shape[-1])
    some = (flat[start : start + _AT_ONCE] for start in range(0, len(flat), _AT_ONCE))
    most = [np.zeros(0, np.float32), *((page @ accepted.T).max(axis=1) for page in some)]
    return np.concatenate(most).reshape(directions.shape[:-1])


def alike_enough(cosines: Floats, alike: float) -> Floats:
    """How much of a patch of these cosines `(...)` is tolerated, 0 to 1."""
    return np.asarray(np.clip((cosines - (alike - RAMP)) / RAMP, 0, 1), np.float32)


def far_enough(beyond: Floats, least: float | Floats) -> Floats:
    """How much of a patch so far beyond a plane `(...)` is tolerated, 0 to 1."""
    return np.asarray(np.clip((beyond - (least - MARGIN)) / MARGIN, 0, 1), np.float32)


def eased(whitened: Floats, share: Floats) -> Floats:
    """Patches `(..., D)`, this share `(...)` of each tolerated."""
    return np.asarray(whitened * (1 - share)[..., None], np.float32)


def _of_each(positions: int, parts: int) -> int:
    """Patches of each part: fewer where there are many parts, at least one."""
    return max(1, min(math.ceil(_SHOWING * positions), _MOST // parts))
