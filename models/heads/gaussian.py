"""A Gaussian per grid position: how unusual is this patch for this place of the part?

Source: Defard et al., PaDiM (ICPR 2021); covariances are shrunk towards the one shared by all positions, by the amount
under which held-out good parts are most likely.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["GaussianHead", "choose_shrinkage"]

_EVERY = 5  # positions are compared one in five: five times faster, the same choice
_RIDGE = 1e-4  # of the unit variance: few small images leave directions in which nothing varies
_CANDIDATES = (0.05, 0.1, 0.2, 0.4, 0.7, 0.9)


@dataclass(frozen=True)
class _Fit:
    """Inverse Cholesky factors `(P, D, D)` and log determinants `(P,)` of the covariances."""

    inverse: NDArray[np.float64]
    log_determinant: NDArray[np.float64]


class GaussianHead(nn.Module):
    """Whitened features `(N, P, D)` -> Mahalanobis distance `(N, P)`."""

    inverse: Tensor

    def __init__(self, whitened: Tensor, shrinkage: float) -> None:
        """Fit on whitened features of good parts, `(N, P, D)`, centred per position."""
        super().__init__()
        fit = _fit(whitened, shrinkage)
        self.register_buffer("inverse", torch.from_numpy(fit.inverse).float().transpose(1, 2).contiguous())

    def forward(self, whitened: Tensor) -> Tensor:
        """Distance of each patch from what is usual at its position."""
        standard = whitened.transpose(0, 1) @ self.inverse  # (P, N, D)
        return standard.square().sum(dim=-1).sqrt().transpose(0, 1)


def choose_shrinkage(fitted: Tensor, heldout: Tensor) -> float:
    """The candidate under which held-out good parts `(N, P, D)` are most likely; needs no defect."""
    some = slice(None, None, _EVERY)
    likelihood = {value: _log_likelihood(_fit(fitted[:, some], value), heldout[:, some]) for value in _CANDIDATES}
    return max(likelihood, key=likelihood.__getitem__)


def _fit(whitened: Tensor, shrinkage: float) -> _Fit:
    by_position = whitened.transpose(0, 1).double().numpy()  # (P, N, D)
    own = by_position.transpose(0, 2, 1) @ by_position / by_position.shape[1]  # (P, D, D)
    covariance = (1 - shrinkage) * own + shrinkage * own.mean(axis=0) + _RIDGE * np.eye(own.shape[-1])
    lower = np.linalg.cholesky(covariance)
    diagonal = np.diagonal(lower, axis1=1, axis2=2)
    return _Fit(np.linalg.inv(lower), 2 * np.log(diagonal).sum(axis=1))


def _log_likelihood(fit: _Fit, heldout: Tensor) -> float:
    standard = heldout.transpose(0, 1).double().numpy() @ fit.inverse.transpose(0, 2, 1)
    distance = (standard**2).sum(axis=2).mean(axis=1)  # (P,)
    return float(-0.5 * (distance + fit.log_determinant).mean())
