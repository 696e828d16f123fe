"""Smaller pictures without moire, fast and the same on every machine."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["resize", "shrink"]

_HALVE_FROM = 1.8  # times the target; a reduction by less is left to the linear step, which blurs as little as aliases


def resize(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Resize `(H, W)` or `(H, W, 3)` uint8 to `height` by `width`: `shrink`, then linear for the rest.

    Halving and the exact linear step compute in whole numbers, so every machine gives the same bits.
    """
    pixels = shrink(pixels, width, height)
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR_EXACT), dtype=np.uint8)


def shrink(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Average blocks until less than twice `height` by `width` is left: halve, then reduce the longer axis alone.

    OpenCV halves six times faster than it reduces by three or more, so halving twice beats one reduction by four.
    """
    while pixels.shape[1] >= _HALVE_FROM * width and pixels.shape[0] >= _HALVE_FROM * height:
        pixels = _average(pixels, 2, 2)
    fx, fy = max(pixels.shape[1] // width, 1), max(pixels.shape[0] // height, 1)
    return _average(pixels, fx, fy) if max(fx, fy) > 1 else pixels


def _average(pixels: NDArray[np.uint8], fx: int, fy: int) -> NDArray[np.uint8]:
    """Average `fx` by `fy` blocks; the fast path needs exact multiples, so up to a block of border is left out."""
    height, width = pixels.shape[0] // fy * fy, pixels.shape[1] // fx * fx
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    centre = pixels[top : top + height, left : left + width]
    return np.asarray(cv2.resize(centre, (width // fx, height // fy), interpolation=cv2.INTER_AREA), dtype=np.uint8)
