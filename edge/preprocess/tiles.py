"""One whole input as a batch of overlapping tiles, and their maps as one map again."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import PreprocessSpec

__all__ = ["cut", "stitch"]

Scalar = TypeVar("Scalar", bound=np.generic)


def cut(whole: NDArray[Scalar], spec: PreprocessSpec) -> NDArray[Scalar]:
    """Cut `(H, W, ...)` into `(tiles, height_px, width_px, ...)`, row by row; a view where there is only one.

    Args:
        whole: of `spec.whole_px`.
        spec: how many tiles, of what size.
    """
    height, width = spec.height_px, spec.width_px
    if spec.tiles is None:
        return np.ascontiguousarray(whole)[np.newaxis]
    return np.stack([whole[y : y + height, x : x + width] for y, x in _corners(spec)])


def stitch(tiles: NDArray[np.float32], spec: PreprocessSpec) -> NDArray[np.float32]:
    """Join maps `(tiles, height_px, width_px)` to `(H, W)`; where tiles overlap, the larger value counts."""
    if spec.tiles is None:
        return np.asarray(tiles[0])
    width, height = spec.whole_px
    whole = np.full((height, width), -np.inf, np.float32)
    for tile, (y, x) in zip(tiles, _corners(spec), strict=True):
        place = whole[y : y + spec.height_px, x : x + spec.width_px]
        np.maximum(place, tile, out=place)
    return np.asarray(whole)


def _corners(spec: PreprocessSpec) -> list[tuple[int, int]]:
    """Top and left of each tile, row by row."""
    if spec.tiles is None:
        return [(0, 0)]
    step_y, step_x = spec.height_px - spec.tiles.overlap_px, spec.width_px - spec.tiles.overlap_px
    return [(row * step_y, column * step_x) for row in range(spec.tiles.rows) for column in range(spec.tiles.columns)]
