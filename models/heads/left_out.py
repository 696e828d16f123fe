"""Coordinates of a part that was learnt from, as a covariance that has not seen it would tell them."""

import math

from torch import Tensor

__all__ = ["coordinates_left_out"]

_LEAST = 1e-3  # of the variance is left without a part


def coordinates_left_out(standard: Tensor, parts: int, weight_parts: float) -> Tensor:
    """Exact in every coordinate, in closed form: the triangular root of a covariance less one part.

    With s the sum of squares up to a coordinate and c what the part weighs, that coordinate grows by the root of
    (1 - c s) (1 - c s'), s' the sum before it.

    Args:
        standard: `(N, P, K)` of parts of the fit, times the inverse of a triangular root of their covariance.
        parts: how many were fitted on.
        weight_parts: the same with those that a prior counts for.
    """
    moved = parts / (parts - 1)  # the part had drawn the mean towards itself
    squares = standard.square()
    share = squares.cumsum(dim=-1) * (moved / weight_parts)
    before = share - squares * (moved / weight_parts)
    left = (1 - share).clamp_min(_LEAST) * (1 - before).clamp_min(_LEAST)
    return standard * (moved * math.sqrt((weight_parts - 1) / weight_parts)) / left.sqrt()
