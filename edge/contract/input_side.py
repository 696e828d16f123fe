"""Which sides of the network's input a tier takes: asked when a recipe is written, and again when it is trained."""

from collections.abc import Mapping

from edge.contract.errors import DataInvalid
from edge.contract.manifest import TierName

__all__ = ["MAX_SIDE_PX", "MIN_SIDE_PX", "STEP_PX", "require_side"]

MIN_SIDE_PX, MAX_SIDE_PX = 32, 4096
STEP_PX: Mapping[TierName, int] = {"fast": 32, "balanced": 32, "accurate": 14}
"""Of which width and height are multiples: the coarsest tap's stride, or the side of a patch."""


def require_side(name: str, side_px: int, tier: TierName) -> None:
    """Return if the tier takes this side.

    Raises:
        DataInvalid: it does not; `name` is what the side is called where it was given.
    """
    step_px = STEP_PX[tier]
    if side_px % step_px or not MIN_SIDE_PX <= side_px <= MAX_SIDE_PX:
        raise DataInvalid(
            f"{name}: expected a multiple of {step_px} (tier {tier}), at least {MIN_SIDE_PX} and "
            f"at most {MAX_SIDE_PX}, got {side_px}"
        )
