"""Masks as the plant keeps them: a PNG of the picture's own size in which what is defective is white."""

import cv2
import numpy as np

from edge.contract.errors import DataInvalid
from edge.contract.image_size import header_size_px
from inspection.store.images import media_type_of, require_decodable_size

__all__ = ["white_png"]


def white_png(data: bytes, size_px: tuple[int, int] | None, where: str) -> bytes:
    """The same mask with 255 for everything that is not 0.

    Args:
        data: a PNG file.
        size_px: width and height that it must have.
        where: how messages begin.

    Raises:
        DataInvalid: no PNG, of another size, or nothing is marked.
    """
    if media_type_of(data) != "image/png":
        raise DataInvalid(f"{where}: expected a PNG file, got {len(data)} bytes of something else")
    require_decodable_size(data)
    got = header_size_px(data, "image/png")
    if got != size_px:
        raise DataInvalid(f"{where}: expected {size_px} px like its picture, got {got}")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None or not np.any(pixels):
        raise DataInvalid(f"{where}: expected a PNG with something marked, got an empty one")
    white = np.where(np.asarray(pixels) > 0, 255, 0).astype(np.uint8)
    return bytes(cv2.imencode(".png", white)[1].tobytes())
