"""Vectors times upper triangular matrices, without reading the zeros below the diagonal.

A Gaussian per position multiplies one vector by each of hundreds of matrices: its time is that of reading them from
memory. In bands of columns, each as tall as its last column needs, almost half is not there to be read (decision 0020).
"""

import torch
from torch import Tensor, nn

__all__ = ["TriangularProduct"]

_BAND = 40  # columns; narrower bands read less, and cost a product more


class TriangularProduct(nn.Module):
    """Vectors `(P, N, D)` -> their products with `(P, D, D)`, `(P, N, D)`."""

    def __init__(self, upper: Tensor) -> None:
        """Keep the bands of upper triangular matrices `(P, D, D)`."""
        super().__init__()
        starts = range(0, upper.shape[-1], _BAND)
        bands = [upper[:, : start + _BAND, start : start + _BAND].float().contiguous() for start in starts]
        self.bands = nn.ParameterList(nn.Parameter(band, requires_grad=False) for band in bands)

    def forward(self, vectors: Tensor) -> Tensor:
        """Band by band."""
        return torch.cat([vectors[..., : band.shape[1]] @ band for band in self.bands], dim=-1)
