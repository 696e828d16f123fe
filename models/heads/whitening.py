"""Whitening around each grid position's mean: directions of small variance carry the signal, so none is cut off."""

import torch
from torch import Tensor, nn

__all__ = ["Whitening"]

_FLOOR = 1e-6  # of the mean eigenvalue: a channel that never varies must not become infinitely important


class Whitening(nn.Module):
    """Features `(N, P, D)` -> `(N, P, D)` with unit covariance over the good parts, centred per position."""

    centre: Tensor
    rotation: Tensor

    def __init__(self, goods: Tensor) -> None:
        """Fit on features of good parts, `(N, P, D)`."""
        super().__init__()
        centre = goods.mean(dim=0)
        flat = (goods - centre).reshape(-1, goods.shape[-1]).double()
        values, vectors = torch.linalg.eigh(flat.T @ flat / len(flat))
        values = values.clamp_min(_FLOOR * float(values.mean()))
        self.register_buffer("centre", centre)  # (P, D)
        self.register_buffer("rotation", (vectors / values.sqrt()).float())  # (D, D)

    def forward(self, features: Tensor) -> Tensor:
        """Whiten."""
        return (features - self.centre) @ self.rotation
