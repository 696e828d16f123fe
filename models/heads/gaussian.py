"""A Gaussian per grid position: how unusual is this patch for this place of the part?

Source: Defard et al., PaDiM (ICPR 2021); covariances are shrunk towards the one shared by all positions, by the amount
under which held-out good parts are most likely. Linear algebra by torch alone: numpy brings threads of its own, and two
pools that wait for each other on a busy machine made hundreds of small factorisations take a minute instead of seconds.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["GaussianHead", "choose_shrinkage"]

_EVERY = 5  # positions are compared one in five: five times faster, the same choice
_RIDGE = 1e-4  # of the unit variance: few small images leave directions in which nothing varies
_CANDIDATES = (0.05, 0.1, 0.2, 0.4, 0.7, 0.9)


@dataclass(frozen=True)
class _Fit:
    """Inverse Cholesky factors `(P, D, D)` and log determinants `(P,)` of the covariances."""

    inverse: Tensor
    log_determinant: Tensor


class GaussianHead(nn.Module):
    """Whitened features `(N, P, D)` -> Mahalanobis distance `(N, P)`."""

    inverse: Tensor

    def __init__(self, whitened: Tensor, shrinkage: float) -> None:
        """Fit on whitened features of good parts, `(N, P, D)`, centred per position."""
        super().__init__()
        fit = _fit(whitened, shrinkage)
        self.register_buffer("inverse", fit.inverse.float().transpose(1, 2).contiguous())

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
    by_position = whitened.transpose(0, 1).double()  # (P, N, D)
    own = by_position.transpose(1, 2) @ by_position / by_position.shape[1]  # (P, D, D)
    unit = torch.eye(own.shape[-1], dtype=own.dtype)
    lower = torch.linalg.cholesky((1 - shrinkage) * own + shrinkage * own.mean(dim=0) + _RIDGE * unit)
    determinant = 2 * lower.diagonal(dim1=1, dim2=2).log().sum(dim=1)
    return _Fit(torch.linalg.solve_triangular(lower, unit.expand_as(lower), upper=False), determinant)


def _log_likelihood(fit: _Fit, heldout: Tensor) -> float:
    standard = heldout.transpose(0, 1).double() @ fit.inverse.transpose(1, 2)
    distance = standard.square().sum(dim=2).mean(dim=1)  # (P,)
    return float(-0.5 * (distance + fit.log_determinant).mean())
