"""What every trunk is: a frozen network whose inner stages are looked at."""

from collections.abc import Sequence

from torch import Tensor, nn

__all__ = ["Trunk", "freeze"]


class Trunk(nn.Module):
    """Pixels `(N, H, W, 3)` uint8 -> taps `(N, C, h, w)` float32, the finest grid first.

    Attributes:
        origin: what it is and where its weights come from, for the record.
        sha256: of the file of weights.
        stride_px: of the finest grid; H and W are multiples of `step_px` of its tier.
        dimension: channels of all taps together.
        moved: of the distance of a patch by its own position, what a search around it leaves at least on a coarse grid
            where parts lie still (decision 0015); measured on good parts, as they lie and moved.
        ahead_px: how far right and down of its middle what a position of the finest grid sees lies (decision 0071);
            measured on good parts with a few pixels changed.
    """

    origin: str
    sha256: str
    stride_px: int
    dimension: int
    moved: float
    ahead_px: int = 0

    def forward(self, pixels: Tensor) -> Sequence[Tensor]:
        """Normalise the pixels and run the trunk."""
        raise NotImplementedError


def freeze(net: nn.Module) -> None:
    """Nothing in it learns, and it computes as it does on the line."""
    net.eval().requires_grad_(requires_grad=False)
