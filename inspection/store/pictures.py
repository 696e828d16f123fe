"""Smaller renderings of stored images for the pages: what a browser can show, in a size a network can carry."""

from enum import StrEnum
from pathlib import Path
from uuid import uuid4

import cv2
import cv2.typing
import numpy as np
from numpy.typing import NDArray

from edge.contract.bit_depth import white_level
from edge.contract.errors import DataInvalid, NotFound
from inspection.store.blobs import BlobStore
from inspection.store.images import require_decodable_size

__all__ = ["PictureSize", "Pictures"]


class PictureSize(StrEnum):
    """How large a rendering is."""

    THUMB = "thumb"
    DISPLAY = "display"


# Not turned as a note in the file says: a model has judged the pixels as they lie, and maps and masks lie on those.
_AS_JUDGED = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_LONGEST_SIDE_PX = {PictureSize.THUMB: 160, PictureSize.DISPLAY: 1600}


class Pictures:
    """Renders JPEGs on first request and keeps them; deleting the folder costs nothing but time."""

    def __init__(self, blobs: BlobStore, folder: Path) -> None:
        self._blobs = blobs
        self._folder = folder

    def get(self, digest: str, size: PictureSize) -> bytes:
        """JPEG of a stored image.

        Raises:
            NotFound: the image is not here, or its bytes are no image (the page shows the file's name instead).
        """
        cached = self._folder / size / f"{digest}.jpg"
        if cached.exists():
            return cached.read_bytes()
        data = _render(self._blobs.get(digest), _LONGEST_SIDE_PX[size], digest)
        cached.parent.mkdir(parents=True, exist_ok=True)
        # Two requests may render the same: none may read what the other has half written.
        partial = cached.with_name(f"{cached.name}.{uuid4().hex}.partial")
        partial.write_bytes(data)
        partial.replace(cached)
        return data

    def forget(self, digest: str) -> None:
        """Delete the renderings of an image."""
        for size in PictureSize:
            (self._folder / size / f"{digest}.jpg").unlink(missing_ok=True)


def _render(data: bytes, longest_px: int, digest: str) -> bytes:
    pixels = _decoded(data)
    if pixels is None:
        raise NotFound(f"image {digest[:12]}…: the stored bytes cannot be shown as a picture (damaged or cut off)")
    scale = longest_px / max(pixels.shape[:2])
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())


def _decoded(data: bytes) -> cv2.typing.MatLike | None:
    try:
        require_decodable_size(data)
        return _eight_bits(np.frombuffer(data, np.uint8))
    except (DataInvalid, cv2.error):
        return None


def _eight_bits(data: NDArray[np.uint8]) -> cv2.typing.MatLike | None:
    """In colour, as bright as the sensor's bit depth says."""
    pixels = cv2.imdecode(data, _AS_JUDGED | cv2.IMREAD_ANYDEPTH)
    if pixels is None or pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return cv2.convertScaleAbs(pixels, alpha=255 / white_level(int(pixels.max())))
    return cv2.imdecode(data, _AS_JUDGED)
