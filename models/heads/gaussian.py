"""A Gaussian per grid position: how unusual is this patch for this place of the part?

Source: Defard et al., PaDiM (ICPR 2021); covariances are shrunk towards the one that all positions share, as if that
one had been seen in a few parts more (the conjugate prior, an inverse Wishart). Linear algebra by torch alone: numpy
brings threads of its own, and two pools that wait for each other on a busy machine made hundreds of small
factorisations take a minute instead of seconds.

A part that was learnt from lies closer than one that was not. `left_out` undoes that in closed form (Sherman and
Morrison, 1950), so that held-out distances cost no second fit and come from all parts but one.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from models.heads.left_out import coordinates_left_out
from models.heads.triangular import TriangularProduct

__all__ = ["GaussianHead"]

_PRIOR_PARTS = 8  # that the shared covariance counts for: half of it at 8 good parts, one hundredth at 800
_RIDGE = 1e-4  # of the unit variance: few small images leave directions in which nothing varies
_SUMMED_AT_ONCE = 256  # positions; a multiple of what torch adds up in one go, so that the sum is the same to the bit
_FACTORED_AT_ONCE = 64  # positions, each with several matrices in double precision


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
        share = prior_parts / (prior_parts + len(whitened))
        self.product = TriangularProduct(_inverse_roots(whitened, share), *whitened.shape[1:])
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

    def coordinates_left_out(self, standard: Tensor) -> Tensor:
        """The same, exact in every coordinate as well: where a direction counts, and not the length alone."""
        return coordinates_left_out(standard, self.parts, self.weight_parts)


def _inverse_roots(whitened: Tensor, share: float) -> Iterator[Tensor]:
    """Upper triangular `(p, D, D)` float64, some positions after the other: those of 1024 are the peak of memory.

    What is in common is summed first. Where one go has all positions, their covariances are kept for the second.
    """
    goes = torch.split(whitened, _SUMMED_AT_ONCE, dim=1)
    once = _covariances(goes[0]) if len(goes) == 1 else None
    total = sum(_covariances(go).sum(dim=0) for go in goes) if once is None else once.sum(dim=0)
    unit = torch.eye(whitened.shape[2], dtype=torch.double)
    shared, ridge = share * (total / whitened.shape[1]), _RIDGE * unit
    few = torch.split(whitened, _FACTORED_AT_ONCE, dim=1)
    for own in map(_covariances, few) if once is None else torch.split(once, _FACTORED_AT_ONCE):
        lower = torch.linalg.cholesky(own.mul_(1 - share).add_(shared).add_(ridge))
        yield torch.linalg.solve_triangular(lower, unit.expand_as(lower), upper=False).transpose(1, 2)


def _covariances(whitened: Tensor) -> Tensor:
    """Of each position `(P, D, D)` float64."""
    by_position = whitened.transpose(0, 1).double()  # (P, N, D)
    return (by_position.transpose(1, 2) @ by_position).div_(len(whitened))
