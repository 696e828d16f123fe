"""A Gaussian per grid position: how unusual is this patch for this place of the part?

Source: Defard et al., PaDiM (ICPR 2021); covariances are shrunk towards the one that all positions share, as if that
one had been seen in a few parts more (the conjugate prior, an inverse Wishart). Linear algebra by torch alone: numpy
brings threads of its own, and two pools that wait for each other on a busy machine made hundreds of small
factorisations take a minute instead of seconds.

A part that was learnt from lies closer than one that was not. `left_out` undoes that in closed form (Sherman and
Morrison, 1950), so that held-out distances cost no second fit and come from all parts but one.
"""

import torch
from torch import Tensor, nn

from models.heads.triangular import TriangularProduct

__all__ = ["GaussianHead"]

_PRIOR_PARTS = 8  # that the shared covariance counts for: half of it at 8 good parts, one hundredth at 800
_RIDGE = 1e-4  # of the unit variance: few small images leave directions in which nothing varies


class GaussianHead(nn.Module):
    """Whitened features `(N, P, D)` -> the same in standard deviations of their position, uncorrelated, `(N, P, D)`.

    Their length is the Mahalanobis distance.

    Attributes:
        parts: learnt from.
        weight_parts: the same with those that the prior counts for.
    """

    def __init__(self, whitened: Tensor, prior_parts: float = _PRIOR_PARTS) -> None:
        """Fit on whitened features of good parts, `(N, P, D)`, centred per position."""
        super().__init__()
        by_position = whitened.transpose(0, 1).double()  # (P, N, D)
        own = by_position.transpose(1, 2) @ by_position / by_position.shape[1]  # (P, D, D)
        unit = torch.eye(own.shape[-1], dtype=own.dtype)
        share = prior_parts / (prior_parts + len(whitened))
        lower = torch.linalg.cholesky((1 - share) * own + share * own.mean(dim=0) + _RIDGE * unit)
        inverse = torch.linalg.solve_triangular(lower, unit.expand_as(lower), upper=False)
        self.product = TriangularProduct(inverse.transpose(1, 2))
        self.parts, self.weight_parts = len(whitened), len(whitened) + prior_parts

    def forward(self, whitened: Tensor) -> Tensor:
        """Each patch in standard deviations of its position."""
        standard: Tensor = self.product(whitened.transpose(0, 1))
        return standard.transpose(0, 1)

    def left_out(self, standard: Tensor) -> Tensor:
        """What each part that was learnt from would be told by a head that has not seen it, `(N, P, D)`.

        Exact in length but for the covariance that all positions share and the whitening, to which one part adds
        little: with few parts, fit again without it instead.

        Args:
            standard: `(N, P, D)` of the parts of the fit.
        """
        moved = self.parts / (self.parts - 1)  # the part had drawn the mean towards itself
        share = standard.square().sum(dim=-1, keepdim=True) / self.weight_parts
        shrunk = (1 - moved * share).clamp_min(1e-3)
        return standard * (moved * ((self.weight_parts - 1) / self.weight_parts / shrunk).sqrt())
