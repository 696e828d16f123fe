"""Vectors times upper triangular matrices, without reading the zeros below the diagonal.

A Gaussian per position multiplies one vector by each of hundreds of matrices: its time is that of reading them from
memory. In bands of columns, each as tall as its last column needs, almost half is not there to be read (decision 0020).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

__all__ = ["TriangularProduct"]

_BAND = 40  # columns; narrower bands read less, and cost a product more


class TriangularProduct(nn.Module):
    """Vectors `(P, N, D)` -> their products with `(P, D, D)`, `(P, N, D)`."""

    def __init__(self, upper: Iterable[Tensor], positions: int, dimension: int) -> None:
        """Keep the bands of upper triangular matrices, of some positions `(p, D, D)` after the other, P in all."""
        super().__init__()
        starts = range(0, dimension, _BAND)
        heights = [min(start + _BAND, dimension) for start in starts]
        bands = [torch.empty(positions, height, height - start) for start, height in zip(starts, heights, strict=True)]
        first = 0
        for some in upper:
            for start, band in zip(starts, bands, strict=True):
                band[first : first + len(some)] = some[:, : start + _BAND, start : start + _BAND]
            first += len(some)
        self.bands = nn.ParameterList(nn.Parameter(band, requires_grad=False) for band in bands)

    def forward(self, vectors: Tensor) -> Tensor:
        """Band by band."""
        return torch.cat([vectors[..., : band.shape[1]] @ band for band in self.bands], dim=-1)
