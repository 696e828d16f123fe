"""Masks that people mark: stored once, as a PNG of the picture's own size in which what is defective is white."""

import base64
import binascii
from datetime import datetime

import cv2
import numpy as np
from sqlalchemy.orm import Session

from edge.contract.errors import DataInvalid
from edge.contract.image_size import header_size_px
from inspection.ingest.find import stored_frame
from inspection.store.blobs import BlobStore
from inspection.store.images import keep_image, media_type_of, picture_size_px, require_decodable_size

__all__ = ["keep_mask"]


def keep_mask(session: Session, blobs: BlobStore, result_id: str, png_base64: str, now: datetime) -> str:
    """Store what a person marked on a result's picture; returns its SHA-256.

    Raises:
        DataInvalid: no PNG, not of the picture's size, nothing is marked, or there is no picture to mark.
    """
    frame = stored_frame(session, result_id)
    if frame is None:
        raise DataInvalid(f"mask of result {result_id}: there is no picture here that it could be of")
    data = _png(png_base64)
    expected = picture_size_px(session, blobs, frame)
    got = header_size_px(data, "image/png")
    if got != expected:
        raise DataInvalid(f"mask of result {result_id}: expected {expected} px like its picture, got {got}")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None or not np.any(pixels):
        raise DataInvalid(f"mask of result {result_id}: expected a PNG with something marked, got an empty one")
    white = np.where(np.asarray(pixels) > 0, 255, 0).astype(np.uint8)
    return keep_image(session, blobs, bytes(cv2.imencode(".png", white)[1].tobytes()), now)


def _png(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataInvalid(f"mask: expected base64, got {text[:20]!r}…") from error
    if media_type_of(data) != "image/png":
        raise DataInvalid(f"mask: expected a PNG file, got {len(data)} bytes of something else")
    require_decodable_size(data)
    return data
