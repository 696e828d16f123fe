"""What the most unusual place of a part looks like, in few numbers: parts with the same kind of defect are alike."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor, nn

from models.heads.whitening import Whitening

__all__ = ["SIZE", "Signature"]

SIZE = 32
_SEED = 0  # the same projection in every bundle, whatever the training's seed


class Signature(nn.Module):
    """Features `(N, P, D)` and fused map `(N, P)` -> `(N, SIZE)` of length 1.

    The whitened features of the patch with the highest evidence, in a random projection, which keeps angles
    (Johnson and Lindenstrauss, 1984). Whitened without turning the axes (ZCA), so that those of a recipe's models with
    one trunk can be compared, and no others.
    """

    centre: Tensor
    projection: Tensor

    def __init__(self, whitening: Whitening) -> None:
        super().__init__()
        scaled = whitening.leading(whitening.rotation)  # (D, K), principal directions over their standard deviations
        random = torch.randn(len(scaled), SIZE, generator=torch.Generator().manual_seed(_SEED))
        self.register_buffer("centre", whitening.centre.mean(dim=0))  # one for all places: the place must not tell
        self.register_buffer("projection", scaled @ (F.normalize(scaled, dim=0).T @ random))  # (D, SIZE)

    def forward(self, features: Tensor, fused: Tensor) -> Tensor:
        """Describe the peaks."""
        peak = fused.argmax(dim=1)[:, None, None].expand(-1, 1, features.shape[2])  # (N, 1, D)
        return F.normalize((features.gather(1, peak).squeeze(1) - self.centre) @ self.projection, dim=1)
