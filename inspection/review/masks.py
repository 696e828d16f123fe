"""Masks that people mark in review."""

import base64
import binascii
from datetime import datetime

from sqlalchemy.orm import Session

from edge.contract.errors import DataInvalid
from inspection.ingest.find import stored_frame
from inspection.samples.mask_picture import white_png
from inspection.store.blobs import BlobStore
from inspection.store.images import keep_image, picture_size_px

__all__ = ["keep_mask"]


def keep_mask(session: Session, blobs: BlobStore, result_id: str, png_base64: str, now: datetime) -> str:
    """Store what a person marked on a result's picture; returns its SHA-256.

    Raises:
        DataInvalid: no PNG, not of the picture's size, nothing is marked, or there is no picture to mark.
    """
    frame = stored_frame(session, result_id)
    if frame is None:
        raise DataInvalid(f"mask of result {result_id}: there is no picture here that it could be of")
    where = f"mask of result {result_id}"
    white = white_png(_decoded(png_base64), picture_size_px(session, blobs, frame), where)
    return keep_image(session, blobs, white, now)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataInvalid(f"mask: expected base64, got {text[:20]!r}…") from error
