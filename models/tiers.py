"""The tiers: how much time a part may take, and the trunk that makes the most of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.contract.input_side import STEP_PX
from edge.contract.manifest import TierName
from models.backbones.lite import LITE0, LITE2, LiteTrunk, LiteVariant
from models.backbones.trunk import Trunk
from models.backbones.vit import VitTrunk

__all__ = ["TIERS", "Tier"]


@dataclass(frozen=True)
class Tier:
    """One choice of trunk.

    Attributes:
        size_px: side of a square input; others have about as many pixels.
        step_px: of which width and height are multiples.
        build: the trunk for a height and a width in pixels, by a file of weights or those that are installed.
    """

    size_px: int
    step_px: int
    build: Callable[[int, int, Path | None], Trunk]


def _lite(variant: LiteVariant) -> Callable[[int, int, Path | None], Trunk]:
    """Convolutions take any size."""
    return lambda _height_px, _width_px, weights: LiteTrunk(variant, weights)


TIERS: dict[TierName, Tier] = {
    "fast": Tier(256, STEP_PX["fast"], _lite(LITE0)),
    "balanced": Tier(256, STEP_PX["balanced"], _lite(LITE2)),
    "accurate": Tier(336, STEP_PX["accurate"], VitTrunk),
}
