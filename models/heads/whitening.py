"""Whitening around each grid position's mean, of the leading principal components, or of all where labels want them."""

import torch
from torch import Tensor, nn

__all__ = ["COMPONENTS", "Whitening", "all_components_for", "components_for"]

COMPONENTS = 160  # of 384: as good as all of them (decision 0006), and a Gaussian of 160 is a sixth of the size
_FLOOR = 1e-6  # of the mean eigenvalue: a channel that never varies must not become infinitely important
_POSITIONS_IN_FULL = 1024  # a Gaussian each, 105 MB of them; an input with more positions keeps fewer components
_ALL = 384  # that labels are learnt from
_POSITIONS_FOR_ALL = 512  # a matrix each, 302 MB of them, while a training lasts
_SUMMED_AT_ONCE = 64 * 256  # patches whose products are summed in single precision: of inputs of 256 px, 64 parts
_WHITENED_AT_ONCE = 16 * 256  # patches


def components_for(positions: int) -> int:
    """How many components are kept, so that the Gaussians of all positions stay as large as those of 1024."""
    return min(COMPONENTS, int(COMPONENTS * (_POSITIONS_IN_FULL / positions) ** 0.5))


def all_components_for(positions: int) -> int:
    """How many components labels are learnt from, so that the matrices of all positions fit into memory."""
    return min(_ALL, int(_ALL * (_POSITIONS_FOR_ALL / positions) ** 0.5))


class Whitening(nn.Module):
    """Features `(N, P, D)` -> `(N, P, K)` with unit covariance over the good parts, centred per position.

    The leading components come last.
    """

    centre: Tensor
    rotation: Tensor

    def __init__(self, goods: Tensor, kept: int | None = None) -> None:
        """Fit on features of good parts, `(N, P, D)`; K is `kept` or `components_for` P, or D if that is less."""
        super().__init__()
        centre = goods.mean(dim=0)
        values, vectors = torch.linalg.eigh(_covariance(goods, centre))
        self._leading = min(components_for(goods.shape[1]), goods.shape[2])
        kept = kept or self._leading
        values = values.clamp_min(_FLOOR * float(values.mean()))[-kept:]
        self.register_buffer("centre", centre)  # (P, D)
        self.register_buffer("rotation", (vectors[:, -kept:] / values.sqrt()).float())  # (D, K)

    def forward(self, features: Tensor) -> Tensor:
        """Whiten."""
        return (features - self.centre) @ self.rotation

    def of_many(self, features: Tensor) -> Tensor:
        """Whiten many parts, a few after the other: one copy of all of them, centred, would be the peak of memory."""
        whitened = torch.empty(*features.shape[:2], self.rotation.shape[1])
        few_parts = max(1, _WHITENED_AT_ONCE // features.shape[1])
        for few, into in zip(torch.split(features, few_parts), torch.split(whitened, few_parts), strict=True):
            into.copy_(self(few))
        return whitened

    def leading(self, components: Tensor) -> Tensor:
        """Of whitened features, or of columns of the rotation, `(..., K)`, those that tell novelty."""
        return components if components.shape[-1] == self._leading else components[..., -self._leading :]


def _covariance(goods: Tensor, centre: Tensor) -> Tensor:
    """`(D, D)` float64, batch by batch: a copy of all features in double precision would be the peak of memory."""
    total = torch.zeros(goods.shape[-1], goods.shape[-1], dtype=torch.double)
    at_once = max(1, _SUMMED_AT_ONCE // goods.shape[1])
    for start in range(0, len(goods), at_once):
        flat = (goods[start : start + at_once] - centre).flatten(0, 1)
        total += (flat.T @ flat).double()
    return total / (goods.shape[0] * goods.shape[1])
