"""Sensor formats to RGB: mono and Bayer, 8 bits and more. Source: PFNC 2.4 (names of formats)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from pydantic import Field

from edge.contract.errors import FrameRejected
from edge.contract.frame import Pixels
from edge.contract.values import Value

__all__ = ["PixelFormat", "RawFormat", "raw_to_rgb", "to_rgb"]

PixelFormat = Literal[
    "Mono8", "Mono16", "RGB8", "BGR8",
    "BayerRG8", "BayerGR8", "BayerGB8", "BayerBG8", "BayerRG16", "BayerGR16", "BayerGB16", "BayerBG16",
]  # fmt: skip
# Named by the first two pixels of the first row, as sensors are; OpenCV's own short names mean the opposite corner.
_CODES: Mapping[str, int] = {
    "Mono": cv2.COLOR_GRAY2RGB,
    "BGR": cv2.COLOR_BGR2RGB,
    "BayerRG": cv2.COLOR_BayerRGGB2RGB,
    "BayerGR": cv2.COLOR_BayerGRBG2RGB,
    "BayerGB": cv2.COLOR_BayerGBRG2RGB,
    "BayerBG": cv2.COLOR_BayerBGGR2RGB,
}


class RawFormat(Value):
    """What bytes without a header mean."""

    pixel_format: Annotated[PixelFormat, Field(description="order and depth of the pixels; 16 bits little-endian")]
    width_px: Annotated[int, Field(ge=1, le=65_535, description="columns")]
    height_px: Annotated[int, Field(ge=1, le=65_535, description="rows")]

    @property
    def size_bytes(self) -> int:
        """Length of one frame."""
        channels = 3 if self.pixel_format in ("RGB8", "BGR8") else 1
        return self.width_px * self.height_px * channels * (2 if self.pixel_format.endswith("16") else 1)


def raw_to_rgb(data: bytes, raw: RawFormat) -> Pixels:
    """Pixels without a header.

    Returns:
        `(H, W, 3)` RGB, uint8 or uint16.

    Raises:
        FrameRejected: another number of bytes than the format has; the station answers UNDECIDED.
    """
    if len(data) != raw.size_bytes:
        expected = f"{raw.size_bytes} bytes of {raw.pixel_format} {raw.width_px}x{raw.height_px}"
        raise FrameRejected(f"raw frame: expected {expected}, got {len(data)}")
    kind = np.dtype("<u2") if raw.pixel_format.endswith("16") else np.dtype(np.uint8)
    shape = (raw.height_px, raw.width_px, *((3,) if raw.pixel_format in ("RGB8", "BGR8") else ()))
    return to_rgb(np.frombuffer(data, kind).reshape(shape), raw.pixel_format)


def to_rgb(image: Any, pixel_format: str) -> Pixels:
    """An array as the sensor has it, to RGB.

    Args:
        image: `(H, W)` mono or Bayer mosaic, `(H, W, 3)` colour; uint8 or uint16.
        pixel_format: as in `PixelFormat`; only what stands before the depth counts.

    Returns:
        `(H, W, 3)` RGB in the same depth.

    Raises:
        FrameRejected: no such format, or an image that cannot be one.
    """
    name = pixel_format.rstrip("0123456789")
    if name == "RGB":
        return np.ascontiguousarray(image)
    if name not in _CODES:
        raise FrameRejected(f"pixel format: expected one of {', '.join(_CODES)}, RGB, got {pixel_format}")
    try:
        pixels: Any = cv2.cvtColor(np.ascontiguousarray(image), _CODES[name])
    except cv2.error as error:
        raise FrameRejected(f"{pixel_format} of shape {image.shape}: {error}") from error
    converted: Pixels = pixels
    return converted
