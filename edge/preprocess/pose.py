"""How a part lies in its frame, against how the golden image shows it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Pose"]

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pose:
    """A turn and a shift.

    Attributes:
        motion: `(2, 3)` float64, from a pixel of the golden image to that of the same spot of the part, both at the
            size of the golden image.
        size_px: width and height of the golden image.
        correlation: of the golden image with the part put to lie like it, -1 to 1.
    """

    motion: NDArray[np.float64]
    size_px: Size
    correlation: float

    @property
    def angle_deg(self) -> float:
        """How far the part is turned, clockwise as one sees it, -180 to 180."""
        return float(np.degrees(np.arctan2(self.motion[1, 0], self.motion[0, 0])))

    def straighten(self, pixels: NDArray[np.uint8], size_px: Size) -> NDArray[np.uint8]:
        """The part as the golden image has it, in `size_px` (width, height); what lies outside repeats the border.

        Args:
            pixels: `(H, W)` or `(H, W, 3)` uint8, the whole ROI at any size.
            size_px: of the result; one interpolation turns, shifts and resizes.
        """
        there = _scale(self.size_px, _size_of(pixels)) @ _square(self.motion) @ _scale(size_px, self.size_px)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(pixels, there[:2], size_px, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, dtype=np.uint8)

    def lay_back(self, whole_map: NDArray[np.float32]) -> NDArray[np.float32]:
        """A map `(H, W)` of the straightened part, drawn where the part lies in its ROI; the same shape, 0 outside."""
        own = _size_of(whole_map)
        there = _scale(self.size_px, own) @ _square(self.motion) @ _scale(own, self.size_px)
        return np.asarray(cv2.warpAffine(whole_map, there[:2], own, flags=cv2.INTER_LINEAR), dtype=np.float32)


def _scale(source: Size, target: Size) -> NDArray[np.float64]:
    """From pixels of a picture of one size to those of the other, `(3, 3)`; a pixel's centre lies at a half."""
    x, y = target[0] / source[0], target[1] / source[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def _square(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([motion, [0, 0, 1]])


def _size_of(pixels: NDArray[np.uint8] | NDArray[np.float32]) -> Size:
    return pixels.shape[1], pixels.shape[0]
