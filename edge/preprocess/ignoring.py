"""What a person said not to look at: serial numbers, dates, a reflection."""

from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import PreprocessSpec
from edge.contract.picture import SmallPicture

__all__ = ["hide", "ignored_pixels", "silence"]

Scalar = TypeVar("Scalar", np.uint8, np.float32)

_NOTHING = 127  # the middle of the range, which the trunk's normalisation makes 0: as much as it sees beyond a border


def hide(whole: NDArray[np.uint8], spec: PreprocessSpec) -> NDArray[np.uint8]:
    """Whole input `(H, W, 3)` with grey where it is ignored, so that what is there changes no score."""
    mask = ignored_pixels(spec)
    if mask is None:
        return whole
    hidden = whole.copy()  # it may be a view of the camera's frame, which is stored as it came
    cv2.copyTo(np.full_like(hidden, _NOTHING), mask, hidden)
    return hidden


def silence(whole: NDArray[Scalar], spec: PreprocessSpec) -> NDArray[Scalar]:
    """Anomaly map or mask `(H, W)` with 0 where it is ignored."""
    mask = ignored_pixels(spec)
    return whole if mask is None else np.where(mask > 0, whole.dtype.type(0), whole)


def ignored_pixels(spec: PreprocessSpec) -> NDArray[np.uint8] | None:
    """Mask of the whole input, `(H, W)` uint8, 255 = ignored; None if nothing is."""
    return None if spec.ignored is None else _mask_of(spec.ignored)


@lru_cache(maxsize=4)
def _mask_of(picture: SmallPicture) -> NDArray[np.uint8]:
    return np.where(picture.pixels() > 0, np.uint8(255), np.uint8(0))
