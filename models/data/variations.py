"""Labelled parts as the next ones may show the same defect: elsewhere, turned, larger or smaller, lit otherwise.

A classifier of parts as a whole learns from few labels how these very parts lie as much as what they show. The
variations are fixed, so that no seed decides, and that kept features are found again.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_VARIED", "varied"]

MOST_VARIED = 60
"""Variations of a defect type, in all: many labels tell by themselves what a few must be varied for."""


class _Variation(NamedTuple):
    """Shares of the sides to the right and down, and what grey values are multiplied by."""

    scale: float
    turn_deg: float
    right: float
    down: float
    gain: float


_VARIATIONS = (
    _Variation(1.22, 8.0, 0.035, -0.02, 1.20),
    _Variation(0.84, -8.0, -0.025, 0.04, 0.84),
    _Variation(1.10, -5.0, 0.04, 0.03, 0.92),
    _Variation(0.92, 5.0, -0.04, -0.035, 1.10),
    _Variation(1.00, 10.0, 0.02, -0.04, 1.05),
    _Variation(1.00, -10.0, -0.03, 0.02, 0.82),
)


def varied(pixels: NDArray[np.uint8], labels: int) -> NDArray[np.uint8]:
    """Variations of parts `(N, tiles, H, W, 3)` of a type with so many labels, as `(N, V, tiles, H, W, 3)`."""
    chosen = _VARIATIONS[: MOST_VARIED // max(labels, 1)]
    result = np.empty((len(pixels), len(chosen), *pixels.shape[1:]), np.uint8)
    for part, of_part in zip(pixels, result, strict=True):
        for variation, into in zip(chosen, of_part, strict=True):
            for tile, place in zip(part, into, strict=True):
                place[:] = _vary(tile, variation)
    return result


def _vary(image: NDArray[np.uint8], by: _Variation) -> NDArray[np.uint8]:
    """Of `(H, W, 3)`; beyond its edges it goes on as in a mirror."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), by.turn_deg, by.scale)
    matrix[:, 2] += (by.right * width, by.down * height)
    moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(np.clip(np.rint(moved.astype(np.float32) * by.gain), 0, 255), np.uint8)
