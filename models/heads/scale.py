"""Patches in standard deviations of their position, over all components: the space in which labels are learnt from.

Novelty is told by the leading components (decision 0006). What tells a known defect from an odd good patch also lies in
those that hardly vary, and a direction in them is one vector a position: it costs the graph next to nothing, a distance
would cost a matrix a position (decision 0060). Nothing of this class is in the graph.
"""

import torch
from torch import Tensor

from models.heads.left_out import coordinates_left_out

__all__ = ["PositionScale"]

_PRIOR_PARTS = 8  # that the covariance of all positions, which is 1, counts for; as in the Gaussian of novelty
_RIDGE = 1e-4  # of the unit variance
_POSITIONS_AT_ONCE = 32  # their covariances are held in double precision


class PositionScale:
    """Whitened features `(N, P, K)` in standard deviations of their position, uncorrelated, `(N, P, K)`."""

    def __init__(self, whitened: Tensor) -> None:
        """Fit on whitened features of good parts `(N, P, K)`, centred per position."""
        unit = torch.eye(whitened.shape[2], dtype=torch.double)
        self._parts, self._weight_parts = len(whitened), len(whitened) + _PRIOR_PARTS
        share = _PRIOR_PARTS / self._weight_parts
        self._inverse = torch.empty(whitened.shape[1], *unit.shape)  # (P, K, K)
        few = torch.split(whitened, _POSITIONS_AT_ONCE, dim=1)
        for patches, inverse in zip(few, torch.split(self._inverse, _POSITIONS_AT_ONCE), strict=True):
            here = patches.transpose(0, 1)  # (p, N, K)
            own = (here.transpose(1, 2) @ here).double() / self._parts
            lower = torch.linalg.cholesky((1 - share) * own + (share + _RIDGE) * unit)
            inverse.copy_(torch.linalg.solve_triangular(lower, unit.expand_as(lower), upper=False))

    def __call__(self, whitened: Tensor) -> Tensor:
        """Of parts that were not learnt from."""
        return (whitened.transpose(0, 1) @ self._inverse.transpose(1, 2)).transpose(0, 1)

    def left_out(self, whitened: Tensor) -> Tensor:
        """Of parts that were learnt from, by a scale that has not seen each."""
        return coordinates_left_out(self(whitened), self._parts, self._weight_parts)

    def weights(self, directions: Tensor) -> Tensor:
        """Directions `(K, C)` among standard deviations as those among whitened features, `(P, K, C)`."""
        return self._inverse.transpose(1, 2) @ directions
