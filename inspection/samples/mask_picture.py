"""Masks as the plant keeps them: a PNG of the picture's own size in which what is defective is white."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import DataInvalid
from edge.contract.image_size import header_size_px
from inspection.store.images import media_type_of, require_whole

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
    require_whole(data)
    got = header_size_px(data, "image/png")
    if got != size_px:
        raise DataInvalid(f"{where}: expected {size_px} px like its picture, got {got}")
    # As it is: made grey of eight bits, a small number in sixteen bits and a dark colour would be 0.
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or not np.any(marked := _marked(np.asarray(pixels))):
        raise DataInvalid(f"{where}: expected a PNG with something marked, got an empty one")
    return bytes(cv2.imencode(".png", np.where(marked, 255, 0).astype(np.uint8))[1].tobytes())


def _marked(pixels: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where any colour of `(H, W)` or `(H, W, 3 or 4)` is not 0; opaque is no colour."""
    if pixels.ndim == 2:  # noqa: PLR2004 - height and width
        return np.asarray(pixels != 0)
    return np.asarray((pixels[:, :, :3] != 0).any(axis=2))
